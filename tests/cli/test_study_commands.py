"""The commands for jobs that there are, of a study and its trials: real trials on this machine."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from simple_sagemaker.jobs.find_job import number_ranges
from tests.cli.conftest import Kept, Shell
from tests.docs.test_schemas import check

# rate 0.3 is the best; a rate from 0.9 on waits until it is stopped
WORKER = """
import argparse, os, time
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--fixed", default="")
args = parser.parse_args()
for epoch in range(2):
    print(f"loss={abs(args.rate - 0.3) + 1 / (epoch + 1):.6f}", flush=True)
open(os.environ["SM_MODEL_DIR"] + "/rate", "w").write(str(args.rate))
while args.rate >= 0.9 and not os.path.exists(os.environ.get("GO_ON", "/nowhere")):
    time.sleep(0.05)
"""
METRIC = ("--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min")
HERE = ("-p", "proj", "-t", "task")


def words(space: str, *more: str) -> tuple[str, ...]:
    grid = ("--hp_space", "rate", space, "--tune_by", "grid")
    return ("tune", *HERE, "-e", "w.py", "--fixed", "x", *METRIC, *grid, *more)


@pytest.fixture(autouse=True)
def plain(shell: Shell) -> None:
    shell.environment["SSM_ISOLATION"] = "plain"
    shell.write("w.py", WORKER)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    shell = Shell(tmp_path_factory.mktemp("searched"))
    shell.environment["SSM_ISOLATION"] = "plain"
    shell.write("w.py", WORKER)
    done = shell.ssm(*words("0.9|0.3|0.5", "--tune_at_once", "3", "--job_env", "GO_ON", "/"))
    assert done.status == 0, done.err
    return Kept(shell)


@pytest.fixture
def study(searched: Kept) -> Shell:
    """A study of three trials that has ended; its second is the best."""
    return searched.put_back()


@contextmanager
def driven(shell: Shell, argv: tuple[str, ...], events: int) -> Iterator[subprocess.Popen[bytes]]:
    """A command that searches, once the study has so many events."""
    process = subprocess.Popen(
        shell.command(*argv), cwd=shell.folder, env=shell.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        while not list(shell.home.glob(f"buckets/*/proj/task/study/events/{events:06}.json")):
            assert process.poll() is None
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()


def record(shell: Shell) -> dict[str, Any]:
    done = shell.ssm("status", *HERE, "--json")
    assert done.status == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    check("study", found)
    return found


def until_running(shell: Shell, count: int) -> dict[str, Any]:
    """The study once so many trials run and have printed a value."""
    deadline = time.monotonic() + 60
    while True:
        found = record(shell)
        if sum(one["status"] == "Running" and one["objective"] is not None for one in found["trials"]) >= count:
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_a_study_is_shown_whole_and_its_trials_by_number(study: Shell) -> None:
    found = record(study)
    assert (found["status"], found["driver"], found["best"]["number"]) == ("Completed", None, 2)
    assert found["space"] == {"rate": "0.9|0.3|0.5"}
    assert found["limits"]["at_once"] == 3
    page = study.ssm("status", *HERE)
    assert page.out.startswith("task of project proj (study)\n")
    assert re.search(r"\nBest +trial 2, loss 0.5 +rate=0.3\n", page.out)
    assert "Progress    3 of 3 trials ended" in page.out

    one = json.loads(study.ssm("status", *HERE, "--trial", "3", "--json").out)
    check("status", one)
    assert (one["trial"], one["made_from"]["hyperparameters"]["rate"]) == (3, "0.5")
    logs = study.ssm("logs", *HERE, "--trial", "1")
    assert "loss=1.600000" in logs.out
    metrics = study.ssm("metrics", *HERE, "--trial", "3", "--csv")
    assert [line.rsplit(",", 1)[1] for line in metrics.out.splitlines()] == ["value", "1.2", "0.7"]
    newest = study.ssm("logs", *HERE)
    assert re.match(r"Trial [123] of task task, the newest; --trial NUMBER chooses another\n", newest.err)
    for command in ("status", "logs", "metrics", "attach", "stop", "exec"):
        missing = study.ssm(command, *HERE, "--trial", "7")
        assert missing.status == 4
        assert missing.err.startswith("--trial 7: task 'task' has no such trial.\nIt has the trials 1-3.")
    assert study.ssm("logs", "-p", "proj", "--trial", "1").status == 2
    assert study.ssm("logs", *HERE, "--trial", "1", "--job", one["short_name"]).status == 2
    assert study.ssm("exec", *HERE, "--trial", "1").err == "--trial 1 has ended (Completed).\n"


def test_lists_have_the_trials_numbers(study: Shell) -> None:
    listed = json.loads(study.ssm("ls", *HERE, "--json").out)
    check("ls", listed)
    assert sorted(one["trial"] for one in listed) == [1, 2, 3]
    assert "TRIAL" in study.ssm("ls", *HERE).out.splitlines()[0]
    assert study.run("-e", "w.py", "--rate", "0.1").status == 2
    other = study.ssm("run", "-p", "proj", "-t", "other", "-e", "w.py", "--rate", "0.1")
    assert other.status == 0, other.err
    assert json.loads(study.ssm("ls", "-p", "proj", "-t", "other", "--json").out)[0]["trial"] is None
    assert "TRIAL" not in study.ssm("ls", "-p", "proj", "-t", "other").out
    costs = json.loads(study.ssm("cost", "-p", "proj", "--json").out)
    assert {one["name"]: one["jobs"] for one in costs} == {"proj/task": 3, "proj/other": 1}


def test_trials_are_compared_by_the_objective_and_bring_their_results(study: Shell) -> None:
    compared = json.loads(study.ssm("compare", *HERE, "--json").out)
    check("compare", compared)
    assert [one["trial"] for one in compared] == [2, 3, 1]
    heading, best, *_ = study.ssm("compare", *HERE, "--limit", "2").out.splitlines()
    assert heading.split() == ["TRIAL", "JOB", "STATUS", "rate", "loss", "AGE", "RAN"]
    assert best.split()[0] == "2"
    assert [row.split(",")[2] for row in study.ssm("compare", *HERE, "--csv").out.splitlines()] == [
        *("trial", "2", "3", "1")
    ]
    by_rate = json.loads(study.ssm("compare", *HERE, "--sort", "rate", "--json").out)
    assert [one["trial"] for one in by_rate] == [2, 3, 1]

    for more, trial, rate in (((), "Trial 2, the best\n", "0.3"), (("--trial", "3"), "Trial 3\n", "0.5")):
        done = study.ssm("data", *HERE, "-o", f"out{rate}", "--download_model", *more)
        assert done.status == 0, done.err
        assert trial in done.err
        assert (study.folder / f"out{rate}" / "model" / "rate").read_text(encoding="utf-8") == rate
    missing = study.ssm("data", *HERE, "-o", "out", "--trial", "4")
    assert missing.status == 4
    assert missing.err.startswith("--trial 4: task 'task' has no such trial.\nIt has the trials 1-3.")
    assert study.ssm("data", *HERE, "--trial", "1", "--clean_state").status == 2

    again = study.ssm("replay", *HERE)
    assert again.status == 2
    assert "of the study of task task, and a new job would write into" in again.err
    why = study.ssm("why", *words("0.9|0.3"))
    assert why.status == 2
    assert "a search is compared with no earlier job" in why.err


def test_a_search_that_runs_is_shown_as_it_is_and_is_stopped_as_a_whole(shell: Shell) -> None:
    argv = words("0.9|0.95|0.96|0.97", "--tune_at_once", "2")
    with driven(shell, argv, 3) as process:
        found = until_running(shell, 2)
        assert found["status"] == "Running"
        assert found["driver"] == f"process {process.pid} of this machine"
        assert [one["objective"] for one in sorted(found["trials"], key=lambda one: one["number"])] == [1.1, 1.15]
        driven_by = shell.ssm("rm", *HERE, "--yes")
        assert driven_by.status == 2
        assert f"process {process.pid} of this machine drives the study of task 'task': nothing was" in driven_by.err
        done = shell.ssm("stop", *HERE, "--json")
        assert done.status == 0, done.err
        stopped = json.loads(done.out)
        check("stop", stopped)
        assert sorted(one["trial"] for one in stopped) == [1, 2]
        _, err = process.communicate(timeout=60)
        assert process.returncode == 3, err
        assert b"The search was stopped: stopped by hand" in err
    found = record(shell)
    assert (found["status"], found["why"], len(found["trials"])) == ("Stopped", "stopped by hand", 2)
    assert {one["status"] for one in found["trials"]} == {"Stopped"}
    again = shell.ssm("stop", *HERE)
    assert again.status == 4
    assert "has ended (Stopped: stopped by hand)" in again.err


def test_a_search_that_nobody_drives_is_left_and_can_be_stopped(shell: Shell) -> None:
    argv = words("0.1|0.9|0.2|0.3", "--tune_at_once", "2")
    with driven(shell, argv, 3) as process:
        until_running(shell, 1)
        process.kill()
    found = record(shell)
    assert (found["status"], found["driver"]) == ("Left", None)
    assert "nothing drives it" in shell.ssm("status", *HERE).out
    assert next(one for one in found["trials"] if one["number"] == 1)["status"] == "Completed"  # nobody wrote it down
    following = shell.ssm("stop", *HERE, "--wait")
    assert following.status == 0, following.err
    assert "Stopped: the search of task task" in following.out
    found = record(shell)
    assert found["status"] == "Stopped"
    assert {one["status"] for one in found["trials"]} <= {"Completed", "Stopped"}
    assert found["best"]["number"] == 1 or len(found["trials"]) > 2
    assert shell.ssm("data", *HERE, "-o", "best", "--download_model").status == 0


def test_one_trial_is_stopped_and_the_search_goes_on(shell: Shell) -> None:
    argv = words("0.9|0.4", "--tune_at_once", "1")
    with driven(shell, argv, 2) as process:
        until_running(shell, 1)
        followed = subprocess.Popen(
            shell.command("logs", "-f", *HERE), cwd=shell.folder, env=shell.environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert followed.stderr is not None
        assert followed.stderr.readline().startswith(b"Trial 1 of task task, the newest that runs")
        done = shell.ssm("stop", *HERE, "--trial", "1")
        assert done.status == 0, done.err
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        followed.communicate(timeout=60)
        assert followed.returncode == 3
    trials = {one["number"]: one for one in record(shell)["trials"]}
    assert (trials[1]["status"], trials[1]["why_stopped"]) == ("Stopped", "stopped by hand")
    assert trials[2]["status"] == "Completed"


def in_bucket(shell: Shell) -> set[str]:
    found = (shell.home / "buckets").glob("[!.]*/proj/**/*")
    return {str(path).partition("/proj/")[2] for path in found if path.is_file() and ".ssm" not in str(path)}


def test_a_trial_and_a_study_are_deleted_and_the_name_is_free_again(study: Shell) -> None:
    before = in_bucket(study)
    asked = study.ssm("rm", *HERE)
    assert asked.status == 2
    assert re.search(r"3 jobs \(.*\) of task task, its study: \d+ files", asked.err)
    one = study.ssm("rm", *HERE, "--trial", "1", "--yes")
    assert one.status == 0, one.err
    gone = before - in_bucket(study)
    assert gone
    assert all(key.startswith("task/trials/001/") for key in gone)
    assert len(study.jobs()) == 2
    missing = study.ssm("rm", *HERE, "--trial", "9", "--yes")
    assert missing.status == 4
    assert "--trial 9: task 'task' has no such trial.\nIt has the trials " in missing.err
    newest = json.loads(study.ssm("ls", *HERE, "--json").out)[0]
    assert study.ssm("rm", "--job", newest["job"], "--yes").status == 0
    assert study.ssm("rm", *HERE, "--older", "1h", "--yes").status == 4
    next(iter(study.home.glob("buckets/*/proj/task/study/events/000002.json"))).write_text("{")
    assert "The study is damaged" in study.ssm("status", *HERE).err
    whole = study.ssm("rm", *HERE, "--yes", "--json")
    assert whole.status == 0, whole.err
    check("rm", json.loads(whole.out))
    assert in_bucket(study) == set()
    assert study.jobs() == []
    again = words("0.3|0.5", "--tune_at_once", "2")
    assert study.ssm(*again).status == 0
    shutil.rmtree(next(iter(study.home.glob("buckets/*/proj/task"))))  # as by a removal that was killed
    assert study.ssm("rm", *HERE, "--trial", "1", "--yes").status == 0
    assert study.ssm("rm", *HERE, "--yes").status == 0
    assert study.jobs() == []
    assert study.run("-e", "w.py", "--rate", "0.1").status == 0


def test_a_search_that_a_tuning_job_drives_is_shown_and_stopped_alike(shell: Shell) -> None:
    argv = words("0.91|0.9|0.95", "--tune_at_once", "2", "--tune_on", "aws", "--no_wait")
    name = shell.ssm(*argv).out.strip()
    found = record(shell)
    assert found["driver"] == f"the tuning job {name}"
    deadline = time.monotonic() + 60
    while shell.ssm("logs", *HERE, "--trial", "2").out.count("loss=") < 2:
        assert time.monotonic() < deadline
    assert {one["trial"] for one in json.loads(shell.ssm("ls", *HERE, "--json").out)} == {1, 2}
    done = shell.ssm("stop", *HERE, "--wait")
    assert done.status == 0, done.err
    assert record(shell)["why"] == f"the tuning job {name} was stopped"
    done = shell.ssm("rm", *HERE, "--yes")
    assert done.status == 0, done.err
    assert in_bucket(shell) == set()
    assert shell.jobs() == []


@pytest.mark.parametrize(
    ("numbers", "text"), [([1], "1"), ([1, 2, 3, 5], "1-3, 5"), ([9, 7, 8, 1], "1, 7-9"), ([], "")]
)
def test_numbers_are_shown_as_ranges(numbers: list[int], text: str) -> None:
    assert number_ranges(numbers) == text
