"""``ssm home``, ``ssm rm`` and ``ssm data --clean_state`` on a made home: what was asked for goes, and nothing else."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_sagemaker.cli.main import status_of
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.local.job.kinds import TRAINING
from tests.unit.local import made_jobs
from tests.unit.local.made_jobs import keep_running, make

Ssm = Callable[..., tuple[int, str, str]]
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs of this machine need Linux or macOS")
TASK = ("-p", "p", "-t", "task")
BUCKET = "sagemaker-us-east-1-000000000000"


def named(number: int) -> str:
    return f"task-2030-01-31-12-00-0{number}-abcdefg{number}"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with two jobs of a task that have ended, their results, the task's state and inputs, and a neighbor."""
    home = Home(tmp_path / "home")
    bucket = home.buckets / BUCKET
    where = {"OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/p/task"}}
    monkeypatch.setitem(vars(made_jobs)["MEMBERS"], TRAINING, {**made_jobs.MEMBERS[TRAINING], **where})
    for number in (1, 2):
        make(home, named(number), SimpleSagemakerProject="p", SimpleSagemakerTask="task")
        for part in ("output/model.tar.gz", "source/run.json"):
            (bucket / f"p/task/{named(number)}/{part}").parent.mkdir(parents=True)
            (bucket / f"p/task/{named(number)}/{part}").write_text("{}")
    for key in ("p/task/state/x", "p/task/state/y", "p/task/input/data/a", "p/task2/state/z"):
        (bucket / key).parent.mkdir(parents=True, exist_ok=True)
        (bucket / key).write_text("x")
    (home.cache / "sent").mkdir(parents=True)
    (home.cache / "sent/x").write_text("x")
    return home


@pytest.fixture
def ssm(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ssm:
    monkeypatch.setenv("SSM_HOME", str(home.root))
    monkeypatch.setenv("SSM_ENGINE", "local")
    monkeypatch.setenv("SSM_ISOLATION", "plain")
    monkeypatch.setenv("SSM_PYTHON", sys.executable)

    def run(*words: str, typed: str | None = None) -> tuple[int, str, str]:
        class Keyboard(io.StringIO):
            def isatty(self) -> bool:
                return typed is not None

        monkeypatch.setattr(sys, "stdin", Keyboard(typed or ""))
        status = status_of(words)
        out, err = capsys.readouterr()
        return status, out, err

    return run


def objects(home: Home) -> list[str]:
    bucket = home.buckets / BUCKET
    return sorted(str(path.relative_to(bucket)) for path in bucket.rglob("*") if path.is_file())


def jobs(home: Home) -> list[str]:
    return sorted(name for name in os.listdir(home.jobs) if not name.startswith("."))


class TestHome:
    def test_its_parts_are_shown_with_a_sum(self, home: Home, ssm: Ssm) -> None:
        status, out, err = ssm("home")
        assert (status, err) == (0, "")
        rows = {line.split()[0]: line.split() for line in out.splitlines()}
        assert rows["PART"] == ["PART", "ENTRIES", "FILES", "SIZE", "WHERE"]
        assert rows["jobs"][1] == "2"
        assert rows["all"][1] == str(sum(int(line.split()[-4]) for line in out.splitlines()[1:-1]))
        parts = json.loads(ssm("home", "--json")[1])
        assert parts["home"] == str(home.root)
        assert parts["parts"][0]["name"] == "jobs"

    def test_cleaning_is_asked_for(self, home: Home, ssm: Ssm) -> None:
        status, _, err = ssm("home", "--clean")
        assert status == 2
        assert "without a terminal, add --yes" in err
        status, _, err = ssm("home", "--clean", typed="n\n")
        assert status == 1
        assert err.endswith("Nothing was deleted.\n")
        assert (home.cache / "sent/x").exists()
        assert ssm("home", "--clean", typed="y\n")[0] == 0
        assert not (home.cache / "sent/x").exists()
        assert jobs(home) == [named(1), named(2)]

    def test_old_jobs_go_with_it_only_where_that_was_typed(self, home: Home, ssm: Ssm) -> None:
        status, _, err = ssm("home", "--clean", "--older", "2020-01-01", "--yes")
        assert status == 0
        assert "Deleted: caches, and what killed commands left\n" in err
        assert jobs(home) == [named(1), named(2)]

    def test_a_home_that_is_not_there_is_empty(self, home: Home, ssm: Ssm, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SSM_HOME", str(home.root / "none"))
        assert ssm("home") == (0, "", f"There is nothing in {home.root / 'none'}.\n")
        assert ssm("home", "--clean", "--yes")[0] == 0
        assert ssm("home", "--json")[1].split() == ["{", '"home":', f'"{home.root / "none"}",', '"parts":', "[]", "}"]


class TestRemoval:
    def test_a_job_goes_with_its_objects_and_nothing_else_does(self, home: Home, ssm: Ssm) -> None:
        before = objects(home)
        assert ssm("rm", *TASK, "--job", named(1), "--yes") == (
            0,
            "Deleted: 1 job (abcdefg1) of task task: 2 files, 4 B\n",
            "",
        )
        assert jobs(home) == [named(2)]
        assert objects(home) == [key for key in before if named(1) not in key]

    def test_a_tasks_state_and_inputs_stay_unless_they_are_named(self, home: Home, ssm: Ssm) -> None:
        assert ssm("rm", *TASK, "--yes")[1] == "Deleted: 2 jobs (abcdefg1, abcdefg2) of task task: 4 files, 8 B\n"
        assert objects(home) == ["p/task/input/data/a", "p/task/state/x", "p/task/state/y", "p/task2/state/z"]
        status, out, err = ssm("rm", *TASK, "--state", "--input", "--yes", "--json")
        assert (status, err) == (0, "")
        assert json.loads(out)["files"] == 3
        assert objects(home) == ["p/task2/state/z"]

    def test_it_is_asked_for(self, home: Home, ssm: Ssm) -> None:
        before = objects(home)
        status, _, err = ssm("rm", *TASK)
        assert status == 2
        assert "would be deleted; without a terminal, add --yes" in err
        status, _, err = ssm("rm", *TASK, typed="no\n")
        assert (status, err.endswith("Nothing was deleted.\n")) == (1, True)
        assert (objects(home), len(jobs(home))) == (before, 2)
        assert ssm("rm", *TASK, typed="yes\n")[0] == 0
        assert jobs(home) == []

    def test_a_job_that_runs_stays(self, home: Home, ssm: Ssm) -> None:
        job = make(home, named(3), status="InProgress", SimpleSagemakerProject="p", SimpleSagemakerTask="task")
        lock = keep_running(job)
        try:
            status, _, err = ssm("rm", *TASK, "--yes")
        finally:
            os.close(lock)
        assert status == 2
        assert f"the job {named(3)} is running: nothing was deleted" in err
        assert len(jobs(home)) == 3

    def test_what_is_not_there_is_an_error_of_its_own(self, ssm: Ssm) -> None:
        status, _, err = ssm("rm", "-p", "p", "-t", "gone", "--yes")
        assert (status, "gone" in err) == (4, True)

    def test_a_state_is_cleared_and_its_neighbors_stay(self, home: Home, ssm: Ssm) -> None:
        status, _, err = ssm("data", *TASK, "--clean_state")
        assert status == 0
        assert err.startswith("State: 2 files cleared under s3://")
        assert [key for key in objects(home) if "/state/" in key] == ["p/task2/state/z"]
