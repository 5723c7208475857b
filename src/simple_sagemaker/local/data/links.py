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
    link to a folder stands for all files in it, and for what the links in it stand for; but a second link to a folder
    on the way is not followed: a few of them could stand for more files than there are.
    """
    sources: dict[str, str] = {}
    reached: dict[str, str] = {}
    refused: dict[str, str] = {}
    for link in links:
        try:
            reached[link] = _resolve(link, links, seen_as)
        except _Lost as why:
            refused[link] = str(why)
    files_in_order: list[str] = []
    links_in_order = sorted(links)
    for link, target in sorted(reached.items()):
        if target in files:
            sources[link] = target
        elif not target or f"{link}/".startswith(f"{target}/"):
            refused[link] = "it is a link to a folder that it lies in"
        else:
            files_in_order = files_in_order or sorted(files)
            inside = _below(f"{target}/", files_in_order)
            sources.update({link + path[len(target) :]: path for path in inside})
            links_inside = _below(f"{target}/", links_in_order)
            for path in links_inside:
                key = link + path[len(target) :]
                if reached.get(path) in files:
                    sources[key] = reached[path]
                else:
                    refused[key] = refused.get(path, "it is a link to a folder, behind another such link")
            if not inside and not links_inside:
                refused[link] = f"it is a link to {beneath.shown(links[link])}, where there is no file"
    return sources, refused


def why_not_inside(link: str, links: Mapping[str, str]) -> str | None:
    """Why a link among others leads nowhere inside: out through others of them, or in a circle; None if it does."""
    try:
        _resolve(link, links, ())
    except _Lost as why:
        return str(why)
    return None


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
