"""Requests and answers between a host's first process and the processes that hold the model, over a socket."""

import json
import struct

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    import socket
    from typing import Any

_SIZES = struct.Struct(">IQ")
_CHUNK = 1 << 20


class Closed(Exception):
    """The other side has ended."""


def send(to: "socket.socket", head: "dict[str, Any]", body: bytes = b"") -> None:
    """Send one message. Raises OSError."""
    encoded = json.dumps(head).encode()
    to.sendall(_SIZES.pack(len(encoded), len(body)) + encoded)
    if body:
        to.sendall(body)


def receive(source: "socket.socket") -> "tuple[dict[str, Any], bytes]":
    """The next message. Raises Closed, and OSError, a timeout's included."""
    head_size, body_size = _SIZES.unpack(_read(source, _SIZES.size))
    head = json.loads(_read(source, head_size).decode())
    return head, _read(source, body_size)


def _read(source: "socket.socket", size: int) -> bytes:
    parts = []
    while size:
        data = source.recv(min(size, _CHUNK))
        if not data:
            raise Closed
        parts.append(data)
        size -= len(data)
    return b"".join(parts)
