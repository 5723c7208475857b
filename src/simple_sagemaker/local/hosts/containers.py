"""Hosts as containers of the job's image, on a network of the job's own where they find each other by name.

A container sees its host's folders at the job's paths, and of this machine nothing else. Every container and network
carries the job's folder in a label, so that they can be removed even after the job's supervisor was killed.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.records import dataclass, field
from ..isolation import plain
from ..isolation.namespaces import Launch, Started
from ..job.home import Settings
from ..requests.read import read_work
from ..requests.request import Work
from . import ownership
from .backend import CannotRun
from .docker import Docker, DockerError, mount
from .host import Host

if sys.platform == "win32":
    raise ImportError("the supervisor of a job needs Linux or macOS")

import signal

if TYPE_CHECKING:
    from ..job.folder import JobFolder

INTERFACE = "eth0"
_LABEL = "simple-sagemaker.job"
_TICK_S = 0.05
_LATE_START_S = 0.5
_NOT_YET = frozenset({"created", "configured", "initialized"})  # a container's states before it runs
_NEVER_RAN = 126  # the status by which shells report a program that cannot be started
_UNUSED_ADDRESS = "192.0.2.1"  # reserved (RFC 5737): the name of a host that has ended resolves, nothing answers
_STARTING_S = 5.0  # for a container that was started and does not run yet


@dataclass(frozen=True, kw_only=True)
class Containers:
    """The containers of one job. ``note`` is called with the process that is attached to each."""

    docker: Docker
    job: JobFolder
    work: Work
    note: Callable[[int], None]
    _shared: set[str] = field(default_factory=set, init=False)

    @property
    def isolation(self) -> str:
        return "docker"

    def provision(self) -> Iterator[None]:
        """Pull the image unless it exists. Raises CannotRun."""
        image = self.work.image
        try:
            if self.docker.succeeds("image", "inspect", image):
                return
            self.job.append(secondary="Downloading", message="Downloading the training image")
            pulling = self.docker.start("pull", image)
            try:
                while pulling.poll() is None:
                    yield
                    time.sleep(_TICK_S)
                self.docker.wait(pulling)
            finally:
                if pulling.poll() is None:
                    pulling.kill()
                    pulling.wait()
        except DockerError as why:
            raise CannotRun(f"the image {image} is not on this machine and cannot be pulled: {why}") from why

    def prepare(self, hosts: Sequence[Host]) -> None:
        """Create the network and the containers; none runs yet. Raises CannotRun."""
        try:
            self._make_network()
        except DockerError as why:
            raise CannotRun(f"a network for the containers of the job cannot be made: {why}") from why
        self._hosts_file.write_text("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n", encoding="utf-8")
        self._shared.update(hosts[0].shared)
        for host in hosts:
            try:
                self._create(host)
            except DockerError as why:
                raise CannotRun(f"a container of {self.work.image} cannot be made: {why}") from why

    def start(self, host: Host, *, output: int, close: Sequence[int]) -> Started:
        """Start a host's container, attached to its output."""
        name = self._name(host)
        launch = Launch(
            argv=[*self.docker.command, "start", "--attach", name],
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

    def publish_addresses(self, hosts: Sequence[Host]) -> None:
        """Write all addresses into the hosts' ``/etc/hosts``: the network forgets a container's name when it ends."""
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

    def clean_up(self) -> None:
        """Remove containers and network, and take ownership of their files."""
        remove(self.docker, self.job)
        for folder in self._shared:
            ownership.reclaim(Path(folder), self.docker, self.work.image, label=_label(self.job))

    def _make_network(self) -> None:
        options = ["--label", _label(self.job)]
        if self.work.is_network_isolated:
            options.append("--internal")
        self.docker.run("network", "create", *options, _network(self.job))

    def _create_arguments(self, host: Host) -> list[str]:
        """The arguments of ``docker create``."""
        entrypoint = self.work.entrypoint
        network = _network(self.job)
        arguments = ["--name", self._name(host), "--label", _label(self.job), "--hostname", host.name]
        arguments += ["--network", network, "--network-alias", host.name, "--security-opt", "label=disable"]
        arguments += ["--shm-size", str(_shared_memory_bytes())]
        if self.work.instance_type(host.name) == "local_gpu":
            arguments += ["--gpus", "all"]
        if self.work.host_count > 1:
            arguments += mount(str(self._hosts_file), "/etc/hosts")
        for path, folder in host.private.items():
            arguments += mount(folder, path)
        for path in host.shared:
            arguments += mount(path, path)
        for path in host.readonly:
            arguments += mount(str(host.inside(path)), path, readonly=True)
        arguments += ["--entrypoint", entrypoint[0]] if entrypoint else []
        return [*arguments, self.work.image, *entrypoint[1:], *(self.work.arguments or self.work.image_arguments)]

    def _create(self, host: Host) -> None:
        """Create a host's container. Its variables are never on a command line, which other users could read.

        They are passed in a file; values with newlines, which the file cannot hold, in the command's environment.
        """
        variables = host.environment()
        single_line = {name: value for name, value in variables.items() if "\n" not in value}
        others = {name: value for name, value in variables.items() if name not in single_line}
        options = [option for name in others for option in ("--env", name)]
        file = host.folder / "environment"
        file.touch(mode=0o600)
        lines = "".join(f"{name}={value}\n" for name, value in single_line.items())
        file.write_text(lines, encoding="utf-8", errors="surrogateescape")
        try:
            self.docker.with_environment(others).run(
                "create", "--env-file", str(file), *options, *self._create_arguments(host)
            )
        finally:
            file.unlink(missing_ok=True)

    @property
    def _hosts_file(self) -> Path:
        return self.job.path / "hosts"

    def _address(self, host: Host, *, wait: bool) -> str:
        """A host's address; empty while it has none yet. A host that has already ended gets an unused address."""
        template = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}} {{.State.Status}}"
        try:
            address, _, status = self.docker.run("inspect", "--format", template, self._name(host)).rpartition(" ")
        except DockerError:
            return _UNUSED_ADDRESS
        return address or ("" if wait and status in _NOT_YET else _UNUSED_ADDRESS)

    def _name(self, host: Host) -> str:
        return container_name(self.job, host.name)


