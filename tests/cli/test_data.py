"""``ssm data``: what a task left, brought from the right job of the right task, and its state cleared."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Done, Shell

# Writes one file of each kind with its argument in it, and ends as the second one says.
WORKER = """
import os, sys
word = sys.argv[1] if len(sys.argv) > 1 else "x"
for folder in (os.environ["SM_MODEL_DIR"], os.environ["SM_OUTPUT_DATA_DIR"], os.environ["SSM_STATE"]):
    with open(os.path.join(folder, "file"), "w") as file:
        file.write(word)
print("word:", word)
sys.exit(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
"""


def ran(shell: Shell, task: str, *arguments: str, options: tuple[str, ...] = ()) -> Done:
    shell.write("w.py", WORKER)
    return shell.ssm("run", "-p", "proj", "-t", task, "-e", "w.py", "--fr", *options, "--", *arguments)


def data(shell: Shell, *argv: str, task: str = "task", project: str = "proj") -> Done:
    return shell.ssm("data", "-p", project, "-t", task, *argv)


def brought(shell: Shell, folder: str = "out") -> dict[str, str]:
    top = shell.folder / folder
    return {str(path.relative_to(top)): path.read_text() for path in sorted(top.rglob("*")) if path.is_file()}


def bucket(shell: Shell) -> Path:
    (found,) = (shell.home / "buckets").glob("sagemaker-*")
    return found


def name_of(done: Done) -> str:
    found = re.search(r"\S+-\d{4}(-\d\d){5}-\w{8}", done.err)
    assert found, done.err
    return found.group()


def test_each_part_comes_when_asked_for(shell: Shell) -> None:
    assert ran(shell, "task", "one").status == 0
    done = data(shell, "-o", "out")
    assert done.status == 0, done.err
    assert list(brought(shell)) == ["logs/logs0"]
    assert "word: one" in shell.log()
    assert all(f"--download_{part}" in done.err for part in ("model", "output", "state"))
    done = data(shell, "-o", "out", "--download_model", "--download_output", "--download_state")
    found = brought(shell)
    assert [*found] == ["logs/logs0", "model/file", "output/file", "state/file"]
    assert {text for name, text in found.items() if name.endswith("file")} == {"one"}
    assert done.out == ""
    assert "Not brought" not in done.err


def test_the_newest_completed_job_is_meant_although_a_newer_one_failed(shell: Shell) -> None:
    ran(shell, "task", "old")
    ran(shell, "task", "good")
    failed = ran(shell, "task", "bad", "3")
    assert failed.status == 1
    done = data(shell, "-o", "out", "--download_model")
    assert done.status == 0, done.err
    assert brought(shell)["model/file"] == "good"
    assert f"--job {name_of(failed)}" in done.err
    done = data(shell, "-o", "failed", "--download_model", "--job", name_of(failed))
    assert done.status == 0, done.err
    assert brought(shell, "failed")["model/file"] == "bad"
    assert "\nFailed: " in done.err


def test_results_replace_those_of_an_earlier_download_and_nothing_else(shell: Shell) -> None:
    ran(shell, "task", "one", options=("--ic", "2"))
    data(shell, "-o", "out", "--download_model")
    shell.write("out/user.tar.gz", "mine")
    shell.write("out/model/stale", "")
    ran(shell, "task", "two")
    data(shell, "-o", "out", "--download_model")
    assert [*brought(shell)] == ["logs/logs0", "model/file", "user.tar.gz"]


def test_a_prefix_is_part_of_the_place_and_a_miss_names_it(shell: Shell) -> None:
    ran(shell, "task", "one", options=("--prefix", "team/"))
    before = shell.written()
    done = data(shell, "-o", "out")
    assert done.status == 4
    assert re.search(r"s3://sagemaker-\S+/proj/task/", done.err)
    assert "task task under the prefix team/" in done.err
    assert not (shell.folder / "out").exists()
    assert shell.written() == before
    assert data(shell, "-o", "out", "--prefix", "team/").status == 0


def test_a_miss_names_tasks_of_like_names(shell: Shell) -> None:
    ran(shell, "train-model", "one")
    done = data(shell, "-o", "out", task="trainmodel")
    assert (done.status, "task train-model of this project" in done.err) == (4, True)
    done = data(shell, "-o", "out", task="train-model", project="prof")
    assert (done.status, "no project 'prof'; there are: proj" in done.err) == (4, True)


@pytest.mark.parametrize("argv", [("-o", "out"), ("--cs",), ("-o", "out", "-b", "not-there")])
def test_looking_makes_nothing(shell: Shell, argv: tuple[str, ...]) -> None:
    done = data(shell, *argv)
    assert done.status == 4
    assert "s3://" in done.err
    assert "no such bucket" in done.err
    assert not (shell.home / "buckets").exists()
    assert not (shell.folder / "out").exists()


def test_a_task_without_a_completed_job_says_how_to_get_at_the_failed_one(shell: Shell) -> None:
    failed = ran(shell, "task", "bad", "3")
    done = data(shell, "-o", "out")
    assert done.status == 4
    assert f"--job {name_of(failed)}" in done.err


def test_a_job_of_another_task_is_refused(shell: Shell) -> None:
    job = name_of(ran(shell, "task1", "one"))
    ran(shell, "task10", "ten")
    done = data(shell, "-o", "out", "--job", job, task="task10")
    assert (done.status, "/proj/task1/" in done.err) == (4, True)
    gone = job[:-8] + "AAAAAAAA"
    done = data(shell, "-o", "out", "--job", gone, task="task1")
    assert (done.status, job in done.err) == (4, True)
    data(shell, "-o", "out", "--download_model", "--download_state", task="task1")
    assert {brought(shell)[name] for name in ("model/file", "state/file")} == {"one"}


def test_clearing_the_state_clears_nothing_but_the_state(shell: Shell) -> None:
    for task in ("task", "task1", "states"):
        ran(shell, task, "one")
    top = bucket(shell) / "proj"
    for other in ("task/state_old/x", "task/statex"):
        (top / other).parent.mkdir(exist_ok=True)
        (top / other).write_text("kept")
    every = {path for path in top.rglob("*") if path.is_file()}
    done = data(shell, "--clean_state")
    assert done.status == 0, done.err
    assert "1 file cleared" in done.err
    assert every - {path for path in top.rglob("*") if path.is_file()} == {top / "task/state/file"}
    assert "0 files cleared" in data(shell, "--cs").err
    done = data(shell, "--cs", task="states")
    assert "1 file cleared" in done.err
    assert not (top / "states/state/file").exists()
    assert list((top / "states").rglob("model.tar.gz"))


def test_the_state_is_brought_before_it_is_cleared(shell: Shell) -> None:
    ran(shell, "task", "one")
    done = data(shell, "-o", "out", "--download_state", "--cs")
    assert done.status == 0, done.err
    assert brought(shell)["state/file"] == "one"
    assert not (bucket(shell) / "proj/task/state").exists()


@pytest.fixture
def waiting(shell: Shell) -> Iterator[str]:
    """The name of a job that runs while the test does."""
    shell.write("wait.py", "import time; print('here', flush=True); time.sleep(60)")
    command = subprocess.Popen(
        shell.command("run", "-p", "proj", "-t", "task", "-e", "wait.py"),
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert command.stdout
    with command, command.stdout:
        while b"here" not in command.stdout.readline():
            assert command.poll() is None
        (job,) = shell.jobs()
        yield job.name
        (job / "stop").touch()
        command.wait()


def test_a_task_in_progress_is_not_touched_and_says_so(shell: Shell, waiting: str) -> None:
    for argv in (("-o", "out"), ("-o", "out", "--job", waiting, "--download_model")):
        done = data(shell, *argv)
        assert (done.status, waiting in done.err, "in progress" in done.err) == (4, True, True)
    state = bucket(shell) / "proj/task/state"
    state.mkdir(exist_ok=True)
    (state / "x").touch()
    done = data(shell, "--cs")
    assert (done.status, waiting in done.err) == (2, True)
    assert (state / "x").exists()
    assert not (shell.folder / "out").exists()


@pytest.mark.parametrize(
    ("argv", "output"),
    [
        (("-o", "out", "--lr", "1"), "there is no option --lr"),
        (("-o", "out", "--entry_point", "x"), "one of 'ssm run'"),
        (("-o", "out", "--download_modle"), "Did you mean --download_model?"),
        ((), "--clean_state"),
        (("--download_model",), "-o"),
        (("--cs", "--job", "t-2030-01-31-12-00-00-a1B2c3D4"), "-o"),
        (("-o", "out", "--job", "x"), "'x' is not the name of a job"),
        (("-o", "file"), "is a file"),
        (("-o", "out", "--", "x"), "nothing can follow --"),
    ],
)
def test_words_that_cannot_be_meant_are_refused(shell: Shell, argv: tuple[str, ...], output: str) -> None:
    shell.write("file", "")
    done = data(shell, *argv)
    assert done.status == 2, done.err
    assert output in done.err
    assert "--hp" not in done.err
    assert shell.written() == []


def test_a_folder_that_cannot_be_written_is_one_error(shell: Shell) -> None:
    ran(shell, "task", "one")
    shell.write("out/logs", "mine")
    done = data(shell, "-o", "out", "--download_model")
    assert done.status == 1
    assert "out/logs is a file" in done.err
    assert brought(shell)["logs"] == "mine"
    assert brought(shell)["model/file"] == "one"
    assert sorted(os.listdir(shell.folder / "out")) == ["logs", "model"]


def test_a_destination_that_the_system_refuses_is_one_error(shell: Shell) -> None:
    ran(shell, "task", "one")
    done = data(shell, "-o", "/proc/nowhere")
    assert (done.status, "Traceback" in done.err) == (1, False)
    assert "/proc/nowhere" in done.err


def test_a_running_job_gives_its_logs_and_state_so_far(shell: Shell) -> None:
    shell.write(
        "w.py",
        "import os, time\nopen(os.environ['SSM_STATE'] + '/step', 'w').write('7')\nprint('begun', flush=True)\n"
        "time.sleep(300)\n",
    )
    name = shell.ssm("run", "-p", "proj", "-t", "task", "-e", "w.py", "--no_wait").out.strip()
    state = bucket(shell) / "proj" / "task" / "state" / "step"
    until = time.monotonic() + 120
    while not state.exists() and time.monotonic() < until:
        time.sleep(0.1)
    done = data(shell, "--job", name, "-o", "out", "--download_state")
    assert done.status == 0, done.err
    assert f"InProgress: {name}" in done.err
    assert "Results so far: out/ (logs, state)" in done.err
    assert brought(shell)["state/step"] == "7"
    assert "begun" in shell.log()
    refused = data(shell, "--job", name[-8:], "-o", "out", "--download_model")
    assert refused.status == 4
    assert f"ssm stop --job {name[-8:]}" in refused.err
    assert "Its logs, and the state so far, can be downloaded now" in refused.err
    assert shell.ssm("stop", "--job", name, "--wait").status == 0
    assert data(shell, "--job", name, "-o", "out", "--download_model").status == 0
