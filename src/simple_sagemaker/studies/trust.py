"""What has to hold of a trial before anything is done for it: its events may have been written by others.

Whoever can write to the bucket can write events. A search starts, watches and stops nothing but its own trials' jobs,
with values of its own space.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core import layout
from ..errors import SsmError
from ..tuning.ranges import holds
from .trial_request import is_job_of

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from .spec import TuneSpec
    from .study import Trial


def check_trial(trial: Trial, spec: TuneSpec, place: TaskPlace, services: Services) -> None:
    """Raise SsmError for a trial that this search would not have begun: other hyperparameters, values or names."""
    job, resource = trial.newest, spec.resource
    check_name(trial, place, services)
    names = {one.name for one in spec.space}
    if trial.values.keys() != names:
        raise _foreign(trial, place, f"it has values for {', '.join(sorted(trial.values)) or 'nothing'}")
    for one in spec.space:
        if not holds(one, trial.values[one.name]):
            raise _foreign(trial, place, f"{one.name} is {trial.values[one.name]!r}")
    if (job.resource is None) != (resource is None):
        raise _foreign(trial, place, "what it gets of the resource is not of this search")
    if resource is not None and job.resource is not None and not resource.least <= job.resource <= resource.most:
        raise _foreign(trial, place, f"{resource.name} is {job.resource}")


def check_name(trial: Trial, place: TaskPlace, services: Services) -> None:
    """Raise SsmError for a trial whose job's name cannot be a trial's of the study at that place."""
    if not is_job_of(place.trial(trial.number), trial.newest.name, services):
        raise _foreign(trial, place, f"its job is named {trial.newest.name!r}")


def check_job(trial: Trial, job: Job, place: TaskPlace) -> None:
    """Raise SsmError for a job that writes elsewhere than the trial would: it is another's."""
    where = layout.uri(place.bucket, place.trial(trial.number).folder)
    written = (job.answer.get("OutputDataConfig") or {}).get("S3OutputPath", "")
    if written.rstrip("/") != where.rstrip("/"):
        raise _foreign(trial, place, f"the job {job.name} is not its own: that writes to {written}")


def check_tuning_job(described: Mapping[str, Any], place: TaskPlace) -> None:
    """Raise SsmError for a tuning job whose trials write elsewhere than those of the study at that place."""
    definition = described.get("TrainingJobDefinition") or {}
    written = (definition.get("OutputDataConfig") or {}).get("S3OutputPath", "")
    if written.rstrip("/") != layout.uri(place.bucket, place.trials).rstrip("/"):
        raise SsmError(
            f"The study of task {place.task} is damaged, or somebody else has written to it: the tuning job "
            f"{described['HyperParameterTuningJobName']} is not its own.\nSearch under another task name."
        )


def _foreign(trial: Trial, place: TaskPlace, why: str) -> SsmError:
    return SsmError(
        f"The study of task {place.task} is damaged, or somebody else has written to it: trial {trial.number} is none "
        f"of this search: {why}.\nSearch under another task name."
    )
