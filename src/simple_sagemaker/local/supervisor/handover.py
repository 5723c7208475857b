"""The supervisor's side of taking over a job: wait for it, hold its lock, begin once it has its final name."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ...storage.private import replace_private
from ..job.folder import JobFolder, places
from ..job.home import Home
from ..job.kinds import kind_of, name_of

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

import fcntl


def receive() -> tuple[JobFolder, int] | None:
    """Wait for the job to supervise; return it and the descriptor that holds its lock, or None when there will be none.

    From then on standard output and error go to the job's ``supervisor.log``.
    """
    parts = _read_parts(1)
    if not parts:
        return None
    count, _, path = parts[0].partition(b" ")
    variables = _read_parts(int(count), parts[1])
    if variables is None:
        return None
    for variable in variables[:-1]:  # of this process alone: no other can read them where it was started with none
        name, _, value = os.fsdecode(variable).partition("=")
        os.environ[name] = value
    draft = Path(os.fsdecode(path))
    lock = os.open(draft / "lock", os.O_RDWR | os.O_CLOEXEC)
    fcntl.flock(lock, fcntl.LOCK_EX)
    given = JobFolder(draft)
    request = given.request()
    candidates = places(Home(Path(given.settings()["home"])).jobs, kind_of(request), name_of(request))
    os.write(1, b"t")
    os.read(0, 1)
    job = next((one for one in map(JobFolder, candidates) if _is_ours(one, lock)), None)
    if job is None:  # the name was taken, or the process that made the draft is gone
        return None
    _redirect(job)
    replace_private(job.path / "supervisor.pid", str(os.getpid()))  # who ends the job must never read an empty one
    return job, lock


def _read_parts(count: int, rest: bytes = b"") -> list[bytes] | None:
    """The next ``count`` texts that end in zeros, and what was read beyond them; None if the other side is gone."""
    while rest.count(b"\0") < count:
        chunk = os.read(0, 1 << 16)
        if not chunk:
            return None
        rest += chunk
    return rest.split(b"\0", count)


def _is_ours(job: JobFolder, lock: int) -> bool:
    try:
        return os.path.samestat(os.stat(job.lock), os.fstat(lock))
    except FileNotFoundError:
        return False


def _redirect(job: JobFolder) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(job.path / "supervisor.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(log)
