"""From a job's folder to its set-up: hosts, store, and the backend that it runs on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ...storage.private import make_private
from ..data import stores
from ..hosts.backend import Backend
from ..hosts.host import Host
from ..hosts.processes import Processes, hosts_text
from ..isolation import addresses, interpreter
from ..isolation.choose import Choice, Isolation
from ..job import mlflow_store
from ..job.folder import JobFolder
from ..job.home import Home, Settings
from ..requests import config_files
from ..requests.read import read_work
from . import watchdog
from .attempt import JobSetup


def set_up(job: JobFolder, choice: Choice, lock: int, *, may_fork: bool) -> JobSetup:
    """Set a job up. Where no namespace ends the hosts of a killed supervisor, this forks a watchdog.

    ``choice`` is how processes can be isolated here; ``lock`` is the descriptor that holds the job's lock. ``may_fork``
    is whether hosts may get a copy of this process's memory.
    """
    stored = job.settings()
    home, settings = Home(Path(stored["home"])), Settings.from_json(stored)
    if settings.isolation == "docker":
        return _set_up_containers(job, home, settings, lock)
    return _set_up_processes(job, home, settings, lock, isolation=choice.require(), may_fork=may_fork)


def _set_up_processes(
    job: JobFolder, home: Home, settings: Settings, lock: int, *, isolation: Isolation, may_fork: bool
) -> JobSetup:
    watchdogs = [watchdog.start_watchdog(job, lock)] if isolation == "plain" else []
    names = _host_names(job)
    reserved = addresses.reserve(names, home.locks)
    hosts_file = job.path / "hosts"
    hosts_file.write_text(hosts_text(reserved), encoding="utf-8")
    make_private(home.environments)
    backend = Processes(
        isolation=isolation,
        python=interpreter.inspect(settings.python, home.cache),
        environments=home.environments,
        cache=home.cache,
        addresses=reserved,
        hosts_file=hosts_file,
        note=_make_note(watchdogs),
        may_fork=may_fork,
    )
    descriptors = [lock, *reserved.locks, *watchdogs]
    return _make_setup(job, home, settings, backend, descriptors=descriptors, interface=config_files.INTERFACE)


def _set_up_containers(job: JobFolder, home: Home, settings: Settings, lock: int) -> JobSetup:
    from ..hosts import containers

    watchdogs = [watchdog.start_watchdog(job, lock)]
    docker = containers.docker_command(settings)
    backend = containers.Containers(docker=docker, job=job, work=read_work(job.request()), note=_make_note(watchdogs))
    return _make_setup(job, home, settings, backend, descriptors=[lock, *watchdogs], interface=containers.INTERFACE)


def _make_setup(
    job: JobFolder, home: Home, settings: Settings, backend: Backend, *, descriptors: list[int], interface: str
) -> JobSetup:
    work = read_work(job.request())
    variables = settings.variables()
    runs = mlflow_store.make_folder(home, job.request())
    if runs is not None:
        variables[mlflow_store.VARIABLE] = str(runs)
    hosts = [
        Host(
            name=name,
            number=int(name.rpartition("-")[2]) - 1,
            folder=job.host(name),
            work=work,
            isolated=backend.isolation != "plain",
            interface=interface,
            variables=variables,
        )
        for name in _host_names(job)
    ]
    store = stores.open_store(home, settings)
    return JobSetup(
        job=job, work=work, settings=settings, store=store, backend=backend, hosts=hosts, descriptors=descriptors
    )


def _host_names(job: JobFolder) -> list[str]:
    return config_files.host_names(read_work(job.request()).host_count)


def _make_note(watchdogs: list[int]) -> Callable[[int], None]:
    def note(process: int) -> None:
        for pipe in watchdogs:
            watchdog.note(pipe, process)

    return note
