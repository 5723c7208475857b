"""How often a command calls AWS: requests are slow, limited, and in part paid for."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import pytest

from tests.counts import examples
from tests.emulated import Emulator


def run(emulator: Emulator, folder: Path, *arguments: str) -> str:
    done = emulator.ssm(folder, "run", "-p", "proj", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_first_run_a_second_task_and_a_skip_stay_within_their_budgets(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "w.py").write_text("print('done')")
    emulator.calls()
    run(emulator, tmp_path, "-t", "first", "-e", "w.py")
    first = emulator.requests()
    first.pop("pricing.GetProducts", 0)  # kept for a week in this home
    assert sum(first.values()) <= 12, first
    run(emulator, tmp_path, "-t", "second", "-e", "w.py")
    second = emulator.requests()
    assert sum(second.values()) <= 8, second
    assert "Skipped" in run(emulator, tmp_path, "-t", "first", "-e", "w.py")
    skipped = emulator.requests()
    assert skipped == {"sts.GetCallerIdentity": 1, "s3.HeadBucket": 1, "sagemaker.DescribeTrainingJob": 1}


def test_a_dry_run_asks_and_changes_nothing(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "w.py").write_text("print('done')")
    emulator.calls()
    run(emulator, tmp_path, "-t", "planned", "-e", "w.py", "-b", "planned-bucket", "--dry_run")
    changing = ("Create", "Put", "Delete", "Tag", "Attach", "Post")
    assert not [name for name in emulator.calls() if name.partition(".")[2].startswith(changing)]


def copied(original: Path, name: str) -> None:
    """Copy an ended job under another name."""
    copy = original.with_name(name)
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("algo-*", "logs"))
    (copy / "logs").mkdir()
    request = (copy / "request.json").read_text().replace(original.name.partition(".")[0], name.partition(".")[0])
    (copy / "request.json").write_text(request)


@pytest.mark.timeout(300)
def test_many_jobs_are_listed_in_few_calls(tmp_path: Path) -> None:
    """A hundred in each, and two for the account."""
    count = examples(120, 1000)
    (tmp_path / "w.py").write_text("print('done')")
    emulator = Emulator(tmp_path)
    run(emulator, tmp_path, "-t", "many", "-e", "w.py")
    emulator.stop()
    (original,) = (emulator.home / "jobs").glob("many-*")
    for number in range(count - 1):
        copied(original, f"many-2026-01-01-00-00-00-{number:08}")
    emulator = Emulator(tmp_path)
    listed = emulator.ssm(tmp_path, "ls", "-p", "proj", "--limit", "1000", "--json")
    calls = emulator.calls()
    assert len(json.loads(listed.stdout)) == count, listed.stderr
    assert sum(calls.values()) <= math.ceil(count / 100) + 2, calls
    assert "--limit" not in listed.stderr
    emulator.stop()


@pytest.mark.timeout(300)
@pytest.mark.long
def test_processing_jobs_are_described_only_where_they_are_shown(tmp_path: Path) -> None:
    (tmp_path / "w.py").write_text("print('done')")
    emulator = Emulator(tmp_path)
    done = emulator.ssm(tmp_path, "process", "-p", "proj", "-t", "many", "--code", "w.py")
    assert done.returncode == 0, done.stderr
    emulator.stop()
    (original,) = (emulator.home / "jobs").glob("many-*")
    for number in range(199):
        copied(original, f"many-2026-01-01-00-00-00-{number:08}{original.suffix}")
    emulator = Emulator(tmp_path)
    for limit, shown in ((20, 20), (200, 200)):
        emulator.calls()
        listed = emulator.ssm(tmp_path, "ls", "-p", "proj", "--limit", str(limit), "--json")
        calls = emulator.calls()
        assert len(json.loads(listed.stdout)) == shown, listed.stderr
        assert calls.pop("sagemaker.DescribeProcessingJob") <= shown + 1
        assert sum(calls.values()) <= 10, calls
    emulator.stop()
