"""Starts a job's supervisor before the job exists: it starts up while the job is prepared, takes the lock, then works.

The two processes talk over two pipes: the job's draft folder and the variables with the caller's credentials in, one
byte back when its lock is held, one byte in when the folder has its final name. A pipe that closes early ends the other
side's waiting. A third one takes what it writes to standard error until it has a job. This module is the first that a
command loads, so it loads nothing itself.
"""

from __future__ import annotations

import os
import sys

from ..isolation.clean_start import SIGNALS

TYPE_CHECKING = False  # type checkers know it by its name: importing typing would cost 5 ms
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..job.folder import JobFolder

_PACKAGES = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
_PROGRAM = (  # our packages last: what lies beside them must not hide Python's own modules
    "import sys; sys.path.append(sys.argv[1]); from simple_sagemaker.local.isolation import clean_start; "
    "clean_start.close_inherited(3); from simple_sagemaker.local.{module} import main; main(sys.argv[2])"
)
_STREAMS = 3
OF_JOBS = "supervisor.supervisor"
OF_TUNING_JOBS = "tuning.tuner"

_ENDING_S = 5.0
_PAUSE_S = 0.01


class SupervisorGone(Exception):
    """The supervisor ended before it took over the job; the message says how, with its last line of standard error."""


class WaitingSupervisor:
    """A supervisor that waits for a job."""

    def __init__(self, pid: int, to_supervisor: int, from_supervisor: int, errors: int) -> None:
        self.pid = pid
        self._to_supervisor = to_supervisor
        self._from_supervisor = from_supervisor
        self._errors = errors

    def hand_over(self, draft: JobFolder, variables: Mapping[str, str] | None = None) -> None:
        """Have it hold the lock of a draft. Raises SupervisorGone if it has ended.

        ``variables`` are for one that must use the caller's credentials. They never are in a process's environment as
        it was started, which any process of the same user can read.
        """
        secrets = b"".join(os.fsencode(f"{name}={value}") + b"\0" for name, value in (variables or {}).items())
        data = b"%d %b\0%b" % (len(variables or {}), os.fsencode(draft.path), secrets)
        try:
            while data:
                data = data[os.write(self._to_supervisor, data) :]
        except BrokenPipeError as error:
            raise SupervisorGone(self._explain("while it waited for a job")) from error
        if not os.read(self._from_supervisor, 1):
            raise SupervisorGone(self._explain("while it took over the job"))

    def _explain(self, when: str) -> str:
        """How the supervisor ended."""
        import time

        until = time.monotonic() + _ENDING_S
        status = None
        while status is None and time.monotonic() < until:
            status = _wait(self.pid)
            time.sleep(0 if status is not None else _PAUSE_S)
        if sys.platform != "win32":
            os.set_blocking(self._errors, False)
        try:
            written = os.read(self._errors, 1 << 16)
        except BlockingIOError:
            written = b""
        lines = [line.strip() for line in written.decode("utf-8", "replace").splitlines() if line.strip()]
        how = f"with status {status} " if status is not None else ""
        return f"the supervisor of the job ended {how}{when}: {lines[-1] if lines else 'it wrote nothing'}"

    def begin(self) -> None:
        """Tell it that the job has its final name; it begins to work."""
        os.write(self._to_supervisor, b"g")
        self.dismiss()

    def dismiss(self) -> None:
        """Close the pipes: without a job it ends by itself."""
        close_all((self._to_supervisor, self._from_supervisor, self._errors))


def start_supervisor(isolation: str, module: str = OF_JOBS) -> WaitingSupervisor:
    """Start a supervisor that waits for a job, and meanwhile finds out how it can isolate hosts.

    ``module`` is the one of ``local/`` that it runs.

    Its environment is nearly empty, because a job in plain isolation could read it. It imports nothing from the current
    folder (``-I``).
    """
    pipes, theirs = make_pipes()
    try:
        pid = start_program(module, isolation, theirs)
    except OSError:  # no more processes
        close_all(pipes)
        raise
    finally:
        close_all(theirs)
    return WaitingSupervisor(pid, *pipes)


def make_pipes() -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """The descriptors of a :class:`WaitingSupervisor`, and the other ends: the supervisor's standard streams."""
    made: list[int] = []
    try:
        for _ in range(_STREAMS):
            made += os.pipe()
    except OSError:  # no more descriptors
        close_all(made)
        raise
    supervisor_in, to_supervisor, from_supervisor, supervisor_out, errors, supervisor_errors = made
    return (to_supervisor, from_supervisor, errors), (supervisor_in, supervisor_out, supervisor_errors)


def close_all(descriptors: Iterable[int]) -> None:
    """Close descriptors of this process."""
    for descriptor in descriptors:
        os.close(descriptor)


def start_program(module: str, word: str, streams: Sequence[int]) -> int:
    """Start ``main(word)`` of a module of ``local/`` in a session of its own, with its standard streams; its number.

    It blocks and ignores no signal, whatever this process does.
    """
    if sys.platform == "win32":
        raise NotImplementedError("jobs as processes need Linux or macOS")
    argv = [sys.executable, "-I", "-S", "-c", _PROGRAM.format(module=module), _PACKAGES, word]
    descriptors = [(os.POSIX_SPAWN_DUP2, stream, number) for number, stream in enumerate(streams)]
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8"}
    try:
        return os.posix_spawn(
            argv[0], argv, environment, file_actions=descriptors, setsid=True, setsigmask=(), setsigdef=SIGNALS
        )
    except NotImplementedError:  # macOS before 10.15: a process group of its own is enough against Ctrl-C
        return os.posix_spawn(
            argv[0], argv, environment, file_actions=descriptors, setpgroup=0, setsigmask=(), setsigdef=SIGNALS
        )


def reap(pids: list[int]) -> list[int]:
    """Return those supervisors of ``pids`` that still run; reap the others."""
    return [pid for pid in pids if not _has_ended(pid)]


def _has_ended(pid: int) -> bool:
    return _wait(pid) is not None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, who has the number now
        return False
    return True


def _wait(pid: int) -> int | None:
    """The status of a supervisor that has ended, which is reaped; -1 if it is not known, None while it runs."""
    if sys.platform == "win32":
        return None
    try:
        ended, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # a nursery's, or reaped by other code that waits for all children
        return None if _exists(pid) else -1
    return os.waitstatus_to_exitcode(status) if ended else None
