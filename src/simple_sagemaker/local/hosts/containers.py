"""Hosts as containers of the job's image, on a network of the job's own where they find each other by name.

A container sees its host's folders at the job's paths, and of this machine nothing else. Every container and network
carries the job's folder in a label, so that whoever finds a job without a supervisor can take away what is left of it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..isolation import plain
from ..isolation.namespaces import Launch, Started
from ..job.home import Settings
from ..requests.read import work_of
from ..requests.request import Work
from . import ownership
from .backend import CannotRun
from .docker import Docker, DockerRefused, mount
from .host import Host

if sys.platform == "win32":
    raise ImportError("the supervisor of a job needs Linux or macOS")

import signal

if TYPE_CHECKING:
    from ..job.folder import JobFolder

INTERFACE = "eth0"
_LABEL = "simple-sagemaker.job"
_TICK_S = 0.05
_LATE_S = 0.5
_NOT_YET = frozenset({"created", "configured", "initialized"})  # a container's states before it runs
_NEVER_RAN = 126  # as shells say of a program that cannot be started
_NOBODYS = "192.0.2.1"  # an address that no machine has (RFC 5737): a host that is gone has a name, and does not answer
_STARTING_S = 5.0  # for a container that was asked for and does not run yet


@dataclass(frozen=True, kw_only=True)
class Containers:
    """Machines that are containers of one job. ``note`` is told of the process that stays with each."""

    docker: Docker
    job: JobFolder
    work: Work
    note: Callable[[int], None]

    @property
    def how(self) -> str:
        return "docker"

    def bring(self) -> Iterator[None]:
        """Pull the image unless it is here. Raises CannotRun."""
        image = self.work.image
        try:
            if self.docker.works("image", "inspect", image):
                return
            self.job.append(secondary="Downloading", message="Downloading the training image")
            pulling = self.docker.begin("pull", image)
            try:
                while pulling.poll() is None:
                    yield
                    time.sleep(_TICK_S)
                self.docker.end(pulling)
            finally:
                if pulling.poll() is None:
                    pulling.kill()
                    pulling.wait()
        except DockerRefused as why:
            raise CannotRun(f"the image {image} is not on this machine and cannot be pulled: {why}") from why

    def ready(self, hosts: Sequence[Host]) -> None:
        """Make the network and the containers; none runs yet. Raises CannotRun."""
        try:
            self._make_network()
        except DockerRefused as why:
            raise CannotRun(f"a network for the containers of the job cannot be made: {why}") from why
        self._hosts_file.write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n", encoding="utf-8")
        for host in hosts:
            try:
                self._create(host)
            except DockerRefused as why:
                raise CannotRun(f"a container of {self.work.image} cannot be made: {why}") from why

    def start(self, host: Host, *, output: int, close: Sequence[int]) -> Started:
        """Start a host's container and stay with its output."""
        name = self._name(host)
        launch = Launch(
            argv=[*self.docker.words, "start", "--attach", name],
            environment=self.docker.environment,
            cwd="/",
            hostname=host.name,
            output=output,
        )
        process = plain.start(launch, close=close)
        self.note(process.pid)
        return _StartedContainer(
            pid=process.pid, main=process.main, errors=process.errors, docker=self.docker, name=name, host=host
        )

    def introduce(self, hosts: Sequence[Host]) -> None:
        """Write the hosts' addresses where all see them: the network forgets the name of a container that has ended."""
        until = time.monotonic() + _STARTING_S
        unknown = list(hosts) if len(hosts) > 1 else []
        while unknown:
            for host in list(unknown):
                address = self._address(host, wait=time.monotonic() < until)
                if address:
                    unknown.remove(host)
                    with open(self._hosts_file, "a", encoding="utf-8") as file:
                        file.write(f"{address} {host.name}\n")
            time.sleep(_TICK_S if unknown else 0)

    def settle(self) -> None:
        """Take containers and network away, and have their files be ours."""
        remove(self.docker, self.job)

    def _make_network(self) -> None:
        words = ["--label", _label(self.job)]
        if self.work.is_cut_off:
            words.append("--internal")
        self.docker.ask("network", "create", *words, _network(self.job))

    def _words(self, host: Host) -> list[str]:
        """What follows ``docker create``."""
        entry = self.work.entrypoint
        network = _network(self.job)
        words = ["--name", self._name(host), "--label", _label(self.job), "--hostname", host.name]
        words += ["--network", network, "--network-alias", host.name, "--security-opt", "label=disable"]
        words += ["--shm-size", str(_shared_memory())]
        if self.work.instance_type == "local_gpu":
            words += ["--gpus", "all"]
        if self.work.host_count > 1:
            words += mount(str(self._hosts_file), "/etc/hosts")
        for path, folder in host.private.items():
            words += mount(folder, path)
        for path in host.readonly:
            words += mount(str(host.inside(path)), path, readonly=True)
        words += ["--entrypoint", entry[0]] if entry else []
        return [*words, self.work.image, *entry[1:], *(self.work.arguments or self.work.image_arguments)]

    def _create(self, host: Host) -> None:
        """Make a host's container. Its variables are never on a command line, which others of this machine could read.

        They go by a file, and what no line of it can hold by the environment of the command.
        """
        variables = host.environment()
        by_line = {name: value for name, value in variables.items() if "\n" not in value}
        others = {name: value for name, value in variables.items() if name not in by_line}
        words = [word for name in others for word in ("--env", name)]
        file = host.folder / "environment"
        file.touch(mode=0o600)
        lines = "".join(f"{name}={value}\n" for name, value in by_line.items())
        file.write_text(lines, encoding="utf-8", errors="surrogateescape")
        try:
            self.docker.told(others).ask("create", "--env-file", str(file), *words, *self._words(host))
        finally:
            file.unlink(missing_ok=True)

    @property
    def _hosts_file(self) -> Path:
        return self.job.path / "hosts"

    def _address(self, host: Host, *, wait: bool) -> str:
        """A host's address; empty while there is none yet. One that ended before it was asked gets one of nobody's."""
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}} {{.State.Status}}"
        try:
            address, _, status = self.docker.ask("inspect", "--format", form, self._name(host)).rpartition(" ")
        except DockerRefused:
            return _NOBODYS
        return address or ("" if wait and status in _NOT_YET else _NOBODYS)

    def _name(self, host: Host) -> str:
        return f"{_network(self.job)}-{host.name}"


