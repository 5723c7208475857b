"""The command that runs containers, used with arguments that Docker, Podman, nerdctl and Finch share."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence

from ...core.records import dataclass, replace


class DockerError(Exception):
    """The command could not be run, or failed; the message is its last line of stderr."""


@dataclass(frozen=True, kw_only=True)
class Docker:
    """The command (``docker``, or ``podman`` …) and the environment that it needs to find its engine."""

    command: Sequence[str]
    environment: Mapping[str, str]

    def with_environment(self, variables: Mapping[str, str]) -> Docker:
        """Return the same command with more variables in its environment."""
        return replace(self, environment={**self.environment, **variables})

    def run(self, *arguments: str) -> str:
        """Run the command and return its output. Raises DockerError."""
        done = self._execute(arguments)
        if done.returncode:
            raise DockerError(_last_line(done.stderr) or f"{arguments[0]} ended with status {done.returncode}")
        return done.stdout.decode("utf-8", "replace").strip()

    def succeeds(self, *arguments: str) -> bool:
        """Run the command; return whether it succeeds. Its output is dropped."""
        return self._execute(arguments).returncode == 0

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start the command; its errors are kept for :meth:`wait`."""
        quiet = subprocess.DEVNULL
        try:
            return subprocess.Popen(
                [*self.command, *arguments], env=self.environment, stdin=quiet, stdout=quiet, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise DockerError(f"{self.command[0]}: {error.strerror}") from error

    def wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait for a started command. Raises DockerError."""
        _, errors = process.communicate()
        if process.returncode:
            raise DockerError(_last_line(errors) or f"it ended with status {process.returncode}")

    def _execute(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [*self.command, *arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise DockerError(f"{self.command[0]}: {error.strerror}") from error


def mount(folder: str, path: str, *, readonly: bool = False) -> list[str]:
    """The arguments that mount a folder of this machine, as a line of CSV, which can hold any path."""
    fields = ["type=bind", f"source={folder}", f"target={path}", *(["readonly"] if readonly else [])]
    quoted = ['"' + field.replace('"', '""') + '"' if set(field) & {",", '"'} else field for field in fields]
    return ["--mount", ",".join(quoted)]


def _last_line(output: bytes) -> str:
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("Error response from daemon: ") if lines else ""
