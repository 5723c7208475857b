"""From a job's folder to what all its attempts stand on: its hosts, its store, and the machines that it runs on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..data import stores
from ..hosts.backend import Machines
from ..hosts.host import Host
from ..hosts.processes import Processes, hosts_text
from ..isolation import addresses, interpreter
from ..isolation import choose as isolation
from ..job.folder import JobFolder
from ..job.home import Home, Settings
from ..requests import config_files as configs
from ..requests.read import work_of
from . import watchdog as guardian
from .attempt import Ground


def of(job: JobFolder, choice: isolation.Choice, lock: int) -> Ground:
    """The ground of a job. Where no namespace ends what a killed supervisor leaves, this splits off a guardian.

    ``choice`` is how processes can be kept apart here; ``lock`` is the descriptor that holds the job.
    """
    kept = job.settings()
    home, settings = Home(Path(kept["home"])), Settings.of(kept)
    if settings.isolation == "docker":
        return _on_containers(job, home, settings, lock)
    return _on_processes(job, home, settings, lock, choice.settled())


def _on_processes(job: JobFolder, home: Home, settings: Settings, lock: int, how: isolation.Isolation) -> Ground:
    watched = [guardian.watch_over(job, lock)] if how == "plain" else []
    names = _names(job)
    reserved = addresses.reserve(names, home.locks)
    hosts_file = job.path / "hosts"
    hosts_file.write_text(hosts_text(reserved), encoding="utf-8")
    home.environments.mkdir(parents=True, exist_ok=True)
    machines = Processes(
        how=how,
        python=interpreter.ask(settings.python, home.cache),
        environments=home.environments,
        addresses=reserved,
        hosts_file=hosts_file,
        note=_teller(watched),
    )
    own = [lock, *reserved.locks, *watched]
    return _ground(job, home, settings, machines, own=own, interface=configs.INTERFACE)


def _on_containers(job: JobFolder, home: Home, settings: Settings, lock: int) -> Ground:
    from ..hosts import containers

    watched = [guardian.watch_over(job, lock)]
    docker = containers.docker_of(settings)
    machines = containers.Containers(docker=docker, job=job, work=work_of(job.request()), note=_teller(watched))
    return _ground(job, home, settings, machines, own=[lock, *watched], interface=containers.INTERFACE)


def _ground(
    job: JobFolder, home: Home, settings: Settings, machines: Machines, *, own: list[int], interface: str
) -> Ground:
    work = work_of(job.request())
    hosts = [
        Host(
            name=name,
            number=int(name.rpartition("-")[2]) - 1,
            folder=job.host(name),
            work=work,
            isolated=machines.how != "plain",
            interface=interface,
            variables=settings.variables(),
        )
        for name in _names(job)
    ]
    store = stores.store_of(home, settings)
    return Ground(job=job, work=work, settings=settings, store=store, machines=machines, hosts=hosts, own=own)


def _names(job: JobFolder) -> list[str]:
    return configs.host_names(work_of(job.request()).host_count)


def _teller(watched: list[int]) -> Callable[[int], None]:
    def tell(process: int) -> None:
        for guardian_s_pipe in watched:
            guardian.note(guardian_s_pipe, process)

    return tell
