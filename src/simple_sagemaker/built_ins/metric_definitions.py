"""The metrics that the service defines itself for jobs of built-in algorithms: names, and regexes for their lines.

A request has none of them; DescribeTrainingJob answers with them. XGBoost's lines are those of its container
(https://github.com/aws/sagemaker-xgboost-container, metrics/): ``[3]<TAB>train-rmse:1.2``, where logs of AWS have
``#011`` for the tab. The other algorithms print such lines as ``#quality_metric: host=algo-1, epoch=3, validation
objective_loss <loss>=0.12``: https://docs.aws.amazon.com/sagemaker/latest/dg/training-metrics.html
"""

from __future__ import annotations

import re
from typing import Any, Final

from .algorithms import algorithm

_NUMBER: Final = r"([-+]?(?:[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?|inf|nan))"
_SETS: Final = ("train", "validation")


def metric_definitions(name: str) -> dict[str, str]:
    """The metrics of an algorithm by name, each with the regular expression that finds it in the lines of a job.

    XGBoost has each metric for its two sets of data; the others have their objectives. Raises KeyError for no such
    algorithm.
    """
    facts = algorithm(name)
    if name == "xgboost":
        metrics = [one.partition(":")[2] for one in facts.metrics]
        return {f"{part}:{one}": _of_xgboost(part, one) for part in _SETS for one in metrics}
    return {one: _of_others(one) for one in facts.metrics}


def as_request_members(name: str) -> list[dict[str, Any]]:
    """The same in the form of MetricDefinitions."""
    return [{"Name": one, "Regex": regex} for one, regex in metric_definitions(name).items()]


def _of_xgboost(part: str, metric: str) -> str:
    """A metric of one set; of rankings also where it is cut off at a rank (``ndcg@32``, what a ranking prints)."""
    cut = "(?:@[0-9]+-?)?" if metric in {"ndcg", "map"} else ""
    return rf"\[[0-9]+\].*?(?:\t|#011){part}-{re.escape(metric)}{cut}:{_NUMBER}"


def _of_others(metric: str) -> str:
    """A metric in a line of quality metrics: its set, its name, a word in angle brackets."""
    part, _, name = metric.partition(":")
    return rf"#quality_metric: host=\S+, (?:epoch=\S+, )?{part} {re.escape(name)} <\S+>={_NUMBER}"
