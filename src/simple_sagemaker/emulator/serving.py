"""The emulator's server: its port, its threads, and how it ends."""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.emulator_spec import EmulatorSpec
from ..core.regular_files import read_plain
from ..errors import EngineUnavailable
from ..local.job.home import Home, Settings
from ..local.job.remove import remove_folder
from ..local.supervisor import spawn
from ..local.supervisor.nursery import Nursery
from . import fault_injection, request_handler
from .connections import Connections
from .mock_aws import INSTALL

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from .http import Application, Environ
    from .mock_aws import MockAws
    from .server import Emulator, Start

_PAUSE_S = 0.02
_KILLED_S = 2.0  # for a supervisor that was killed, to be gone
HOST = "127.0.0.1"
_EVERY_INTERFACE = {"0.0.0.0": HOST, "::": "::1"}  # noqa: S104 - what somebody asked for, and how it is reached here
_FILES = 16_384
_LONGEST_PID = 20
_NO_DESCRIPTOR = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
_WAITING_CONNECTIONS = 4096  # as many as Linux allows by default


def make_server(
    port: int, application: Application, address: str = HOST, connections: Connections | None = None
) -> BaseWSGIServer:
    """Make a server, bound to its port and not serving yet. Raises EngineUnavailable."""
    try:
        from werkzeug.serving import ThreadedWSGIServer
    except ImportError as error:
        raise EngineUnavailable(INSTALL) from error
    listener = _listen(address, port)

    held = connections or Connections()

    class Server(ThreadedWSGIServer):
        def get_request(self) -> tuple[socket.socket, object]:
            """Accept a connection. Without a free descriptor for it, who has held one longest gives his back."""
            try:
                connection, client = super().get_request()
            except OSError as error:
                if error.errno in _NO_DESCRIPTOR:
                    held.make_room()
                    time.sleep(_PAUSE_S)
                raise
            held.add(connection)
            return connection, client

        def shutdown_request(self, request: Any) -> None:
            """Close a connection."""
            held.remove(request)
            super().shutdown_request(request)

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
                "Stop that one first, or start `ssm emulator`, or in Python emulator(own_process=True)."
            )
        from .mock_aws import remember_settings

        self._restore_moto = remember_settings()
        try:
            self._set_up(home, settings, spec, faults=faults, keys=keys, report=report)
        except BaseException:
            self._restore_moto()
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
        self._resetting = threading.Lock()
        self._nursery = Nursery(loads_s3=True)

        def make(keys: tuple[str, str] | None, aws: MockAws | None) -> Emulator:
            return Emulator(
                home,
                settings,
                plan=fault_injection.parse(faults),
                enforce=spec.enforce_iam,
                role_delay_s=spec.role_delay_s,
                registry=spec.registry,
                keys=keys,
                allowed_hosts=(*spec.allowed_hosts, in_url(self._bind)),
                report=report,
                nursery=self._nursery,
                reset=self.reset,
                aws=aws,
                trust=connections.trust,
            )

        connections = Connections()
        self._make = make
        self._emulator = make(keys, None)
        self._server = make_server(spec.port, self._answer, self._bind, connections)
        self._thread = threading.Thread(target=self._server.serve_forever, name="emulator", daemon=True)

    def _answer(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        return self._emulator(environ, start_response)

    @property
    def url(self) -> str:
        """The emulator's address."""
        return f"http://{in_url(_EVERY_INTERFACE.get(self._bind, self._bind))}:{self._server.server_port}"

    def start(self) -> dict[str, str]:
        """Start serving. Returns the environment variables that point AWS's clients here."""
        variables = self._emulator.start(self.url)
        self._thread.start()
        return variables

    def reset(self) -> None:
        """Begin again with nothing: jobs that run are killed, and all jobs, buckets, roles and logs are gone.

        The address and the keys stay. Requests that are answered meanwhile may see either side of it. Buckets on an S3
        of somebody else are left alone.
        """
        from .mock_aws import forget_everything

        with self._resetting:
            self._end_jobs(0.0)
            before = self._emulator
            aside = [folder for folder in map(_move_aside, self._home.of_jobs) if folder is not None]
            with before.aws.lock():
                forget_everything()
            emulator = self._make(before.keys, before.aws)
            emulator.start(self.url)
            self._emulator = emulator
        threading.Thread(target=_remove, args=(aside,), name="reset", daemon=True).start()

    def _end_jobs(self, grace_s: float) -> None:
        """Stop the jobs, killing those that have not ended after ``grace_s`` seconds."""
        stopped, left = self._emulator.stop(grace_s)
        supervisors = {folder: pid for folder in stopped if (pid := _supervisor(folder))}
        for folder in left:
            if folder in supervisors:
                _kill(supervisors[folder])
        pids = [*supervisors.values()]
        until = time.monotonic() + max(grace_s, _KILLED_S)
        while (pids := spawn.reap(pids)) and time.monotonic() < until:
            time.sleep(_PAUSE_S)

    def stop(self, grace_s: float) -> None:
        """Stop the jobs, killing those that have not ended after ``grace_s`` seconds, then the server."""
        self._end_jobs(grace_s)
        self._nursery.close()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._restore_moto()
        self._in_this_process.release()


def _supervisor(job: Path) -> int:
    """The process ID of the supervisor of a job's folder; 0 where its file says none."""
    try:
        text = read_plain(job / "supervisor.pid", _LONGEST_PID)
    except OSError:
        return 0
    return int(text) if text.isdigit() and int(text) > 1 else 0


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


def _remove(folders: Iterable[Path]) -> None:
    for folder in folders:
        with suppress(FileNotFoundError):  # with the whole home, by its owner
            remove_folder(folder)


def _move_aside(folder: Path) -> Path | None:
    """A folder under another name, where it may be deleted without haste; None where there is none."""
    aside = folder.with_name(f".{folder.name}-{os.urandom(4).hex()}")
    try:
        folder.rename(aside)
    except FileNotFoundError:
        return None
    return aside


def _kill(supervisor: int) -> None:
    """Kill a supervisor; its hosts die with it."""
    if sys.platform == "win32":
        raise EngineUnavailable("The emulator runs jobs as processes, which needs Linux or macOS.")
    with suppress(ProcessLookupError):
        os.killpg(supervisor, signal.SIGKILL)
