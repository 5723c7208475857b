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
from ...core.store import Store, Stored, Told
from ..safe_paths import Filling
from ..worker_pool import LIGHT, Abreast

_WHOLE = 16 << 20  # bytes; of larger ones only a part is in memory at a time


@dataclass(kw_only=True)
class Fetched:
    """What was brought: files, and how many of them with how many bytes had to be fetched."""

    files: int = 0
    fetched: int = 0
    fetched_bytes: int = 0


class Earlier(NamedTuple):
    """A folder that may have some of the files; from one that is ``ours`` alone they are taken away."""

    folder: Path
    ours: bool


@dataclass(frozen=True, kw_only=True)
class Fetching:
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

    def run(self) -> Fetched:
        """Bring everything. Raises Unholdable for a name that the folder cannot hold, before any byte is fetched."""
        self.arriving.mkdir(exist_ok=True)
        done = Fetched()
        earlier = [one for one in self.earlier if one.folder.is_dir()]
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass") as listed:
            self._claim(listed)
            listed.seek(0)

            def moved(size: int) -> None:
                crowd.check()
                self.meter.moved(size)

            crowd: Abreast[Stored, int] = Abreast(
                lambda one: -1 if self._is_had(one, earlier, crowd) else self._brought(one, moved, crowd),
                _read(listed),
                weigh=lambda one: one.size if one.size <= _WHOLE else _WHOLE // 2,
            )
            for size in crowd:
                self.meter.finished()
                done.files += 1
                done.fetched += size >= 0
                done.fetched_bytes += max(0, size)
        return done

    def _claim(self, listed: IO[str]) -> None:
        """Make every file, empty, and write down what belongs into it."""
        filling = Filling(self.to)
        for found in self.store.list(self.bucket, self.prefix):
            if not found.key.endswith("/"):  # a console's mark of a folder
                os.close(filling.new_file(found.key[len(self.prefix) :]))
                listed.write(json.dumps(found) + "\n")
                self.meter.files += 1
                self.meter.size += found.size

    def _brought(self, found: Stored, moved: Told, crowd: Abreast[Stored, int]) -> int:
        """Fetch one file; gives its bytes."""
        name = found.key[len(self.prefix) :]
        if found.size > LIGHT:
            keep = self.arriving / hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]
            self.store.fetch(self.bucket, found.key, self.to / name, moved, keep)
        else:
            with crowd.timed():
                self.store.fill(self.bucket, found.key, f"{self.to}/{name}", moved)
        return found.size

    def _is_had(self, found: Stored, earlier: Sequence[Earlier], crowd: Abreast[Stored, int]) -> bool:
        """Whether the file could be had from where it is already; what is empty is there as it was claimed."""
        if not found.size:
            return False
        name = found.key[len(self.prefix) :]
        for folder, ours in earlier:
            path = folder / name
            with suppress(OSError):  # gone, not there, or on a file system that knows no second names
                state = path.lstat()
                if not stat.S_ISREG(state.st_mode) or state.st_size != found.size:
                    continue
                if self.store.holds(self.bucket, found, path, crowd.check):
                    self._take(path, self.to / name, ours=ours)
                    self.meter.seen_size += found.size
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
