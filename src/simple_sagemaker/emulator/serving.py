"""The emulator's server: its port, its threads, and how it ends."""

from __future__ import annotations

import os
import signal
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
from . import fault_injection
from .mock_aws import INSTALL

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler

    from .http import Application

_PAUSE_S = 0.02
HOST = "127.0.0.1"


def make_server(port: int, application: Application) -> BaseWSGIServer:
    """Make a server, bound to its loopback port and not serving yet. Raises EngineUnavailable."""
    try:
        from werkzeug import serving
    except ImportError as error:
        raise EngineUnavailable(INSTALL) from error
    try:
        return serving.make_server(HOST, port, application, threaded=True, request_handler=_handler())
    except (OSError, SystemExit) as error:  # werkzeug prints the reason itself, and exits
        raise EngineUnavailable(f"The port {port} is taken.\nGive another one with --port, or 0.") from error


def _handler() -> type[WSGIRequestHandler]:
    """Moto's request handler, which keeps the case of header names, without a log line for each request."""
    try:
        from moto.moto_server.werkzeug_app import MotoRequestHandler
    except ImportError as error:
        raise EngineUnavailable(INSTALL) from error

    class Quiet(MotoRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open between requests

        def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's own name
            if type == "error":
                super().log(type, message, *args)

    return Quiet


class EmulatorServer:
    """An emulator bound to its port. ``keys`` are the caller's AWS keys, for buckets on another server."""

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
        from .server import Emulator

        self._home = home
        self._emulator = Emulator(
            home,
            settings,
            plan=fault_injection.parse(faults),
            enforce=spec.enforce_iam,
            role_delay_s=spec.role_delay_s,
            registry=spec.registry,
            keys=keys,
            report=report,
        )
        self._server = make_server(spec.port, self._emulator)
        self._thread = threading.Thread(target=self._server.serve_forever, name="emulator", daemon=True)

    @property
    def url(self) -> str:
        """The emulator's address."""
        return f"http://{HOST}:{self._server.server_port}"

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

    def _supervisor(self, job: str) -> int:
        """The process ID of a job's supervisor."""
        return int((self._home.jobs / job / "supervisor.pid").read_text(encoding="ascii"))


def _kill(supervisor: int) -> None:
    """Kill a supervisor; its hosts die with it."""
    if sys.platform == "win32":
        raise EngineUnavailable("The emulator runs jobs as processes, which needs Linux or macOS.")
    with suppress(ProcessLookupError):
        os.killpg(supervisor, signal.SIGKILL)
