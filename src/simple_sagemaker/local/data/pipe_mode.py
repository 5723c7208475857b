"""Pipe mode: a channel as named pipes ``<channel>_0``, ``<channel>_1`` …, one for each time the data is read.

In: the parts of a channel. Out: for each epoch a named pipe with the share of one host. It costs one process for each
such channel and host, because opening a pipe blocks until there is a reader, and the supervisor must not block; the
process is forked from the supervisor and dies with it.

The pipe of the next epoch appears once everything has been read, or the reader has closed, and just before the reader
sees the end; then the old one is removed. So a program can open the next pipe without retrying.
Rules: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

from __future__ import annotations

import os
import select
import signal
import stat
import struct
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from io import BufferedIOBase, BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.records import dataclass
from ...core.store import Store
from ..isolation.namespaces import begin_child
from . import recordio
from .channels import Channel, Item, Part
from .transfers import is_local

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

import fcntl
import termios

if TYPE_CHECKING:
    from concurrent.futures import Future

_CHUNK = 1 << 20
_AHEAD = 16  # objects that are fetched before their turn
_ROOM = 64 << 20  # bytes of them, on the disk
_UNKNOWN = 16 << 20  # bytes that an object may have whose size is not known
_Fetch = Callable[[], BufferedReader]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """The data of one host's pipes: the channel's parts, and which share of them is this host's."""

    channel: Channel
    parts: Sequence[Sequence[Part]]
    host: int
    hosts: int
    folder: Path
    scratch: Path
    store: Store

    def name(self, epoch: int) -> str:
        """The name of the pipe of one epoch, in ``folder``."""
        return f"{self.channel.path.rpartition('/')[2]}_{epoch}"

    def chunks(self, epoch: int) -> Generator[bytes, None, None]:
        """Yield the bytes of one epoch. Raises OSError, EOFError or ValueError if an object cannot be streamed."""
        units = self.channel.epoch(self.parts, epoch, host=self.host, hosts=self.hosts)
        with closing(self._fetch_ahead(part for parts in units for part in parts)) as ahead:
            for part, fetch in ahead:
                if isinstance(part, bytes):
                    yield from recordio.frame(part) if self.channel.recordio else (part,)
                elif fetch:
                    yield from self._stream(part, fetch)

    def _fetch_ahead(self, parts: Iterable[Part]) -> Generator[tuple[Part, _Fetch | None], None, None]:
        """Yield each part and what returns its file. Over S3 the files of those that follow are fetched meanwhile."""
        if is_local(self.store):
            for part in parts:
                yield part, None if isinstance(part, bytes) else partial(self._fetch, part)
            return
        from concurrent.futures import ThreadPoolExecutor

        ahead: deque[tuple[Part, Future[BufferedReader] | None]] = deque()
        with ThreadPoolExecutor(_AHEAD) as pool:
            try:
                for number, part in enumerate(parts):
                    ahead.append((part, None if isinstance(part, bytes) else pool.submit(self._fetch, part, number)))
                    while len(ahead) > _AHEAD or sum(_weight(waiting) for waiting, _ in ahead) > _ROOM:
                        yield _take(ahead)
                while ahead:
                    yield _take(ahead)
            finally:
                for _, future in ahead:  # whose reader has closed the pipe
                    if future is not None and not future.cancel():
                        future.add_done_callback(_close)

    def _stream(self, part: Item, fetch: _Fetch) -> Iterator[bytes]:
        try:
            with self._open(fetch) as content:
                if self.channel.recordio:
                    yield from recordio.frame(content.read(recordio.LONGEST + 1))
                else:
                    while chunk := content.read(_CHUNK):
                        yield chunk
        except (OSError, EOFError, ValueError) as error:
            raise ValueError(f"s3://{part.bucket}/{part.key}: {type(error).__name__}: {error}") from error

    @contextmanager
    def _open(self, fetch: _Fetch) -> Iterator[BufferedIOBase]:
        """Open an object's content."""
        with fetch() as file:
            if not self.channel.gzip:
                yield file
                return
            import gzip

            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked

    def _fetch(self, item: Item, number: int = 0) -> BufferedReader:
        """Copy an object to a file without a name, so that it cannot change while a slow reader reads it."""
        scratch = self.scratch.with_name(f"{self.scratch.name}-{number}")
        self.store.fetch(item.bucket, item.key, scratch)
        file = open(scratch, "rb")  # noqa: SIM115 - the caller closes it
        scratch.unlink()
        return file


