"""``ssm exec``: a program, or a shell with a terminal, in a host of a running job."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.job import Job
from ..core.job_specs import ExecSpec
from ..errors import SsmError, UsageError
from .chosen_job import choose

if TYPE_CHECKING:
    from ..core.services import Services
    from ..local.job.folder import JobFolder

SHELL = ("/bin/sh", "-c", "command -v bash >/dev/null && exec bash; exec sh")


def execute(spec: ExecSpec, services: Services) -> int:
    """Run the program; return its exit status. Raises SsmError where it cannot be run."""
    listed = choose(spec, services, running=True)
    job = listed.job
    if spec.host > job.hosts:
        hosts = f"{job.hosts} hosts" if job.hosts > 1 else "one host"
        raise UsageError(f"--host {spec.host}: {job.name} has {hosts}.\nThey are numbered from 1.")
    if services.jobs is None:
        from .exec_aws import execute_on_aws

        return execute_on_aws(spec, listed, services)
    folder = _folder(services.jobs, job)
    if folder.settings()["isolation"] == "docker":
        return _enter_container(spec, job, folder)
    return _enter_processes(spec, job, folder)


def _folder(jobs: Path, job: Job) -> JobFolder:
    from ..local.job.folder import find_job
    from ..local.job.kinds import PROCESSING, TRAINING

    folder = find_job(jobs, TRAINING if job.kind == "training" else PROCESSING, job.name)
    if folder is None:
        raise not_running(job)
    return folder


def _enter_processes(spec: ExecSpec, job: Job, folder: JobFolder) -> int:
    """Run the program in a host that is processes of this machine."""
    if spec.port is not None:
        raise UsageError(
            f"--forward {spec.port} is not needed: {job.name} shares this machine's network.\n"
            f"What listens on port {spec.port} there is at 127.0.0.1:{spec.port} here."
        )
    if sys.platform == "win32":
        raise NotImplementedError
    from ..local.sessions import guard, session
    from . import relay

    started = session.start(
        folder.host(f"algo-{spec.host}"), spec.program or SHELL, terminal=terminal_kind() if has_terminal() else None
    )
    try:
        outcome = relay.relay(started)
    finally:
        started.close()
    if outcome.get("error") == guard.NOT_RUNNING:
        raise not_running(job)
    if "error" in outcome:
        raise SsmError(f"{job.name} cannot be entered: {outcome['text']}.")
    if "status" not in outcome:
        raise _ended(job)
    return int(outcome["status"])


def _enter_container(spec: ExecSpec, job: Job, folder: JobFolder) -> int:
    """Run the program in a host that is a container."""
    if sys.platform == "win32":
        raise NotImplementedError
    from ..local.hosts.docker import DockerError
    from ..local.sessions.container import NotRunning, container_of

    container = container_of(folder, f"algo-{spec.host}")
    if container is None or not container.is_running():
        raise not_running(job)
    if spec.port is not None:
        raise UsageError(
            f"--forward {spec.port} is not needed: the container has an address of its own.\n"
            f"What listens on port {spec.port} there is at {container.address()}:{spec.port}, from where Docker runs."
        )
    try:
        return container.execute(spec.program or SHELL, terminal=terminal_kind() if has_terminal() else None)
    except NotRunning as error:
        raise _ended(job) from error
    except DockerError as error:
        raise SsmError(f"{job.name} cannot be entered: {error}.") from error


def _ended(job: Job) -> SsmError:
    return SsmError(f"{job.name} has ended, and what ran in it has ended with it.")


def has_terminal() -> bool:
    """Whether the program is to have a terminal: where input and output of this command are one."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def terminal_kind() -> str:
    """The kind of our terminal, as programs know it."""
    return os.environ.get("TERM") or "dumb"


def not_running(job: Job) -> SsmError:
    """The error that the job's hosts do not run now."""
    return SsmError(
        f"{job.name} has no running host now; it is {job.status}, in phase {job.phase}.\n"
        "A job can be entered while its code runs: try again once the phase is Training or Processing."
    )
