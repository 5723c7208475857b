"""Starts jobs: each gets a supervisor of its own; a tuning job whose supervisor was killed gets another one."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..job.folder import JobFolder, has_ended, publish_job
from ..job.kinds import TUNING, kind_of
from . import spawn, turns
from .spawn import SupervisorGone, WaitingSupervisor

if TYPE_CHECKING:
    from .nursery import Nursery


class Starter:
    """Starts the jobs of a folder of jobs. ``variables`` let supervisors find the caller's credentials.

    ``waiting`` is a supervisor that was started ahead, for the first training or processing job; ``nursery`` starts
    the others, which are started anew without one.
    """

    def __init__(
        self,
        jobs: Path,
        variables: Mapping[str, str] | None = None,
        waiting: WaitingSupervisor | None = None,
        nursery: Nursery | None = None,
    ) -> None:
        self._jobs = jobs
        self._nursery = nursery
        self._variables = variables
        self._waiting = [waiting] if waiting else []
        self._supervisors: list[int] = []
        self._reaping = threading.Lock()

    def start(self, job: JobFolder, isolation: str, name: str | None = None) -> None:
        """Give a job its supervisor; a draft gets its ``name`` in between. Raises SupervisorGone, FileExistsError."""
        is_tuning = kind_of(job.request()) == TUNING
        supervisor = self._new_supervisor(isolation, spawn.OF_TUNING_JOBS) if is_tuning else self._next(isolation)
        try:
            supervisor.hand_over(job, self._variables)
            if name is not None:
                publish_job(job, self._jobs, name)
            supervisor.begin()
        except (FileExistsError, SupervisorGone):
            supervisor.dismiss()
            raise

    def prepare(self, isolation: str) -> None:
        """Have a supervisor wait for the next job."""
        if not self._waiting:
            self._waiting.append(self._new_supervisor(isolation))

    def dismiss(self) -> None:
        """End the supervisor that waits."""
        while self._waiting:
            self._waiting.pop().dismiss()

    def _next(self, isolation: str) -> WaitingSupervisor:
        """The supervisor that was started ahead, or a new one."""
        try:
            supervisor = self._waiting.pop()
        except IndexError:
            return self._new_supervisor(isolation)
        self._reap(supervisor)
        return supervisor

    def _new_supervisor(self, isolation: str, module: str = spawn.OF_JOBS) -> WaitingSupervisor:
        start = self._nursery.start_supervisor if self._nursery else spawn.start_supervisor
        supervisor = start(isolation, module)
        self._reap(supervisor)
        return supervisor

    def _reap(self, new: WaitingSupervisor) -> None:
        """Reap the supervisors that have ended; the ``new`` one is among them once it has."""
        with self._reaping:
            self._supervisors = [*{*spawn.reap(self._supervisors), new.pid}]


def take_over(starter: Starter, job: JobFolder) -> None:
    """Give a tuning job whose supervisor was killed another one; exactly one, however many processes try at once.

    A no-op for one that has ended, or is supervised. Raises SupervisorGone.
    """
    if sys.platform == "win32" or has_ended(job.entries()):
        return
    import fcntl

    taking = os.open(job.path / "takeover.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(taking, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not turns.is_locked(job.lock) and not has_ended(job.entries()):
            starter.start(job, job.settings()["isolation"])
    except BlockingIOError:
        return
    finally:
        os.close(taking)
