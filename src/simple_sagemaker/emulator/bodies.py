"""Reading the bodies of requests: a bounded size, and an end that is theirs and not the connection's."""

from __future__ import annotations

import io
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, Protocol

from .http import Environ, replace_body

_PIECE = 1024 * 1024
_LONGEST_LINE = 1024
_BEGINNING = 64 * 1024
_LONGEST_S = 60.0  # for the body of a sender that is not known yet
_TOO_SLOW = "Your socket connection to the server was not read from or written to within the timeout period."


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...

    def readline(self, size: int, /) -> bytes: ...


class IncompleteBody(Exception):
    """A body that ends before its end, or whose chunks cannot be read. The message says how."""


class BodyTooLarge(Exception):
    """A body that is larger than it may be."""


class BudgetSpent(Exception):
    """There is no memory for this body now. The message says so."""


class Budget:
    """Memory for the bodies of senders that are not known yet: ``most`` bytes for all of them together.

    ``reserve`` of them are for the beginnings of bodies alone, so that a few large ones keep no small one out.
    """

    def __init__(self, *, most: int, reserve: int) -> None:
        self._most = most
        self._reserve = reserve
        self._spent = 0
        self._lock = threading.Lock()

    @contextmanager
    def lend(self) -> Iterator[Loan]:
        """Memory for one body, until the block ends."""
        loan = Loan(self)
        try:
            yield loan
        finally:
            self.change(-loan.taken, is_beginning=True)

    def change(self, size: int, *, is_beginning: bool) -> None:
        """Take or give back some bytes. Raises BudgetSpent."""
        with self._lock:
            if size > 0 and self._spent + size > self._most - (0 if is_beginning else self._reserve):
                raise BudgetSpent("Too many large requests come at once. Please reduce your request rate.")
            self._spent += size


class Loan:
    """What one body has of a budget."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._until = time.monotonic() + _LONGEST_S
        self.taken = 0

    def take(self, size: int) -> None:
        """Take bytes for what has arrived. Raises BudgetSpent."""
        self._budget.change(size, is_beginning=self.taken + size <= _BEGINNING)
        self.taken += size

    def left_s(self) -> float:
        """Seconds until the body must have arrived. Raises IncompleteBody when they are over."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise IncompleteBody(_TOO_SLOW)
        return left


def read_body(environ: Environ, most: int, loan: Loan | None = None) -> bytes:
    """Read the whole body of at most ``most`` bytes; it can be read again afterwards.

    What is larger by its own account is refused before a byte of it is read. A ``loan`` bounds the memory, and the
    time. Raises IncompleteBody, BodyTooLarge, BudgetSpent.
    """
    source: IO[bytes] = environ["wsgi.input"]
    if loan is None:
        return _read_whole(environ, source, most)
    connection: socket.socket = environ["werkzeug.socket"]
    try:
        return _read_whole(environ, _Lent(source, connection, loan), most)
    except TimeoutError as error:
        raise IncompleteBody(_TOO_SLOW) from error
    finally:
        connection.settimeout(None)


class _Lent:
    """A body whose memory is lent: no more of it is read than has been taken of the loan."""

    def __init__(self, source: Any, connection: socket.socket, loan: Loan) -> None:
        self._source = source
        self._connection = connection
        self._loan = loan

    def read(self, size: int) -> bytes:
        """Read what has arrived, at most ``size`` bytes; nothing at the end."""
        self._connection.settimeout(self._loan.left_s())
        data: bytes = self._source.read1(min(size, _BEGINNING))
        self._loan.take(len(data))
        return data

    def readline(self, size: int) -> bytes:
        """Read a line of at most ``size`` bytes."""
        self._connection.settimeout(self._loan.left_s())
        line: bytes = self._source.readline(size)
        return line


def _read_whole(environ: Environ, source: _Source, most: int) -> bytes:
    into = io.BytesIO()
    if environ.get("HTTP_TRANSFER_ENCODING"):  # the server takes nothing but chunks
        _read_chunks(source, into, most)
    else:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        _check_size(length, most)
        _copy(source, into, length)
    body = into.getvalue()
    replace_body(environ, body)
    return body


def _read_chunks(source: _Source, into: IO[bytes], most: int) -> None:
    # https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding
    while True:
        line = re.fullmatch(rb"([0-9A-Fa-f]{1,16})[ \t]*(;.*)?", _read_line(source))
        if line is None:
            raise IncompleteBody("The size of a chunk cannot be read.")
        size = int(line[1], 16)
        if not size:
            break
        _check_size(into.tell() + size, most)
        _copy(source, into, size)
        if _read_line(source):
            raise IncompleteBody("A chunk is longer than its size.")
    trailer = 0
    while line_of_trailer := _read_line(source):
        trailer += len(line_of_trailer)
        if trailer > _LONGEST_LINE:
            raise IncompleteBody("The trailer is too long.")


def _read_line(source: _Source) -> bytes:
    line = source.readline(_LONGEST_LINE)
    if not line.endswith(b"\r\n"):
        raise IncompleteBody("The body ends before its last chunk, or a line of it has no end.")
    return line[:-2]


def _copy(source: _Source, into: IO[bytes], size: int) -> None:
    """Copy exactly ``size`` bytes; memory grows by what arrives, not by what is promised."""
    while size:
        piece = source.read(min(size, _PIECE))
        if not piece:
            raise IncompleteBody("You did not provide the number of bytes specified by the Content-Length HTTP header.")
        into.write(piece)
        size -= len(piece)


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise BodyTooLarge(f"The body has more than the {most} bytes that are taken.")