@dataclass(frozen=True, kw_only=True)
class Feeder:
    """The process that fills one host's pipes of one channel; ``problems`` becomes readable when it cannot continue."""

    flow: Flow
    pid: int
    problems: int

    def problem(self) -> str:
        """Why no more data comes; empty while all is well. Never blocks."""
        try:
            message = os.read(self.problems, 4096).decode("utf-8", "replace")
        except BlockingIOError:
            return ""
        return f"channel {self.flow.channel.name}: {message or 'the process that feeds it has ended'}"

    def end(self) -> None:
        """Kill the process and reap it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.problems)


def start(flow: Flow, *, close: Sequence[int]) -> Feeder:
    """Make the first pipe and the process that fills it. Call with one thread only: it forks."""
    flow.folder.mkdir(parents=True, exist_ok=True)
    folder = os.open(flow.folder, os.O_RDONLY | os.O_DIRECTORY)  # before the job can put anything in its place
    os.mkfifo(flow.name(0), dir_fd=folder)
    problems, tell = os.pipe()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            begin_child(supervisor, (*close, problems))
            _feed(flow, folder)
        except BaseException as error:  # noqa: BLE001  a forked child must never return into its parent's code
            os.write(tell, str(error).encode()[:4096])
            while True:  # the pipe stays open: its reader must not take a broken stream for a complete one
                signal.pause()
    os.close(folder)
    os.close(tell)
    os.set_blocking(problems, False)
    return Feeder(flow=flow, pid=pid, problems=problems)


def _feed(flow: Flow, folder: int) -> None:
    epoch = 0
    while True:
        out = os.open(flow.name(epoch), os.O_WRONLY | os.O_NOFOLLOW, dir_fd=folder)  # waits for the reader
        if not stat.S_ISFIFO(os.fstat(out).st_mode):
            raise ValueError(f"{flow.name(epoch)} was replaced by something that is no named pipe")
        with suppress(BrokenPipeError), closing(flow.chunks(epoch)) as chunks:
            for chunk in chunks:
                _write(out, chunk)
            _wait_until_read(out)
        os.mkfifo(flow.name(epoch + 1), dir_fd=folder)
        os.close(out)
        os.unlink(flow.name(epoch), dir_fd=folder)
        epoch += 1


def _weight(part: Part) -> int:
    return len(part) if isinstance(part, bytes) else part.size or _UNKNOWN


def _take(ahead: deque[tuple[Part, Future[BufferedReader] | None]]) -> tuple[Part, _Fetch | None]:
    part, future = ahead.popleft()
    return part, None if future is None else future.result


def _close(future: Future[BufferedReader]) -> None:
    if not future.cancelled() and future.exception() is None:
        future.result().close()


def _write(out: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(out, view) :]


def _wait_until_read(out: int) -> None:
    """Wait until the pipe is empty or has no reader any more."""
    watch = select.poll()
    watch.register(out, 0)  # errors alone: the reader has closed
    pause_ms = 1
    while _unread_bytes(out) and not watch.poll(pause_ms):
        pause_ms = min(2 * pause_ms, 50)


def _unread_bytes(out: int) -> int:
    unread: tuple[int] = struct.unpack("i", fcntl.ioctl(out, termios.FIONREAD, bytes(4)))
    return unread[0]
