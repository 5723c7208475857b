"""Links of a folder that is mirrored: S3 has none, so one that leads to something inside is kept as a copy of that.

Pure: the names that were seen go in, and what each link stands for comes out. Nothing is opened.
"""

from __future__ import annotations

import posixpath
from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence

from ..job import beneath

_MOST_STEPS = 40  # as the kernel has it, path_resolution(7)


class _Lost(Exception):
    """A link leads nowhere that could be kept; the message says where."""


def copies(
    files: Collection[str], links: Mapping[str, str], seen_as: Sequence[str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The files that links stand for, as ``{key: file}``, and why other links are not kept, by the link.

    ``files`` and ``links`` (with their targets) are paths below the folder, whose own path is each of ``seen_as``. A
    link to a folder stands for all files in it.
    """
    sources: dict[str, str] = {}
    refused: dict[str, str] = {}
    in_order: list[str] = []
    for link in sorted(links):
        try:
            target = _resolve(link, links, seen_as)
        except _Lost as why:
            refused[link] = str(why)
            continue
        if target in files:
            sources[link] = target
        elif not target or f"{link}/".startswith(f"{target}/"):
            refused[link] = "it is a link to a folder that it lies in"
        else:
            in_order = in_order or sorted(files)
            inside = _below(f"{target}/", in_order)
            sources.update({link + path[len(target) :]: path for path in inside})
            if not inside:
                refused[link] = f"it is a link to {beneath.shown(links[link])}, where there is no file"
    return sources, refused


def _below(prefix: str, in_order: Sequence[str]) -> Sequence[str]:
    start = end = bisect_left(in_order, prefix)
    while end < len(in_order) and in_order[end].startswith(prefix):
        end += 1
    return in_order[start:end]


def _resolve(path: str, links: Mapping[str, str], seen_as: Sequence[str]) -> str:
    """The path below the folder that a path leads to, through links in any part of it; "" for the folder itself."""
    reached, rest, steps = "", path.split("/"), 0
    while rest:
        part = rest.pop(0)
        if part in {"", "."}:
            continue
        if part == "..":
            if not reached:
                raise _Lost(f"it is a link that leads outside, to {beneath.shown(links[path])}")
            reached = posixpath.dirname(reached)
            continue
        here = f"{reached}/{part}" if reached else part
        if here not in links:
            reached = here
            continue
        steps += 1
        if steps > _MOST_STEPS:
            raise _Lost("it is one of a circle of links")
        target = links[here]
        if target.startswith("/"):
            inside = _inside(target, seen_as)
            if inside is None:
                raise _Lost(f"it is a link that leads outside, to {beneath.shown(target)}")
            target, reached = inside, ""
        rest = [*target.split("/"), *rest]
    return reached


def _inside(target: str, seen_as: Sequence[str]) -> str | None:
    """An absolute target as a path below the folder; None for one that leads elsewhere."""
    for place in filter(None, seen_as):
        if f"{target}/".startswith(f"{place}/"):
            return target[len(place) :].lstrip("/")
    return None
