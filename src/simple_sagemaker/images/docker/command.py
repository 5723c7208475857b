"""The Docker command: which one it is, what it answers, and what to do where there is none.

``SSM_DOCKER`` is the command, with words of its own where it needs some (``podman``, ``finch``, ``docker --context
far``). Of its verbs only plain ones are used, which all of these have.
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
from dataclasses import dataclass, replace

from ...core.image_builder import Say
from ...errors import EngineUnavailable, SsmError, UsageError

_LAST_LINES = 12
_STYLE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_WAYS_OUT = (
    "Install Docker (https://docs.docker.com/get-docker/) and start it, or name another command that has its words "
    "(SSM_DOCKER=podman).\nWithout Docker: on AWS name an image that is in a registry already (--image_uri in place of "
    "--docker_file_path_or_content); on this machine run as processes (SSM_ENGINE=local)."
)


class DockerFailed(SsmError):
    """The command ended with an error of its own; ``output`` is what it printed last."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@dataclass(frozen=True, kw_only=True)
class Docker:
    """A Docker command and the environment that it is started in."""

    words: tuple[str, ...]
    environment: Mapping[str, str]

    def with_environment(self, changes: Mapping[str, str]) -> Docker:
        """The same command, with more in its environment."""
        return replace(self, environment={**self.environment, **changes})

    def typed(self, *words: str) -> str:
        """The command with further words, as a person would type it."""
        return shlex.join([*self.words, *words])

    def ask(self, *words: str, stdin: str | None = None) -> str | None:
        """What the command prints on stdout; None when it says no, to a question for what is not there, say.

        Raises EngineUnavailable where nobody can answer.
        """
        done = self._done(*words, stdin=stdin)
        if done.returncode == 0:
            return done.stdout
        self.check()
        return None

    def do(self, *words: str, stdin: str | None = None) -> str:
        """What the command prints on stdout. Raises DockerFailed, or EngineUnavailable where there is no daemon."""
        done = self._done(*words, stdin=stdin)
        if done.returncode != 0:
            self.check()
            raise self._failed(words, done.returncode, (done.stderr.strip() or done.stdout.strip()).splitlines())
        return done.stdout

    def follow(self, *words: str, say: Say) -> None:
        """Let the command work, and tell each line that it prints. Raises as ``do`` does.

        Left by an exception, the command is ended.
        """
        last: deque[str] = deque(maxlen=_LAST_LINES)
        with subprocess.Popen(
            self._program(words),
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as process:
            assert process.stdout is not None  # noqa: S101 - it was asked for in the line above
            try:
                for data in process.stdout:
                    line = _plain(data.decode("utf-8", "replace"))
                    if line:
                        last.append(line)
                    say(line)
            except BaseException:
                process.terminate()
                raise
        if process.returncode != 0:
            self.check()
            raise self._failed(words, process.returncode, list(last))

    def check(self) -> None:
        """Raises EngineUnavailable, with the ways out, where no daemon answers."""
        done = self._done("ps", "--quiet")
        if done.returncode != 0:
            said = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1]
            raise EngineUnavailable(f"Docker does not answer to {self.typed('ps')}: {_plain(said)}\n{_WAYS_OUT}")

    def _done(self, *words: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._program(words),
            env=self.environment,
            input=stdin if stdin is not None else "",
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )

    def _program(self, words: tuple[str, ...]) -> list[str]:
        """The words to start; Windows looks for a program by the caller's own PATH alone."""
        name, *rest = self.words
        return [shutil.which(name, path=self.environment.get("PATH")) or name, *rest, *words]

    def _failed(self, words: tuple[str, ...], status: int, lines: list[str]) -> DockerFailed:
        told = "\n".join(f"  {_plain(line)}" for line in lines[-_LAST_LINES:])
        again = self.typed(*words)
        return DockerFailed(
            f"{self.words[0]} {words[0]} failed with status {status}:\n{told}\nThis repeats it: {again}", told
        )


def chosen(environment: Mapping[str, str]) -> Docker:
    """The command that ``SSM_DOCKER`` names, or ``docker``. Raises EngineUnavailable where there is no such program."""
    text = environment.get("SSM_DOCKER") or "docker"
    try:
        words = shlex.split(text, posix=sys.platform != "win32")
    except ValueError as error:
        raise UsageError(f"SSM_DOCKER={text!r} cannot be read as a command: {error}.") from error
    if not words:
        raise UsageError(f"SSM_DOCKER={text!r} is no command.\nName one (SSM_DOCKER=podman), or leave it out.")
    if not shutil.which(words[0], path=environment.get("PATH", os.defpath)):
        named = f"SSM_DOCKER={text}" if environment.get("SSM_DOCKER") else "docker"
        raise EngineUnavailable(f"There is no program {words[0]!r} here, which an image needs ({named}).\n{_WAYS_OUT}")
    return Docker(words=tuple(words), environment=dict(environment))


def _plain(line: str) -> str:
    """A line without colours and without what a carriage return wrote over."""
    return _STYLE.sub("", line.rstrip("\r\n").rpartition("\r")[2]).rstrip()
