"""``ssm rm``: what jobs left is deleted, after it was shown and a person agreed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..core.progress import file_count, size
from ..core.records import dataclass
from ..core.specs import DataSpec
from ..errors import InputNotFound, UsageError
from ..jobs import find_job
from ..tasks import removal, stored
from ..tasks.removal import Found, Wanted
from .printing import ask, patiently, print_json, print_result, say

if TYPE_CHECKING:
    from ..core.job_specs import RemoveSpec
    from ..core.services import Services

_SHOWN = 10  # short names, in a question


@dataclass(frozen=True, kw_only=True)
class Removed:
    """What was deleted: the jobs, and how many files and bytes they had, those of the state and inputs included."""

    project: str
    task: str
    jobs: tuple[str, ...]
    files: int
    size: int


def remove(spec: RemoveSpec, services: Services) -> int:
    """Delete what the spec chooses; return 0, or 1 if the person does not want it after all."""
    wanted = _wanted(spec, services)
    found = patiently(spec, lambda: removal.find(wanted, services))
    if not found.jobs and not found.files:
        raise InputNotFound(
            f"Nothing of task {wanted.place.task!r} of project {wanted.place.project!r} is there to delete."
        )
    text = _describe(found, wanted)
    if not spec.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"ssm rm: {text} would be deleted; without a terminal, --yes does it.")
        if not ask(f"Delete {text} for good?"):
            say(spec, "Nothing was deleted.")
            return 1
    removal.remove(wanted, found, services)
    if spec.json:
        place = wanted.place
        print_json(Removed(project=place.project, task=place.task, jobs=found.jobs, files=found.files, size=found.size))
    else:
        print_result(f"Deleted: {text}")
    return 0


def _wanted(spec: RemoveSpec, services: Services) -> Wanted:
    """What is to be deleted, of which task in which bucket; the bucket is one that may be used."""
    if spec.job is None:
        place = stored.place_of(DataSpec(place=spec.place), services)
        return Wanted(place=place, before=spec.before, state=spec.state, inputs=spec.inputs)
    listed = patiently(spec, lambda: find_job.resolve(spec.place, spec.job, services))
    where = listed.place
    if where is None:
        raise UsageError(f"ssm rm: {listed.job.name} wrote to no place of this tool: nothing was deleted.")
    find_job.check_bucket(listed, spec.place.bucket_owner, services)
    return Wanted(place=where, job=listed.job.name)


def _describe(found: Found, wanted: Wanted) -> str:
    count = "1 job" if len(found.jobs) == 1 else f"{len(found.jobs):,} jobs"
    names = f" ({removal.short_names(found.jobs[-_SHOWN:])}{', …' if len(found.jobs) > _SHOWN else ''})"
    parts = [f"{count}{names if found.jobs else ''} of task {wanted.place.task}"]
    parts += [f"its state ({file_count(found.state_files)})"] if wanted.state else []
    parts += [f"its inputs ({file_count(found.input_files)})"] if wanted.inputs else []
    return f"{', '.join(parts)}: {file_count(found.files)}, {size(found.size)}"
