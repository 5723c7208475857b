"""What a job left is damaged, or was made to do harm: the commands for jobs show what is known, and never crash."""

from __future__ import annotations

import io
import json
import random
import tarfile
import time
from pathlib import Path

import pytest

from simple_sagemaker.core.job import of_training
from simple_sagemaker.tasks.differences import hyperparameters_of
from tests.cli.conftest import Shell
from tests.unit.tasks.service import training

DEEP = "[" * 100_000
NOT_RUN_FILES = [
    DEEP,
    '{"made_from": ' + DEEP,
    '{"fingerprint": []}',
    '{"made_from": {"input_marks": {"data": [1, 1' + "0" * 400 + "]}}}",
    '{"made_from": {"input_marks": {"data": "ab"}, "inputs": 3, "files": {"a": []}}, "kind": [[]], "command": {}}',
    '{"made_from": {"input_marks": {"data": [null, {}]}}, "arguments": [1], "entry_point": "\\u001b[2J\\ud800"}',
]


def run(shell: Shell, *words: str) -> str:
    done = shell.ssm("run", "-p", "proj", "-t", "task", "-e", "w.py", "--fr", "--json_events", *words)
    assert done.status == 0, done.err
    return str(json.loads(done.out.splitlines()[0])["job"])


def source(shell: Shell, job: str) -> Path:
    (folder,) = shell.home.glob(f"buckets/*/proj/task/{job}/source")
    return folder


def test_a_damaged_run_file_leaves_what_the_service_knows(shell: Shell) -> None:
    shell.write("w.py", "print('loss=1')\n")
    shell.write("data/x", "1")
    shell.write("empty/x", "1")
    a = run(shell, "-i", "data", "--lr", "0.1")
    b = run(shell, "-i", "data", "--lr", "0.2")
    for content in NOT_RUN_FILES:
        (source(shell, a) / "run.json").write_text(content, encoding="utf-8")
        for words in (["status", "--job", a], ["status", "--job", a, "--json"], ["diff", "--job", a, "--job", b]):
            done = shell.ssm(*words)
            assert done.status == 0, (content[:60], done.err)
            assert "0.1" in done.out
            assert "\x1b" not in done.out
        done = shell.ssm("replay", "--job", a, "--dry_run")
        assert done.status in {0, 2}, (content[:60], done.err)
        assert "Traceback" not in done.err


def test_an_algorithms_hyperparameter_of_lists_in_lists_is_shown_as_it_is() -> None:
    deep = "[" * 2000
    job = of_training({**training("job", "Completed"), "HyperParameters": {"deep": deep}})
    assert hyperparameters_of(job) == {"deep": deep}


@pytest.mark.parametrize("regex", ["a{99999999999}", "(x){99999999999}"])
def test_what_python_cannot_compile_is_no_regular_expression(shell: Shell, regex: str) -> None:
    shell.write("w.py", "print(1)\n")
    for words in (
        ["run", "-p", "x", "-t", "t", "-e", "w.py", "--md", "loss", regex],
        ["logs", "-p", "x", "--grep", regex],
        ["metrics", "-p", "x", "--step_regex", regex],
    ):
        done = shell.ssm(*words)
        assert done.status == 2, done.err
        assert "regular expression" in done.err
        assert "Traceback" not in done.err


def test_the_largest_values_of_a_metric_have_a_course(shell: Shell) -> None:
    shell.write("w.py", "for v in (-1.7e308, 1.7e308, 0): print(f'loss={v}')\n")
    run(shell, "--md", "loss", r"loss=(\S+)", "--md", "[[x]", r"loss=([[]?\S+)")
    done = shell.ssm("metrics", "-p", "proj")
    assert done.status == 0, done.err
    assert "▁█▅" in done.out
    assert "Warning" not in done.err


def test_rows_are_escaped_where_the_output_cannot_hold_them(shell: Shell) -> None:
    shell.write("w.py", "print('loss=1')\n")
    run(shell, "--md", "宽", r"loss=(\S+)", "--hp", "name", "宽")
    for words in (["metrics", "-p", "proj", "--csv"], ["compare", "-p", "proj", "--csv"]):
        done = shell.ssm(*words, environment={"PYTHONIOENCODING": "ascii:strict"})
        assert done.status == 0, done.err
        assert "\\u5bbd" in done.out


def test_times_before_all_calendars_are_no_times(shell: Shell) -> None:
    for command in ("ls", "cost", "compare", "logs"):
        done = shell.ssm(command, "-p", "x", "--since", "0001-01-01T00:00+14:00")
        assert done.status == 2, done.err
        assert "is not a time" in done.err
    assert shell.ssm("ls", "-p", "x", "--since", "0001-01-01").status == 0


def test_files_whose_comparison_would_take_hours_are_said_to_differ(shell: Shell) -> None:
    shell.write("w.py", "print(1)\n")
    chance = random.Random(1)
    names = []
    for _ in range(2):
        name = run(shell)
        names.append(name)
        rest = "".join(f"{chance.randrange(150)}\n" for _ in range(100_000)).encode()
        with tarfile.open(source(shell, name) / "sourcedir.tar.gz", "w:gz") as tar:
            member = tarfile.TarInfo("w.py")
            member.size = len(rest)
            tar.addfile(member, io.BytesIO(rest))
        path = source(shell, name) / "run.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "made_from": {}}))
    began = time.monotonic()
    done = shell.ssm("diff", "--job", names[0], "--job", names[1])
    assert done.status == 0, done.err
    assert "w.py differs, in more ways than can be compared" in done.out
    assert time.monotonic() - began < 120


@pytest.mark.parametrize("damage", [b"\0" * 300, b"\xff\xfe oh\n x\n", b"12x34 oh\n", b"9" * 4000 + b" oh\n"])
def test_a_damaged_log_is_read_as_far_as_it_goes(shell: Shell, damage: bytes) -> None:
    shell.write("w.py", "print('loss=1')\n")
    name = run(shell, "--md", "loss", r"loss=(\S+)")
    (log,) = shell.home.glob(f"jobs/{name}/logs/*")
    whole = log.read_bytes()
    log.write_bytes(damage + b"\n" + whole)
    for words in (["logs", "--times"], ["logs", "--json"], ["logs", "--tail", "2"], ["metrics"], ["status"], ["ls"]):
        done = shell.ssm(words[0], "-p", "proj", *words[1:])
        assert done.status == 0, done.err
    assert "loss=1" in shell.ssm("logs", "-p", "proj").out
