"""XGBoost's hyperparameters as the built-in algorithm takes them: a table, the aliases, and the checks between them.

The names, ranges and texts are those of aws/sagemaker-xgboost-container (June 2026), whose order of checks is: aliases,
required ones, reading in the order of the file, ranges, dependencies. The first mistake is the only one reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .errors import CustomerMistake, UnforeseenMistake
from .metric_names import HIGHER_IS_BETTER, LOWER_IS_BETTER
from .ranges import Hyperparameter, Interval

METRICS = (*HIGHER_IS_BETTER, *LOWER_IS_BETTER)
ALIASES = {"learning_rate": "eta", "min_split_loss": "gamma", "reg_lambda": "lambda", "reg_alpha": "alpha"}
OBJECTIVES = (
    "aft_loss_distribution",
    "binary:logistic",
    "binary:logitraw",
    "binary:hinge",
    "count:poisson",
    "multi:softmax",
    "multi:softprob",
    "rank:pairwise",
    "rank:ndcg",
    "rank:map",
    "reg:linear",
    "reg:squarederror",
    "reg:logistic",
    "reg:gamma",
    "reg:pseudohubererror",
    "reg:squaredlogerror",
    "reg:absoluteerror",
    "reg:tweedie",
    "survival:aft",
    "survival:cox",
)
_TREE_UPDATERS = ("grow_colmaker", "distcol", "grow_histmaker", "grow_skmaker", "sync", "refresh", "prune")
_TREE_BUILDERS = ("grow_colmaker", "distcol", "grow_histmaker")
_LINEAR_UPDATERS = ("shotgun", "coord_descent")
_REFRESHING = ("refresh", "prune")
# The container's own list names some of them twice, and prints it in its message.
_UPDATERS = (*_TREE_UPDATERS, *_TREE_BUILDERS, "grow_colmaker", *_LINEAR_UPDATERS, *_REFRESHING)
_POSITIVE = Interval(low=0, low_is_open=True)
_FROM_ZERO = Interval(low=0)
_FROM_ONE = Interval(low=1)
_SHARE = Interval(low=0, high=1, low_is_open=True)
_UNIT = Interval(low=0, high=1)


class _MetricNames(tuple[str, ...]):
    """The legal metrics, with ``name@threshold`` for some."""

    __slots__ = ()

    def __contains__(self, name: object) -> bool:
        text = str(name)
        if "<function" in text:
            raise CustomerMistake(f"User defined evaluation metric {text} is not supported yet.")
        if "@" not in text:
            return tuple.__contains__(self, name)
        stem, threshold = (part.strip() for part in text.split("@")[:2])
        if stem not in {"error", "ndcg", "map"}:
            raise CustomerMistake(
                f"Metric '{text}' is not supported. Parameter 'eval_metric' with customized threshold should be one of "
                "these options: 'error', 'ndcg', 'map'."
            )
        try:
            float(threshold)
        except ValueError as error:
            raise CustomerMistake(f"Threshold value 't' in '{stem}@t' expects float input.") from error
        return True


def _integer(name: str, legal: Interval, tunable: tuple[int, int] | None = None, **more: bool) -> Hyperparameter:
    recommended = Interval(*tunable) if tunable else None
    return Hyperparameter(name=name, kind="Integer", legal=legal, tunable=recommended, **more)


def _number(name: str, legal: Interval, tunable: tuple[float, float] | None = None) -> Hyperparameter:
    return Hyperparameter(name=name, kind="Continuous", legal=legal, tunable=Interval(*tunable) if tunable else None)


def _choice(name: str, *legal: str) -> Hyperparameter:
    return Hyperparameter(name=name, kind="Categorical", legal=legal)


TABLE = {
    one.name: one
    for one in (
        _integer("num_round", _FROM_ONE, (1, 4000), required=True),
        _integer("csv_weights", _UNIT),
        _integer("early_stopping_rounds", _FROM_ONE),
        _choice("booster", "gbtree", "gblinear", "dart"),
        _integer("verbosity", Interval(0, 3)),
        _integer("nthread", _FROM_ONE),
        _number("eta", _UNIT, (0.1, 0.5)),
        _number("gamma", _FROM_ZERO, (0, 5)),
        _integer("max_depth", _FROM_ZERO, (0, 10)),
        _number("min_child_weight", _FROM_ZERO, (0, 120)),
        _number("max_delta_step", _FROM_ZERO, (0, 10)),
        _number("subsample", _SHARE, (0.5, 1)),
        _number("colsample_bytree", _SHARE, (0.5, 1)),
        _number("colsample_bylevel", _SHARE, (0.1, 1)),
        _number("colsample_bynode", _SHARE, (0.1, 1)),
        _number("lambda", _FROM_ZERO, (0, 1000)),
        _number("alpha", _FROM_ZERO, (0, 1000)),
        _choice("tree_method", "auto", "exact", "approx", "hist", "gpu_hist"),
        _number("sketch_eps", Interval(0, 1, low_is_open=True, high_is_open=True)),
        _number("scale_pos_weight", _POSITIVE),
        Hyperparameter(name="updater", kind="List", legal=_UPDATERS),
        _choice("dsplit", "row", "col"),
        _integer("refresh_leaf", _UNIT),
        _choice("process_type", "default", "update"),
        _choice("grow_policy", "depthwise", "lossguide"),
        _integer("max_leaves", _FROM_ZERO),
        _integer("max_bin", _FROM_ZERO),
        _choice("predictor", "auto", "cpu_predictor", "gpu_predictor"),
        Hyperparameter(name="monotone_constraints", kind="Tuple", legal=(-1, 0, 1)),
        Hyperparameter(name="interaction_constraints", kind="NestedList", legal=_FROM_ONE),
        _choice("sample_type", "uniform", "weighted"),
        _choice("normalize_type", "tree", "forest"),
        _number("rate_drop", _UNIT),
        _integer("one_drop", _UNIT),
        _number("skip_drop", _UNIT),
        _number("lambda_bias", _UNIT),
        _number("tweedie_variance_power", Interval(1, 2, low_is_open=True, high_is_open=True)),
        _choice("objective", *OBJECTIVES),
        _integer("num_class", Interval(low=2)),
        _number("base_score", _FROM_ZERO),
        _integer("_kfold", Interval(low=2)),
        _integer("_num_cv_round", _FROM_ONE),
        _choice("_tuning_objective_metric", *(f"validation:{name}" for name in METRICS)),
        Hyperparameter(name="eval_metric", kind="List", legal=_MetricNames(METRICS)),
        _integer("seed", Interval(-(2**31), 2**31 - 1, low_is_open=True, high_is_open=True)),
        _integer("num_parallel_tree", _FROM_ONE),
        _choice("save_model_on_termination", "true", "false"),
        _choice("aft_loss_distribution", "normal", "logistic", "extreme"),
        _number("aft_loss_distribution_scale", _FROM_ZERO),
        _choice("deterministic_histogram", "true", "false"),
        _choice("sampling_method", "uniform", "gradient_based"),
        _integer("prob_buffer_row", Interval(low=1.0, low_is_open=True)),
        _choice("use_dask_gpu_training", "true", "false"),
    )
}


def validate(texts: Mapping[str, str]) -> dict[str, Any]:
    """The values of a job's hyperparameters, by their own names. Raises Failure for the first mistake."""
    renamed = {ALIASES.get(name, name): text for name, text in texts.items()}
    for one in TABLE.values():
        if one.required and one.name not in renamed:
            raise CustomerMistake(
                f"Missing required hyperparameter: {one.name}", f"Set {one.name}: it has no default value."
            )
    values: dict[str, Any] = {}
    for name, text in renamed.items():
        if name not in TABLE:
            raise CustomerMistake(f"Extraneous hyperparameter found: {name}", _advise_name(name))
        values[name] = TABLE[name].parse(text)
    for name, value in values.items():
        TABLE[name].check(value)
    _check_dependencies(values)
    return values


