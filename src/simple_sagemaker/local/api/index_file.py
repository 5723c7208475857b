"""The file in which processes keep what they have read of jobs that ended: a line for each job, only appended to.

A line begins with its checksum, which the version of this package is part of: a line that is torn, damaged or from
another version is as if it were not there. Whoever reads a line must hold it against the job's folder as it is now. The
file has no secrets: neither environments nor hyperparameters.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ... import __version__
from ...core.regular_files import open_plain
from ...storage.private import make_private
from .indexed_job import IndexedJob, Stamp

_SEED = zlib.crc32(f"1 {__version__}".encode())
_MOST_WASTE = 1 << 20  # bytes of lines that are of no use any more, beside as many of use
_BATCH = 1000  # lines
_CONTENT = 9  # where a line's content begins, after its checksum
_LARGEST = 1 << 28  # bytes, of some million jobs


class IndexFile:
    """The file of one process's index. Without it, or where it cannot be written, all jobs are read."""

    def __init__(self, path: Path, jobs: Path) -> None:
        self._path = path
        self._jobs = jobs
        self._read_to = (0, 0)  # inode and bytes

    def read(self, stamps: Mapping[str, Stamp]) -> Iterator[IndexedJob]:
        """What was appended since the last time, by any process, of folders that have these stamps."""
        data = b""
        with suppress(OSError), open(self._path, "rb", opener=open_plain) as file:
            state = os.fstat(file.fileno())
            inode, start = self._read_to
            start = start if inode == state.st_ino and start <= state.st_size else 0
            file.seek(start)
            data = file.read(_LARGEST + 1) if state.st_size <= _LARGEST else b""
            if state.st_size > _LARGEST:  # nobody's index: it is made anew
                self._path.unlink()
            data = data[: data.rfind(b"\n") + 1]
            self._read_to = state.st_ino, start + len(data)
        contents = (line[_CONTENT:] for line in data.split(b"\n") if _is_whole(line))
        for row in json.loads(b"[%b]" % b",".join(contents)):  # all at once: three times as fast as one by one
            if stamps.get(row[0]) == (row[7], row[8]):
                yield IndexedJob(self._jobs, row)

    def append(self, jobs: Collection[IndexedJob], known: Mapping[str, IndexedJob]) -> None:
        """Keep jobs that have just been read; ``known`` are all that have ended, of which no others are of use."""
        lines = [_format(job) for job in jobs]
        with suppress(OSError):
            for start in range(0, len(lines), _BATCH):
                self._write(b"\n" + b"".join(lines[start : start + _BATCH]))  # what a killed writer left ends here
            if lines and self._wastes(known):
                self._rewrite([_format(job) for job in known.values()])

    def remove(self) -> None:
        """Forget everything, for all processes."""
        with suppress(OSError):
            self._path.unlink()

    def _write(self, data: bytes) -> None:
        make_private(self._path.parent)
        descriptor = self._open_to_append()
        try:
            before = os.fstat(descriptor)
            written = os.write(descriptor, data)
            has_read_all = self._read_to in ((before.st_ino, before.st_size), (0, before.st_size))
            if has_read_all and os.fstat(descriptor).st_size == before.st_size + written:
                self._read_to = before.st_ino, before.st_size + written  # this process knows it
        finally:
            os.close(descriptor)

    def _open_to_append(self) -> int:
        try:
            return open_plain(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        except OSError:  # a pipe, a link or the like in its place
            if not self._path.is_dir():
                self._path.unlink(missing_ok=True)
            raise

    def _wastes(self, known: Mapping[str, IndexedJob]) -> bool:
        size = os.stat(self._path).st_size
        if size < 2 * _MOST_WASTE:
            return False
        return size > _MOST_WASTE + 2 * sum(len(_format(job)) for job in known.values())

    def _rewrite(self, lines: list[bytes]) -> None:
        """Replace the file. Two that do so at once may mix their lines up, which the checksums show."""
        scratch = self._path.with_name(f"{self._path.name}.new")
        with open(open_plain(scratch, os.O_WRONLY | os.O_TRUNC | os.O_CREAT), "wb") as out:
            out.write(b"".join(lines))
        scratch.replace(self._path)


def _format(job: IndexedJob) -> bytes:
    content = json.dumps(job.row).encode()
    return b"%b %b\n" % (_checksum(content), content)


def _is_whole(line: bytes) -> bool:
    return len(line) > _CONTENT and line.startswith(_checksum(line[_CONTENT:]) + b" ")


def _checksum(content: bytes) -> bytes:
    return b"%08x" % zlib.crc32(content, _SEED)
