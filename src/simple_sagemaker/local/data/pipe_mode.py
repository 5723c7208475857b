"""Pipe mode: a channel as named pipes ``<channel>_0``, ``<channel>_1`` …, one for each time the data is read.

Comes in: the parts of a channel. Goes out: for each epoch a named pipe with the share of one host. It costs one process
for each such channel and host, because opening a pipe waits for its reader and the supervisor waits for nobody; it is
forked from the supervisor and dies with it.

The pipe of the next epoch appears once everything was read, or the reader has closed, and just before the reader sees
the end; then the old one is gone. So a program may open the next without trying twice.
Rules: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

from __future__ import annotations

import os
import select
import signal
import struct
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

from ...core.store import Store
from ..isolation.namespaces import begin_child
from . import recordio
from .channels import Channel, Item, Part

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

import fcntl
import termios

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What flows into one host's pipes: the channel's parts, and which share of them is this host's."""

    channel: Channel
    parts: Sequence[Sequence[Part]]
    host: int
    hosts: int
    folder: Path
    scratch: Path
    store: Store

    def path(self, epoch: int) -> Path:
        """The named pipe of one epoch."""
        return self.folder / f"{self.channel.path.rpartition('/')[2]}_{epoch}"

    def chunks(self, epoch: int) -> Iterator[bytes]:
        """The bytes of one epoch. Raises OSError, EOFError or ValueError for an object that cannot be streamed."""
        for parts in self.channel.epoch(self.parts, epoch, host=self.host, hosts=self.hosts):
            for part in parts:
                yield from self._wrapped(part)

    def _wrapped(self, part: Part) -> Iterator[bytes]:
        if isinstance(part, bytes):
            yield from recordio.framed(part) if self.channel.recordio else (part,)
            return
        try:
            with self._opened(part) as content:
                if self.channel.recordio:
                    yield from recordio.framed(content.read())
                else:
                    while chunk := content.read(_CHUNK):
                        yield chunk
        except (OSError, EOFError, ValueError) as error:
            raise ValueError(f"s3://{part.bucket}/{part.key}: {type(error).__name__}: {error}") from error

    @contextmanager
    def _opened(self, item: Item) -> Iterator[BufferedIOBase]:
        """The content of an object, copied first so that it cannot change while a slow reader takes it."""
        self.store.fetch(item.bucket, item.key, self.scratch)
        with open(self.scratch, "rb") as found:
            self.scratch.unlink()
            if not self.channel.gzip:
                yield found
                return
            import gzip

            with gzip.GzipFile(fileobj=found) as unpacked:
                yield unpacked


@dataclass(frozen=True, kw_only=True)
class Feeder:
    """The process that fills one host's pipes of one channel; ``troubles`` becomes readable when it cannot go on."""

    flow: Flow
    pid: int
    troubles: int

    def trouble(self) -> str:
        """Why the data does not come; empty while all is well. Never waits."""
        try:
            said = os.read(self.troubles, 4096).decode("utf-8", "replace")
        except BlockingIOError:
            return ""
        return f"channel {self.flow.channel.name}: {said or 'the process that feeds it has ended'}"

    def end(self) -> None:
        """Kill the process, and leave nothing of it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.troubles)


def start(flow: Flow, *, close: Sequence[int]) -> Feeder:
    """Make the first pipe and the process that fills it. Call with one thread only: it forks."""
    flow.folder.mkdir(parents=True, exist_ok=True)
    os.mkfifo(flow.path(0))
    troubles, tell = os.pipe()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            begin_child(supervisor, (*close, troubles))
            _feed(flow)
        except BaseException as error:  # noqa: BLE001  a forked child must never return into its parent's code
            os.write(tell, str(error).encode()[:4096])
            while True:  # the pipe stays open: its reader must not take a broken stream for a whole one
                signal.pause()
    os.close(tell)
    os.set_blocking(troubles, False)
    return Feeder(flow=flow, pid=pid, troubles=troubles)


def _feed(flow: Flow) -> None:
    epoch = 0
    while True:
        out = os.open(flow.path(epoch), os.O_WRONLY)  # waits for the reader
        with suppress(BrokenPipeError):
            for chunk in flow.chunks(epoch):
                _write(out, chunk)
            _wait_until_read(out)
        os.mkfifo(flow.path(epoch + 1))
        os.close(out)
        flow.path(epoch).unlink()
        epoch += 1


def _write(out: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(out, view) :]


def _wait_until_read(out: int) -> None:
    """Until the pipe is empty, or nobody reads it any more."""
    watch = select.poll()
    watch.register(out, 0)  # errors alone: the reader has closed
    pause_ms = 1
    while _unread(out) and not watch.poll(pause_ms):
        pause_ms = min(2 * pause_ms, 50)


def _unread(out: int) -> int:
    found: tuple[int] = struct.unpack("i", fcntl.ioctl(out, termios.FIONREAD, bytes(4)))
    return found[0]
