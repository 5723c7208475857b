"""Who else can read what a command left: nobody, whatever the umask."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.local.made_jobs import make

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
SECRET = "hunter2-hunter2"


def run(folder: Path, home: Path, umask: int) -> Path:
    """Run a job with a secret in its environment, which it does not print; gives its folder."""
    worker = folder / "worker.py"
    worker.write_text("print('loss=1')\n", encoding="utf-8")
    words = ["run", "-p", "p", "-t", "t", "-e", str(worker), "--job_env", "KEY", SECRET, "--md", "loss", "loss=(.*)"]
    subprocess.run(
        [sys.executable, "-m", "simple_sagemaker.cli.main", *words, "--force_running"],
        env={**os.environ, "SSM_ENGINE": "local", "SSM_HOME": str(home)},
        umask=umask,
        check=True,
        capture_output=True,
    )
    jobs = (home / "jobs").glob("[!.]*")
    return max(jobs, key=lambda job: job.stat().st_mtime)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_a_new_home_is_for_its_user_alone(tmp_path: Path, umask: int) -> None:
    home = tmp_path / "new" / "home"
    job = run(tmp_path, home, umask)
    assert {mode(path) for path in (home, home.parent, home / "jobs", home / "jobs" / ".drafts", job)} == {0o700}
    assert {mode(home / name) for name in ("buckets", "cache", "locks")} == {0o700}
    assert SECRET in (job / "request.json").read_text()
    files = ("request.json", "settings.json", "tags.json", "journal.jsonl", "metrics.jsonl", "supervisor.log", "lock")
    assert {name: mode(job / name) for name in files} == dict.fromkeys(files, 0o600)
    assert {mode(path) for path in (job / "logs").iterdir()} == {0o600}
    assert json.loads((job / "journal.jsonl").read_text().splitlines()[-1])["status"] == "Completed"


def test_a_wider_home_is_left_and_its_jobs_are_narrowed_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    old = home / "jobs" / "old"
    old.mkdir(parents=True)
    for path in (home, home / "jobs", old):
        path.chmod(0o755)
    job = run(tmp_path, home, 0o000)
    assert (mode(home), mode(home / "jobs"), mode(old)) == (0o755, 0o700, 0o755)
    (home / "jobs").chmod(0o750)  # its owner wants it so
    assert run(tmp_path, home, 0o000) != job
    assert mode(home / "jobs") == 0o750
    assert {mode(path) for path in (home / "jobs").iterdir() if path != old} == {0o700}


def test_tags_that_are_replaced_stay_private(tmp_path: Path) -> None:
    from simple_sagemaker.local.job.home import Home

    before = os.umask(0o000)
    try:
        job = make(Home(tmp_path), "job")
        job.write_tags([{"Key": "a", "Value": "b"}])
    finally:
        os.umask(before)
    assert mode(job.path / "tags.json") == 0o600
    assert job.tags() == [{"Key": "a", "Value": "b"}]
