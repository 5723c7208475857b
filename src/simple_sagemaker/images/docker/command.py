"""The Docker command: which one to use, running it, and what to do without one.

``SSM_DOCKER`` is the command, with arguments if it needs some (``podman``, ``finch``, ``docker --context far``). Only
basic subcommands are used, which all of these have.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Mapping

from ...core.image_builder import Report
from ...core.records import dataclass, replace
from ...errors import EngineUnavailable, SsmError, UsageError

_LAST_LINES = 12
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_INSTALL = (
    "Install Docker (https://docs.docker.com/get-docker/) and start it, or name another compatible command "
    "(SSM_DOCKER=podman).\n"
)
_WITHOUT_CONTAINERS = (
    "Without Docker: run as processes of this machine (SSM_ENGINE=local), or on AWS (without SSM_ENGINE); neither "
    "builds an image."
)
_WITHOUT_BUILDS = (
    "Without Docker: on AWS name an image that is in a registry already ({image_uri} in place of "
    "{docker_file_path_or_content}); on this machine run as processes (SSM_ENGINE=local)."
)


class DockerFailed(SsmError):
    """The command failed; ``output`` is the last part of what it printed."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True, kw_only=True)
class Docker:
    """A Docker command and its environment."""

    command: tuple[str, ...]
    environment: Mapping[str, str]

    def with_environment(self, changes: Mapping[str, str]) -> Docker:
        """The same command, with more in its environment."""
        return replace(self, environment={**self.environment, **changes})

    def command_line(self, *arguments: str) -> str:
        """The command with further arguments, as typed in a shell."""
        return shlex.join([*self.command, *arguments])

    def ask(self, *arguments: str, stdin: str | None = None) -> str | None:
        """Run the command and return its stdout; None if it fails, for example because the object does not exist.

        Raises EngineUnavailable if there is no daemon.
        """
        done = self._run(*arguments, stdin=stdin)
        if done.returncode == 0:
            return done.stdout
        self.check()
        return None

    def do(self, *arguments: str, stdin: str | None = None) -> str:
        """Run the command and return its stdout. Raises DockerFailed, or EngineUnavailable if there is no daemon."""
        done = self._run(*arguments, stdin=stdin)
        if done.returncode != 0:
            self.check()
            lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
            raise self._failure(arguments, done.returncode, lines[-_LAST_LINES:])
        return done.stdout

    def follow(self, *arguments: str, report: Report) -> None:
        """Run the command, and report each line that it prints. Raises as ``do`` does.

        An exception, such as KeyboardInterrupt, terminates the command.
        """
        last: deque[str] = deque(maxlen=_LAST_LINES)
        with subprocess.Popen(
            self._program(arguments),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - stdout=PIPE above
            try:
                for data in process.stdout:
                    line = _plain(data.decode("utf-8", "replace"))
                    if line:
                        last.append(line)
                    report(line)
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            self.check()
            raise self._failure(arguments, process.returncode, list(last))

    def check(self) -> None:
        """Raise EngineUnavailable, with advice, if no daemon answers."""
        done = self._run("ps", "--quiet")
        if done.returncode != 0:
            reason = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1]
            raise EngineUnavailable.naming(
                "Docker does not answer to {command}: {reason}\n" + _ways_out(self.environment),
                command=self.command_line("ps"),
                reason=_plain(reason),
            )

    def _run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._program(arguments),
            env=self.environment,
            input=stdin if stdin is not None else "",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def _program(self, arguments: tuple[str, ...]) -> list[str]:
        """The argv to start; Windows would look for the program only in the caller's own PATH."""
        name, *rest = self.command
        return [shutil.which(name, path=self.environment.get("PATH")) or name, *rest, *arguments]

    def _failure(self, arguments: tuple[str, ...], status: int, lines: list[str]) -> DockerFailed:
        output = "\n".join(f"  {_plain(line)}" for line in lines)
        again = self.command_line(*arguments)
        return DockerFailed(
            f"{self.command[0]} {arguments[0]} failed with status {status}:\n{output}\nThis repeats it: {again}", output
        )


def from_environment(environment: Mapping[str, str]) -> Docker:
    """The command that ``SSM_DOCKER`` names, or ``docker``. Raises EngineUnavailable if there is no such program."""
    text = environment.get("SSM_DOCKER") or "docker"
    try:
        command = shlex.split(text, posix=sys.platform != "win32")
    except ValueError as error:
        raise UsageError(f"SSM_DOCKER={text!r} cannot be read as a command: {error}.") from error
    if not command:
        raise UsageError(f"SSM_DOCKER={text!r} is not a command.\nName one (SSM_DOCKER=podman), or leave it out.")
    if not shutil.which(command[0], path=environment.get("PATH", os.defpath)):
        named = f"SSM_DOCKER={text}" if environment.get("SSM_DOCKER") else "docker"
        raise EngineUnavailable.naming(
            "There is no program {program!r} here, which an image needs ({named}).\n" + _ways_out(environment),
            program=command[0],
            named=named,
        )
    return Docker(command=tuple(command), environment=dict(environment))


def _plain(line: str) -> str:
    """A line without colours and without text that a carriage return overwrote."""
    return _STYLE.sub("", line.rstrip("\r\n").rpartition("\r")[2]).rstrip()


def _ways_out(environment: Mapping[str, str]) -> str:
    """What to do about Docker, which is missing: for jobs in containers, or for an image that is built."""
    return _INSTALL + (_WITHOUT_CONTAINERS if environment.get("SSM_ENGINE") == "docker" else _WITHOUT_BUILDS)
