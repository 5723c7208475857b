"""``ssm tune`` a second time: what other words refuse, change or extend, and what others wrote into a study."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Done, Kept, Shell
from tests.counts import examples

WORKER = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
print(f"loss={parser.parse_known_args()[0].rate}")
"""


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """A study of two trials."""
    shell = Shell(tmp_path_factory.mktemp("begun"))
    shell.environment["SSM_ISOLATION"] = "plain"
    shell.write("w.py", WORKER)
    shell.write("data/x", "one")
    shell.bucket_file("theirs", "data/x", b"one")
    assert tune(shell, "2").status == 0
    return Kept(shell)


@pytest.fixture
def shell(begun: Kept) -> Shell:
    return begun.put_back()


def tune(shell: Shell, trials: str, *more: str) -> Done:
    words = ("-e", "w.py", "--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min", "--hp_space", "rate", "0.0..1.0")
    inputs = ("-i", "data", "--iis", "s", "s3://theirs/data/")
    limits = ("--tune_jobs", trials, "--tune_at_once", "1")
    return shell.ssm("tune", "-p", "proj", "-t", "task", *words, *inputs, *limits, *more)


def study_folder(shell: Shell) -> Path:
    return next((shell.home / "buckets").glob("*/proj/task/study"))


def requests(shell: Shell) -> list[dict[str, Any]]:
    """The requests of all jobs."""
    found = [json.loads((job / "request.json").read_text(encoding="utf-8")) for job in shell.jobs()]
    return [one.get("request", one) for one in found]


REFUSED: dict[tuple[str, ...], str] = {
    ("--ic", "2"): "instances: 1 -> 2",
    ("--input_mode", "Pipe"): "input mode: File -> Pipe",
    ("--job_env", "A", "secret"): "environment",
    ("--launch_by", "toolkit"): "what starts the code",
    ("--fv", "2.0"): "image",
    ("--epochs", "3"): "hyperparameters",
    ("--iis", "more", "s3://theirs/data/"): "input more",
    ("--tune_stop", "median"): "early stopping",
    ("--tune_seed", "1"): "seed",
    ("--fail_if", "loss > 5"): "rules",
}


def test_words_that_would_make_trials_unlike_are_refused(shell: Shell) -> None:
    for more, named in REFUSED.items():
        refused = tune(shell, "3", *more)
        assert refused.status == 2, refused.err
        assert f"\n  {named}" in refused.err
        assert "secret" not in refused.err
    assert len(shell.jobs()) == 2


@pytest.mark.parametrize(
    ("more", "named", "of_request"),
    [
        (("--tag", "team", "blue"), "tags", lambda one: {"Key": "team", "Value": "blue"} in one["Tags"]),
        (("--max_run_mins", "7"), "time limits", lambda one: one["StoppingCondition"]["MaxRuntimeInSeconds"] == 420),
        (("--role_name", "other"), "role", lambda one: one["RoleArn"].endswith("role/other")),
        (
            ("--md", "acc", "acc=(.)"),
            "metrics",
            lambda one: len(one["AlgorithmSpecification"]["MetricDefinitions"]) > 1,
        ),
    ],
)
def test_words_that_change_nothing_of_the_search_are_of_further_trials(
    shell: Shell, more: tuple[str, ...], named: str, of_request: Callable[[dict[str, Any]], bool]
) -> None:
    done = tune(shell, "3", *more)
    assert done.status == 0, done.err
    assert f"Trials from now on have other {named} than the first" in done.err
    assert [of_request(one) for one in requests(shell)].count(True) == 1


def test_a_dry_run_of_a_study_that_there_is_starts_nothing(shell: Shell) -> None:
    before = shell.written()
    dry = tune(shell, "4", "--dry_run")
    assert dry.status == 0, dry.err
    assert json.loads(dry.out)["TrainingJobName"]
    assert "nothing was made, sent or started" in dry.err
    assert shell.written() == before
    refused = tune(shell, "4", "--dry_run", "--ic", "2")
    assert refused.status == 2


