"""``ssm`` as a process of its own that need not load Python and our modules first: a fork of one that has loaded them.

Starting Python and loading what a command needs takes four fifths of most commands' time, in thousands of commands.
Only what the command does is tested this way: how it and the supervisor of its job start and what they load is tested
with processes that begin anew, and so is a command whose Python is to be another (``PYTHONIOENCODING``, a locale). As a
program, this file is the process that forks.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import simple_sagemaker

_LONGEST = 100_000  # bytes that one message between the two processes surely holds
_KEPT = 300  # the descriptor that forks have of the server's
_OF_PYTHON = ("PYTHON", "LC_", "LANG", "LD_", "TZ", "SSL_")  # what a process reads once, as it starts


def run(argv: Sequence[str | bytes], folder: Path, environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    """Run ``ssm`` with these words in a folder; return its exit status and what it printed."""
    words = [os.fsdecode(word) for word in argv]
    if not can_fork(words, folder, environment):
        return _run_anew(argv, folder, environment)
    with contextlib.ExitStack() as open_files:
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        printed = {one: open_files.enter_context(os.fdopen(one, "rb", 0)) for one in (out, err)}
        pid, ours = start(words, folder, environment, [out_end, err_end])
        open_files.enter_context(ours)
        os.close(out_end)
        os.close(err_end)
        ours.settimeout(300)
        texts = dict.fromkeys(printed, b"")
        try:
            _read(texts)
            return int(ours.recv(100)), texts[out], texts[err]
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise


def can_fork(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> bool:
    """Whether a fork would do what a new process does."""
    measured = "COVERAGE_PROCESS_CONFIG" in environment  # by tox -e cover, from a process's start on
    small = len(_request(words, folder, environment)) <= _LONGEST
    return sys.platform == "linux" and not measured and small and _start(environment) == _start(os.environ)


def _request(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> bytes:
    return json.dumps([words, str(folder), dict(environment)]).encode()


def start(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], output: Sequence[int]
) -> tuple[int, socket.socket]:
    """Start ``ssm`` with files as its output and errors; its process's number, and a socket that tells its status."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        server = _server("emulator" if words[:1] == ["emulator"] else "")
        socket.send_fds(server, [_request(words, folder, environment)], [theirs.fileno(), *output])
    return int(ours.recv(100)), ours


def _run_anew(argv: Sequence[str | bytes], folder: Path, environment: Mapping[str, str]) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "simple_sagemaker.cli.main", *argv],
        cwd=folder,
        env=environment,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def _start(environment: Mapping[str, str]) -> dict[str, str]:
    """What of an environment decides how Python starts."""
    return {name: value for name, value in environment.items() if name.startswith(_OF_PYTHON)}


def _read(texts: dict[int, bytes]) -> None:
    """Read files to their ends; raise TimeoutError after five minutes."""
    until = time.monotonic() + 300
    with selectors.DefaultSelector() as waiting:
        for one in texts:
            waiting.register(one, selectors.EVENT_READ)
        while waiting.get_map():
            ready = waiting.select(until - time.monotonic())
            if not ready:
                raise TimeoutError
            for key, _ in ready:
                data = os.read(key.fd, 1 << 16)
                texts[key.fd] += data
                if not data:
                    waiting.unregister(key.fd)


_starting = threading.Lock()


def _server(kind: str) -> socket.socket:
    with _starting:
        return _new_server(kind)


