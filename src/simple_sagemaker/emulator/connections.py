"""The connections of senders who are not known yet: bounded, so that who only holds them keeps nobody out.

A connection serves one request. Until that is found to be signed by a known key, it may have to make room: whoever
holds many open, idle or in the middle of a header, loses the oldest of them.
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress

from .http import Environ

_SHARE = 2  # of the open files that a process may have, one in two
_MOST = 2048  # each has a thread


class Connections:
    """The open connections, oldest first."""

    def __init__(self) -> None:
        self._strangers: dict[socket.socket, None] = {}
        self._lock = threading.Lock()

    def add(self, connection: socket.socket) -> None:
        """Take in a connection whose sender is not known; where there are too many, the oldest such one ends."""
        with self._lock:
            self._strangers[connection] = None
            if len(self._strangers) > _most():
                self._end_oldest()

    def make_room(self) -> None:
        """End the oldest connection of a sender who is not known."""
        with self._lock:
            self._end_oldest()

    def trust(self, environ: Environ) -> None:
        """Keep a request's connection until it is answered: its signature is good."""
        self.remove(environ["werkzeug.socket"])

    def remove(self, connection: socket.socket) -> None:
        """Forget a connection, which ends or is trusted."""
        with self._lock:
            self._strangers.pop(connection, None)

    def _end_oldest(self) -> None:
        oldest = next(iter(self._strangers), None)
        if oldest is not None:
            del self._strangers[oldest]
            with suppress(OSError):  # its client was quicker
                oldest.shutdown(socket.SHUT_RDWR)  # its thread reads the end, and closes it


def _most() -> int:
    if sys.platform == "win32":
        return _MOST
    import resource

    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return _MOST if files == resource.RLIM_INFINITY else max(1, min(_MOST, files // _SHARE))
