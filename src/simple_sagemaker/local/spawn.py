"""Starting a job's supervisor: a process of its own that outlives the command that started it."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from .jobs import JobFolder

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")


_PACKAGES = str(Path(__file__).parent.parent.parent)
_PROGRAM = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from simple_sagemaker.local.supervisor import main; main(sys.argv[2:])"
)


def supervisor(job: JobFolder) -> int:
    """Start the supervisor of a new job and give its pid. It takes over the job's lock: no moment without a holder.

    Its environment is nearly empty: a job in plain isolation could read it.
    """
    lock = os.open(job.lock, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with open(job.path / "supervisor.log", "ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-S", "-s", "-E", "-c", _PROGRAM, _PACKAGES, str(job.path), str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"},
                pass_fds=[lock],
                start_new_session=True,
            )
            process.returncode = 0  # it is meant to outlive us: no warning that it does; see reap()
            return process.pid
    finally:
        os.close(lock)


def reap(pids: list[int]) -> list[int]:
    """The supervisors of ``pids`` that still live; what is left of the others is taken from the process table."""
    return [pid for pid in pids if not _gone(pid)]


def _gone(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:  # taken by somebody else who waits for every child
        return True
