"""A job's supervisor: a process that takes a job from Starting to its end, whoever else lives or dies.

Comes in: a job's folder with its request and settings. Goes out: the journal, the logs, the objects in the buckets.
It costs one small process a job (two in plain isolation); the data is copied once to each host.
"""

from __future__ import annotations

import os
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..layout import split_uri
from . import addresses, artifacts, configs, crew, guardian, handover, interpreter, isolation, jobs, processes, stores
from .addresses import Addresses
from .attempt import Attempt, Ground, Outcome
from .home import Home, Settings
from .host import Host
from .jobs import JobFolder
from .limits import EndedEarly, Limits
from .machines import CannotRun
from .processes import Processes, hosts_text

_TICK_S = 0.05
_FINAL = {
    "done": ("Completed", "Completed", "Training job completed"),
    "failed": ("Failed", "Failed", "Training job failed"),
    "stopped": ("Stopped", "Stopped", "Training job stopped"),
    "timeout": ("Stopped", "MaxRuntimeExceeded", "Training job runtime exceeded MaxRuntimeInSeconds"),
    "waited": ("Stopped", "MaxWaitTimeExceeded", "Training job wait time exceeded MaxWaitTimeInSeconds"),
}
_STARTING = "Starting the training job"
_NO_CAPACITY = "Insufficient capacity error from EC2 while launching instances, retrying!"


class Supervisor:
    """What is known of the job while it is taken to its end."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._job = ground.job
        self._limits = Limits(ground.request, created=self._job.entries()[0]["at"], stop_asked=self._job.stop_asked)
        self._attempt: Attempt | None = None

    def run(self) -> None:
        """The whole life of the job; always ends with a final entry in the journal."""
        try:
            outcome = self._attempts()
        except EndedEarly as end:
            if end.ending == "stopped":
                self._job.append(secondary="Stopping", message="Stopping the training job")
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
        pause_s = self._ground.settings.spot_wait_s if self._ground.request.get("EnableManagedSpotTraining") else 0.0
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
        self._job.append(secondary="Starting", message=_STARTING)

    def _end(self, outcome: Outcome) -> None:
        detected = time.time()
        metrics: list[dict[str, Any]] = []
        if self._attempt:
            try:
                self._save(self._attempt, outcome)
            except PermissionError as denied:
                outcome = outcome if outcome.ending == "failed" else _denied(denied)
            metrics = list(self._attempt.last_metrics().values())
        status, secondary, message = _FINAL[outcome.ending]
        self._job.append(
            status=status,
            secondary=secondary,
            message=message,
            reason=outcome.reason,
            metrics=metrics,
            detected=detected,
        )
        self._tidy()

    def _save(self, attempt: Attempt, outcome: Outcome) -> None:
        """Keep what the hosts left: their state and, for a job that ran, its archives."""
        attempt.keeping.flush()
        if outcome.ending in {"done", "failed"}:
            self._job.append(secondary="Uploading", message="Uploading generated training model")
        self._upload()

    def _upload(self) -> None:
        bucket, key = split_uri(self._ground.request["OutputDataConfig"]["S3OutputPath"])
        prefix = f"{key.rstrip('/')}/{self._job.name}/output".lstrip("/")
        in_order = sorted(self._ground.hosts, key=lambda host: host.number)
        models = [host.base / "model" for host in in_order]
        outputs = [in_order[0].base / "output" / "data"]
        for name, folders in (("model", models), ("output", outputs)):
            clashes = artifacts.upload(
                [folder for folder in folders if folder.is_dir()],
                self._ground.store,
                bucket=bucket,
                key=f"{prefix}/{name}.tar.gz",
                scratch=self._job.path / f".{name}.tar.gz.part",
            )
            if clashes:
                self._job.append(
                    note=f"{name}: several hosts wrote {', '.join(clashes[:20])}; the last host's were kept"
                )

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


def _ground(job: JobFolder, how: isolation.Isolation, lock: int, watched: int | None) -> Ground:
    """Everything a job's attempts stand on. ``watched`` is where the guardian is told of hosts."""
    request = job.request()
    settings, home = _settings(job)
    names = configs.host_names(request["ResourceConfig"]["InstanceCount"])
    reserved = addresses.reserve(names, home.locks)
    return Ground(
        job=job,
        request=request,
        settings=settings,
        store=stores.store_of(home, settings),
        machines=_processes(job, how, settings=settings, home=home, reserved=reserved, watched=watched),
        hosts=[
            Host(
                name=name,
                number=int(name.rpartition("-")[2]) - 1,
                folder=job.host(name),
                request=request,
                isolated=how != "plain",
                variables=settings.variables(),
            )
            for name in names
        ],
        own=[lock, *reserved.locks, *([] if watched is None else [watched])],
    )


def _processes(
    job: JobFolder,
    how: isolation.Isolation,
    *,
    settings: Settings,
    home: Home,
    reserved: Addresses,
    watched: int | None,
) -> Processes:
    hosts_file = job.path / "hosts"
    hosts_file.write_text(hosts_text(reserved), encoding="utf-8")
    home.environments.mkdir(parents=True, exist_ok=True)
    return Processes(
        how=how,
        python=interpreter.ask(settings.python, home.cache),
        environments=home.environments,
        addresses=reserved,
        hosts_file=hosts_file,
        note=_teller(watched),
    )


def _teller(watched: int | None) -> Callable[[int], None]:
    def tell(host: int) -> None:
        if watched is not None:
            guardian.note(watched, host)

    return tell


def _settings(job: JobFolder) -> tuple[Settings, Home]:
    kept = job.settings()
    home = Home(Path(kept.pop("home")))
    return Settings(**kept), home


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
        how = choice.settled()
        watched = guardian.watch_over(job, lock) if how == "plain" else None
        Supervisor(_ground(job, how, lock, watched)).run()
    except guardian.GuardianGone:  # whoever looks next finds the lock free, and writes the end
        crew.kill_descendants()
    except Exception as error:  # noqa: BLE001  whatever it is, the job must not stay InProgress
        traceback.print_exc()
        crew.kill_descendants()
        if not jobs.ended(job.entries()):
            job.append(
                status="Failed",
                secondary="Failed",
                message="Training job failed",
                reason=f"InternalServerError: {type(error).__name__}: {error} (see {job.path / 'supervisor.log'})",
            )
