"""Download a large object in parallel ranges, straight into its file: in little memory, and resumable.

With boto3, whose bodies can be read into one reused buffer: measured, that takes less time and memory than ranges by
obstore, and some servers answer a range request with the status of a whole object, which obstore refuses.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ...core.aws_api import error_code
from ...core.records import dataclass
from ...core.regular_files import read_plain
from ...core.retries import broken_connections
from ...core.store import ProgressCallback, TooLarge, no_progress
from ..worker_pool import WorkerPool
from .multipart import Changed

if TYPE_CHECKING:
    import obstore.store
    from mypy_boto3_s3 import S3Client
    from typing_extensions import Buffer

WHOLE = 16 << 20  # bytes; what is larger is fetched in ranges
RANGE = 32 << 20
_AT_ONCE = 4
_READ = 1 << 20
_TRIES = 4  # with a range, or an object of boto3's, whose connection breaks

_Result = TypeVar("_Result")


def again_if_broken(read: Callable[[], _Result]) -> _Result:
    """Call ``read``, which reads a response to its end; again if the connection breaks, which boto3 does not do."""
    for _ in range(_TRIES - 1):
        with suppress(*broken_connections()):
            return read()
    return read()


def read_object(client: S3Client, bucket: str, key: str, most: int) -> tuple[bytes, str]:
    """Return an object's content and ETag. Raises TooLarge for one of more than ``most`` bytes."""

    def read() -> tuple[bytes, str]:
        answer = client.get_object(Bucket=bucket, Key=key)
        with closing(answer["Body"]) as body:
            if answer["ContentLength"] > most:
                raise TooLarge(bucket, key, most)
            return body.read(), answer["ETag"]

    return again_if_broken(read)


def fetch_small(
    store: obstore.store.S3Store | None, client: S3Client, bucket: str, key: str, to: Path | str
) -> tuple[int, str]:
    """Write an object of at most ``WHOLE`` bytes to a file; return the size and ETag of an object of any size."""
    if store is not None:
        import obstore

        result = obstore.get(store, key)
        meta = result.meta
        if meta["size"] <= WHOLE:
            write_whole(to, result.bytes())
        return meta["size"], meta["e_tag"] or ""
    return again_if_broken(partial(_fetch_small_once, client, bucket, key, to))


def _fetch_small_once(client: S3Client, bucket: str, key: str, to: Path | str) -> tuple[int, str]:
    answer = client.get_object(Bucket=bucket, Key=key)
    with closing(answer["Body"]) as body:
        if answer["ContentLength"] <= WHOLE:
            write_whole(to, body.read())
    return answer["ContentLength"], answer["ETag"]


def write_whole(to: Path | str, data: Buffer) -> None:
    """Write a file with exactly these bytes, in the fewest calls."""
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(handle, left) :]
    finally:
        os.close(handle)


class _NoRanges(Exception):
    """The server sends the whole object when a range is requested."""


@dataclass(frozen=True, kw_only=True)
class RangedDownload:
    """The download of an object of ``size`` bytes and ETag ``tag`` to the file ``to``.

    ``on_range_done`` is called, from several threads, with the start of each range of ``step`` bytes that is in the
    file. If it is ``resumable``, a second try resumes from what an interrupted one has left in the file and in the
    journal beside it; not after a reboot, which may have lost what was written.
    """

    client: S3Client
    bucket: str
    key: str
    size: int
    tag: str
    to: Path
    on_progress: ProgressCallback = no_progress
    resumable: bool = False
    step: int = RANGE
    on_range_done: ProgressCallback = no_progress

    def run(self) -> bool:
        """Download; return whether the file is complete, which it is not if the object changed meanwhile."""
        done = self._resume()
        for start in sorted(done):
            self.on_range_done(start)
        try:
            self._fetch([start for start in range(0, self.size, self.step) if start not in done])
        except Changed:
            return False
        except _NoRanges:
            again_if_broken(self._fetch_as_a_whole)
        return True

    def forget(self) -> None:
        """Remove the journal, once the object will not be requested again."""
        self._journal.unlink(missing_ok=True)

    @property
    def _journal(self) -> Path:
        return self.to.with_name(self.to.name + ".journal")

    def _resume(self) -> set[int]:
        """Return the starts of the ranges already in the file; give the file its full size."""
        head = f"{boot()} {self.tag} {self.size} {self.step}"
        if self.resumable and boot():
            with suppress(OSError, ValueError):
                first, *starts = read_plain(self._journal).decode().split("\n")[:-1]
                if first == head and self.to.stat().st_size == self.size:
                    return {int(start) for start in starts}
        with open(self.to, "wb") as whole:
            whole.truncate(self.size)
        if self.resumable:
            self._journal.write_text(f"{head}\n", encoding="utf-8")
        return set()

    def _fetch(self, starts: Sequence[int]) -> None:
        with open(self._journal if self.resumable else os.devnull, "ab", buffering=0) as journal:
            for _ in WorkerPool(partial(self._range, journal), starts, weigh=lambda _: 1, room=_AT_ONCE):
                pass

    def _range(self, journal: FileIO, start: int) -> None:
        """Fetch one range; resume it if its connection breaks."""
        at, end = start, min(start + self.step, self.size)
        with open(self.to, "r+b", buffering=0) as out:
            out.seek(at)
            for tried in range(_TRIES):
                try:
                    at = self._stream_range(at, end, out)
                except broken_connections():
                    at = out.tell()
                    if tried == _TRIES - 1:
                        raise
                if at == end:
                    break
        if at != end:
            raise Changed
        journal.write(b"%d\n" % start)
        self.on_range_done(start)

    def _stream_range(self, at: int, end: int, out: FileIO) -> int:
        """Write the bytes that arrive of a range; return where they end."""
        answer = self._get(Range=f"bytes={at}-{end - 1}", IfMatch=self.tag)
        if "ContentRange" not in answer or answer["ETag"] != self.tag:
            answer["Body"].close()
            raise Changed if "ContentRange" in answer else _NoRanges
        buffer = memoryview(bytearray(min(_READ, end - at)))
        with closing(answer["Body"]) as body:
            while at < end and (count := body.readinto(buffer[: end - at])):
                out.write(buffer[:count])
                at += count
                self.on_progress(count)
        return at

    def _get(self, **more: Any) -> Any:
        from botocore.exceptions import ClientError

        try:
            return self.client.get_object(Bucket=self.bucket, Key=self.key, **more)
        except ClientError as error:
            if error_code(error) in {"412", "PreconditionFailed", "416", "InvalidRange"}:
                raise Changed from error
            raise

    def _fetch_as_a_whole(self) -> None:
        with open(self.to, "wb") as out, closing(self._get()["Body"]) as body:
            try:
                for data in body.iter_chunks(_READ):
                    out.write(data)
                    self.on_progress(len(data))
            except broken_connections():
                self.on_progress(-out.tell())  # all of it comes again
                raise
        for start in range(0, self.size, self.step):
            self.on_range_done(start)


def boot() -> str:
    """An identifier of the current boot of this machine; "" where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
