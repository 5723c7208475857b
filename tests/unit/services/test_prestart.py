"""For which command lines a supervisor is started ahead: those of jobs of this machine start sooner by it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from simple_sagemaker.services.prestart import _is_probably_skipped, _typed, prestart

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs of this machine need Linux or macOS")
HERE, PLAIN = {"SSM_ENGINE": "local", "SSM_ISOLATION": "plain"}, {"SSM_ISOLATION": "plain"}


@pytest.mark.parametrize(
    ("argv", "environment", "usual"),
    [
        (["run", "-t", "t"], HERE, ""),
        (["run", "-t", "t"], {"SSM_ENGINE": "docker"}, ""),
        (["run", "--it", "local", "-t", "t"], PLAIN, ""),
        (["run", "--instance_type", "local"], PLAIN, "ml.m5.large"),
        (["run", "--it=local"], {**PLAIN, "SSM_ENGINE": "aws"}, ""),
        (["run", "-t", "t"], PLAIN, "local"),
    ],
)
def test_a_job_of_this_machine_has_its_supervisor_started(
    argv: list[str], environment: dict[str, str], usual: str
) -> None:
    supervisor = prestart(argv, environment, lambda: usual)
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(supervisor.pid, 0)


@pytest.mark.parametrize(
    ("argv", "environment", "usual"),
    [
        (["run", "-t", "t"], {}, ""),
        (["run", "-t", "t"], {}, "ml.m5.large"),
        (["run", "--it", "ml.m5.large"], {}, "local"),
        (["run", "-t", "local"], {"SSM_ENGINE": "aws"}, ""),
        (["run", "--it"], {}, ""),
        (["run", "--it", "local"], {"SSM_ENGINE": "mistyped"}, ""),
    ],
)
def test_any_other_job_has_none(argv: list[str], environment: dict[str, str], usual: str) -> None:
    assert prestart(argv, environment, lambda: usual) is None


@pytest.fixture(scope="module")
def completed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a home in which the task t of the project p is completed, and the task u failed."""
    folder = tmp_path_factory.mktemp("completed")
    (folder / "t.py").write_text("print(1)\n", encoding="utf-8")
    (folder / "u.py").write_text("raise SystemExit(3)\n", encoding="utf-8")
    environment = {**HERE, "SSM_HOME": str(folder / "home")}
    for task, status in (("t", 0), ("u", 1)):
        line = [sys.executable, "-m", "simple_sagemaker.cli.main", "run", "-p", "p", "-t", task, "-e", f"{task}.py"]
        assert subprocess.run(line, check=False, env={**os.environ, **environment}, cwd=folder).returncode == status
    return environment


def test_a_line_that_will_be_skipped_starts_none(completed: dict[str, str]) -> None:
    assert prestart(["run", "-p", "p", "-t", "t", "-e", "t.py"], completed) is None
    assert prestart(["run", "--project_name=p", "--task_name=t", "-e", "t.py"], completed) is None


@pytest.mark.parametrize(
    "argv",
    [
        ["-p", "p", "-t", "t", "--force_running"],
        ["-p", "p", "-t", "t", "--cs"],
        ["-p", "p", "-t", "t", "--if_changed"],
        ["-p", "p", "-t", "u"],
        ["-p", "p", "-t", "never"],
        ["-p", "other", "-t", "t"],
        ["-p", "\0", "-t", "t"],
    ],
)
def test_a_line_that_may_run_the_task_again_starts_one(argv: list[str], completed: dict[str, str]) -> None:
    supervisor = prestart(["run", *argv], completed)
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    with suppress(ChildProcessError):
        os.waitpid(supervisor.pid, 0)


