"""A Docker daemon and a registry of the tests' own, with a small base image under the names of AWS's images.

``python -m tests.docker.daemon CMD…`` runs a command with both; with no command it only makes the base image, so that
a later run finds it. Debian's packages ``docker.io``, ``docker-registry`` and ``debootstrap`` are needed, and root.
Nothing outside the daemon's own folder is touched: no firewall rule, no configuration, no other daemon.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.docker import base

# How a run that was started by this module tells the processes below it what it started.
HOST = "TESTS_DOCKER_HOST"
REGISTRY = "TESTS_DOCKER_REGISTRY"

_PACKAGES = {"dockerd": "docker.io", "docker": "docker.io", "docker-registry": "docker-registry"}
_WAIT_S = 60.0


@dataclass(frozen=True)
class Daemon:
    """A running daemon at ``host`` and a running registry at ``registry`` (``127.0.0.1:PORT``)."""

    host: str
    registry: str

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to come to this daemon, whose builds have the network of this machine or none."""
        return {"DOCKER_HOST": self.host, "SSM_DOCKER_BUILD": "--network host"}

    def docker(self, *words: str, check: bool = True) -> str:
        """What Docker's own client prints."""
        done = subprocess.run(
            ["docker", *words], env={**os.environ, **self.environment}, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"docker {' '.join(words)}: {done.stderr}"
        return done.stdout


@contextmanager
def running() -> Iterator[Daemon]:
    """A daemon and a registry, both with the base images; those of an outer run where there is one."""
    if HOST in os.environ:
        yield Daemon(os.environ[HOST], os.environ[REGISTRY])
        return
    need(*_PACKAGES)
    folder = Path(tempfile.mkdtemp(prefix="ssm-docker-", dir="/tmp"))  # short: sockets have short paths
    try:
        with daemon(folder / "docker") as host, registry(base.copied(folder / "registry", _made)) as address:
            made = Daemon(host, address)
            base.fetch(made.docker, address)
            yield made
    finally:
        _delete(folder)


def need(*programs: str) -> None:
    """Say what is missing here, and end: a run that asked for Docker must not pass without it."""
    missing = {_PACKAGES.get(one, one) for one in programs if not shutil.which(one, path=_path())}
    if missing:
        raise RuntimeError(f"the Docker tests need Debian's {', '.join(sorted(missing))}")
    if os.geteuid() != 0:
        raise RuntimeError("the Docker tests start a daemon of their own, which only root can")


@contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """The address of a daemon that keeps everything in a folder; its processes and mounts go with it."""
    folder.mkdir(parents=True)
    address = folder / "d.sock"
    words = ["--host", f"unix://{address}", "--data-root", str(folder / "data"), "--exec-root", str(folder / "exec")]
    words += ["--pidfile", str(folder / "pid"), "--iptables=false", "--ip-forward=false", "--bridge=none"]
    with _process("dockerd", words, folder / "log", lambda: _listens(str(address))):
        yield f"unix://{address}"
    for mount in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        if (where := mount.split()[1]).startswith(f"{folder}/"):
            subprocess.run(["umount", "--lazy", where], check=False)


@contextmanager
def registry(folder: Path, *, port: int = 0, accounts: Path | None = None, read_only: bool = False) -> Iterator[str]:
    """The address of a registry that keeps everything in a folder; ``accounts`` is a file of htpasswd's form."""
    folder.mkdir(parents=True, exist_ok=True)
    port = port or _free_port()
    auth = f"auth: {{htpasswd: {{realm: tests, path: {accounts}}}}}\n" if accounts else ""
    settings = folder.with_name(f"{folder.name}.yml")
    settings.write_text(
        "version: 0.1\nlog: {level: warn, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}}}, delete: {{enabled: true}}, "
        f"maintenance: {{readonly: {{enabled: {str(read_only).lower()}}}}}}}\n"
        f"http: {{addr: '127.0.0.1:{port}'}}\n{auth}",
        encoding="utf-8",
    )
    log = folder.with_name(f"{folder.name}.log")
    with _process("docker-registry", ["serve", str(settings)], log, lambda: _listens(port)):
        yield f"127.0.0.1:{port}"


def _made(storage: Path) -> None:
    """Fill a registry's storage with the base image, by a daemon that lives for this alone."""
    folder = Path(tempfile.mkdtemp(prefix="ssm-base-", dir="/tmp"))
    try:
        with daemon(folder / "docker") as host, registry(storage) as address:
            base.push(Daemon(host, address).docker, address, folder / "root")
    finally:
        _delete(folder)


def _delete(folder: Path) -> None:
    """Have a folder of very many files deleted, for whose end nobody needs to wait."""
    behind = ["sh", "-c", 'rm -rf "$0" >/dev/null 2>&1 &', str(folder)]
    subprocess.run(behind, stdin=subprocess.DEVNULL, start_new_session=True, check=True)


@contextmanager
def _process(program: str, words: Sequence[str], log: Path, ready: Callable[[], bool]) -> Iterator[None]:
    with open(log, "wb") as lines:
        process = subprocess.Popen(
            [program, *words], stdin=subprocess.DEVNULL, stdout=lines, stderr=lines, env=_settled(os.environ)
        )
    try:
        until = time.monotonic() + _WAIT_S
        while not ready():
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{program} does not start:\n{log.read_text(errors='replace')[-3000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _settled(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a daemon: what else the caller uses Docker for is no business of it."""
    kept = {name: value for name, value in environment.items() if not name.startswith(("DOCKER_", "REGISTRY_"))}
    return {**kept, "PATH": _path(), "OTEL_TRACES_EXPORTER": "none"}


def _path() -> str:
    return f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"  # where daemons are, on a person's PATH or not


def _listens(where: str | int) -> bool:
    family = socket.AF_UNIX if isinstance(where, str) else socket.AF_INET
    with socket.socket(family) as client:
        return client.connect_ex(where if isinstance(where, str) else ("127.0.0.1", where)) == 0


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def main(words: list[str]) -> int:
    try:
        if not words:
            need(*_PACKAGES)
            base.kept(_made)
            return 0
        with running() as here:
            environment = {**os.environ, HOST: here.host, REGISTRY: here.registry}
            return subprocess.run(words, env=environment, check=False).returncode
    except RuntimeError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
