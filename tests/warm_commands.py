"""``ssm`` in processes that have their imports behind them: forked from one that began with all of boto3 and moto.

A command that talks to AWS imports for half a second of the processor and an emulator for two, in a thousand tests. The
long run, a run with coverage, and a system that cannot fork start each command as a person does.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.counts import LONG

PROGRAM = "simple_sagemaker.cli.main"
_INTERPRETERS = ("PYTHON", "COVERAGE_", "LC_", "LANG")  # variables that Python reads when it starts


def start(words: Sequence[str], *, folder: Path | None, environment: Mapping[str, str]) -> Command:
    """Start ``ssm``, whose input is empty."""
    if LONG or not hasattr(os, "fork") or _of_interpreter(environment) != _of_interpreter(os.environ):
        return Command(words, folder, environment)
    if any(name.startswith("COVERAGE_") for name in environment):
        return Command(words, folder, environment)
    return Forked(words, folder, environment)


def _of_interpreter(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_INTERPRETERS)}


def run(
    *words: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``ssm`` to its end; it has this process's environment unless it is given one."""
    command = start(words, folder=folder, environment=os.environ if environment is None else environment)
    try:
        out, err = command.communicate(600)
    finally:
        command.kill()
    return subprocess.CompletedProcess(["ssm", *words], command.wait(), out, err)


class Command:
    """A running ``ssm``: what tests want of a :class:`subprocess.Popen`, with its output in files."""

    def __init__(self, words: Sequence[str], folder: Path | None, environment: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        self._out, self._err = (tempfile.TemporaryFile("w+") for _ in range(2))  # noqa: SIM115 - until we go
        with open(os.devnull) as nothing:
            streams = (nothing.fileno(), self._out.fileno(), self._err.fileno())
            self.pid = self._begin(words, str(folder or os.getcwd()), dict(environment), streams)

    def _begin(
        self, words: Sequence[str], folder: str, environment: dict[str, str], streams: tuple[int, int, int]
    ) -> int:
        none, out, err = streams
        program = [sys.executable, "-m", PROGRAM, *words]
        self._process = subprocess.Popen(program, cwd=folder, env=environment, stdin=none, stdout=out, stderr=err)
        return self._process.pid

    def _end(self, within_s: float | None) -> int:
        """The status, or TimeoutError."""
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            try:
                self.returncode = self._end(timeout)
            except TimeoutError:
                raise subprocess.TimeoutExpired("ssm", timeout or 0) from None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        said = []
        for file in (self._out, self._err):
            file.seek(0)
            said.append(file.read())
            file.seek(0, os.SEEK_END)
        return said[0], said[1]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        self._out.close()
        self._err.close()


class Forked(Command):
    """The same as a child of a process that waits with everything imported."""

    def _begin(
        self, words: Sequence[str], folder: str, environment: dict[str, str], streams: tuple[int, int, int]
    ) -> int:
        self._report, theirs = socket.socketpair()
        with theirs:
            asked = json.dumps([list(words), folder, environment]).encode("utf-8", "surrogateescape")
            _send(words[0] == "emulator", [*streams, theirs.fileno()], asked)
        return int(self._line(None))

    def _end(self, within_s: float | None) -> int:
        status = int(self._line(0.0001 if within_s == 0 else within_s))
        self._report.close()
        return status

    def _line(self, within_s: float | None) -> bytes:
        self._report.settimeout(within_s)
        line = self._report.recv(16)  # one number at a time: the second comes when the command has ended
        if not line:
            raise RuntimeError("the process that starts commands has ended")
        return line

    def __del__(self) -> None:
        super().__del__()
        self._report.close()


_one = threading.Lock()


def _send(is_emulator: bool, descriptors: list[int], asked: bytes) -> None:
    with _one:
        control = _control("moto" if is_emulator else "", os.getpid())
        socket.send_fds(control, [b"%16d" % len(asked)], descriptors)
        control.sendall(asked)


@cache
def _control(also: str, _process: int) -> socket.socket:
    """Where commands are asked for; the process behind it ends when this one does. Only an emulator has moto."""
    ours, theirs = socket.socketpair()
    words = [sys.executable, "-c", "from tests.warm_commands import serve; serve()", str(theirs.fileno()), also]
    root = str(Path(__file__).parents[1])
    process = subprocess.Popen(
        words, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
    )
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait(60)

    atexit.register(end)
    return ours


def serve() -> None:
    """Fork a child for each command that is asked for, until nobody can ask."""
    import gc

    _import_all(with_moto=sys.argv[2] == "moto")
    if (tasks := Path("/proc/self/task")).exists() and len(list(tasks.iterdir())) != 1:
        raise RuntimeError("a process with threads cannot fork")
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # its children are nobody's to wait for
    control = socket.socket(fileno=int(sys.argv[1]))
    while True:
        length, descriptors, _, _ = socket.recv_fds(control, 16, 4)
        if not length:
            return None
        asked = b""
        while len(asked) < int(length):
            asked += control.recv(int(length) - len(asked))
        if os.fork() == 0:
            control.close()
            words, folder, environment = json.loads(asked.decode("utf-8", "surrogateescape"))
            return _keep(words, folder, environment, descriptors)
        for number in descriptors:
            os.close(number)


def _keep(words: list[str], folder: str, environment: dict[str, str], descriptors: list[int]) -> None:
    """Be the command in a child of this process, which reports its number and its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *streams, report = descriptors
    child = os.fork()
    if child == 0:
        os.close(report)
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
            os.close(descriptor)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.path[0] = folder
        sys.argv = [sys.modules[PROGRAM].__file__ or "", *words]
        try:
            sys.modules[PROGRAM].main()
        except SystemExit as end:
            _leave(end.code)
            raise
    for descriptor in streams:
        os.close(descriptor)
    os.write(report, b"%d" % child)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.write(report, b"%d" % ended)
    os._exit(0)


def _leave(status: object) -> None:
    """End as Python does, but for the taking apart of a thousand modules, which takes longer than many a command."""
    if not isinstance(status, int):
        return
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.main_thread():
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _import_all(*, with_moto: bool) -> None:
    """All that a command or an emulator imports, and AWS's models, which boto3 reads for each first client."""
    import encodings.idna  # noqa: F401 - which sockets load
    import importlib.util
    import pkgutil

    import boto3
    import botocore.session

    import simple_sagemaker

    vars(botocore.session)["create_loader"] = cache(botocore.session.create_loader)
    for name in sorted(one.name for one in pkgutil.walk_packages(simple_sagemaker.__path__, "simple_sagemaker.")):
        if not name.startswith(("simple_sagemaker.payload.", "simple_sagemaker.local.xgboost_algorithm")):
            importlib.import_module(name)
    session = boto3.Session(aws_access_key_id="a", aws_secret_access_key="a", region_name="us-east-1")
    for service in ("sagemaker", "s3", "sts", "iam", "logs"):
        session.client(service)
    if with_moto:
        for name in ("events", "iam", "logs", "s3", "sts"):
            importlib.import_module(f"moto.{name}.responses")
        for name in ("moto.moto_server.werkzeug_app", "moto.moto_api._internal.responses", "flask_cors"):
            importlib.import_module(name)
        return
    for name in ("obstore.store", "isal.igzip_lib", "isal.isal_zlib"):  # of the extra `fast`
        if importlib.util.find_spec(name.partition(".")[0]):
            importlib.import_module(name)