@dataclass(frozen=True, kw_only=True)
class _StartedContainer(Started):
    """A container, and the ``docker start --attach`` process that is our child."""

    docker: Docker
    name: str
    host: Host

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the container's first process; wait for one that does not run yet."""
        until = time.monotonic() + _STARTING_S
        while not self.docker.succeeds("kill", "--signal", number.name, self.name):
            if self._state("Status") not in _NOT_YET or time.monotonic() > until:
                return
            time.sleep(_TICK_S)

    def status(self, code: int) -> int:
        """The exit status of the container; one that still runs although the attached process ended is killed: 137.

        One that never ran has failed, whatever status the engine reports.
        """
        status, _, exit_code = self._state("Status", "ExitCode").partition(" ")
        if status in _NOT_YET:
            self._record_failure(self._state("Error") or "see the log")
            return int(exit_code) if exit_code.isdigit() and exit_code != "0" else super().status(code) or _NEVER_RAN
        if status == "running":
            self.docker.succeeds("kill", self.name)
            return 128 + signal.SIGKILL
        return int(exit_code) if exit_code.isdigit() else super().status(code)

    def _state(self, *members: str) -> str:
        """Members of the container's state, separated by blanks; empty if the engine has no such container."""
        template = " ".join(f"{{{{.State.{member}}}}}" for member in members)
        try:
            return self.docker.run("inspect", "--format", template, self.name)
        except DockerError:
            return ""

    def _record_failure(self, why: str) -> None:
        """Write why the container's program did not start to where the program would have written it."""
        failure = self.host.inside(self.host.work.exit_message_path)
        with suppress(FileExistsError), open(failure, "x", encoding="utf-8") as file:  # "x" follows no link
            file.write(f"the image {self.host.work.image} could not be started: {why}")


def container_name(job: JobFolder, host: str) -> str:
    """The container of one host of a job."""
    return f"{_network(job)}-{host}"


def docker_command(settings: Settings) -> Docker:
    """The Docker command that the settings name."""
    return Docker(command=list(settings.docker), environment=settings.docker_environment)


def remove(docker: Docker, job: JobFolder) -> None:
    """Remove all containers and the network of a job, and take ownership of what they wrote."""
    try:
        _remove(docker, job)
    except DockerError as why:
        sys.stderr.write(f"containers of {job.path} may be left: {why}\n")
    ownership.reclaim(job.path, docker, read_work(job.request()).image, label=_label(job))


def remove_after_a_kill(job: JobFolder) -> None:
    """The same for a job whose supervisor was killed: a container it had just requested may appear a moment later."""
    docker = docker_command(Settings.from_json(job.settings()))
    remove(docker, job)
    time.sleep(_LATE_START_S)
    remove(docker, job)


def _remove(docker: Docker, job: JobFolder) -> None:
    own_label = f"label={_label(job)}"
    if containers := docker.run("ps", "--all", "--quiet", "--filter", own_label).split():
        docker.succeeds("rm", "--force", "--volumes", *containers)
    if networks := docker.run("network", "ls", "--quiet", "--filter", own_label).split():
        docker.succeeds("network", "rm", *networks)


def _network(job: JobFolder) -> str:
    """A network name unique to the job, across homes too."""
    mark = hashlib.sha256(os.fsencode(job.path)).hexdigest()[:8]
    return f"ssm-{mark}-{job.name}"


def _label(job: JobFolder) -> str:
    return f"{_LABEL}={job.path}"


def _shared_memory_bytes() -> int:
    """Bytes of /dev/shm: half of the memory, as on any machine; PyTorch's loaders need more than Docker's 64 MiB."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
