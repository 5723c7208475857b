"""What a job can put in the place of the engine's own files: pipes, devices, links, holes. Nothing waits for them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.home import Home, Settings
from tests.cli.conftest import Shell

OWN = ("request.json", "settings.json", "tags.json", "journal.jsonl")


def hole(path: Path) -> None:
    with open(path, "wb") as out:
        out.truncate(1 << 36)


def listed(shell: Shell) -> list[str]:
    sagemaker = LocalSageMaker(Home(shell.home), settings=Settings(python=sys.executable))
    return [one["TrainingJobName"] for one in sagemaker.list_training_jobs()["TrainingJobSummaries"]]


KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "hole": hole,
}


# In the short run each file has one kind, and each kind comes up.
CASES = [
    pytest.param(name, kind, marks=[] if (number - turn) % len(KINDS) == 0 else pytest.mark.long)
    for number, name in enumerate(OWN)
    for turn, kind in enumerate(KINDS)
]


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_one_job_of_that_kind_is_passed_over_and_named(shell: Shell, name: str, kind: str) -> None:
    shell.write("w.py", "print('ran')")
    shell.run("-e", "w.py")
    (job,) = shell.jobs()
    shell.ssm("run", "-p", "proj", "-t", "other", "-e", "w.py")
    (job / name).unlink()
    KINDS[kind](job / name)
    names = listed(shell)
    assert any(one.startswith("other-") for one in names)
    for done in (shell.run("-e", "w.py"), shell.ssm("data", "-p", "proj", "-t", "task", "-o", "out")):
        assert "Traceback" not in done.err


def list_until_kept(shell: Shell, index: Path) -> None:
    """List the one job until the index has it: it is kept once its folder has been as it is for a tenth of a second."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        assert len(listed(shell)) == 1
        if index.is_file() and not index.is_symlink() and index.stat().st_size < 10_000:
            return
    raise AssertionError(f"{index} is none of ours")


@pytest.mark.parametrize("kind", KINDS)
def test_an_index_of_that_kind_is_made_anew(shell: Shell, kind: str) -> None:
    shell.write("w.py", "print('ran')")
    shell.run("-e", "w.py")
    index = shell.home / "cache/ended-jobs"
    list_until_kept(shell, index)
    index.unlink()
    KINDS[kind](index)
    list_until_kept(shell, index)
