"""Where the links of a folder lead that is not there yet, by their texts alone."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable

from ..safe_paths import UnusableName, fold, shown_name, why_not

_MOST_HOPS = 40  # of links that lead to links: Linux follows no more


def ways_of(links: dict[str, str]) -> list[tuple[Callable[[str], str], dict[str, str]]]:
    """The links by their names, in both ways in which a file system may distinguish names."""
    return [(key, {key(link): to for link, to in links.items()}) for key in (_identity, fold)]


def check_target(name: str, target: str, ways: list[tuple[Callable[[str], str], dict[str, str]]]) -> None:
    """Refuse a link that leads outside the folder, directly or through other links. Does not read the disk."""
    if not target or target.startswith("/") or not all(_is_part(part) for part in target.split("/")):
        raise UnusableName(f"{shown_name(name)} is a link to {shown_name(target)}, which leads outside")
    for key, links in ways:
        _follow(name, target, links, key)


def _follow(name: str, target: str, links: dict[str, str], key: Callable[[str], str]) -> None:
    here, left, hops = name.split("/")[:-1], deque(target.split("/")), 0
    while left:
        part = left.popleft()
        if part == ".." and not here:
            raise UnusableName(f"{shown_name(name)} is a link to {shown_name(target)}, which leads outside")
        if part == "..":
            here.pop()
        elif part not in {"", "."}:
            onward = links.get(key("/".join([*here, part])))
            if onward is None:
                here.append(part)
                continue
            hops += 1
            if hops > _MOST_HOPS:
                raise UnusableName(f"{shown_name(name)} is a link to {shown_name(target)}, which leads in a circle")
            left.extendleft(reversed(onward.split("/")))


def _identity(name: str) -> str:
    return name


def _is_part(part: str) -> bool:
    return part in {"", ".", ".."} or why_not(part, windows=os.name == "nt") is None
