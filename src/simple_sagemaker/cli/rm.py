"""``ssm rm``: what jobs left is deleted, after it was shown and a person agreed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from ..core.progress import file_count, size
from ..core.records import dataclass, replace
from ..core.specs import DataSpec
from ..errors import InputNotFound, UsageError
from ..jobs import catalog, find_job
from ..studies import removal as studies
from ..tasks import removal, stored
from ..tasks.removal import Found, Wanted
from .printing import ask, patiently, print_json, print_result, say

if TYPE_CHECKING:
    from ..core.job_specs import RemoveSpec
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from ..jobs.catalog import Listed

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
    found = patiently(spec, lambda: studies.find(wanted, services))
    if not found.jobs and not found.files:
        raise InputNotFound(
            f"Nothing of task {wanted.place.task!r} of project {wanted.place.project!r} is there to delete."
        )
    text = _describe(found, wanted)
    if not spec.yes:
        if not sys.stdin.isatty():
            raise UsageError(f"ssm rm: {text} would be deleted; without a terminal, add --yes.")
        if not ask(f"Delete {text} for good?"):
            say(spec, "Nothing was deleted.")
            return 1
    studies.remove(wanted, found, services)
    if spec.json:
        place = wanted.place
        print_json(Removed(project=place.project, task=place.task, jobs=found.jobs, files=found.files, size=found.size))
    else:
        print_result(f"Deleted: {text}")
    return 0


def _wanted(spec: RemoveSpec, services: Services) -> Wanted:
    """What is to be deleted, of which task in which bucket; the bucket is one that may be used."""
    if spec.job is None:
        place = _place(spec, services)
        return Wanted(place=place, trial=spec.trial, before=spec.before, state=spec.state, inputs=spec.inputs)
    listed = patiently(spec, lambda: find_job.resolve(spec.place, spec.job, services))
    where = listed.place
    if where is None:
        raise UsageError(f"ssm rm: {listed.job.name} wrote to no place of this tool: nothing was deleted.")
    find_job.check_bucket(listed, spec.place.bucket_owner, services)
    return Wanted(place=where, job=listed.job.name)


def _place(spec: RemoveSpec, services: Services) -> TaskPlace:
    """Where the task lies. Raises InputNotFound where nothing of it is left, neither objects nor the service's records.

    Only records are left by a removal that was killed.
    """
    try:
        return stored.place_of(DataSpec(place=spec.place), services)
    except InputNotFound:
        newest: list[Listed] = patiently(spec, lambda: catalog.newest(catalog.Query(place=spec.place), services, 1))
        where = newest[0].place if newest else None
        if where is None:
            raise
        find_job.check_bucket(newest[0], spec.place.bucket_owner, services)
        return replace(where, task=spec.place.task)


def _describe(found: Found, wanted: Wanted) -> str:
    count = "1 job" if len(found.jobs) == 1 else f"{len(found.jobs):,} jobs"
    names = f" ({removal.short_names(found.jobs[-_SHOWN:])}{', …' if len(found.jobs) > _SHOWN else ''})"
    of_trial = f"trial {wanted.trial} of " if wanted.trial is not None else ""
    parts = [f"{count}{names if found.jobs else ''} of {of_trial}task {wanted.place.task}"]
    parts += ["its study"] if found.has_study else []
    has_state = wanted.state or (found.has_study and found.state_files)
    parts += [f"its state ({file_count(found.state_files)})"] if has_state else []
    parts += [f"its inputs ({file_count(found.input_files)})"] if wanted.inputs else []
    return f"{', '.join(parts)}: {file_count(found.files)}, {size(found.size)}"
