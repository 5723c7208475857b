"""The command that runs containers, asked in words that Docker, Podman, nerdctl and Finch share."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace


class DockerRefused(Exception):
    """The command could not be run, or said no; the message is the last line that it said."""


@dataclass(frozen=True, kw_only=True)
class Docker:
    """The command's words (``docker``, or ``podman`` …) and the environment that it needs to find its engine."""

    words: Sequence[str]
    environment: Mapping[str, str]

    def told(self, variables: Mapping[str, str]) -> Docker:
        """The same command, with more in its environment."""
        return replace(self, environment={**self.environment, **variables})

    def ask(self, *words: str) -> str:
        """What the command answers. Raises DockerRefused."""
        done = self._run(words)
        if done.returncode:
            raise DockerRefused(_last_line(done.stderr) or f"{words[0]} ended with status {done.returncode}")
        return done.stdout.decode("utf-8", "replace").strip()

    def works(self, *words: str) -> bool:
        """Whether the command succeeds; what it says is of no interest."""
        return self._run(words).returncode == 0

    def begin(self, *words: str) -> subprocess.Popen[bytes]:
        """Start the command, its errors kept for :meth:`end`."""
        quiet = subprocess.DEVNULL
        try:
            return subprocess.Popen(
                [*self.words, *words], env=self.environment, stdin=quiet, stdout=quiet, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise DockerRefused(f"{self.words[0]}: {error.strerror}") from error

    def end(self, begun: subprocess.Popen[bytes]) -> None:
        """Wait for a started command. Raises DockerRefused."""
        _, said = begun.communicate()
        if begun.returncode:
            raise DockerRefused(_last_line(said) or f"it ended with status {begun.returncode}")

    def _run(self, words: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [*self.words, *words],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
        except OSError as error:
            raise DockerRefused(f"{self.words[0]}: {error.strerror}") from error


def mount(folder: str, path: str, *, readonly: bool = False) -> list[str]:
    """The words that mount a folder of this machine, in the form of a line of CSV, which takes any path."""
    words = ["type=bind", f"source={folder}", f"target={path}", *(["readonly"] if readonly else [])]
    quoted = ['"' + word.replace('"', '""') + '"' if set(word) & {",", '"'} else word for word in words]
    return ["--mount", ",".join(quoted)]


def _last_line(said: bytes) -> str:
    lines = [line.strip() for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("Error response from daemon: ") if lines else ""
