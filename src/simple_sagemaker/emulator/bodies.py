"""Reading the bodies of requests: a bounded size, and an end that is theirs and not the connection's."""

from __future__ import annotations

import io
import re
from typing import IO

from .http import Environ, replace_body

_PIECE = 1024 * 1024
_LONGEST_LINE = 1024


class IncompleteBody(Exception):
    """A body that ends before its end, or whose chunks cannot be read. The message says how."""


class BodyTooLarge(Exception):
    """A body that is larger than it may be."""


def read_body(environ: Environ, most: int) -> bytes:
    """Read the whole body of at most ``most`` bytes; it can be read again afterwards.

    What is larger by its own account is refused before a byte of it is read. Raises IncompleteBody, BodyTooLarge.
    """
    source = environ["wsgi.input"]
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


def _read_chunks(source: IO[bytes], into: IO[bytes], most: int) -> None:
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


def _read_line(source: IO[bytes]) -> bytes:
    line = source.readline(_LONGEST_LINE)
    if not line.endswith(b"\r\n"):
        raise IncompleteBody("The body ends before its last chunk, or a line of it has no end.")
    return line[:-2]


def _copy(source: IO[bytes], into: IO[bytes], size: int) -> None:
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