def _advise_name(name: str) -> str:
    from difflib import get_close_matches

    similar = get_close_matches(name, [*TABLE, *ALIASES], n=1)
    return f"Did you mean {similar[0]}?" if similar else "The built-in algorithm takes no hyperparameter of this name."


def _check_dependencies(values: Mapping[str, Any]) -> None:
    """Check each hyperparameter against those that it depends on, which come first."""
    checked: set[str] = set()
    for name in values:
        for needed in (*_DEPENDENCIES.get(name, ()), name):
            if needed in values and needed not in checked:
                checked.add(needed)
                if needed in _CHECKS:
                    _CHECKS[needed](values)


def _check_updater(values: Mapping[str, Any]) -> None:
    chosen = values["updater"]
    if values.get("booster") == "gblinear":
        if len(chosen) != 1 or chosen[0] not in _LINEAR_UPDATERS:
            options = ", ".join(f"'{name}'" for name in _LINEAR_UPDATERS)
            raise CustomerMistake(f"Linear updater should be one of these options: {options}.")
    elif values.get("process_type") == "update":
        if not {*chosen} <= {*_REFRESHING}:
            raise CustomerMistake("process_type 'update' can only be used with updater 'refresh' and 'prune'")
    elif not {*chosen} <= {*_TREE_UPDATERS}:
        raise CustomerMistake(
            "Tree updater should be selected from these options: 'grow_colmaker', 'distcol', 'grow_histmaker', "
            "'grow_skmaker', 'sync', 'refresh', 'prune', 'shortgun', 'coord_descent'."
        )
    elif sum(name in _TREE_BUILDERS for name in chosen) > 1:
        raise CustomerMistake(
            "Only one tree grow plugin can be selected. Choose one from thefollowing: 'grow_colmaker', 'distcol', "
            "'grow_histmaker', 'grow_skmaker'"
        )


def _check_objective(values: Mapping[str, Any]) -> None:
    if values["objective"] in {"multi:softmax", "multi:softprob"} and "num_class" not in values:
        raise CustomerMistake("Require input for parameter 'num_class' for multi-classification")


def _check_metrics(values: Mapping[str, Any]) -> None:
    if "objective" not in values:
        raise UnforeseenMistake("KeyError", "'objective'", "eval_metric needs an objective: set both.")
    names, objective = values["eval_metric"], values["objective"]
    if "auc" in names and not objective.startswith(("binary:", "rank:")):
        raise CustomerMistake("Metric 'auc' can only be applied for classification and ranking problems.")
    if "aft-nloglik" in names and objective != "survival:aft":
        raise CustomerMistake("Metric 'aft-nloglik' can only be applied for 'survival:aft' objective.")


def _check_monotone(values: Mapping[str, Any]) -> None:
    if values.get("tree_method") not in {"exact", "hist"}:
        raise CustomerMistake(
            "monotone_constraints can be used only when the tree_method parameter is set to either 'exact' or 'hist'."
        )


def _check_interaction(values: Mapping[str, Any]) -> None:
    if values.get("tree_method") not in {"exact", "hist", "approx"}:
        raise CustomerMistake(
            "interaction_constraints can be used only when the tree_method parameter is set to either 'exact', 'hist' "
            "or 'approx'."
        )


_DEPENDENCIES = {"eval_metric": ("num_class", "objective")}
_CHECKS = {
    "updater": _check_updater,
    "objective": _check_objective,
    "eval_metric": _check_metrics,
    "monotone_constraints": _check_monotone,
    "interaction_constraints": _check_interaction,
}
