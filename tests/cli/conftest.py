"""The ``ssm`` command as a person runs it: a process of its own, in a folder of its own, with jobs on this machine."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from simple_sagemaker.local.supervisor.turns import is_locked
from tests import forked_ssm
from tests.warm_homes import warm


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str


class Shell:
    """Runs ``ssm`` in a folder, with an engine home beside it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        self.home = folder / "home"
        warm(self.home)
        self.environment = {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": str(self.home), "SSM_STOP_GRACE_S": "5"}

    def write(self, name: str, text: str) -> Path:
        """A file in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def bucket_file(self, bucket: str, key: str, data: bytes = b"x") -> None:
        """An object in a bucket of the engine."""
        path = self.home / "buckets" / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def command(self, *argv: str | bytes) -> list[str | bytes]:
        return [sys.executable, "-m", "simple_sagemaker.cli.main", *argv]

    def ssm(self, *argv: str | bytes, environment: Mapping[str, str | None] | None = None) -> Done:
        """Run ``ssm`` with these words; a variable set to None is taken away."""
        changed = {**self.environment, **(environment or {})}
        status, out, err = forked_ssm.run(
            argv, self.folder, {key: value for key, value in changed.items() if value is not None}
        )
        return Done(status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    def is_killed(self, argv: Sequence[str], delay_s: float) -> bool:
        """Run ``ssm`` with these words and kill it after a while; return False if it had ended."""
        nothing = subprocess.DEVNULL
        process = subprocess.Popen(
            self.command(*argv), cwd=self.folder, env=self.environment, stdin=nothing, stdout=nothing, stderr=nothing
        )
        try:
            process.wait(timeout=delay_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return True
        return False

    def run(self, *argv: str | bytes) -> Done:
        """``ssm run -p proj -t task …``."""
        return self.ssm("run", "-p", "proj", "-t", "task", *argv)

    def log(self, folder: str = "out", number: int = 0) -> str:
        """A log that was brought back."""
        return (self.folder / folder / "logs" / f"logs{number}").read_text(encoding="utf-8")

    def jobs(self) -> Sequence[Path]:
        """The folders of all jobs."""
        return sorted((self.home / "jobs").glob("[!.]*")) if (self.home / "jobs").exists() else []

    def written(self) -> list[str]:
        """Everything that was written for jobs, but for caches and what only a running job needs."""
        if not self.home.exists():
            return []
        # os.walk passes over folders that a job's supervisor takes away meanwhile, where rglob raises
        found = (Path(folder, name) for folder, _, names in os.walk(self.home) for name in names)
        kept = (path.relative_to(self.home) for path in found if path.is_file())
        passing = {"tmp", "python", "root"}
        return sorted(
            str(path)
            for path in kept
            if path.parts[0] not in {"cache", "locks"}
            and ".writing" not in path.parts
            and path.name not in {"supervisor.pid", "entrance.json"}
            and not (path.parts[0] == "jobs" and path.parts[3:4] and path.parts[3] in passing)
        )


class Kept:
    """The folders of a shell as they were at one moment, put back for each test at the paths that their files name."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._folder = shell.folder.parent
        self._copy = self._folder.with_name(f"{self._folder.name}-kept")
        _wait_for_supervisors(shell)
        shutil.copytree(self._folder, self._copy, symlinks=True)

    def put_back(self) -> Shell:
        """The shell with its folders as they were."""
        _wait_for_supervisors(self._shell)
        shutil.rmtree(self._folder)
        shutil.copytree(self._copy, self._folder, symlinks=True)
        again = copy.copy(self._shell)
        again.environment = {**self._shell.environment}
        return again


def _wait_for_supervisors(shell: Shell) -> None:
    """Wait until those of jobs that have ended are gone: a job ends before its supervisor has taken away its hosts."""
    until = time.monotonic() + 60
    while any(is_locked(job / "lock") for job in shell.jobs()):
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)