@dataclass(frozen=True, kw_only=True)
class _StartedContainer(Started):
    """A container, and the command that stays with its output: the process that is ours to wait for."""

    docker: Docker
    name: str
    host: Host

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the container's first process; one that does not run yet is waited for."""
        until = time.monotonic() + _STARTING_S
        while not self.docker.works("kill", "--signal", number.name, self.name):
            if self._state("Status") not in _NOT_YET or time.monotonic() > until:
                return
            time.sleep(_TICK_S)

    def status(self, code: int) -> int:
        """The exit status of the container; 137 for one that had to be ended because nobody was with it any more.

        One that never ran has failed, whatever status its engine gives it.
        """
        now, _, said = self._state("Status", "ExitCode").partition(" ")
        if now in _NOT_YET:
            self._say(self._state("Error") or "see the log")
            return int(said) if said.isdigit() and said != "0" else super().status(code) or _NEVER_RAN
        if now == "running":
            self.docker.works("kill", self.name)
            return 128 + signal.SIGKILL
        return int(said) if said.isdigit() else super().status(code)

    def _state(self, *members: str) -> str:
        """What the engine says of the container, a blank between members; empty where it knows none."""
        form = " ".join(f"{{{{.State.{member}}}}}" for member in members)
        try:
            return self.docker.ask("inspect", "--format", form, self.name)
        except DockerRefused:
            return ""

    def _say(self, why: str) -> None:
        """Why the container's program did not start, as the platform says it for a job that could not."""
        failure = self.host.inside(self.host.work.last_words)
        if not failure.exists():
            failure.write_text(f"the image {self.host.work.image} could not be started: {why}", encoding="utf-8")


def docker_of(settings: Settings) -> Docker:
    """The command that the settings name."""
    return Docker(words=list(settings.docker), environment=settings.docker_environment)


def remove(docker: Docker, job: JobFolder) -> None:
    """Take away every container and network of a job, and have what they wrote belong to us."""
    try:
        _remove(docker, job)
    except DockerRefused as why:
        sys.stderr.write(f"containers of {job.path} may be left: {why}\n")
    ownership.reclaim(job.path, docker, work_of(job.request()).image, label=_label(job))


def remove_after_a_kill(job: JobFolder) -> None:
    """The same for a job whose supervisor was killed: what it had just asked for may come a moment later."""
    docker = docker_of(Settings.of(job.settings()))
    remove(docker, job)
    time.sleep(_LATE_S)
    remove(docker, job)


def _remove(docker: Docker, job: JobFolder) -> None:
    mine = f"label={_label(job)}"
    if found := docker.ask("ps", "--all", "--quiet", "--filter", mine).split():
        docker.works("rm", "--force", "--volumes", *found)
    if found := docker.ask("network", "ls", "--quiet", "--filter", mine).split():
        docker.works("network", "rm", *found)


def _network(job: JobFolder) -> str:
    """A name that no other job has, of another home neither."""
    mark = hashlib.sha256(os.fsencode(job.path)).hexdigest()[:8]
    return f"ssm-{mark}-{job.name}"


def _label(job: JobFolder) -> str:
    return f"{_LABEL}={job.path}"


def _shared_memory() -> int:
    """Bytes of /dev/shm: half of the memory, as on any machine; PyTorch's loaders need more than Docker's 64 MiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
