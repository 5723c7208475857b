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
from datetime import datetime, timezone
from pathlib import Path

from ... import __version__
from ...storage.private import make_private, open_plain
from ..job.folder import JobFolder
from ..job.kinds import KINDS
from .indexed_job import IndexedJob

_SEED = zlib.crc32(f"1 {__version__}".encode())
_KINDS = {kind.prefix: kind for kind in KINDS}
_MOST_WASTE = 1 << 20  # bytes of lines that are of no use any more, beside as many of use
_BATCH = 1000  # lines
_LARGEST = 1 << 28  # bytes, of some million jobs


class IndexFile:
    """The file of one process's index. Without it, or where it cannot be written, all jobs are read."""

    def __init__(self, path: Path, jobs: Path) -> None:
        self._path = path
        self._jobs = jobs
        self._read_to = (0, 0)  # inode and bytes

    def read(self) -> Iterator[IndexedJob]:
        """What was appended since the last time, by any process."""
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
        for line in data.split(b"\n"):
            job = self._parse(line)
            if job is not None:
                yield job

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

    def _parse(self, line: bytes) -> IndexedJob | None:
        checksum, _, content = line.partition(b" ")
        if not content or checksum != _checksum(content):
            return None
        folder, prefix, arn, status, created, modified, tags, inode, changed_ns = json.loads(content)
        kind, job = _KINDS[prefix], JobFolder(self._jobs / folder)
        facts = {
            kind.name: job.name,
            f"{prefix}JobArn": arn,
            kind.status: status,
            "CreationTime": datetime.fromtimestamp(created, tz=timezone.utc),
            "LastModifiedTime": datetime.fromtimestamp(modified, tz=timezone.utc),
        }
        own_tags = tuple((key, value) for key, value in tags)
        return IndexedJob(job, kind, facts, own_tags, (inode, changed_ns))


def _format(job: IndexedJob) -> bytes:
    facts, prefix = job.facts, job.kind.prefix
    times = (facts["CreationTime"].timestamp(), facts["LastModifiedTime"].timestamp())
    fields = [job.folder, prefix, job.arn, facts[job.kind.status], *times, job.tags, *job.stamp]
    content = json.dumps(fields).encode()
    return b"%b %b\n" % (_checksum(content), content)


def _checksum(content: bytes) -> bytes:
    return b"%08x" % zlib.crc32(content, _SEED)
