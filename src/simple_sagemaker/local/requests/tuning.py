"""A CreateHyperParameterTuningJob request as the engine reads it: what is searched, and the training jobs it becomes.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ...core.records import dataclass
from ...tuning.goal import Goal
from ...tuning.ranges import Categorical, Continuous, Integer, Range, Scale, Values, combinations
from .metric_definitions import metric_definitions

OBJECTIVE = "_tuning_objective_metric"  # the hyperparameter by which the service names the objective to a job
OBJECTIVE_METRIC = "ObjectiveMetric"  # the name under which it looks for the objective a second time
MOST_TRIALS = 750  # https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-limits.html
MOST_RANDOM_TRIALS = 10_000
MOST_RESOURCE = 20_000  # of Hyperband

_OF_TUNING = {"DefinitionName", "TuningObjective", "HyperParameterRanges", "StaticHyperParameters"}
_MACHINES = "HyperParameterTuningResourceConfig"
_VOLUME_GB = 30
_EPOCHS = ("epochs", "numepochs", "n-epochs", "n_epochs", "num_epochs")  # from which Hyperband's most is inferred
_SCALES: dict[str, Scale] = {
    "Auto": "linear",  # the service chooses, and begins with this one
    "Linear": "linear",
    "Logarithmic": "log",
    "ReverseLogarithmic": "reverselog",
}
_HINT_FACTOR = 10  # how far the values of a range of Autotune are from its hint


class BadRange(ValueError):
    """A range that no values can be taken from; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Definition:
    """One definition of a tuning job's training jobs: its objective, and what is searched."""

    name: str | None
    objective: str
    goal: Goal
    space: tuple[Range, ...]
    member: Mapping[str, Any]

    @property
    def constants(self) -> dict[str, str]:
        """The hyperparameters that every training job gets, with the service's own."""
        return {**self.member.get("StaticHyperParameters", {}), OBJECTIVE: self.objective}

    @property
    def metrics(self) -> Sequence[Mapping[str, str]]:
        """The metrics of each training job; a built-in algorithm's own ones are not in the request."""
        return metric_definitions(self.member)

    @property
    def algorithm(self) -> dict[str, Any]:
        """The AlgorithmSpecification, with the metric that the service adds for the objective."""
        algorithm, metrics = self.member["AlgorithmSpecification"], self.metrics
        regex = next((one["Regex"] for one in metrics if one["Name"] == self.objective), None)
        metrics = algorithm.get("MetricDefinitions") or []
        if regex is None or any(one["Name"] == OBJECTIVE_METRIC for one in metrics):
            return dict(algorithm)
        return {**algorithm, "MetricDefinitions": [*metrics, {"Name": OBJECTIVE_METRIC, "Regex": regex}]}

    def request(self, job: str, values: Values, tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:
        """The CreateTrainingJob request of a trial: every member that both shapes have."""
        members = {name: value for name, value in self.member.items() if name not in {*_OF_TUNING, _MACHINES}}
        request = {"TrainingJobName": job, **members, "HyperParameters": {**self.constants, **values}}
        request |= {"AlgorithmSpecification": self.algorithm, "ResourceConfig": machines(self.member)}
        if "CheckpointConfig" in members:  # else the trials would overwrite each other's
            config = members["CheckpointConfig"]
            request["CheckpointConfig"] = {**config, "S3Uri": f"{config['S3Uri'].rstrip('/')}/{job}"}
        if tags:
            request["Tags"] = [dict(tag) for tag in tags]
        return request


def definition_members(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The definitions as the request has them, in either of the two forms."""
    single = [request["TrainingJobDefinition"]] if "TrainingJobDefinition" in request else []
    return single + list(request.get("TrainingJobDefinitions", ()))


def read_definitions(request: Mapping[str, Any]) -> list[Definition]:
    """The definitions of a tuning job. Raises BadRange."""
    config = request["HyperParameterTuningJobConfig"]
    definitions = []
    for member in definition_members(request):
        objective = member.get("TuningObjective") or config["HyperParameterTuningJobObjective"]
        ranges = member.get("HyperParameterRanges") or config.get("ParameterRanges", {})
        definitions.append(
            Definition(
                name=member.get("DefinitionName"),
                objective=objective["MetricName"],
                goal="min" if objective["Type"] == "Minimize" else "max",
                space=tuple(read_space(with_hinted(ranges))),
                member=member,
            )
        )
    return definitions


def machines(member: Mapping[str, Any]) -> dict[str, Any]:
    """The machines of a trial. The server keeps none for later jobs; of alternatives the first one is taken."""
    config = dict(member.get(_MACHINES) or member.get("ResourceConfig", {}))
    config |= next(iter(config.pop("InstanceConfigs", ())), {})
    for left_out in ("AllocationStrategy", "KeepAlivePeriodInSeconds"):
        config.pop(left_out, None)
    return {"VolumeSizeInGB": _VOLUME_GB, **config}


def machine_count(member: Mapping[str, Any]) -> int:
    """How many machines a trial has."""
    config = machines(member)
    groups = config.get("InstanceGroups")
    return sum(group["InstanceCount"] for group in groups) if groups else int(config.get("InstanceCount", 1))


def machine_types(member: Mapping[str, Any]) -> list[str]:
    """The types of the machines of a trial."""
    config = machines(member)
    return [one["InstanceType"] for one in config.get("InstanceGroups", (config,)) if "InstanceType" in one]


def read_space(ranges: Mapping[str, Any]) -> Iterator[Range]:
    """The ranges to search, in the order of the request. Raises BadRange."""
    for one in ranges.get("IntegerParameterRanges", ()):
        low, high, scale = *_limits(one, whole=True), _SCALES[one.get("ScalingType", "Auto")]
        _check_scale(one, scale, low)
        if scale == "reverselog":
            raise BadRange(f"ScalingType ReverseLogarithmic of {one['Name']} is for continuous ranges only.")
        yield Integer(name=one["Name"], low=int(low), high=int(high), scale=scale)
    for one in ranges.get("ContinuousParameterRanges", ()):
        low, high, scale = *_limits(one, whole=False), _SCALES[one.get("ScalingType", "Auto")]
        _check_scale(one, scale, low)
        if scale == "reverselog" and not 0 <= low < high < 1:
            raise BadRange(f"ScalingType ReverseLogarithmic of {one['Name']} needs a range within 0 <= x < 1.")
        yield Continuous(name=one["Name"], low=str(low), high=str(high), scale=scale)
    for one in ranges.get("CategoricalParameterRanges", ()):
        yield Categorical(name=one["Name"], values=tuple(dict.fromkeys(one["Values"])))


def _limits(one: Mapping[str, Any], *, whole: bool) -> tuple[Decimal, Decimal]:
    try:
        low, high = Decimal(one["MinValue"]), Decimal(one["MaxValue"])
    except InvalidOperation:
        low = high = Decimal("nan")
    if not (low.is_finite() and high.is_finite() and math.isfinite(float(low)) and math.isfinite(float(high))):
        raise BadRange(f"MinValue and MaxValue of {one['Name']} must be numbers.")
    if whole and (low != low.to_integral_value() or high != high.to_integral_value()):
        raise BadRange(f"MinValue and MaxValue of {one['Name']} must be integers.")
    if low >= high:
        raise BadRange(f"MinValue {one['MinValue']} of {one['Name']} must be less than MaxValue {one['MaxValue']}.")
    return low, high


def _check_scale(one: Mapping[str, Any], scale: Scale, low: Decimal) -> None:
    if scale == "log" and low <= 0:
        raise BadRange(f"ScalingType Logarithmic of {one['Name']} needs a MinValue greater than 0.")


def with_hinted(ranges: Mapping[str, Any]) -> dict[str, Any]:
    """The ranges, with one for each of Autotune's hints: from a tenth of the hint to ten times as much."""
    made = {name: list(members) for name, members in ranges.items()}
    for auto in ranges.get("AutoParameters", ()):
        kind, one = _hinted(auto["Name"], auto["ValueHint"])
        made.setdefault(kind, []).append(one)
    return made


def _hinted(name: str, hint: str) -> tuple[str, dict[str, Any]]:
    try:
        value = Decimal(hint)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        switch = {"true": ["true", "false"], "false": ["true", "false"]}
        return "CategoricalParameterRanges", {"Name": name, "Values": switch.get(hint.lower(), [hint])}
    whole = value == value.to_integral_value() and "." not in hint and "e" not in hint.lower()
    ends = sorted((value / _HINT_FACTOR, value * _HINT_FACTOR)) if value else [Decimal(0), Decimal(_HINT_FACTOR)]
    kind = "IntegerParameterRanges" if whole else "ContinuousParameterRanges"
    low, high = (str(int(end) if whole else end.normalize()) for end in ends)
    return kind, {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": "Auto"}


def most_trials(request: Mapping[str, Any]) -> int:
    """How many training jobs a tuning job has at most."""
    config = request["HyperParameterTuningJobConfig"]
    wanted = config["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    if config["Strategy"] == "Grid" and wanted is None:
        return sum(combinations(one.space) or 0 for one in read_definitions(request))
    return int(wanted or account_limit(request))


def account_limit(request: Mapping[str, Any]) -> int:
    """How many training jobs the account allows a tuning job, those of its parents included."""
    is_random = request["HyperParameterTuningJobConfig"]["Strategy"] == "Random"
    return MOST_RANDOM_TRIALS if is_random else MOST_TRIALS


def hyperband_resources(request: Mapping[str, Any], definition: Definition) -> tuple[int, int] | None:
    """The least and the most of the resource that Hyperband gives a trial; None where the most is not known."""
    config = request["HyperParameterTuningJobConfig"].get("StrategyConfig", {}).get("HyperbandStrategyConfig", {})
    most = config.get("MaxResource")
    if most is None:
        named = (definition.member.get("StaticHyperParameters", {}).get(name) for name in _EPOCHS)
        text = next((value for value in named if value is not None), "").strip('"')
        most = int(text) if text.isdecimal() else None
    return None if most is None else (int(config.get("MinResource", 1)), int(most))
