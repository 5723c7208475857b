"""``ssm home``: what lies in this machine's home, and how much; what can be made again is deleted on request."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ..core.progress import size
from ..core.records import dataclass
from ..errors import UsageError
from ..local.job import home_content
from ..local.job.home import Home
from ..local.job.home_content import Part
from ..services.environment import home_folder
from . import tables
from .printing import ask, print_json, print_result, say
from .tables import Column

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.job_specs import HomeSpec
    from ..core.services import Services

_COLUMNS = (
    Column("PART"),
    Column("ENTRIES", right=True),
    Column("FILES", right=True),
    Column("SIZE", right=True),
    Column("WHERE", gives_way=True),
)


@dataclass(frozen=True, kw_only=True)
class HomeReport:
    """A home: its folder, and its parts."""

    home: str
    parts: tuple[Part, ...]


def home(spec: HomeSpec, environment: Mapping[str, str]) -> int:
    """Print what lies in the home; return 0, or 1 if the person does not want it cleaned after all."""
    folder = Home(home_folder(environment))
    if spec.clean and not _clean(spec, folder, environment):
        return 1
    parts = tuple(home_content.parts(folder))
    if spec.json:
        print_json(HomeReport(home=str(folder.root), parts=parts))
        return 0
    if not parts:
        say(spec, f"There is nothing in {folder.root}.")
        return 0
    rows = [[one.name, f"{one.entries:,}", f"{one.files:,}", size(one.size), str(one.path)] for one in parts]
    rows.append(["all", "", f"{sum(one.files for one in parts):,}", size(sum(one.size for one in parts)), ""])
    print_result(tables.table(_COLUMNS, rows, width=tables.terminal_width()))
    return 0


def _clean(spec: HomeSpec, folder: Home, environment: Mapping[str, str]) -> bool:
    """Delete what the spec says; False if the person does not want it."""
    from ..services.choose import for_jobs

    if not folder.root.is_dir():
        return True
    services = for_jobs(spec, environment)
    old = _old_jobs(spec, services)
    running = _is_running(services)
    what = "caches, and what killed commands left"
    if old:
        what += f", and the records and logs of {len(old):,} jobs"
    if not spec.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"ssm home: {what} would be deleted in {folder.root}; without a terminal, add --yes.")
        if not ask(f"Delete {what} in {folder.root}?"):
            say(spec, "Nothing was deleted.")
            return False
    from ..tasks.removal import forget

    for job in old:
        forget(job, services)
    home_content.clean(folder, keep_environments=running)
    if running:
        say(spec, "Jobs are running: the environments stay, since they may run in them")
    say(spec, f"Deleted: {what}")
    return True


def _old_jobs(spec: HomeSpec, services: Services) -> list[Job]:
    """The jobs that ended and were made before the time that was typed."""
    if spec.before is None:
        return []
    from ..jobs import catalog
    from ..jobs.catalog import Query

    listed = catalog.newest(Query(place=spec.place), services)
    return [one.job for one in listed if one.job.has_ended and one.job.created < spec.before]


def _is_running(services: Services) -> bool:
    """Whether any job of this machine runs, also one of another client."""
    training = services.sagemaker.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]
    return bool(
        training or services.sagemaker.list_processing_jobs(StatusEquals="InProgress")["ProcessingJobSummaries"]
    )