@pytest.mark.parametrize("change", ["other content", "same size", "new", "gone"])
def test_input_data_that_changed_is_refused(shell: Shell, change: str) -> None:
    shell.write("data/y" if change == "new" else "data/x", "two" if change == "same size" else change)
    if change == "gone":
        (shell.folder / "data" / "x").unlink()
        shell.write("data/z", "")
    refused = tune(shell, "3")
    assert refused.status == 2, refused.err
    assert "is not as it was sent" in refused.err
    assert len(shell.jobs()) == 2


def test_data_that_was_only_touched_is_the_same(shell: Shell) -> None:
    shell.write("data/x", "one")
    assert tune(shell, "3").status == 0


def test_data_in_a_bucket_that_changed_is_refused(shell: Shell) -> None:
    shell.bucket_file("theirs", "data/y")
    refused = tune(shell, "3")
    assert refused.status == 2
    assert "\n  inputs\n" in refused.err


@pytest.mark.parametrize(
    "foreign",
    [
        {"RoleArn": "arn:aws:iam::666666666666:role/theirs"},
        {"OutputDataConfig": {"S3OutputPath": "s3://theirs/results"}},
        {"AlgorithmSpecification": {"TrainingImage": "theirs", "TrainingInputMode": "File"}},
        {"HyperParameters": {"sagemaker_submit_directory": '"s3://theirs/code.tar.gz"'}},
        {"InputDataConfig": [{"ChannelName": "all"}, 3, None]},
        {"Environment": {"LD_PRELOAD": "/theirs.so"}},
        {"Environment": 3, "Tags": {}, "ResourceConfig": []},
        {"Unheard": 1},
    ],
)
def test_a_request_that_others_wrote_is_never_sent(shell: Shell, foreign: dict[str, Any]) -> None:
    file = study_folder(shell) / "study.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    known["request"].update(foreign)
    file.write_text(json.dumps(known), encoding="utf-8")
    done = tune(shell, "3")
    assert "Traceback" not in done.err
    assert done.status == (0 if "RoleArn" in foreign else 2), done.err
    sent = requests(shell)
    assert len(sent) == (3 if "RoleArn" in foreign else 2)
    assert "theirs" not in json.dumps([{**one, "InputDataConfig": []} for one in sent])


def test_what_others_made_the_launcher_start_is_refused(shell: Shell) -> None:
    file = study_folder(shell) / "source" / "run.json"
    sent = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps({**sent, "entry_point": None, "command": "curl theirs"}), encoding="utf-8")
    refused = tune(shell, "3")
    assert refused.status == 2, refused.err
    assert "\n  entry point\n  command line\n" in refused.err


def add_event(shell: Shell, **event: Any) -> None:
    folder = study_folder(shell) / "events"
    number = len(list(folder.glob("*.json"))) + 1
    (folder / f"{number:06}.json").write_text(json.dumps(event), encoding="utf-8")


@pytest.mark.parametrize(
    "foreign",
    [
        {"values": {"rate": "0.5", "sagemaker_submit_directory": "s3://theirs/code.tar.gz"}},
        {"values": {"rate": "2.0"}},
        {"values": {}},
        {"resource": 5},
        {"job": "other-2030-01-01-00-00-00-abcdefgh"},
        {"job": "../../../other"},
    ],
)
def test_a_trial_that_others_wrote_is_never_started(shell: Shell, foreign: dict[str, Any]) -> None:
    job = "task-003-2030-01-01-00-00-00-abcdefgh"
    at = "2030-01-01T00:00:00+00:00"
    add_event(shell, **{"kind": "start", "trial": 3, "job": job, "at": at, "values": {"rate": "0.5"}, **foreign})
    before = len(shell.jobs())
    done = tune(shell, "4")
    assert done.status == 1, done.err
    assert "trial 3 is none of this search" in done.err
    assert len(shell.jobs()) == before


