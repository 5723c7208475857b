"""``ssm why``, ``ssm diff`` and ``ssm replay``: what differs is named, and nothing else; the same again is the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simple_sagemaker.core.names import short_name
from simple_sagemaker.tasks import replay
from tests.cli.conftest import Done, Shell

WORKER = "import sys\nprint('loss=1.5')\nprint('words', sys.argv[1:])\n"
BASE: dict[str, list[str]] = {
    "task": ["-p", "proj", "-t", "t"],
    "entry": ["-e", "w.py"],
    "source": ["-s", "code"],
    "lr": ["--lr", "0.1"],
    "input": ["-i", "data"],
    "variable": ["--job_env", "COLOUR", "red"],
    "count": ["--ic", "1"],
    "image": ["--fv", "2.3.0", "--pv", "py311"],
    "metric": ["--md", "loss", r"loss=(\S+)"],
    "tag": ["--tag", "team", "a"],
    "volume": ["-v", "30"],
    "run": ["--max_run_mins", "60"],
    "spot": [],
    "words": ["--", "x"],
}
# Each changed alone: what is typed instead, the name of what differs, and whether a task is run again for it.
FIELDS: dict[str, tuple[list[str], str, bool]] = {
    "entry": (["-e", "other.py"], "entry point", True),
    "lr": (["--lr", "0.2"], "lr", True),
    "words": (["--", "y"], "arguments", True),
    "variable": (["--job_env", "COLOUR", "blue"], "variable COLOUR", True),
    "count": (["--ic", "2"], "instance count", True),
    "image": (["--fv", "2.2.0", "--pv", "py310"], "image", True),
    "metric": (["--md", "loss", r"loss=(.+)"], "metric loss", False),
    "tag": (["--tag", "team", "b"], "tag team", False),
    "volume": (["-v", "40"], "volume size", False),
    "run": (["--max_run_mins", "50"], "longest run", False),
    "spot": (["--no_spot"], "spot", False),
    "input": (["-i", "other"], "data", True),
}


def words(**changed: list[str]) -> list[str]:
    return [word for name, some in {**BASE, **changed}.items() for word in some]


def prepare(shell: Shell) -> None:
    for name in ("code/w.py", "code/other.py"):
        shell.write(name, WORKER)
    shell.write("data/x", "1")
    shell.write("other/x", "2")


def run(shell: Shell, *options: str, **changed: list[str]) -> str:
    done = shell.ssm("run", "--no_wait", *options, *words(**changed))
    assert done.status == 0, done.err
    name = done.out.strip()
    assert shell.ssm("attach", "--job", name).status == 0
    return name


def why(shell: Shell, *options: str, **changed: list[str]) -> dict[str, Any]:
    done = shell.ssm("why", "--json", "run", *options, *words(**changed))
    assert done.status == 0, done.err
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def diff(shell: Shell, a: str, b: str) -> dict[str, Any]:
    done = shell.ssm("diff", "--job", a, "--job", short_name(b), "--json")
    assert done.status == 0, done.err
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def named(answer: dict[str, Any], key: str) -> list[str]:
    return [change["name"] for change in answer[key]]


def test_each_thing_that_differs_is_named_alone(shell: Shell) -> None:
    prepare(shell)
    assert why(shell)["reason"] == "the task has no job yet"
    assert not shell.jobs()
    base = run(shell)
    same = why(shell)
    assert (same["decision"], same["job"], same["differences"], same["others"]) == ("skipped", base, [], [])
    for field, (typed, name, counts) in FIELDS.items():
        answer = why(shell, **{field: typed})
        more = ["inputs"] if field == "input" else []
        if field == "spot":
            assert named(answer, "others") == ["spot", "longest wait"]
            continue
        if field == "run":
            more = ["longest wait"]  # as long as the run, unless it is given
        found = named(answer, "differences" if counts else "others")
        assert [one for one in found if one not in more] == [name], (field, answer)
        assert named(answer, "others" if counts else "differences") == []
        assert why(shell, "--if_changed", **{field: typed})["decision"] == ("run" if counts else "skipped")
    shell.write("code/w.py", f"{WORKER}# more\n")
    assert [(one["name"], one["now"]) for one in why(shell)["differences"]] == [("code", "w.py changed")]
    assert [path.name for path in shell.jobs()] == [base]  # nothing was made by asking


def test_two_jobs_differ_in_what_was_changed_and_in_nothing_else(shell: Shell) -> None:
    prepare(shell)
    base = run(shell)
    for field in ("lr", "words", "variable", "metric", "volume", "input"):
        typed, name, _ = FIELDS[field]
        found = diff(shell, base, run(shell, "--fr", **{field: typed}))
        assert named(found, "changes") == [f"input {name}" if field == "input" else name], found
        assert found["code"] is None
    shell.write("code/w.py", f"{WORKER}print('loss=0.5')\n")
    shell.write("data/x", "changed")
    changed = run(shell, "--fr")
    found = diff(shell, base, changed)
    assert [(one["name"], one["before"], one["now"]) for one in found["changes"]] == [
        ("inputs", "1 file, 1 B", "1 file, 7 B")
    ]
    assert found["metrics"] == [{"name": "loss", "a": 1.5, "b": 0.5}]
    assert "+print('loss=0.5')" in found["code"].splitlines()
    assert "--- a/w.py" in found["code"]
    assert "launcher" not in found["code"]
    shown = shell.ssm("diff", "--job", base, "--job", changed).out
    assert shown.startswith(f"--- {base} (Completed)\n+++ {changed} (Completed)\n")
    assert "loss: 1.5 -> 0.5" in shown
    one = shell.ssm("diff", "--job", base)
    assert one.status == 2
    assert "name two jobs" in one.err


@pytest.mark.parametrize(
    ("options", "decision"),
    [([], "skipped"), (["--fr"], "run"), (["--clean_state"], "run"), (["--if_changed"], "skipped")],
    ids=" ".join,
)
def test_why_says_what_run_then_does(shell: Shell, options: list[str], decision: str) -> None:
    prepare(shell)
    run(shell)
    assert why(shell, *options)["decision"] == decision
    shell.ssm("run", *options, *words())
    assert len(shell.jobs()) == (2 if decision == "run" else 1)


def test_a_running_job_would_be_joined(shell: Shell) -> None:
    shell.write("code/w.py", "import time\ntime.sleep(300)\n")
    shell.write("data/x", "1")
    name = shell.ssm("run", "--no_wait", *words()).out.strip()
    answer = why(shell)
    assert (answer["decision"], answer["job"], answer["reason"]) == ("joined", name, "its newest job is in progress")
    assert shell.ssm("stop", "--job", name, "--wait").status == 0
    assert why(shell)["reason"] == "its newest job stopped"


def replayed(shell: Shell, *options: str) -> Done:
    return shell.ssm("replay", *options)


def test_the_same_job_again_and_one_with_changes(shell: Shell) -> None:
    prepare(shell)
    base = run(shell)
    shell.write("code/w.py", "raise SystemExit('another code')\n")  # which the replay does not read
    done = replayed(shell, "--job", short_name(base), "-o", "out")
    assert done.status == 0, done.err
    assert "words ['--lr', '0.1', 'x']" in done.out
    (again,) = {path.name for path in shell.jobs()} - {base}
    assert again.startswith("t-")
    found = diff(shell, base, again)
    assert (found["changes"], found["code"]) == ([], None)
    tags = {tuple(tag.values()) for tag in json.loads((shell.home / "jobs" / again / "tags.json").read_text())}
    assert ("team", "a") in tags

    done = replayed(
        shell, "--job", base, "--hp", "lr", "7", "--hp", "new", "1", "--job_env", "COLOUR", "blue", "--no_wait"
    )
    assert done.status == 0, done.err
    changed = done.out.strip()
    assert shell.ssm("attach", "--job", changed).status == 0
    assert named(diff(shell, base, changed), "changes") == ["lr", "new", "variable COLOUR"]
    dry = replayed(shell, "--job", base, "--ic", "3", "--dry_run")
    assert json.loads(dry.out)["ResourceConfig"]["InstanceCount"] == 3
    assert len(shell.jobs()) == 3


def test_what_has_changed_since_is_no_replay(shell: Shell) -> None:
    prepare(shell)
    base = run(shell)
    shell.write("data/y", "new")
    other = run(shell, "--fr")
    done = replayed(shell, "--job", base)
    assert done.status == 2
    assert "has changed since" in done.err
    assert "/t/input/y was written since" in done.err
    (shell.folder / "data" / "y").unlink()
    run(shell, "--fr")
    done = replayed(shell, "--job", other)
    assert done.status == 2
    assert "data: 1 objects of 1 bytes, not 2 objects of 4 bytes" in done.err
    assert shell.ssm("rm", "--job", base, "--yes").status == 0
    assert replayed(shell, "--job", base).status == 4
    assert len(shell.jobs()) == 2


def test_a_processing_job_again(shell: Shell) -> None:
    shell.write("data/x", "1")
    words = ("process", "-p", "proj", "-t", "q", "--entrypoint", "sh", "-i", "data", "--no_wait")
    name = shell.ssm(*words, "--", "-c", "cat /opt/ml/processing/input/data/data/x").out.strip()
    shell.ssm("attach", "--job", name)
    done = replayed(shell, "-p", "proj", "-t", "q")
    assert done.status == 0, done.err
    assert "| 1\n" in done.out
    refused = replayed(shell, "-p", "proj", "-t", "q", "--hp", "a", "1")
    assert refused.status == 2
    assert "a processing job has no hyperparameters" in refused.err


def test_a_request_keeps_every_member_that_the_service_takes() -> None:
    from botocore.session import Session

    model = Session().get_service_model("sagemaker")
    for operation, kept in (
        ("TrainingJob", replay.TRAINING_MEMBERS),
        ("ProcessingJob", replay.PROCESSING_MEMBERS),
    ):
        taken = model.operation_model(f"Create{operation}").input_shape
        shown = model.operation_model(f"Describe{operation}").output_shape
        assert taken
        assert shown
        members = taken.members.keys() & shown.members.keys()
        assert members <= kept
        assert taken.members.keys() - shown.members.keys() <= {"Tags", "SessionChainingConfig"}
        if kept - members:
            pytest.skip(f"this boto3 is older than {', '.join(sorted(kept - members))}")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["why"], "name the command to ask about"),
        (["why", "ls"], "not 'ls'"),
        (["why", "run", "-p", "x"], "missing: --task_name NAME (-t), --entry_point FILE (-e)"),
        (["why", "--csv", "run"], "there is no option --csv"),
        (["diff", "--job", "a1B2c3D4"], "name two jobs to compare: --job A --job B; 1 is named"),
        (["replay", "--job", "a1B2c3D4", "--lr", "1"], "there is no option --lr"),
        (["replay", "--job", "a1B2c3D4", "--ic", "0"], "--ic 0 is too small"),
        (["replay", "--job", "a1B2c3D4", "--it", "ml.m5.larg"], "Did you mean ml.m5.large"),
        (["replay", "--job", "a1B2c3D4", "--dry_run", "--no_wait"], "contradict each other"),
    ],
    ids=" ".join,
)
def test_a_mistake_is_named(shell: Shell, words: list[str], part: str) -> None:
    done = shell.ssm(*words)
    assert done.status == 2
    assert part in done.err, done.err
