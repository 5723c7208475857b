"""A job's supervisor: a process that takes a job from Starting to its end, independent of the one that submitted it.

In: a job's folder with its request and settings. Out: the journal, the logs, the objects in the buckets. It costs one
small process a job (two in plain isolation); the data is copied once to each host.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from typing import Any

from ...core import layout
from ..data.channels import ChannelError
from ..data.failures import JobFault, explain
from ..hosts import processes
from ..hosts.backend import CannotRun
from ..hosts.forked_launcher import PAYLOAD
from ..hosts.host import Host
from ..isolation import forked_script, namespaces
from ..isolation.choose import choose
from ..job.folder import JobFolder, has_ended
from ..job.kinds import kind_of
from ..job.shortage import shortage
from ..requests.request import Saving
from . import handover, monitor, recovery, watchdog
from .attempt import Attempt, JobSetup, Outcome
from .limits import EndedEarly, Limits
from .setup import set_up

LAUNCHER = str(PAYLOAD / layout.LAUNCHER)
_TICK_S = 0.05
_FINAL = {
    "done": ("Completed", "Completed", "completed"),
    "failed": ("Failed", "Failed", "failed"),
    "stopped": ("Stopped", "Stopped", "stopped"),
    "timeout": ("Stopped", "MaxRuntimeExceeded", "runtime exceeded MaxRuntimeInSeconds"),
    "waited": ("Stopped", "MaxWaitTimeExceeded", "wait time exceeded MaxWaitTimeInSeconds"),
}
_NO_CAPACITY = "Insufficient capacity error from EC2 while launching instances, retrying!"


class StateLost(Exception):
    """The job's state could not be saved, and there is no later time to do it."""


class Supervisor:
    """Runs one job."""

    def __init__(self, setup: JobSetup) -> None:
        self._setup = setup
        self._job = setup.job
        self._limits = Limits(
            setup.work.request,
            created=self._job.entries()[0]["at"],
            is_stop_requested=self._job.is_stop_requested,
            clock_speed=setup.settings.clock_speed,
        )
        self._attempt: Attempt | None = None

    def run(self) -> None:
        """Run the job from start to end; always writes a final entry to the journal."""
        try:
            outcome = self._run_attempts()
        except EndedEarly as end:
            if end.ending == "stopped":
                self._job.append(secondary="Stopping", message=f"Stopping the {self._setup.work.kind.noun}")
            outcome = Outcome(ending=end.ending)
        except PermissionError as denied:
            outcome = _permission_failure(denied)
        except ChannelError as why:
            self._attempt = None  # its hosts did not run
            outcome = Outcome(ending="failed", reason=f"ClientError: {why}")
        except (CannotRun, StateLost) as why:
            outcome = Outcome(ending="failed", reason=f"ClientError: {why}")
        except JobFault as why:
            outcome = Outcome(ending="failed", reason=str(why))
        self._end(outcome)

    def _run_attempts(self) -> Outcome:
        """Run attempts until one is not interrupted."""
        number = 1
        while True:
            self._wait_for_capacity()
            self._attempt = Attempt(self._setup, number, self._limits)
            outcome = self._attempt.run()
            if outcome.ending != "interrupted":
                return outcome
            self._lose_hosts(self._attempt)
            number += 1

    def _wait_for_capacity(self) -> None:
        """Wait at every start of a spot job for as long as the settings say."""
        pause_s = self._setup.settings.spot_wait_s if self._setup.work.request.get("EnableManagedSpotTraining") else 0.0
        until = time.monotonic() + pause_s
        if pause_s:
            self._job.append(secondary="Starting", message=_NO_CAPACITY)
        self._limits.check()
        while time.monotonic() < until:
            time.sleep(_TICK_S)
            self._limits.check()

    def _lose_hosts(self, attempt: Attempt) -> None:
        """Clear all hosts after an interruption: only what is in buckets stays."""
        problem = attempt.mirrors.flush(self._limits.saving("interrupted"))
        if problem:
            raise StateLost(problem)
        self._job.append(secondary="Interrupted", message="Training job interrupted")
        self._attempt = None
        for host in self._setup.hosts:
            host.clear()
        self._job.append(secondary="Starting", message=f"Starting the {self._setup.work.kind.noun}")

    def _end(self, outcome: Outcome) -> None:
        detected, speed = time.time(), self._setup.settings.clock_speed
        metrics: list[dict[str, Any]] = []
        if self._attempt:
            outcome = self._save_results(self._attempt, outcome)
            metrics = list(self._attempt.last_metrics().values())
        status, secondary, outcome_text = _FINAL[outcome.ending]
        self._job.append(
            status=status,
            secondary=secondary,
            message=f"{self._setup.work.kind.noun.capitalize()} {outcome_text}",
            reason=outcome.reason,
            said=self._setup.work.message(self._hosts_by_number()) if self._attempt else None,
            metrics=metrics,
            detected=detected,
            **({} if speed == 1 else {"clock_speed": speed}),
        )
        self._clean_up()

    def _save_results(self, attempt: Attempt, outcome: Outcome) -> Outcome:
        """Save what the hosts left; return how the job ended after all. A job that failed before has its reason."""
        try:
            self._save(attempt, outcome)
        except PermissionError as denied:
            return outcome if outcome.ending == "failed" else _permission_failure(denied)
        except StateLost as why:
            return outcome if outcome.ending == "failed" else Outcome(ending="failed", reason=f"ClientError: {why}")
        except JobFault as why:
            return outcome if outcome.ending == "failed" else Outcome(ending="failed", reason=str(why))
        except EndedEarly as end:
            self._job.append(note=f"saving the results was ended before all were saved: {end}")
            if end.ending == "stopped":
                self._job.append(secondary="Stopping", message=f"Stopping the {self._setup.work.kind.noun}")
            return Outcome(ending=end.ending) if outcome.ending == "done" else outcome
        return outcome

    def _save(self, attempt: Attempt, outcome: Outcome) -> None:
        """Upload what the hosts left: their state and, for a job that ran, its archives."""
        check = self._limits.saving(outcome.ending)
        problem = attempt.mirrors.flush(check)
        if outcome.ending in {"done", "failed"}:
            phase = self._setup.work.saving
            self._job.append(secondary=phase.secondary, message=phase.message)
        saving = Saving(
            job=self._job.name,
            scratch=self._job.path,
            on_note=attempt.remark,
            on_progress=check,
            is_stopped=outcome.ending not in {"done", "failed"},
        )
        self._setup.work.save(self._hosts_by_number(), self._setup.store, saving)
        if problem:
            raise StateLost(problem)

    def _hosts_by_number(self) -> list[Host]:
        """The hosts, ordered by number."""
        return sorted(self._setup.hosts, key=lambda host: host.number)

    def _clean_up(self) -> None:
        """Remove what only the running job needed."""
        for host in self._setup.hosts:
            processes.clean_up_host(host)


