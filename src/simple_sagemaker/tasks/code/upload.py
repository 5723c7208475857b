"""Describing, packing and uploading a task's code.

Memory holds none of it: what is downloaded or packed on the way is in a temporary folder.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from ...core import layout
from ...core.layout import TaskPlace
from ...core.progress import Meter, Watcher, file_count, size
from ...core.records import dataclass
from ...core.store import Store
from .. import history
from .files import CodeFiles
from .ignore import RULES
from .package import Package
from .read import Code

LARGE = 100_000_000  # bytes of code from which on there is a warning
_NAME_LARGEST_FROM = 1_000_000  # bytes of code from which on the largest files are named
_REUSE_FROM = 1_000_000  # bytes of code: to send less takes no longer than to look for an earlier archive
_REUSE_JOBS = 3  # the newest ones
_MAX_NAMES = 5


def describe(code: CodeFiles) -> Iterator[str]:
    """Yield what a person should know about the code before it is sent, line by line."""
    if code.files:
        yield f"Code: {file_count(len(code.files))}, {size(code.size)}{_largest(code)}"
    if code.size > LARGE:
        yield (
            f"Warning: {size(code.size)} of code are packed for every job. Leave out what it does not need with lines "
            f"in {RULES}, written as in .gitignore; data belongs in -i, and is sent once"
        )
    if code.secrets:
        yield f"Left out, as they look like secrets: {_names(code.secrets)} ({RULES} brings back: !NAME)"
    if code.exposed:
        yield f"Warning: {_names(code.exposed)}: sent because named, though it looks like a secret"
    scripts = {name: line for name, line in code.interpreters.items() if not name.endswith(".py")}
    if windows := [name for name, line in scripts.items() if line.endswith(b"\r")]:
        yield f"Warning: {_names(windows)}: Windows line ends, so that no system finds the program in the first line"
    if code.script_requirements:
        yield f"Code: requirements of the script's header: {', '.join(code.script_requirements)}"
    yield from code.notes
    if code.special:
        yield f"Left out, being neither files nor folders: {_names(code.special)}"


def _largest(code: CodeFiles) -> str:
    if code.size < _NAME_LARGEST_FROM or len(code.files) < 2:
        return ""
    return "; the largest: " + ", ".join(f"{name!r} {size(large)}" for name, large in code.largest(_MAX_NAMES))


def _names(paths: list[str]) -> str:
    more = len(paths) - 2 * _MAX_NAMES
    return ", ".join(map(repr, paths[: 2 * _MAX_NAMES])) + (f" and {more:,} more" if more > 0 else "")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """The upload of one job's code: where to, with which store, and the progress display."""

    place: TaskPlace
    job: str
    store: Store
    watcher: Watcher

    def send(self, package: Package, code: Code) -> None:
        """Upload the code below the job's ``source/``, and describe it. Raises Changed before anything is sent.

        If an earlier job of the task has an archive of the same content, it is copied on the store: then nothing is
        packed or sent. The files that describe the archive come after it, so half an archive is never taken for one.
        """
        for line in describe(code.files):
            self.watcher.note(line)
        bucket, prefix = self.place.bucket, self.place.source(self.job)
        if package.has_archive and not (code.files.size >= _REUSE_FROM and self._copy_earlier(package.digest)):
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
        for job in history.job_names(self.place, self.store)[:_REUSE_JOBS]:
            if history.run_file(self.place, job, self.store).get("archive") != digest:
                continue
            with suppress(FileNotFoundError, PermissionError):  # deleted or unreadable: then it is sent
                source, target = (self.place.source(one) + layout.TARBALL for one in (job, self.job))
                self.store.copy(self.place.bucket, source, target)
                self.watcher.note(f"Code: the same as that of {job}, so it is not sent again")
                return True
        return False
