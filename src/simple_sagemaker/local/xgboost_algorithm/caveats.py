"""What a training will do that its author may not expect, known before it runs; as data, for programs too.

``on_aws`` is whether AWS's container does so (all its lines equal ours), ``here`` whether this machine does. Where only
one does, the two differ: docs/xgboost.md lists every difference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .metric_names import CLASSES, HIGHER_IS_BETTER, OF_CONTAINER

NEWEST = "3.2-0"
_SAME = ("3.2-0", "3.0-5")


@dataclass(frozen=True, kw_only=True)
class Caveat:
    """A word for programs, a sentence for people, and where it holds."""

    code: str
    text: str
    on_aws: bool = True
    here: bool = True


def find(
    values: Mapping[str, Any], *, has_validation: bool, image: str = "", has_checkpoints: bool = False
) -> list[Caveat]:
    """The caveats of a training by its values (``hyperparameters.validate``) and what its request holds."""
    found = [*_metrics(values), *_stopping(values, has_validation=has_validation), *_unused(values)]
    if has_checkpoints:
        found.append(
            Caveat(
                code="no-resume",
                text="AWS's container of xgboost 3 never resumes from its checkpoint: an interrupted training begins "
                "again with round 0. On this machine it goes on.",
                here=False,
            )
        )
    if "_kfold" in values and has_checkpoints:
        found.append(
            Caveat(
                code="folds-and-checkpoints",
                text="With _kfold and a CheckpointConfig AWS's container writes checkpoints into folders that it does "
                "not make, and may fail after its first round. This machine writes none, and begins again after an "
                "interruption, with the same folds.",
                here=False,
            )
        )
    if "_kfold" in values:
        found.append(
            Caveat(
                code="random-folds",
                text="AWS's container draws other folds in every run; this machine draws them from the hyperparameter "
                "seed.",
                here=False,
            )
        )
    return [*found, *_version(values, image)]


def differences() -> list[Caveat]:
    """Everything in which AWS's container and this machine differ, whatever is trained."""
    values = {"_kfold": 3, "eval_metric": ["mape", "mphe", "r2"], "objective": "multi:softmax"}
    found = find(values, has_validation=True, image=":1.7-1", has_checkpoints=True)
    return [one for one in found if one.here != one.on_aws]


def _asked(values: Mapping[str, Any]) -> list[str]:
    tuned = values.get("_tuning_objective_metric", ":").partition(":")[2]
    return [*values.get("eval_metric", ()), *([tuned] if tuned else [])]


def _metrics(values: Mapping[str, Any]) -> list[Caveat]:
    asked, objective = _asked(values), values.get("objective", "")
    found = []
    classes = [name for name in asked if name in CLASSES]
    if classes and objective in {"binary:logistic", "reg:logistic", "multi:softmax"}:
        right = "binary:logitraw" if objective != "multi:softmax" else "multi:softprob"
        found.append(
            Caveat(
                code="metric-on-probabilities",
                text=f"{', '.join(classes)} with {objective} counts every prediction above 0 as class 1, so the value "
                f"says nothing; AWS's container does the same. {right} makes it right, or use a metric of xgboost's "
                "own, such as error, auc or merror.",
            )
        )
    if asked and {*asked} <= OF_CONTAINER:
        found.append(
            Caveat(
                code="default-metric",
                text="All metrics asked for are the container's own, so xgboost prints the objective's default metric "
                "before them.",
            )
        )
    if any(name in OF_CONTAINER for name in asked) and sum(name not in OF_CONTAINER for name in asked) > 1:
        found.append(
            Caveat(
                code="metric-order",
                text="Beside container metrics AWS's container prints xgboost's metrics in an order that changes from "
                "run to run; this machine keeps the order asked for.",
                here=False,
            )
        )
    return found


def _stopping(values: Mapping[str, Any], *, has_validation: bool) -> list[Caveat]:
    if "early_stopping_rounds" not in values:
        return []
    asked = _asked(values)
    if not has_validation or not asked:
        missing = "a validation channel" if not has_validation else "eval_metric"
        return [Caveat(code="no-early-stopping", text=f"early_stopping_rounds is ignored without {missing}.")]
    metric = asked[-1]
    if "@" in metric and metric.partition("@")[0] in HIGHER_IS_BETTER:
        return [
            Caveat(
                code="early-stopping-direction",
                text=f"Early stopping takes {metric} for better the lower it is: only the bare names of metrics are "
                "known to be better when higher. AWS's container does the same.",
            )
        ]
    return []


def _unused(values: Mapping[str, Any]) -> list[Caveat]:
    names = ("sketch_eps", "predictor", "dsplit", "deterministic_histogram", "prob_buffer_row")
    unused = [name for name in names if name in values]
    found = []
    if unused:
        found.append(Caveat(code="unused", text=f"xgboost 3 does not use {', '.join(unused)}."))
    if values.get("interaction_constraints"):
        found.append(
            Caveat(
                code="interaction-constraints",
                text="interaction_constraints fails in xgboost 3 however it is written, here as on AWS.",
            )
        )
    return found


def _version(values: Mapping[str, Any], image: str) -> list[Caveat]:
    """How the image that was asked for differs from what runs here."""
    tag = image.rpartition(":")[2].partition("-cpu")[0] if ":" in image else ""
    if not tag or tag == NEWEST:
        return []
    if tag in _SAME:
        if not str(values.get("objective", "")).startswith("multi:"):
            return []
        text = f"The image is of {tag}, where multi: objectives begin with another base score: numbers differ a little."
    else:
        file = "the binary format" if tag.startswith(("1.3", "1.5", "1.7")) else "a pickle"
        text = (
            f"The image is of {tag}; this machine does as {NEWEST} does: its model file is UBJSON and not {file}, the "
            "default tree_method is hist, and base_score is estimated from the labels."
        )
    return [Caveat(code="other-version", text=text, on_aws=False)]