@cache
def _new_server(kind: str) -> socket.socket:
    """The way to the process that forks, which is started once and ends with this one; emulators have their own."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen([sys.executable, __file__, kind], stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve() -> None:
    """Fork for each request, and tell how each fork ended; return in the forks, and when nobody asks any more."""
    if sys.platform != "linux":
        raise NotImplementedError
    requests = socket.socket(fileno=os.dup(0))
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    waiting = selectors.DefaultSelector()
    waiting.register(requests, selectors.EVENT_READ)
    while True:
        for key, _ in waiting.select():
            if key.fileobj is requests:
                request, received, _, _ = socket.recv_fds(requests, _LONGEST, 3)
                if not request:
                    os._exit(0)
                pid = os.fork()
                if not pid:
                    _close(waiting)
                    return _become(request, received)
                for one in received[1:]:
                    os.close(one)
                asker = socket.socket(fileno=received[0])
                asker.send(str(pid).encode())
                waiting.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, asker))
            else:
                pid, asker = key.data
                waiting.unregister(key.fd)
                os.close(key.fd)
                with asker, contextlib.suppress(OSError):
                    asker.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())


def _close(waiting: selectors.BaseSelector) -> None:
    """Close what only the server needs by the objects that have it: later each would close another file's number."""
    for key in [*waiting.get_map().values()]:
        if isinstance(key.fileobj, socket.socket):
            key.fileobj.close()
        else:
            os.close(key.fd)
            key.data[1].close()
    waiting.close()


def _become(request: bytes, received: list[int]) -> None:
    """Be what a new process of this request is: its words, folder, environment and files."""
    words, folder, environment = json.loads(request)
    os.dup2(received[1], 1)
    os.dup2(received[2], 2)
    os.closerange(3, _KEPT)
    for number, name in ((1, "stdout"), (2, "stderr")):  # a stream that was a file's would seek in a pipe
        before = getattr(sys, name)
        how = {"encoding": before.encoding, "errors": before.errors, "closefd": False}
        setattr(sys, name, open(number, "w", 1 if number == 2 else -1, **how))  # noqa: SIM115 - lasts as long as we
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [sys.argv[0], *words]
    sys.path[0] = folder
    tempfile.tempdir = None


def _keep_nursery() -> None:
    """Have the supervisors of the forks' jobs be forks too: of one process, which all of them ask."""
    from simple_sagemaker.local.supervisor import spawn
    from simple_sagemaker.local.supervisor.nursery import Nursery

    nursery = Nursery(loads_s3=False)
    nursery._process = socket.socket(fileno=fcntl.fcntl(nursery._begin().detach(), fcntl.F_DUPFD_CLOEXEC, _KEPT))
    setattr(spawn, "start_supervisor", nursery.start_supervisor)  # noqa: B010 - in the forks alone


def _load(kind: str) -> None:
    """Load what commands load, and AWS's models; moto and the emulator for emulators alone."""
    import botocore.session

    rooms = ["payload", "testing", "local.xgboost_algorithm", "local.batch_transform"]
    others = tuple(f"simple_sagemaker.{room}" for room in (rooms if kind else [*rooms, "emulator"]))
    ours = [one.name for one in pkgutil.walk_packages(simple_sagemaker.__path__, "simple_sagemaker.")]
    more = ["encodings.idna", "obstore.store", "pathspec", "isal.igzip", "isal.isal_zlib"]
    if kind:
        moto = [f"moto.{name}.responses" for name in ("events", "iam", "logs", "s3", "sts")]
        more = [*moto, "moto.moto_server.werkzeug_app", "moto.moto_api._internal.responses", "flask_cors"]
    for name in (*ours, *more):
        if not name.startswith(others):
            with contextlib.suppress(ImportError):  # of an extra that is not installed
                importlib.import_module(name)
    vars(botocore.session)["create_loader"] = cache(botocore.session.create_loader)  # as tests/conftest.py has it
    session = botocore.session.Session()
    for service in ("sagemaker", "s3", "sts", "iam", "logs"):
        session.create_client(service, "us-east-1", aws_access_key_id="a", aws_secret_access_key="a")


if __name__ == "__main__":
    _load(sys.argv[1])
    assert threading.active_count() == len(os.listdir("/proc/self/task")) == 1  # a fork has one alone
    gc.freeze()
    if not sys.argv[1]:
        _keep_nursery()
    _serve()
    from simple_sagemaker.cli.main import main

    status: object = 0
    try:
        main()
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001 - as Python itself shows it
        sys.excepthook(*sys.exc_info())
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else bool(status))
