"""The one job, or the study, that a command is about; which job that is, is said where a person did not name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import AccessDenied, UsageError
from ..jobs import find_job
from ..studies import stored
from .printing import patiently, say

if TYPE_CHECKING:
    from ..core.job_specs import JobsSpec
    from ..core.services import Services
    from ..jobs.catalog import Listed
    from ..studies.stored import StoredStudy


def choose(spec: JobsSpec, services: Services, *, running: bool = False, prefer_running: bool = False) -> Listed:
    """The job that the spec names, by itself, by a trial's number, or as the newest of its task or project.

    With ``running`` only jobs that have not ended count; with ``prefer_running`` of a study's trials one that runs is
    chosen before a newer one that has ended. Raises InputNotFound.
    """
    listed: Listed = patiently(
        spec,
        lambda: find_job.resolve(
            spec.place, spec.job, services, trial=spec.trial, running=running, prefer_running=prefer_running
        ),
    )
    if listed.trial is not None and spec.job is None and spec.trial is None:
        which = "newest" if listed.job.has_ended else "newest that runs"
        say(spec, f"Trial {listed.trial} of task {listed.task}, the {which}; --trial NUMBER chooses another")
    return listed


def study_of_task(spec: JobsSpec, newest: Listed | None, services: Services) -> StoredStudy | None:
    """The study of the spec's task, whose newest job is given; None where it has none.

    None too where that job says that it lies in a bucket which must not be used, which is said.
    """
    try:
        found: StoredStudy | None = patiently(spec, lambda: stored.study_of(spec.place, newest, services))
    except (AccessDenied, UsageError) as error:
        say(spec, f"Whether task {spec.place.task} has a study is not known: {error}")
        return None
    return found