def test_a_trial_that_was_only_written_down_is_pending_until_the_next_command_starts_it(shell: Shell) -> None:
    """As a command leaves it that is killed before it can start the job."""
    at, job = "2030-01-01T00:00:00+00:00", "task-003-2030-01-01-00-00-00-abcdefgh"
    add_event(shell, kind="start", trial=3, job=job, at=at, values={"rate": "0.5"})
    assert statuses(shell) == {1: "Completed", 2: "Completed", 3: "Pending"}
    done = tune(shell, "3")
    assert done.status == 0, done.err
    assert statuses(shell)[3] == "Completed"
    assert job in {one.name for one in shell.jobs()}


def statuses(shell: Shell) -> dict[int, str]:
    found = json.loads(shell.ssm("status", "-p", "proj", "-t", "task", "--json").out)
    return {trial["number"]: trial["status"] for trial in found["trials"]}


def test_a_job_of_another_task_is_never_stopped_as_a_trial(shell: Shell) -> None:
    long = shell.ssm("shell", "-p", "other", "-t", "task-003", "--cmd_line", "sleep 300", "--no_wait").out.strip()
    at = "2030-01-01T00:00:00+00:00"
    add_event(shell, kind="start", trial=3, job=long, at=at, values={"rate": "0.5"})
    for done in (tune(shell, "4"), shell.ssm("status", "-p", "proj", "-t", "task")):
        assert done.status == 1, done.err
        assert f"the job {long} is not its own" in done.err
    stopped = shell.ssm("stop", "-p", "proj", "-t", "task")
    assert "Traceback" not in stopped.err
    assert json.loads(shell.ssm("status", "--job", long, "--json").out)["status"] == "InProgress"
    shell.ssm("stop", "--job", long, "--wait")


def test_a_study_of_wrong_members_is_no_traceback(shell: Shell) -> None:
    file = study_folder(shell) / "study.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    values: list[Any] = [None, [], 3.5, {"space": 3}]
    for member in ("version", "seed", "words", "fingerprint", "request", "tuning_job")[:: examples(2, 1)]:
        file.write_text(json.dumps({**known, member: values[len(member) % 4]}), encoding="utf-8")
        for done in (tune(shell, "3"), shell.ssm("status", "-p", "proj", "-t", "task")):
            assert "Traceback" not in done.err, (member, done.err)
            assert "Error:" not in done.err, (member, done.err)
    for member in sorted(known["words"])[:: examples(5, 1)]:
        file.write_text(json.dumps({**known, "words": {**known["words"], member: [[3]]}}), encoding="utf-8")
        for done in (tune(shell, "3"), shell.ssm("status", "-p", "proj", "-t", "task")):
            assert "Traceback" not in done.err, (member, done.err)
            assert "Error:" not in done.err, (member, done.err)
    assert len(shell.jobs()) == 2


def test_the_best_trial_is_one_of_the_study(shell: Shell) -> None:
    assert shell.ssm("run", "-p", "proj", "-t", "other", "-e", "w.py", "--rate", "1").status == 0
    other = next(job.name for job in shell.jobs() if job.name.startswith("other"))
    best = study_folder(shell) / "best.json"
    contents: list[Any] = [{"job": other}, {"job": "../x"}, {"job": ""}, {"job": 3}, [], {"job": "x" * 100_000}]
    for content in contents:
        best.write_text(json.dumps(content), encoding="utf-8")
        done = shell.ssm("data", "-p", "proj", "-t", "task", "-o", "got", "--download_model")
        assert done.status == 2, done.err
        assert "writes it anew" in done.err
        assert len(done.err) < 1000
    assert tune(shell, "3").status == 0
    assert shell.ssm("data", "-p", "proj", "-t", "task", "-o", "got", "--download_model").status == 0
