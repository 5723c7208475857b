"""gzip, by the quickest library at hand: isal where it is installed (the extra ``fast``), else Python's own zlib.

What is written is a plain gzip file without a name and a time in it, so the same bytes give the same file. It is
compressed in blocks on several processors; each block knows the end of the one before it, so that hardly anything is
lost. Memory is flat, whatever the size.
"""

from __future__ import annotations

import os
import zlib
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

    from typing_extensions import Self

BLOCK = 1 << 20
_WINDOW = 1 << 15  # what deflate can look back to
_RAW = -15  # no header and checksum around the compressed bytes: those of the whole file are written here
_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # https://www.rfc-editor.org/rfc/rfc1952: no flags, no time, any system
_MOST_WORKERS = 4
LEVELS = (1, 2, 3)  # those that both libraries have, from quick to small


def library() -> Any:
    """The module that compresses, with zlib's names."""
    try:
        from isal import isal_zlib
    except ImportError:
        return zlib
    return isal_zlib


class Packed:
    """A gzip file in the making: what is written to it goes to ``out``, compressed. It is whole once closed."""

    def __init__(self, out: BinaryIO, *, level: int = 1) -> None:
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
        """Add bytes. How they are cut into calls makes no difference to the file."""
        self._waiting += data
        if len(self._waiting) <= BLOCK:
            return
        whole = (len(self._waiting) - 1) // BLOCK * BLOCK  # at least a byte is left for the end
        with memoryview(self._waiting) as waiting:
            for start in range(0, whole, BLOCK):
                self._give(bytes(waiting[start : start + BLOCK]))
        del self._waiting[:whole]

    def _give(self, block: bytes) -> None:
        """Have a block compressed by whoever is free, and write those that are done, in their order."""
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

        def compressed() -> bytes:
            end = zlib.Z_FINISH if last else zlib.Z_SYNC_FLUSH
            known = {"zdict": before} if before else {}
            packer = self._library.compressobj(self._level, zlib.DEFLATED, _RAW, **known)
            whole: bytes = packer.compress(block) + packer.flush(end)
            return whole

        return compressed

    def _finish(self) -> None:
        end = self._compressor(bytes(self._waiting), last=True)()
        while self._blocks:
            self._out.write(self._blocks.popleft().result())
        self._out.write(end)
        self._out.write(self._sum.to_bytes(4, "little") + (self._size & 0xFFFFFFFF).to_bytes(4, "little"))
