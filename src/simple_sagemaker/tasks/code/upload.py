"""A task's code on its way to a job: described, packed and sent.

Memory holds none of it: what is fetched or packed on the way is in a temporary folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from ...core import layout
from ...core.layout import TaskPlace
from ...core.progress import Meter, Watcher, file_count, size
from ...core.store import Store
from .. import history
from .files import CodeFiles
from .ignore import RULES
from .package import Package
from .read import Code

MUCH = 100_000_000  # bytes of code, at which somebody is warned
_WORTH_NAMES = 1_000_000  # bytes, from which on the largest files are named
_WORTH_A_LOOK = 1_000_000  # bytes: to send less takes no longer than to ask whether it is there
_LOOKED_AT = 3  # of the newest jobs
_NAMED = 5


def describe(code: CodeFiles) -> Iterator[str]:
    """What a person should know about the code before it is sent, line by line."""
    if code.files:
        yield f"Code: {file_count(len(code.files))}, {size(code.size)}{_largest(code)}"
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
        packed = code.scratch() / layout.TARBALL
        packing = Meter(what="Packing the code", files=len(code.files.files), size=code.files.size)
        with self.watcher.moving(packing):
            package.pack(packed, packing)
        sending = Meter(what="Sending the code", files=1, size=packed.stat().st_size)
        with self.watcher.moving(sending):
            self.store.send(packed, self.place.bucket, key, sending.add_bytes)

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
