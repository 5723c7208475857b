"""What preparing a task gives: a job that can be started, an existing one to reuse, or the result of a dry run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core.job import Job, JobKind
from ..core.layout import TaskPlace
from ..core.records import dataclass

if TYPE_CHECKING:
    from .differences import Difference
    from .submission import Request


@dataclass(frozen=True, kw_only=True)
class PreparedJob:
    """A job that can be started: its name, the task's place, and the whole request.

    ``is_role_new`` is whether its role was made or changed just now, so that SageMaker may not know it yet.
    """

    name: str
    place: TaskPlace
    kind: JobKind
    request: Request
    is_role_new: bool

    @property
    def image_name(self) -> str:
        """The last part of its image's address, with the tag."""
        request: Mapping[str, Any] = self.request
        training, processing = request.get("AlgorithmSpecification", {}), request.get("AppSpecification", {})
        address: str = training.get("TrainingImage") or processing.get("ImageUri") or ""
        return address.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """The result of ``--dry_run``: the request that would be sent, and a line for each thing made or sent first."""

    request: Request
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExistingJob:
    """An existing job to reuse: completed (the task is skipped), or running (the run joins it).

    ``differences`` are between what it was made from and what was asked for this time. ``unseen`` are the channels
    whose inputs on S3, or large ones, were not looked at.
    """

    place: TaskPlace
    job: Job
    differences: tuple[Difference, ...] = ()
    unseen: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    @property
    def kind(self) -> JobKind:
        """Which kind of job it is, which need not be the kind of the spec."""
        return self.job.kind

    @property
    def is_running(self) -> bool:
        """Whether it has yet to end."""
        return not self.job.has_ended
