"""A task's code on its way to a job: read, described, packed and sent.

Memory holds none of it: what is fetched or packed on the way is in a temporary folder.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ...core import layout
from ...core.layout import TaskPlace
from ...core.progress import Meter, Watcher, counted, size
from ...core.specs import Spec
from ...core.store import Store
from ...errors import UsageError
from .. import history
from .files import Changed, CodeFiles
from .ignore import RULES
from .package import Package, collect

MUCH = 100_000_000  # bytes of code, at which somebody is warned
_WORTH_NAMES = 1_000_000  # bytes, from which on the largest files are named
_WORTH_A_LOOK = 1_000_000  # bytes: to send less takes no longer than to ask whether it is there
_LOOKED_AT = 3  # of the newest jobs
_TRIES = 3
_NAMED = 5

Note = Callable[[str], None]
_Done = TypeVar("_Done")


@dataclass(frozen=True, kw_only=True)
class Code:
    """The code of a task as it was read, and a folder for what is made on its way."""

    files: CodeFiles
    scratch: Path


@contextmanager
def read(spec: Spec, store: Store) -> Iterator[Code]:
    """The code, for as long as the context lasts. Raises what :func:`collect` does."""
    with tempfile.TemporaryDirectory(prefix="ssm-") as scratch:
        yield Code(files=collect(spec, store, Path(scratch)), scratch=Path(scratch))


def with_steady_code(act: Callable[[], _Done], note: Note) -> _Done:
    """What ``act`` gives, which reads and packs the code; done again when a file was changed in between."""
    tries = _TRIES
    while True:
        try:
            return act()
        except Changed as changed:
            tries -= 1
            if not tries:
                raise UsageError(
                    f"The file {str(changed)!r} changes all the time, so it cannot be packed.\n"
                    f"Stop what writes it, or leave it out with a line in {RULES}."
                ) from changed
            note(f"Code: {changed} was changed while it was read; reading it all again")


def describe(code: CodeFiles) -> Iterator[str]:
    """What a person should know about the code before it is sent, line by line."""
    if code.files:
        yield f"Code: {counted(len(code.files))}, {size(code.size)}{_largest(code)}"
    if code.size > MUCH:
        yield (
            f"Warning: {size(code.size)} of code are packed for every job. Leave out what it does not need with lines "
            f"in {RULES}, written as in .gitignore; data is brought by -i, and sent once"
        )
    if code.secrets:
        yield f"Left out, as they look like secrets: {_names(code.secrets)} ({RULES} brings back: !NAME)"
    if code.exposed:
        yield f"Warning: {_names(code.exposed)}: sent because named, though it looks like a secret"
    if code.odd:
        yield f"Left out, being neither files nor folders: {_names(code.odd)}"


def _largest(code: CodeFiles) -> str:
    if code.size < _WORTH_NAMES or len(code.files) < 2:
        return ""
    return "; the largest: " + ", ".join(f"{name!r} {size(large)}" for name, large in code.largest(_NAMED))


def _names(paths: list[str]) -> str:
    more = len(paths) - 2 * _NAMED
    return ", ".join(map(repr, paths[: 2 * _NAMED])) + (f" and {more:,} more" if more > 0 else "")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """Where a job's code goes, with which store, and the display of its progress."""

    place: TaskPlace
    job: str
    store: Store
    watcher: Watcher

    def send(self, package: Package, code: Code) -> None:
        """Put the code below the job's ``source/``, and say what it is. Raises Changed before anything is sent.

        An archive of the same content that an earlier job of the task has is copied where it is: then nothing is
        packed or sent. What says what an archive is comes after it, so nobody takes half of one for the whole.
        """
        for line in describe(code.files):
            self.watcher.note(line)
        bucket, prefix = self.place.bucket, self.place.source(self.job)
        if package.has_archive and not (code.files.size >= _WORTH_A_LOOK and self._copy_earlier(package.digest)):
            self._pack_and_send(package, code, prefix + layout.TARBALL)
        for name, data in package.beside.items():
            self.store.write(bucket, prefix + name, data)

    def _pack_and_send(self, package: Package, code: Code, key: str) -> None:
        packed = code.scratch / layout.TARBALL
        packing = Meter(what="Packing the code", files=len(code.files.files), size=code.files.size)
        with self.watcher.moving(packing):
            package.pack(packed, packing)
        sending = Meter(what="Sending the code", files=1, size=packed.stat().st_size)
        with self.watcher.moving(sending):
            self.store.send(packed, self.place.bucket, key, sending.moved)

    def _copy_earlier(self, digest: str) -> bool:
        """Copy the archive of an earlier job that had the same one; return whether there was any."""
        for job in history.job_names(self.place, self.store)[:_LOOKED_AT]:
            if history.run_file(self.place, job, self.store).get("archive") != digest:
                continue
            with suppress(FileNotFoundError, PermissionError):  # deleted, or not ours to read: then it is sent
                source, target = (self.place.source(one) + layout.TARBALL for one in (job, self.job))
                self.store.copy(self.place.bucket, source, target)
                self.watcher.note(f"Code: the same as that of {job}, so it is not sent again")
                return True
        return False
