"""The file system that one host sees: which of its paths are its own, as a list of steps that build it.

A host sees this machine's file system with some paths replaced by folders of its own (``/opt/ml``, the state,
``/tmp``). Building it by steps lets two builders share one plan: our own system calls, or bubblewrap's arguments.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

Act = Literal["folder", "bind", "file", "readonly", "link", "proc"]


@dataclass(frozen=True)
class Step:
    """One thing to do at ``target`` (a path as the host sees it), from ``source`` (a path of this machine)."""

    act: Act
    target: str
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """What differs from this machine's file system.

    ``private``: path → the folder that stands there instead. ``shown``: paths that stay visible although they lie below
    a private one. ``readonly``: paths that cannot be written. ``files``: path → the file that stands there.
    """

    private: Mapping[str, str]
    shown: Sequence[str] = ()
    readonly: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    def steps(self) -> list[Step]:
        """The steps from an empty root to this view, parents before children. No path in them goes through a link."""
        private = {_settled(target): os.path.realpath(source) for target, source in self.private.items()}
        steps = list(_shared("/", frozenset(private)))
        for target in sorted(private, key=_depth):
            steps += [Step("folder", target), Step("bind", target, private[target])]
        shown = [path for path in _both_ways(self.shown) if _source(path, private) != path and os.path.exists(path)]
        for path in shown:
            steps += [Step("folder", path), Step("bind", path, os.path.realpath(path))]
        for path in dict.fromkeys(os.path.realpath(path) for path in self.readonly):
            source = path if any(_below(path, kept) for kept in shown) else _source(path, private)
            if os.path.isdir(source):
                steps.append(Step("readonly", path, source))
        for path, source in self.files.items():
            if os.path.exists(path):
                steps.append(Step("file", path, os.path.realpath(source)))
        return steps


def _both_ways(paths: Sequence[str]) -> list[str]:
    """Each path as it was given and with its links followed: programs may name it either way."""
    return [*dict.fromkeys(name for path in paths for name in (path, os.path.realpath(path)))]


def _source(path: str, private: Mapping[str, str]) -> str:
    """The path of this machine that stands at ``path`` in the view."""
    for target in sorted(private, key=_depth, reverse=True):
        if _below(path, target):
            return private[target] + path[len(target) :]
    return path


def _below(path: str, folder: str) -> bool:
    return PurePosixPath(path).is_relative_to(folder)


def _shared(folder: str, private: frozenset[str]) -> Iterator[Step]:
    """Everything of this machine in ``folder``, but for what is private; folders above private ones are opened up."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
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
            yield from _shared(path, private)
        elif entry.is_dir():
            yield from (Step("folder", path), Step("bind", path, path))
        elif stat.S_ISREG(entry.stat().st_mode):
            yield Step("file", path, path)


def _settled(target: str) -> str:
    """The path with the links of its parents followed, so that ``/opt/ml`` is right where ``/opt`` is a link."""
    parent, name = os.path.split(target.rstrip("/"))
    return os.path.join(os.path.realpath(parent), name)


def _depth(path: str) -> int:
    return path.count("/")
