"""A job's supervisor: a process that takes a job from Starting to its end, whoever else lives or dies.

Comes in: a job's folder with its request and settings. Goes out: the journal, the logs, the objects in the buckets.
It costs one small process a job (two in plain isolation); the data is copied once to each host.
"""

from __future__ import annotations

import os
import time
import traceback
from typing import Any

from ..hosts import processes
from ..hosts.backend import CannotRun
from ..hosts.host import Host
from ..isolation import choose as isolation
from ..job import folder as jobs
from ..job.kinds import kind_of
from . import handover, recovery
from . import monitor as crew
from . import setup as ground
from . import watchdog as guardian
from .attempt import Attempt, Ground, Outcome
from .limits import EndedEarly, Limits

_TICK_S = 0.05
_FINAL = {
    "done": ("Completed", "Completed", "completed"),
    "failed": ("Failed", "Failed", "failed"),
    "stopped": ("Stopped", "Stopped", "stopped"),
    "timeout": ("Stopped", "MaxRuntimeExceeded", "runtime exceeded MaxRuntimeInSeconds"),
    "waited": ("Stopped", "MaxWaitTimeExceeded", "wait time exceeded MaxWaitTimeInSeconds"),
}
_NO_CAPACITY = "Insufficient capacity error from EC2 while launching instances, retrying!"


class Supervisor:
    """What is known of the job while it is taken to its end."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._job = ground.job
        self._limits = Limits(
            ground.work.request, created=self._job.entries()[0]["at"], stop_asked=self._job.stop_asked
        )
        self._attempt: Attempt | None = None

    def run(self) -> None:
        """The whole life of the job; always ends with a final entry in the journal."""
        try:
            outcome = self._attempts()
        except EndedEarly as end:
            if end.ending == "stopped":
                self._job.append(secondary="Stopping", message=f"Stopping the {self._ground.work.kind.noun}")
            outcome = Outcome(ending=end.ending)
        except PermissionError as denied:
            outcome = _denied(denied)
        except CannotRun as why:
            outcome = Outcome(ending="failed", reason=f"ClientError: {why}")
        self._end(outcome)

    def _attempts(self) -> Outcome:
        """Attempt after attempt, until one is not interrupted."""
        number = 1
        while True:
            self._wait_for_capacity()
            self._attempt = Attempt(self._ground, number, self._limits)
            outcome = self._attempt.run()
            if outcome.ending != "interrupted":
                return outcome
            self._lose_machines(self._attempt)
            number += 1

    def _wait_for_capacity(self) -> None:
        """What a spot job waits for at every start, for as long as the settings say."""
        pause_s = (
            self._ground.settings.spot_wait_s if self._ground.work.request.get("EnableManagedSpotTraining") else 0.0
        )
        until = time.monotonic() + pause_s
        if pause_s:
            self._job.append(secondary="Starting", message=_NO_CAPACITY)
        self._limits.check()
        while time.monotonic() < until:
            time.sleep(_TICK_S)
            self._limits.check()

    def _lose_machines(self, attempt: Attempt) -> None:
        """After an interruption: only what is in buckets stays."""
        attempt.keeping.flush()
        self._job.append(secondary="Interrupted", message="Training job interrupted")
        self._attempt = None
        for host in self._ground.hosts:
            host.clear()
        self._job.append(secondary="Starting", message=f"Starting the {self._ground.work.kind.noun}")

    def _end(self, outcome: Outcome) -> None:
        detected = time.time()
        metrics: list[dict[str, Any]] = []
        if self._attempt:
            try:
                self._save(self._attempt, outcome)
            except PermissionError as denied:
                outcome = outcome if outcome.ending == "failed" else _denied(denied)
            metrics = list(self._attempt.last_metrics().values())
        status, secondary, ended = _FINAL[outcome.ending]
        self._job.append(
            status=status,
            secondary=secondary,
            message=f"{self._ground.work.kind.noun.capitalize()} {ended}",
            reason=outcome.reason,
            said=self._ground.work.message([host.base for host in self._in_order()]) if self._attempt else None,
            metrics=metrics,
            detected=detected,
        )
        self._tidy()

    def _save(self, attempt: Attempt, outcome: Outcome) -> None:
        """Keep what the hosts left: their state and, for a job that ran, its archives."""
        attempt.keeping.flush()
        if outcome.ending in {"done", "failed"}:
            saving = self._ground.work.saving
            self._job.append(secondary=saving.secondary, message=saving.message)
        hosts = self._in_order()
        self._ground.work.save(self._job, lambda host, path: hosts[host].inside(path), len(hosts), self._ground.store)

    def _in_order(self) -> list[Host]:
        """The hosts by their numbers."""
        return sorted(self._ground.hosts, key=lambda host: host.number)

    def _tidy(self) -> None:
        """Drop what only the running job needed."""
        for host in self._ground.hosts:
            processes.tidy(host)


def _denied(error: PermissionError) -> Outcome:
    """The failure of a job whose role may not do what the job needs; the system's own refusals are no such thing."""
    if error.filename is not None:
        raise error
    crew.kill_descendants()
    return Outcome(ending="failed", reason=f"ClientError: {error}")


def main(wanted: str) -> None:
    """The process: waits for a job and takes it to its end. The lock stays ours until the process is gone.

    ``wanted`` is the isolation asked for; it is tried while the job is still being made.
    """
    os.chdir("/")
    crew.adopt_orphans()
    choice = isolation.choose(wanted)
    taken = handover.receive()
    if taken is None:
        return
    job, lock = taken
    try:
        Supervisor(ground.of(job, choice, lock)).run()
    except guardian.GuardianGone:  # whoever looks next finds the lock free, and writes the end
        crew.kill_descendants()
        recovery.remove_containers(job)
    except Exception as error:  # noqa: BLE001  whatever it is, the job must not stay InProgress
        traceback.print_exc()
        crew.kill_descendants()
        recovery.remove_containers(job)
        if not jobs.ended(job.entries()):
            job.append(
                status="Failed",
                secondary="Failed",
                message=f"{kind_of(job.request()).noun.capitalize()} failed",
                reason=f"InternalServerError: {type(error).__name__}: {error} (see {job.path / 'supervisor.log'})",
            )
