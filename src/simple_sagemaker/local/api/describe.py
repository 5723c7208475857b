"""Describes jobs of all kinds, and what lists show of them."""

from __future__ import annotations

from typing import Any

from ..job import stored
from ..job.folder import JobFolder
from ..job.home import Home
from ..job.kinds import TRAINING, TUNING, kind_of
from ..job.stored import DamagedJob
from ..supervisor import recovery
from . import model
from .job_description import describe_job

_MOST_METRICS = 1 << 30  # bytes of metrics.jsonl


def describe(job: JobFolder, slow: list[JobFolder] | None = None) -> dict[str, Any]:
    """Return the Describe answer for the job's kind; all times have time zones, as boto3's. Raises DamagedJob.

    With ``slow`` a job whose end would take its time is put there, and is described as if it still ran.
    """
    request = _read_request(job)
    if kind_of(request) == TUNING:
        from .tuning.description import describe_tuning

        return describe_tuning(job, request, job.entries())
    return describe_job(job, request, recovery.settle(job, slow))


def _read_request(job: JobFolder) -> dict[str, Any]:
    """The request with what was changed since, whose members are such as the service takes."""
    request = job.request() | job.updates()
    kind = kind_of(request)
    if request.get(kind.name) != job.name:
        raise DamagedJob(f"request.json is not that of a {kind.noun} of this name")
    creating = f"Create{kind.prefix}Job"
    known = model.load(Home(job.path.parent.parent).cache, creating)
    if place := known.find_wrong_type(creating, request):
        raise DamagedJob(f"request.json has something else than the service takes at {place}")
    return request


def summary(description: dict[str, Any]) -> dict[str, Any]:
    """The members of a description that a listing shows."""
    if (kind := kind_of(description)) == TUNING:
        from .tuning.description import tuning_summary

        return tuning_summary(description)
    prefix = kind.prefix
    names = [f"{prefix}{name}" for name in ("JobName", "JobArn", "EndTime", "JobStatus")]
    if prefix == TRAINING.prefix:
        names.append("SecondaryStatus")
    else:
        names += ["FailureReason", "ExitMessage"]  # whichever the kind has
    shown = ("CreationTime", "LastModifiedTime", *names)
    return {name: description[name] for name in shown if name in description}


def metric_lines(job: JobFolder, *, after: int = 0) -> list[dict[str, Any]]:
    """The metric values found in the logs, without the first ``after``: ``name``, ``value``, ``at``, ``host``.

    A last line that is not complete yet is left for the next time.
    """
    path = job.path / "metrics.jsonl"
    return stored.read_points(path, _MOST_METRICS, after) if path.exists() else []
