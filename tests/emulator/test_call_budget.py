"""How often a command calls AWS: requests are slow, limited, and in part paid for."""

from __future__ import annotations

from pathlib import Path

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
