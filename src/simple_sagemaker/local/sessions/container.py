"""A program that another command of this machine starts in a running container, by ``docker exec``.

That command has the caller's own streams: it copies them, and the container holds none. What it starts would go on when
it is killed, so a process of ours waits beside it, and then kills whatever has this session's mark in its environment.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from ...core.records import dataclass
from ..hosts.containers import container_name, docker_command
from ..hosts.docker import Docker, DockerError
from ..job.folder import JobFolder
from ..job.home import Settings
from . import session

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")

_MARK = "SSM_EXEC"
_DONE = b"done\n"
_CHUNK = 1 << 16
_KILLED = 128 + signal.SIGKILL
_SWEEPS = 3
_SWEEP = """
for file in /proc/[0-9]*/environ; do
    if grep -qs "$1" "$file"; then number=${file#/proc/}; kill -9 "${number%/environ}"; fi
done 2>/dev/null
"""
_PROGRAM = (
    "import sys; sys.path.append(sys.argv[1]); from simple_sagemaker.local.isolation import clean_start; "
    "clean_start.close_inherited(4); from simple_sagemaker.local.sessions.container import main; main()"
)


class NotRunning(Exception):
    """The container ended, with the program in it."""


@dataclass(frozen=True, kw_only=True)
class Container:
    """A host's container, and the command that reaches it."""

    docker: Docker
    name: str

    def is_running(self) -> bool:
        """Whether it runs."""
        try:
            return self.docker.run("inspect", "--format", "{{.State.Running}}", self.name) == "true"
        except DockerError:
            return False

    def address(self) -> str:
        """Its address in the job's network. Raises DockerError."""
        return self.docker.run(
            "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", self.name
        )

    def execute(self, program: Sequence[str], *, terminal: str | None) -> int:
        """Run a program in it with our own streams; return its exit status. Raises NotRunning, DockerError.

        ``terminal`` is the kind (``TERM``) of the one that the program is to have.
        """
        mark = f"{_MARK}={os.urandom(16).hex()}"
        options = ["--interactive", "--env", mark]
        if terminal:
            options += ["--tty", "--env", f"TERM={terminal}"]
        sweeper, control = _start_sweeper(self, mark)
        try:
            code = self._run([*self.docker.command, "exec", *options, self.name, *program], control)
            if code >= 0 and code != 128 + signal.SIGINT:
                os.write(control, _DONE)
        finally:
            os.close(control)
            with suppress(ChildProcessError):
                os.waitpid(sweeper, 0)
        if code == _KILLED and not self.is_running():
            raise NotRunning
        return code if code >= 0 else 128 - code

    def _run(self, words: list[str], control: int) -> int:
        try:
            process = subprocess.Popen(words, env=self.docker.environment)
        except OSError as error:
            raise DockerError(f"{words[0]}: {error.strerror}") from error
        os.write(control, b"%d\n" % process.pid)
        before = signal.signal(signal.SIGINT, lambda number, _: process.send_signal(number))
        try:
            return process.wait()
        finally:
            signal.signal(signal.SIGINT, before)


def container_of(job: JobFolder, host: str) -> Container | None:
    """The container of a host; None for a job whose hosts are processes."""
    settings = Settings.from_json(job.settings())
    if settings.isolation != "docker":
        return None
    return Container(docker=docker_command(settings), name=container_name(job, host))


def _start_sweeper(container: Container, mark: str) -> tuple[int, int]:
    """Start the process that cleans up after this one; return it, and the pipe by which it learns of our end."""
    theirs, ours = os.pipe()
    nothing = os.open(os.devnull, os.O_RDWR)
    pid = session.spawn(_PROGRAM, [nothing, nothing, nothing, theirs])
    os.close(theirs)
    os.close(nothing)
    words = [list(container.docker.command), dict(container.docker.environment), container.name, mark]
    os.write(ours, (json.dumps(words) + "\n").encode())
    return pid, ours


def main() -> None:
    """Wait for the end of a command; if it is not done, kill its ``docker exec`` and what that started."""
    os.set_inheritable(session.CONTROL, False)
    received = b""
    while data := os.read(session.CONTROL, _CHUNK):
        received += data
    order, *lines = received.splitlines(keepends=True)
    if _DONE in lines:
        return
    command, environment, name, mark = json.loads(order)
    for line in lines:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(int(line), signal.SIGKILL)
    docker = Docker(command=command, environment=environment)
    for _ in range(_SWEEPS):  # what was just being started may have been missed
        docker.succeeds("exec", name, "/bin/sh", "-c", _SWEEP, "sh", mark)
