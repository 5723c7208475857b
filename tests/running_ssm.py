"""``ssm`` as a process that a test can end, and look at: forked where a fork does what a new process does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import forked_ssm
from tests.counts import LONG


def start(words: Sequence[str], *, folder: Path | None, environment: Mapping[str, str]) -> Command:
    """Start ``ssm``, whose input is empty; in the long run as a person does."""
    kind = Forked if not LONG and forked_ssm.can_fork(words, folder or Path.cwd(), environment) else Command
    return kind(words, folder, environment)


def run(
    *words: str, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run ``ssm`` to its end; it has this process's environment unless it is given one."""
    command = start(words, folder=folder, environment=os.environ if environment is None else environment)
    try:
        out, err = command.communicate(600)
    finally:
        command.kill()
    return subprocess.CompletedProcess(["ssm", *words], command.wait(), out, err)


class Command:
    """A running ``ssm``: what tests want of a :class:`subprocess.Popen`, with its output in files."""

    def __init__(self, words: Sequence[str], folder: Path | None, environment: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        self._out, self._err = (tempfile.TemporaryFile("w+") for _ in range(2))  # noqa: SIM115 - until we go
        with open(os.devnull) as nothing:
            streams = (nothing.fileno(), self._out.fileno(), self._err.fileno())
            self.pid = self._begin(words, str(folder or os.getcwd()), dict(environment), streams)

    def _begin(
        self, words: Sequence[str], folder: str, environment: dict[str, str], streams: tuple[int, int, int]
    ) -> int:
        none, out, err = streams
        program = [sys.executable, "-m", "simple_sagemaker.cli.main", *words]
        self._process = subprocess.Popen(program, cwd=folder, env=environment, stdin=none, stdout=out, stderr=err)
        return self._process.pid

    def _end(self, within_s: float | None) -> int:
        """The status, or TimeoutError."""
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError from None

    def poll(self) -> int | None:
        try:
            return self.wait(0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        if self.returncode is None:
            try:
                self.returncode = self._end(timeout)
            except TimeoutError:
                raise subprocess.TimeoutExpired("ssm", timeout or 0) from None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self.wait(timeout)
        said = []
        for file in (self._out, self._err):
            file.seek(0)
            said.append(file.read())
            file.seek(0, os.SEEK_END)
        return said[0], said[1]

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def __del__(self) -> None:
        self._out.close()
        self._err.close()


class Forked(Command):
    """The same as a child of a process that waits with everything imported."""

    def _begin(
        self, words: Sequence[str], folder: str, environment: dict[str, str], streams: tuple[int, int, int]
    ) -> int:
        pid, self._report = forked_ssm.start(words, Path(folder), environment, streams[1:])
        return pid

    def _end(self, within_s: float | None) -> int:
        self._report.settimeout(0.0001 if within_s == 0 else within_s)
        told = self._report.recv(100)
        if not told:
            raise RuntimeError("the process that forks has ended")
        self._report.close()
        return int(told)

    def __del__(self) -> None:
        super().__del__()
        self._report.close()
