"""A project's jobs from Python: listed, and found by name, whoever started them."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal

from ..core.aws_errors import translate_all_errors
from ..core.layout import TaskPlace
from ..core.names import is_job_name, is_short_name
from ..core.specs import Download, Place
from ..errors import InputNotFound, UsageError
from ..jobs import catalog, comparison, find_job
from ..jobs.catalog import Query
from ..jobs.comparison import ComparedJob
from ..options.jobs import jobs_spec
from ..studies.stored import study_of
from ..tasks.differences import hyperparameters_of
from ..tasks.run import Run
from .arguments import arguments_of, python_spelling
from .file import FileSettings, completed
from .job import Job
from .records import Records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..core.services import Services
    from ..studies.records import StudyRecord
    from .engines import Engines
    from .progress import Progress

_KNOWN = frozenset({"project_name", "task_name", "prefix", "bucket_name", "bucket_owner", "data_store"})
Chosen = Literal["all", "running", "failed"]


class LivingJobs:
    """What a Project knows of the jobs that there are."""

    _job_class: type[Job]
    _file: FileSettings | None
    _place: Mapping[str, object]
    _engines: Engines
    _progress: Progress

    def jobs(
        self,
        task_name: str | None = None,
        *,
        only: Chosen = "all",
        since: datetime | timedelta | None = None,
        limit: int | None = None,
    ) -> Records[ComparedJob]:
        """The project's jobs, the newest first: each with its status, hyperparameters, newest metrics, time and cost.

        ``task_name`` chooses those of one task, ``only`` those that run or failed, ``since`` those made since a time
        (of UTC if it has no zone) or within a while, ``limit`` so many at most. They need not have been started here.
        ``to_dataframe()`` of the result is a table for pandas.
        """
        if limit is not None and limit < 1:
            raise UsageError(f"limit {limit} is too small: the minimum is 1.")
        if only not in {"all", "running", "failed"}:
            raise UsageError(f"only must be all, running or failed, not {only!r}.")
        with self._services(task_name) as (place, services):
            listed = catalog.newest(Query(place=place, chosen=only, since=_moment(since)), services, limit)
            hyperparameters = [hyperparameters_of(one.job) for one in listed]
            return Records(comparison.compared(listed, hyperparameters, services))

    def study(self, task_name: str) -> StudyRecord:
        """The study of a task as it is now, whoever began it. Raises InputNotFound for a task that has none."""
        with self._services(task_name) as (place, services):
            found = study_of(place, None, services)
            if found is None:
                raise InputNotFound(f"The task {task_name!r} of project {place.project!r} has no study.")
            return found.record(logging.getLogger("simple_sagemaker.task").warning)

    def job(self, name: str) -> Job:
        """A job of the project by its name, or by the 8 letters at the name's end. Raises InputNotFound."""
        if not is_job_name(name) and not is_short_name(name):
            raise UsageError(f"{name!r} is not the name of a job, nor the 8 letters at the end of one.")
        with self._services(None) as (place, services):
            listed = find_job.resolve(place, name, services)
        found = listed.place or TaskPlace(bucket="", project=listed.project, task=listed.task)
        run = Run(listed.job.name, found, services, kind=listed.job.kind, download=Download())
        return self._job_class(run, progress=self._progress, hosts=listed.job.hosts)

    @contextmanager
    def _services(self, task_name: str | None) -> Iterator[tuple[Place, Services]]:
        """The place of the project, or of a task of it, and the services that know its jobs."""
        with ExitStack() as stack:
            stack.enter_context(python_spelling())
            arguments = arguments_of("ls", {**self._place, "task_name": task_name}, known=_KNOWN)
            with completed(arguments, self._file):
                place = jobs_spec(arguments).place
            services = self._engines.for_data(task_name or "", is_local=place.is_local)
            stack.enter_context(translate_all_errors(region=services.region))
            yield place, services


def _moment(since: datetime | timedelta | None) -> datetime | None:
    if isinstance(since, timedelta):
        return datetime.now(timezone.utc) - since
    return since if since is None or since.tzinfo else since.replace(tzinfo=timezone.utc)
