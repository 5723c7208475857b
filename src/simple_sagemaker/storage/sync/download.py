"""Download the objects under an address to an empty folder: many at once, in little memory however many there are.

Every file is created, empty, before the first byte is fetched. A file that an interrupted try or an earlier download
has with the same content is taken from there instead, where the store can tell.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from ...core.progress import Meter
from ...core.records import dataclass
from ...core.store import ProgressCallback, Store, Stored
from ..safe_paths import SafeFolder
from ..worker_pool import LIGHT, WorkerPool

_WHOLE = 16 << 20  # bytes; of larger ones only a part is in memory at a time


@dataclass(kw_only=True)
class DownloadResult:
    """The number of files, and how many of them had to be fetched, with how many bytes."""

    files: int = 0
    fetched: int = 0
    fetched_bytes: int = 0


class Earlier(NamedTuple):
    """A folder that may have some of the files; from one that is ``ours`` alone they are moved, not linked."""

    folder: Path
    ours: bool


@dataclass(frozen=True, kw_only=True)
class FolderDownload:
    """The download of the objects under ``prefix`` to the empty folder ``to``.

    ``arriving`` is a folder for files received in part; a later try with the same folder resumes from them.
    """

    store: Store
    bucket: str
    prefix: str
    to: Path
    arriving: Path
    earlier: Sequence[Earlier] = ()
    meter: Meter

    def run(self) -> DownloadResult:
        """Download everything. Raises UnusableName for a name that the folder cannot hold, before fetching any byte."""
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
        """Create every file, empty, and write the listing to ``listed``."""
        folder = SafeFolder(self.to)
        for stored in self.store.list(self.bucket, self.prefix):
            if not stored.key.endswith("/"):  # a console's mark of a folder
                os.close(folder.new_file(stored.key[len(self.prefix) :]))
                listed.write(json.dumps(stored) + "\n")
                self.meter.files += 1
                self.meter.size += stored.size

    def _fetch_file(self, stored: Stored, on_progress: ProgressCallback, pool: WorkerPool[Stored, int]) -> int:
        """Fetch one file; return its size."""
        name = stored.key[len(self.prefix) :]
        if stored.size > LIGHT:
            keep = self.arriving / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            self.store.fetch(self.bucket, stored.key, self.to / name, on_progress, keep)
        else:
            with pool.measure():
                self.store.fill(self.bucket, stored.key, f"{self.to}/{name}", on_progress)
        return stored.size

    def _reuse_earlier(self, stored: Stored, earlier: Sequence[Earlier], pool: WorkerPool[Stored, int]) -> bool:
        """Take the file from an earlier folder; return whether that was possible. An empty file is there already."""
        if not stored.size:
            return False
        name = stored.key[len(self.prefix) :]
        for folder, ours in earlier:
            path = folder / name
            with suppress(OSError):  # missing, or on a file system without hard links
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