def _permission_failure(error: PermissionError) -> Outcome:
    """The failure of a job whose role lacks a permission. Raises ``error`` again if it came from the file system."""
    if error.filename is not None:
        raise error
    monitor.kill_descendants()
    return Outcome(ending="failed", reason=f"ClientError: {error}")


def _shown(error: Exception, job: JobFolder) -> str:
    """An error's text, without the folder of the home."""
    return explain(error).replace(str(job.settings()["home"]), "")


def main(isolation: str) -> None:
    """Wait for a job and run it. The process holds the job's lock until it ends.

    ``isolation`` is the requested one; it is tried out while the job is still being prepared.
    """
    os.chdir("/")
    namespaces.set_dumpable(False)
    namespaces.adopt_orphans()
    choice = choose(isolation)
    if not forked_script.is_prepared():
        forked_script.prepare(LAUNCHER, sys.argv[1])
    known = dict(os.environ)
    received = handover.receive()
    if received is None:
        return
    job, lock = received
    try:
        Supervisor(set_up(job, choice, lock, may_fork=os.environ == known)).run()
    except watchdog.WatchdogGone:  # the next process that reads the job finds the lock free, and writes the end
        monitor.kill_descendants()
        recovery.remove_containers(job)
    except Exception as error:  # noqa: BLE001  whatever it is, the job must not stay InProgress
        traceback.print_exc()
        monitor.kill_descendants()
        recovery.remove_containers(job)
        if not has_ended(job.entries()):
            said = shortage(error) or f"{type(error).__name__}: {_shown(error, job)}"
            job.append(
                status="Failed",
                secondary="Failed",
                message=f"{kind_of(job.request()).noun.capitalize()} failed",
                reason=f"InternalServerError: {said} (see supervisor.log in the job's folder)",
            )
