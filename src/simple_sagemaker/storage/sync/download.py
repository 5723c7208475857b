"""The objects under an address brought to an empty folder: many at once, in little memory however many there are.

Every name is claimed before the first byte is fetched. What an ended try or an earlier part has of the same content is
taken from there instead, where the store can tell.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple

from ...core.progress import Meter
from ...core.store import ProgressCallback, Store, Stored
from ..safe_paths import SafeFolder
from ..worker_pool import LIGHT, WorkerPool

_WHOLE = 16 << 20  # bytes; of larger ones only a part is in memory at a time


@dataclass(kw_only=True)
class DownloadResult:
    """What was brought: files, and how many of them with how many bytes had to be fetched."""

    files: int = 0
    fetched: int = 0
    fetched_bytes: int = 0


class Earlier(NamedTuple):
    """A folder that may have some of the files; from one that is ``ours`` alone they are taken away."""

    folder: Path
    ours: bool


@dataclass(frozen=True, kw_only=True)
class FolderDownload:
    """Objects under ``prefix`` on their way to the empty folder ``to``.

    ``arriving`` is a folder for what has arrived of a file; a later try with the same one goes on from that.
    """

    store: Store
    bucket: str
    prefix: str
    to: Path
    arriving: Path
    earlier: Sequence[Earlier] = ()
    meter: Meter

    def run(self) -> DownloadResult:
        """Bring everything. Raises UnusableName for a name that the folder cannot hold, before any byte is fetched."""
        self.arriving.mkdir(exist_ok=True)
        result = DownloadResult()
        earlier = [candidate for candidate in self.earlier if candidate.folder.is_dir()]
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass") as listed:
            self._claim(listed)
            listed.seek(0)

            def on_progress(size: int) -> None:
                pool.check()
                self.meter.add_bytes(size)

            pool: WorkerPool[Stored, int] = WorkerPool(
                lambda candidate: (
                    -1
                    if self._reuse_earlier(candidate, earlier, pool)
                    else self._fetch_file(candidate, on_progress, pool)
                ),
                _read(listed),
                weigh=lambda candidate: candidate.size if candidate.size <= _WHOLE else _WHOLE // 2,
            )
            for size in pool:
                self.meter.finish_file()
                result.files += 1
                result.fetched += size >= 0
                result.fetched_bytes += max(0, size)
        return result

    def _claim(self, listed: IO[str]) -> None:
        """Make every file, empty, and write down what belongs into it."""
        folder = SafeFolder(self.to)
        for stored in self.store.list(self.bucket, self.prefix):
            if not stored.key.endswith("/"):  # a console's mark of a folder
                os.close(folder.new_file(stored.key[len(self.prefix) :]))
                listed.write(json.dumps(stored) + "\n")
                self.meter.files += 1
                self.meter.size += stored.size

    def _fetch_file(self, stored: Stored, on_progress: ProgressCallback, pool: WorkerPool[Stored, int]) -> int:
        """Fetch one file; gives its bytes."""
        name = stored.key[len(self.prefix) :]
        if stored.size > LIGHT:
            keep = self.arriving / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            self.store.fetch(self.bucket, stored.key, self.to / name, on_progress, keep)
        else:
            with pool.measure():
                self.store.fill(self.bucket, stored.key, f"{self.to}/{name}", on_progress)
        return stored.size

    def _reuse_earlier(self, stored: Stored, earlier: Sequence[Earlier], pool: WorkerPool[Stored, int]) -> bool:
        """Whether the file could be had from where it is already; what is empty is there as it was claimed."""
        if not stored.size:
            return False
        name = stored.key[len(self.prefix) :]
        for folder, ours in earlier:
            path = folder / name
            with suppress(OSError):  # gone, not there, or on a file system that knows no second names
                state = path.lstat()
                if not stat.S_ISREG(state.st_mode) or state.st_size != stored.size:
                    continue
                if self.store.holds(self.bucket, stored, path, pool.check):
                    self._take(path, self.to / name, ours=ours)
                    self.meter.seen_size += stored.size
                    return True
        return False

    def _take(self, path: Path, to: Path, *, ours: bool) -> None:
        if ours:
            os.replace(path, to)
            return
        second = self.arriving / f"linked-{os.urandom(8).hex()}"
        os.link(path, second)
        os.replace(second, to)


def _read(listed: IO[str]) -> Iterator[Stored]:
    for line in listed:
        yield Stored(*json.loads(line))
