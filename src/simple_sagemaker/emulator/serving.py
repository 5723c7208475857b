"""The emulator's server: its port, its threads, and how it ends."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..core.specs import EmulatorSpec
from ..errors import EngineUnavailable
from ..local.job.home import Home, Settings
from ..local.supervisor import spawn
from . import fault_injection, request_handler
from .mock_aws import INSTALL

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from .http import Application

_PAUSE_S = 0.02
HOST = "127.0.0.1"
_EVERY_INTERFACE = {"0.0.0.0": HOST, "::": "::1"}  # noqa: S104 - what somebody asked for, and how it is reached here
_FILES = 16_384
_WAITING_CONNECTIONS = 4096  # as many as Linux allows by default


def make_server(port: int, application: Application, address: str = HOST) -> BaseWSGIServer:
    """Make a server, bound to its port and not serving yet. Raises EngineUnavailable."""
    try:
        from werkzeug.serving import ThreadedWSGIServer
    except ImportError as error:
        raise EngineUnavailable(INSTALL) from error
    listener = _listen(address, port)

    class Server(ThreadedWSGIServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A connection that breaks is its client's business, and says nothing on our terminal."""

    try:  # the server takes a copy of the descriptor
        server = Server(address, port, application, request_handler.make_handler(), fd=listener.fileno())
        server.server_name, server.server_port = address, server.port  # which binding would have set
        return server
    finally:
        listener.close()


def in_url(address: str) -> str:
    """An IP address as URLs and the header Host have it."""
    return f"[{address}]" if ":" in address else address


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(_WAITING_CONNECTIONS)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise EngineUnavailable(f"The port {port} is taken.\nGive another one with --port, or 0.") from error
        raise EngineUnavailable(f"The emulator cannot listen on {address}, port {port}: {error.strerror}.") from error
    return listener


class EmulatorServer:
    """An emulator bound to its port. ``keys`` are those of the environment, if it has some; else they are made here.

    moto's memory belongs to the process, so a process has one emulator at a time: the next starts with an empty one.
    Raises EngineUnavailable for a second.
    """

    _in_this_process = threading.Lock()
    _others_before = False

    def __init__(
        self,
        home: Home,
        settings: Settings,
        spec: EmulatorSpec,
        *,
        faults: str,
        keys: tuple[str, str] | None,
        report: Callable[[str], None],
    ) -> None:
        if not self._in_this_process.acquire(blocking=False):
            raise EngineUnavailable(
                "This process has an emulator already.\n"
                "Stop that one first, or start `ssm emulator` as another process."
            )
        try:
            self._set_up(home, settings, spec, faults=faults, keys=keys, report=report)
        except BaseException:
            self._in_this_process.release()
            raise

    def _set_up(
        self,
        home: Home,
        settings: Settings,
        spec: EmulatorSpec,
        *,
        faults: str,
        keys: tuple[str, str] | None,
        report: Callable[[str], None],
    ) -> None:
        from .mock_aws import forget_everything
        from .server import Emulator

        _allow_many_connections()
        if EmulatorServer._others_before:
            forget_everything()
        EmulatorServer._others_before = True
        self._home = home
        self._bind = spec.bind or HOST
        self._emulator = Emulator(
            home,
            settings,
            plan=fault_injection.parse(faults),
            enforce=spec.enforce_iam,
            role_delay_s=spec.role_delay_s,
            registry=spec.registry,
            keys=keys,
            allowed_hosts=(*spec.allowed_hosts, in_url(self._bind)),
            report=report,
        )
        self._server = make_server(spec.port, self._emulator, self._bind)
        self._thread = threading.Thread(target=self._server.serve_forever, name="emulator", daemon=True)

    @property
    def url(self) -> str:
        """The emulator's address."""
        return f"http://{in_url(_EVERY_INTERFACE.get(self._bind, self._bind))}:{self._server.server_port}"

    def start(self) -> dict[str, str]:
        """Start serving. Returns the environment variables that point AWS's clients here."""
        variables = self._emulator.start(self.url)
        self._thread.start()
        return variables

    def stop(self, grace_s: float) -> None:
        """Stop the jobs, killing those that have not ended after ``grace_s`` seconds, then the server."""
        stopped, left = self._emulator.stop(grace_s)
        for name in left:
            _kill(self._supervisor(name))
        pids = [self._supervisor(name) for name in stopped]
        until = time.monotonic() + grace_s
        while (pids := spawn.reap(pids)) and time.monotonic() < until:
            time.sleep(_PAUSE_S)
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._in_this_process.release()

    def _supervisor(self, job: str) -> int:
        """The process ID of a job's supervisor."""
        return int((self._home.jobs / job / "supervisor.pid").read_text(encoding="ascii"))


def _allow_many_connections() -> None:
    """Raise this process's limit of open files as far as it may, for some hundred clients at once."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _kill(supervisor: int) -> None:
    """Kill a supervisor; its hosts die with it."""
    if sys.platform == "win32":
        raise EngineUnavailable("The emulator runs jobs as processes, which needs Linux or macOS.")
    with suppress(ProcessLookupError):
        os.killpg(supervisor, signal.SIGKILL)
