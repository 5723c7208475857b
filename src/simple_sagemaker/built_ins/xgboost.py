"""What XGBoost's hyperparameters demand of each other, as its container checks it, and what that checks in vain.

https://github.com/aws/sagemaker-xgboost-container, algorithm_mode/hyperparameter_validation.py at cb8df91. Its messages
and its order are not ours: each mistake is said with what mends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from ..errors import UsageError

_LINEAR: Final = ("shotgun", "coord_descent")
_GROWS: Final = ("grow_colmaker", "distcol", "grow_histmaker", "grow_skmaker")
_UPDATES: Final = ("refresh", "prune")
_MULTI: Final = ("multi:softmax", "multi:softprob")
_OF_CLASSES: Final = frozenset({"mlogloss", "merror"})
_OF_TWO: Final = frozenset({"error", "logloss"})
_METRIC: Final = "eval_metric"
_WITH_THRESHOLD: Final = ("error", "ndcg", "map")


def check_together(values: Mapping[str, str], version: str, searched: AbstractSet[str] = frozenset()) -> None:
    """Raise UsageError for values that are each taken, and not beside each other."""
    objective = values.get("objective", "")
    if not objective and "objective" not in searched:
        for name in ("eval_metric", "_kfold"):
            if name in values:
                raise UsageError.naming(
                    "{hp:name} needs {hp:objective} beside it, or XGBoost ends with an error.\n"
                    "Add it, for example: {hp:objective} reg:squarederror",
                    name=name,
                    objective="objective",
                )
    _check_classes(values, objective)
    _check_updater(values)
    for metric in filter(None, values.get("eval_metric", "").split(",")):
        _check_metric(metric, objective)
    _check_constraints(values, searched)
    _check_numbers(values, objective)
    if version.startswith("3.") and values.get("tree_method") == "gpu_hist":
        raise UsageError.naming(
            "{hp:name} gpu_hist: XGBoost {version} has it no more. Write: {hp:name} hist",
            name="tree_method",
            version=version,
        )


def _check_classes(values: Mapping[str, str], objective: str) -> None:
    if "num_class" in values and objective and objective not in _MULTI:
        raise UsageError.naming(
            "{hp:name} {count} is for multi:softmax and multi:softprob, not for {objective}, which fails with it.\n"
            "Drop {hp:name}, or write: {hp:target} multi:softprob",
            name="num_class",
            count=values["num_class"],
            objective=objective,
            target="objective",
        )


def _check_updater(values: Mapping[str, str]) -> None:
    if "updater" not in values:
        return
    updaters = values["updater"].split(",")
    if values.get("booster") == "gblinear":
        if len(updaters) != 1 or updaters[0] not in _LINEAR:
            raise UsageError.naming(
                "{hp:name} {value}: with {hp:booster} gblinear it is shotgun or coord_descent.\n"
                "Write: {hp:name} coord_descent",
                name="updater",
                value=values["updater"],
                booster="booster",
            )
        return
    if linear := [one for one in updaters if one in _LINEAR]:
        raise UsageError.naming(
            "{hp:name} {value}: {linear} is for {hp:booster} gblinear alone. Drop {hp:name}.",
            name="updater",
            value=values["updater"],
            linear=linear[0],
            booster="booster",
        )
    if values.get("process_type") == "update" and any(one not in _UPDATES for one in updaters):
        raise UsageError.naming(
            "{hp:name} {value}: with {hp:process} update it is refresh or prune. Write: {hp:name} refresh,prune",
            name="updater",
            value=values["updater"],
            process="process_type",
        )
    if len(grows := [one for one in updaters if one in _GROWS]) > 1:
        raise UsageError.naming(
            "{hp:name} {value}: of {grows} there can be one. Write: {hp:name} {first}",
            name="updater",
            value=values["updater"],
            grows=" and ".join(grows),
            first=",".join([grows[0], *(one for one in updaters if one not in _GROWS)]),
        )


def _check_metric(metric: str, objective: str) -> None:
    name, at, threshold = metric.partition("@")
    if at and name not in _WITH_THRESHOLD:
        raise UsageError.naming(
            "{hp:name} {metric}: only error, ndcg and map have something behind @. Write: {hp:name} {plain}",
            name=_METRIC,
            metric=metric,
            plain=name,
        )
    if at and not threshold.removesuffix("-").replace(".", "", 1).isdigit():
        raise UsageError.naming(
            "{hp:name} {metric}: behind @ stands a number. Write, for example: {hp:name} {plain}",
            name=_METRIC,
            metric=metric,
            plain=f"{name}@{'0.7' if name == 'error' else '5'}",
        )
    if not _fits(name, objective):
        is_f1 = name == "f1_binary" and objective in _MULTI
        raise UsageError.naming(
            "{hp:name} {metric} is not for {hp:target} {objective}, which fails with it. Write: {hp:name} {usual}",
            name=_METRIC,
            metric=metric,
            target="objective",
            objective=objective or "reg:squarederror",
            usual="f1" if is_f1 else usual_metric(objective),
        )


def _fits(metric: str, objective: str) -> bool:
    """Whether a metric can be computed for an objective."""
    if metric == "auc":
        return objective.startswith(("binary:", "rank:"))
    if metric == "aft-nloglik":
        return objective == "survival:aft"
    if metric == "f1_binary":
        return objective.startswith("binary:")
    if metric in _OF_CLASSES:
        return objective in _MULTI
    return metric not in _OF_TWO or objective not in _MULTI


def _check_constraints(values: Mapping[str, str], searched: AbstractSet[str]) -> None:
    method = values.get("tree_method", "")
    if "monotone_constraints" in values and method not in {"exact", "hist"} and "tree_method" not in searched:
        raise UsageError.naming(
            "{hp:name} needs {hp:method} exact or hist beside it. Add: {hp:method} hist",
            name="monotone_constraints",
            method="tree_method",
        )
    if "interaction_constraints" in values:
        raise UsageError.naming(
            "{hp:name}: AWS's container cannot pass it on to XGBoost in any form, and ends with an error.\n"
            "Drop {hp:name}, or train with code of your own: -e train.py -f xgboost",
            name="interaction_constraints",
        )


def _check_numbers(values: Mapping[str, str], objective: str) -> None:
    is_chance = objective in {"binary:logistic", "binary:logitraw", "reg:logistic"}
    if "base_score" in values and is_chance and not 0 < float(values["base_score"]) < 1:
        raise UsageError.naming(
            "{hp:name} {value}: for {objective} it is between 0 and 1. Write, for example: {hp:name} 0.5",
            name="base_score",
            value=values["base_score"],
            objective=objective,
        )


def usual_metric(objective: str) -> str:
    """The metric that XGBoost evaluates for an objective when none is asked for.

    https://xgboost.readthedocs.io/en/stable/parameter.html
    """
    special = {
        "binary:hinge": "error",
        "binary:logitraw": "logloss",
        "binary:logistic": "logloss",
        "count:poisson": "poisson-nloglik",
        "multi:softmax": "mlogloss",
        "multi:softprob": "mlogloss",
        "reg:squaredlogerror": "rmsle",
        "reg:pseudohubererror": "mphe",
        "reg:absoluteerror": "mae",
        "reg:gamma": "gamma-nloglik",
        "reg:tweedie": "tweedie-nloglik",
        "survival:aft": "aft-nloglik",
        "survival:cox": "cox-nloglik",
        "rank:map": "map",
        "rank:ndcg": "ndcg",
        "rank:pairwise": "ndcg",
    }
    return special.get(objective, "rmse")
