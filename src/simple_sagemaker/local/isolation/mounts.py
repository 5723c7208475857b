"""The file system that one host sees, as a list of steps that build it.

A host sees this machine's file system with some paths replaced by folders of its own (``/opt/ml``, the state,
``/tmp``). Two builders share the list of steps: our own system calls, and bubblewrap's arguments.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Literal

from ...core.records import dataclass, field

Act = Literal["folder", "bind", "file", "readonly", "link", "proc"]


@dataclass(frozen=True)
class Step:
    """One step at ``target`` (a path as the host sees it), from ``source`` (a path of this machine)."""

    act: Act
    target: str
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """How a host's file system differs from this machine's.

    ``private``: path → the folder that is there instead. ``shown``: paths that stay visible although they lie below
    a private one. ``readonly``: paths that cannot be written. ``files``: path → the file that is there instead.
    """

    private: Mapping[str, str]
    shown: Sequence[str] = ()
    readonly: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def steps(self) -> list[Step]:
        """The steps that build this view in an empty root, parents before children. Their paths contain no links."""
        private = {_resolve_parents(target): os.path.realpath(source) for target, source in self.private.items()}
        steps = list(_share("/", frozenset(private)))
        for target in sorted(private, key=_depth):
            steps += [Step("folder", target), Step("bind", target, private[target])]
        shown = [path for path in _with_resolved(self.shown) if _source(path, private) != path and os.path.exists(path)]
        for path in shown:
            steps += [Step("folder", path), Step("bind", path, os.path.realpath(path))]
        for path in dict.fromkeys(os.path.realpath(path) for path in self.readonly):
            source = path if any(_below(path, folder) for folder in shown) else _source(path, private)
            if os.path.isdir(source):
                steps.append(Step("readonly", path, source))
        for path, source in self.files.items():
            if os.path.exists(path):
                steps.append(Step("file", path, os.path.realpath(source)))
        return steps


def _with_resolved(paths: Sequence[str]) -> list[str]:
    """Each path as it is and with its links followed: programs may use either."""
    return [*dict.fromkeys(name for path in paths for name in (path, os.path.realpath(path)))]


def _source(path: str, private: Mapping[str, str]) -> str:
    """The path of this machine that the view has at ``path``."""
    for target in sorted(private, key=_depth, reverse=True):
        if _below(path, target):
            return private[target] + path[len(target) :]
    return path


def _below(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def _share(folder: str, private: frozenset[str]) -> Iterator[Step]:
    """Share this machine's ``folder`` except private paths; folders above those are shared entry by entry."""
    with os.scandir(folder) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        path = os.path.join(folder, entry.name)
        if path == "/proc":
            yield from (Step("folder", path), Step("proc", path))
        elif path in private:
            continue
        elif entry.is_symlink():
            yield Step("link", path, os.readlink(path))
        elif any(target.startswith(path + "/") for target in private):
            yield Step("folder", path)
            yield from _share(path, private)
        elif entry.is_dir():
            yield from (Step("folder", path), Step("bind", path, path))
        elif stat.S_ISREG(entry.stat().st_mode):
            yield Step("file", path, path)


def _resolve_parents(target: str) -> str:
    """Follow the links of a path's parents, so that ``/opt/ml`` is right where ``/opt`` is a link."""
    parent, name = os.path.split(target.rstrip("/"))
    return os.path.join(os.path.realpath(parent), name)


def _depth(path: str) -> int:
    return path.count("/")
