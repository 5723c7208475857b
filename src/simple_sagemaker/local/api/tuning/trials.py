"""The trials of a tuning job: its training jobs, as its journal has them and as they are.

The journal has a line for each trial before its job is created, and another one when that has ended: what a trial came
to is known also when its job was deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ....core.records import asdict, dataclass, replace
from ....tuning.goal import best
from ....tuning.ranges import Values
from ...job.folder import find_job
from ...job.home import REGION
from ...job.kinds import TRAINING
from ...job.stored import DamagedJob, Entry
from ...requests.tuning import Definition
from ..job_description import as_time, describe_job

Facts = Mapping[str, Any]
_WITH_OBJECTIVE = {"Completed", "Stopped"}  # a job that fails has none, whatever it printed


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A trial: ``number`` is from 1 on, ``definition`` an index; ``facts`` are what its job came to, once it ended."""

    number: int
    name: str
    definition: int
    values: Values
    facts: Facts | None = None

    @property
    def objective(self) -> float | None:
        """The objective of a trial that has ended with one."""
        value: float | None = self.facts["objective"] if self.facts else None
        return value


@contextmanager
def reading() -> Iterator[None]:
    """Read the files of a tuning job: what they hold that no tuning job has is raised as DamagedJob."""
    try:
        yield
    except DamagedJob:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DamagedJob("its files are not those of a tuning job") from error


def trial_entry(trial: Trial) -> Entry:
    """The journal's line for a trial that is about to begin."""
    return {"trial": {name: value for name, value in asdict(trial).items() if name != "facts"}}


def end_entry(trial: Trial, facts: Facts) -> Entry:
    """The journal's line for a trial whose job has ended."""
    return {"ended": trial.number, "facts": dict(facts)}


def read_trials(entries: Iterable[Entry]) -> list[Trial]:
    """The trials of a journal, in the order in which they began. Raises DamagedJob."""
    trials: dict[int, Trial] = {}
    with reading():
        for entry in entries:
            if "trial" in entry:
                one = _check_trial(Trial(**entry["trial"]))
                trials[one.number] = one
            elif "ended" in entry:
                trials[entry["ended"]] = replace(trials[entry["ended"]], facts=_check_facts(entry["facts"]))
    return list(trials.values())


def _check_trial(trial: Trial) -> Trial:
    """A trial as the journal has it. Raises TypeError or AttributeError for anything else."""
    texts = [trial.name, *trial.values.keys(), *trial.values.values()]
    if not all(isinstance(one, str) for one in texts) or type(trial.number) is not int or "/" in trial.name:
        raise TypeError("trial")
    return trial


def _check_facts(facts: Facts) -> Facts:
    """Facts as the journal has them. Raises TypeError or LookupError for anything else."""
    times = [facts["created"], *(facts[name] for name in ("started", "finished") if name in facts)]
    objective = facts["objective"]
    numbers = [*times, 0 if objective is None else objective]
    if not all(isinstance(one, (int, float)) for one in numbers) or not isinstance(facts["status"], str):
        raise TypeError("facts")
    for one in times:
        as_time(one)
    if not isinstance(facts.get("reason", ""), str):
        raise TypeError("reason")
    return facts


def ends_in_order(entries: Iterable[Entry]) -> list[float | None]:
    """The objectives of the trials that ended, in the order in which they did."""
    return [entry["facts"]["objective"] for entry in entries if "ended" in entry]


def facts_of(description: Mapping[str, Any], objective: str) -> dict[str, Any]:
    """What counts of a training job, from its description; times are in seconds."""
    status = description["TrainingJobStatus"]
    metrics = {one["MetricName"]: one["Value"] for one in description.get("FinalMetricDataList", ())}
    times = {
        name: description[member].timestamp()
        for name, member in (
            ("created", "CreationTime"),
            ("started", "TrainingStartTime"),
            ("finished", "TrainingEndTime"),
        )
        if member in description
    }
    reason = {"reason": description["FailureReason"]} if "FailureReason" in description else {}
    return (
        {"status": status, "objective": metrics.get(objective) if status in _WITH_OBJECTIVE else None} | times | reason
    )


def with_facts(trials: Iterable[Trial], definitions: Sequence[Definition], jobs: Path) -> list[tuple[Trial, Facts]]:
    """The trials whose jobs there are or were, with what is known of them now.

    Read-only: a job whose supervisor was killed is given its end by the tuning job's process.
    """
    result: list[tuple[Trial, Facts]] = []
    for one in trials:
        if one.facts is not None:
            result.append((one, one.facts))
            continue
        with suppress(DamagedJob, FileNotFoundError):  # deleted meanwhile, or its files are no job's any more
            job = find_job(jobs, TRAINING, one.name)
            if job is not None:
                description = describe_job(job, job.request(), job.entries())
                result.append((one, facts_of(description, definitions[one.definition].objective)))
    return result


def summary(trial: Trial, facts: Facts, definition: Definition, region: str = REGION) -> dict[str, Any]:
    """A trial as answers about its tuning job have it."""
    members: dict[str, Any] = {"TrainingJobDefinitionName": definition.name} if definition.name else {}
    members |= {
        "TrainingJobName": trial.name,
        "TrainingJobArn": TRAINING.arn(trial.name, region),
        "CreationTime": as_time(facts["created"]),
        "TrainingJobStatus": facts["status"],
        "TunedHyperParameters": trial.values,
        "ObjectiveStatus": objective_status(facts),
    }
    for name, member in (("started", "TrainingStartTime"), ("finished", "TrainingEndTime")):
        if name in facts:
            members[member] = as_time(facts[name])
    if "reason" in facts:
        members["FailureReason"] = facts["reason"]
    if facts["objective"] is not None:
        kind = {"Type": "Minimize" if definition.goal == "min" else "Maximize"} if definition.name else {}
        value = {"MetricName": definition.objective, "Value": facts["objective"]}
        members["FinalHyperParameterTuningJobObjectiveMetric"] = kind | value
    return members


def objective_status(facts: Facts) -> str:
    """Whether a trial's objective is known, still to come, or was never printed."""
    if facts["status"] in {"InProgress", "Stopping"}:
        return "Pending"
    return "Failed" if facts["objective"] is None else "Succeeded"


def best_trial(trials: Iterable[Trial], definitions: Sequence[Definition]) -> Trial | None:
    """The best of the trials that ended with an objective; None while there is none."""
    by_number = {one.number: one for one in trials}
    number = best({number: one.objective for number, one in by_number.items()}, definitions[0].goal)
    return None if number is None else by_number[number]
