"""Suggestions for a task that was not found, and for a bucket: similar names of the project, of others, of buckets."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from shlex import quote
from typing import TYPE_CHECKING

from ..core.layout import TaskPlace
from ..core.spelling import is_same_but_for_a_slip
from ..core.store import Store
from ..errors import UsageError

if TYPE_CHECKING:
    from ..core.services import Services

_MOST_LISTINGS = 60  # of folders that may hold the project under another prefix
_DEPTH = 3
_SHOWN = 8


def near_bucket(bucket: str, services: Services) -> str | None:
    """An existing bucket whose name ``bucket`` probably misspells. Lists the names of buckets."""
    return next((one for one in sorted(services.access.buckets()) if is_same_but_for_a_slip(bucket, one)), None)


def check_new_bucket(bucket: str, services: Services) -> None:
    """Refuse to create a bucket whose name is probably that of an existing one, mistyped."""
    near = near_bucket(bucket, services)
    if near is None:
        return
    make = f"mkdir {quote(services.bucket_folder(bucket))}" if services.buckets else f"aws s3 mb s3://{bucket}"
    raise UsageError.naming(
        "{bucket_name:bucket}: there is no such bucket; did you mean {near}?\nIf a new one is meant, create it: {make}",
        bucket=bucket,
        near=near,
        make=make,
    )


def advice(place: TaskPlace, store: Store) -> str:
    """Suggest what the person may have meant. Costs a few listings."""
    similar = [*_in_project(place, store), *_elsewhere(place, store)]
    if similar:
        return "There are: " + "; ".join(similar[:_SHOWN]) + "."
    beside = place.prefix[: place.prefix.rfind("/") + 1]
    projects = _close(place.project, store.folders(place.bucket, beside), sure=False)
    if projects and place.project not in projects:
        return f"There is no project {place.project!r}; there are: {', '.join(projects[:_SHOWN])}."
    return "Run the task first, or check the names, the prefix and the bucket."


def _in_project(place: TaskPlace, store: Store) -> list[str]:
    tasks = store.folders(place.bucket, f"{place.prefix}{place.project}/")
    return [f"task {name} of this project" for name in _close(place.task, tasks, sure=False)]


def _elsewhere(place: TaskPlace, store: Store) -> list[str]:
    """Tasks of the same or a similar name, in projects of the same name under other prefixes of the bucket."""
    return [
        f"task {task} under the prefix {prefix or repr('')}"
        for prefix in _prefixes(place, store)
        for task in _close(place.task, store.folders(place.bucket, f"{prefix}{place.project}/"), sure=True)
    ]


def _prefixes(place: TaskPlace, store: Store) -> Iterator[str]:
    """Yield the prefixes, except the place's, under which a project of that name exists; nearest to the root first."""
    to_list, listings_left = deque([""]), _MOST_LISTINGS
    while to_list and listings_left:
        above = to_list.popleft()
        listings_left -= 1
        for name in store.folders(place.bucket, above):
            prefix = (above + name).removesuffix(place.project)
            if name.endswith(place.project):
                if prefix != place.prefix:
                    yield prefix
            elif above.count("/") + 1 < _DEPTH:
                to_list.append(f"{above}{name}/")


def _close(name: str, others: Sequence[str], *, sure: bool) -> list[str]:
    """Those of the same or a similar name; if there are none, all of them, unless it must be ``sure``."""
    folded = {other.lower(): other for other in others}
    close = [folded[other] for other in get_close_matches(name.lower(), folded, n=_SHOWN, cutoff=0.6)]
    return close or ([] if sure else list(others))