def test_what_lies_where_a_journal_was_is_not_waited_for(completed: dict[str, str]) -> None:
    (journal,) = Path(completed["SSM_HOME"], "jobs").glob("t-*/journal.jsonl")
    journal.rename(journal.with_name("moved"))
    os.mkfifo(journal)
    try:
        supervisor = prestart(["run", "-p", "p", "-t", "t"], completed)
        assert supervisor is not None
        os.kill(supervisor.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(supervisor.pid, 0)
    finally:
        os.replace(journal.with_name("moved"), journal)


class TestSkipped:
    """Homes as jobs leave them, without a job."""

    LINE = ("run", "-p", "p", "-t", "t")

    def put(self, home: Path, job: str, status: str, *, bucket: str = "b", task: str = "t") -> dict[str, str]:
        (home / "buckets" / bucket / "p" / task / job).mkdir(parents=True)
        (home / "jobs" / job).mkdir(parents=True)
        journal = '{"status": "InProgress"}\n' + f'{{"at": 1, "status": "{status}"}}\n'
        (home / "jobs" / job / "journal.jsonl").write_text(journal)
        return {"SSM_HOME": str(home)}

    @pytest.mark.parametrize(
        ("jobs", "is_skipped"),
        [
            ({"t-2030-01": "Completed"}, True),
            ({"t-2030-01": "Failed"}, False),
            ({"t-2030-01": "Completed", "t-2030-02": "Failed"}, False),
            ({"t-2030-01": "Failed", "t-2030-02": "Completed"}, True),
            ({"t-2030-01": "Completed", "u-2030-02": "Failed"}, True),  # another file of the task, and no job of it
            ({"state": "Completed"}, False),
        ],
    )
    def test_the_newest_job_decides(self, tmp_path: Path, jobs: dict[str, str], is_skipped: bool) -> None:
        environment = {"SSM_HOME": str(tmp_path)}
        for job, status in jobs.items():
            self.put(tmp_path, job, status)
        assert _is_probably_skipped(self.LINE, environment) is is_skipped

    def test_only_a_bucket_that_has_the_task_counts_and_none_that_is_hidden(self, tmp_path: Path) -> None:
        for bucket in ("a", "c", "d", "e", "f", "g"):
            self.put(tmp_path, f"u-{bucket}", "Failed", bucket=bucket, task="u")
        environment = self.put(tmp_path, "t-1", "Completed", bucket=".hidden")
        assert not _is_probably_skipped(self.LINE, environment)
        self.put(tmp_path, "t-2", "Completed")
        assert _is_probably_skipped(self.LINE, environment)

    def test_words_that_run_it_again_and_lines_without_names_skip_nothing(self, tmp_path: Path) -> None:
        environment = self.put(tmp_path, "t-1", "Completed")
        assert _is_probably_skipped(self.LINE, environment)
        for word in ("--force_running", "--fr", "--clean_state", "--cs", "--if_changed"):
            assert not _is_probably_skipped([*self.LINE, word], environment)
        assert not _is_probably_skipped(self.LINE, {**environment, "SSM_RERUN": "always"})
        assert not _is_probably_skipped(["run", "-p", "p"], environment)
        assert not _is_probably_skipped(["run", "-t", "t"], environment)
        assert not _is_probably_skipped(self.LINE, {"SSM_HOME": str(tmp_path / "none")})

    def test_of_a_long_journal_the_end_counts(self, tmp_path: Path) -> None:
        environment = self.put(tmp_path, "t-1", "Completed")
        journal = tmp_path / "jobs/t-1/journal.jsonl"
        text = journal.read_text()
        journal.write_text("x" * 100_000 + "\n" + text)
        assert _is_probably_skipped(self.LINE, environment)
        journal.write_text(text + "x" * 5000)
        assert not _is_probably_skipped(self.LINE, environment)

    @pytest.mark.parametrize(
        ("argv", "value"),
        [
            (["--it", "a"], "a"),
            (["--it=a", "b"], "a"),
            (["--instance_type=a=b"], "a=b"),
            (["x", "--it"], ""),
            (["--its", "a"], ""),
            (["--it", "a", "--it", "b"], "a"),
        ],
    )
    def test_an_options_value_is_what_follows_or_is_attached(self, argv: list[str], value: str) -> None:
        assert _typed(argv, ("--it", "--instance_type")) == value
