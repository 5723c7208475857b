"""The standard streams of the program, made so that what it prints beside its work cannot break the work off.

Whoever reads stderr may be gone, its disk may be full: a job is started, followed and brought all the same, and the
exit status is the job's. What cannot be printed on stdout is an error. A pipe that another program made non-blocking,
as Node.js does, is waited for like any other.
"""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from typing import Any


def prepare_streams() -> None:
    """Prepare stdin, stdout and stderr of this process, of which the caller may have closed some."""
    _open_missing()
    for name, kind in (("stdout", _Patient), ("stderr", _Indifferent)):
        stream = getattr(sys, name)
        if stream is getattr(sys, f"__{name}__") and _is_file(stream):
            setattr(sys, name, _over(kind(stream.fileno(), "w", closefd=False), stream))


def _open_missing() -> None:
    """Open the null device for each standard stream that the caller closed (``ssm … >&-``).

    Otherwise Python has none to print to, and the next file that is opened gets the stream's number.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - lasts as long as we


def _is_file(stream: object) -> bool:
    """Whether Python made a stream for a descriptor, as it does where it has no console of Windows."""
    if not isinstance(stream, io.TextIOWrapper):
        return False
    below = stream.buffer
    return type(getattr(below, "raw", below)) is io.FileIO


def _over(raw: io.FileIO, stream: io.TextIOWrapper) -> io.TextIOWrapper:
    """A stream like another one, over ``raw``."""
    is_buffered = isinstance(stream.buffer, io.BufferedWriter)  # not with PYTHONUNBUFFERED
    below: Any = io.BufferedWriter(raw) if is_buffered else raw
    return io.TextIOWrapper(
        below,
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=not is_buffered,
    )


class _Patient(io.FileIO):
    """A descriptor that takes everything in the end, also where its pipe is full and does not block."""

    def write(self, data: Any) -> int:
        """Write all of it: what an unbuffered stream of Python's does not write at once is lost."""
        left = memoryview(data).cast("B")
        while left:
            written: int | None = super().write(left)
            if written is None:
                from select import select

                select([], [self], [])
            else:
                left = left[written:]
        return len(data)


class _Indifferent(_Patient):
    """A descriptor that takes everything, and drops what cannot be written."""

    def write(self, data: Any) -> int:
        """Write, or drop it all."""
        try:
            return super().write(data)
        except OSError:
            return len(data)
