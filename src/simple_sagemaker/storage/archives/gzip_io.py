"""gzip, with the fastest library available: isal where it is installed (the extra ``fast``), else Python's own zlib.

The output is a plain gzip file without a name and a time in it, so the same bytes give the same file. It is compressed
in blocks on several processors; each block knows the end of the one before it, so hardly any compression is lost.
Memory use does not depend on the size.
"""

from __future__ import annotations

import io
import os
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from gzip import BadGzipFile, GzipFile
from queue import SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from typing_extensions import Self

BLOCK = 1 << 20
_WINDOW = 1 << 15  # what deflate can look back to
_RAW = -15  # no header and checksum around the compressed bytes: those of the whole file are written here
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # https://www.rfc-editor.org/rfc/rfc1952: no flags, no time, any system
_MOST_WORKERS = 4
_MOST_AHEAD = 8  # blocks
_READ = 1 << 18
LEVELS = (1, 2, 3)  # those that both libraries have, from quick to small
LEVEL = 2  # isal is no slower at it than at 1; 3 takes half as long again and gains a fortieth


def library() -> Any:
    """The module that compresses, with zlib's names."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib


class GzipWriter:
    """Writes what it gets to ``out``, compressed. The file is complete once this is closed."""

    def __init__(self, out: BinaryIO, *, level: int = LEVEL) -> None:
        self._out = out
        self._library = library()
        self._level = level
        self._waiting = bytearray()
        self._before = b""  # the end of the last block
        self._sum = 0
        self._size = 0
        self._workers: ThreadPoolExecutor | None = None
        self._blocks: deque[Future[bytes]] = deque()
        out.write(_HEADER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            if self._workers:
                self._workers.shutdown(cancel_futures=True)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add bytes. How they are divided into calls makes no difference to the file."""
        self._waiting += data
        if len(self._waiting) <= BLOCK:
            return
        whole = (len(self._waiting) - 1) // BLOCK * BLOCK  # at least a byte is left for the end
        with memoryview(self._waiting) as waiting:
            for start in range(0, whole, BLOCK):
                self._give(bytes(waiting[start : start + BLOCK]))
        del self._waiting[:whole]

    def _give(self, block: bytes) -> None:
        """Hand a block to the workers, and write the blocks that are done, in order."""
        if self._workers is None:
            from concurrent.futures import ThreadPoolExecutor

            self._workers = ThreadPoolExecutor(min(_MOST_WORKERS, os.cpu_count() or 1))
        self._blocks.append(self._workers.submit(self._compressor(block, last=False)))
        while len(self._blocks) > 2 * _MOST_WORKERS or (self._blocks and self._blocks[0].done()):
            self._out.write(self._blocks.popleft().result())

    def _compressor(self, block: bytes, *, last: bool) -> Callable[[], bytes]:
        self._sum = self._library.crc32(block, self._sum)
        self._size += len(block)
        before, self._before = self._before, block[-_WINDOW:]

        def compress() -> bytes:
            end = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
            known = {"zdict": before} if before else {}
            packer = self._library.compressobj(self._level, zlib.DEFLATED, _RAW, **known)
            whole: bytes = packer.compress(block) + packer.flush(end)
            return whole

        return compress

    def _finish(self) -> None:
        end = self._compressor(bytes(self._waiting), last=True)()
        while self._blocks:
            self._out.write(self._blocks.popleft().result())
        self._out.write(end)
        self._out.write(self._sum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little"))


class Damaged(Exception):
    """The input is not a gzip file, or not a complete one."""


class Source(Protocol):
    """A source of compressed bytes."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        ...


class _Raw(io.RawIOBase):
    """A source as a raw stream, which the readers of gzip files need."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.is_empty = True

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        data = self._source.read(min(len(buffer), _READ))
        buffer[: len(data)] = data
        self.is_empty = self.is_empty and not data
        return len(data)


class GzipReader:
    """The content of a gzip file, in order, decompressed ahead by a thread.

    It seeks forward only. Reading raises Damaged, and whatever ``source`` raises. A few blocks of memory are reused:
    allocating each block would cost a third of the time.
    """

    def __init__(self, source: Source) -> None:
        self.last = b""  # the result of the last read
        self._place = 0
        self._block = memoryview(b"")  # what is left of the block in use
        self._used: bytearray | None = None  # that block's memory
        self._ahead: SimpleQueue[tuple[bytearray, int] | BaseException] = SimpleQueue()
        self._free: SimpleQueue[bytearray | None] = SimpleQueue()  # None: memory not yet made
        for _ in range(_MOST_AHEAD):
            self._free.put(None)
        self._left = threading.Event()
        self._worker = threading.Thread(target=self._work, args=(source,), daemon=True)
        self._worker.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Make the thread end with its current block; ``source`` is not read any more afterwards."""
        self._left.set()
        self._free.put(None)  # it may wait for one
        self._worker.join()

    def tell(self) -> int:
        """The position of the next byte."""
        return self._place

    def seek(self, place: int) -> int:
        """Skip to a position that is not behind the current one. Raises ValueError otherwise."""
        if place < self._place:
            raise ValueError("cannot seek backward")
        for _ in self.pieces(place - self._place):
            pass
        return self._place

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes; fewer at the end."""
        if size <= len(self._block):
            self.last = bytes(self._block[:size])
            self._block = self._block[size:]
            self._place += size
        else:
            whole = bytearray()
            for piece in self.pieces(size):
                whole += piece
            self.last = bytes(whole)
        return self.last

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Yield the next ``size`` bytes in pieces, each valid until the next one; fewer at the end."""
        while size:
            if not self._block and not self._next():
                return
            piece = self._block[:size]
            self._block = self._block[len(piece) :]
            self._place += len(piece)
            size -= len(piece)
            yield piece

    def _next(self) -> bool:
        """Take the next block; return whether there is one."""
        if self._used is not None:
            self._block = memoryview(b"")
            self._free.put(self._used)
            self._used = None
        if self._left.is_set():
            return False
        item = self._ahead.get()
        if isinstance(item, BaseException):
            self._left.set()
            raise item
        self._used, count = item
        self._block = memoryview(self._used)[:count]
        if not count:
            self._left.set()
        return bool(count)

    def _work(self, source: Source) -> None:
        try:
            with _Raw(source) as raw, _reader(raw) as packed:
                count = 1
                while count:
                    block = self._free.get() or bytearray(BLOCK)
                    if self._left.is_set():
                        return
                    count = _fill(packed, block)
                    if raw.is_empty:
                        raise Damaged("it is empty")  # noqa: TRY301 - raised in the reader
                    self._ahead.put((block, count))
        except BaseException as error:  # noqa: BLE001 - raised in the reader
            self._ahead.put(error)


def _reader(raw: _Raw) -> GzipFile:
    """The decompressor: isal's, which fills a large buffer of its own, or zlib's, which reads little at a time."""
    if library() is zlib:
        return GzipFile(fileobj=io.BufferedReader(raw, _READ), mode="rb")
    from isal import igzip

    untyped: Any = igzip
    unpacking: GzipFile = untyped.IGzipFile(fileobj=raw, mode="rb")
    return unpacking


def _fill(packed: GzipFile, block: bytearray) -> int:
    """Fill a block; return the number of bytes, less than its size only at the end. Raises Damaged."""
    try:
        return packed.readinto(block)
    except EOFError as error:
        raise Damaged("it ends too early") from error
    except (BadGzipFile, library().error) as error:
        raise Damaged(str(error)) from error
