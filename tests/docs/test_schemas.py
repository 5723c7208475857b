"""What ``--json`` prints, against the schemas in docs/schemas, and these against the records that are printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.cli.conftest import Shell
from tools import write_schemas

WORKER = "print('loss=0.5')\nprint('loss=nan')\n"


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.mark.parametrize("name", sorted(write_schemas.schemas()))
def test_the_files_are_made_from_the_records(name: str) -> None:
    made = write_schemas.schemas()[name]
    assert (write_schemas.FOLDER / name).read_text(encoding="utf-8") == made, "python tools/write_schemas.py"
    Draft202012Validator.check_schema(json.loads(made))


def check(name: str, value: Any) -> None:
    schema = json.loads((write_schemas.FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    errors = [
        error.message for error in Draft202012Validator(schema, format_checker=FormatChecker()).iter_errors(value)
    ]
    assert not errors, errors


def test_every_command_prints_what_its_schema_says(shell: Shell) -> None:
    shell.write("w.py", WORKER)
    shell.write("data/x", "1")
    words = ("run", "-p", "p", "-t", "t", "-e", "w.py", "--md", "loss", r"loss=(\S+)", "-i", "data", "--lr", "1")
    events = [json.loads(line) for line in shell.ssm(*words, "--json_events").out.splitlines()]
    assert {event["event"] for event in events} == {"start", "phase", "line", "metric", "end"}
    again = shell.ssm("replay", "-p", "p", "-t", "t", "--json")
    events += [json.loads(line) for line in again.out.splitlines()]
    events += [json.loads(line) for line in shell.ssm("logs", "-p", "p", "-t", "t", "-f", "--json").out.splitlines()]
    for event in events:
        check("events", event)
    first, second = (event["job"] for event in events if event["event"] == "start")

    place = ("-p", "p", "-t", "t")
    for name, more in (
        ("ls", place),
        ("status", place),
        ("metrics", place),
        ("compare", place),
        ("cost", place),
        ("diff", ("--job", first, "--job", second)),
        ("home", ()),
        ("why", words),
        ("explain", ("disk",)),
    ):
        done = shell.ssm(name, "--json", *more)
        assert done.status == 0, done.err
        value = json.loads(done.out)
        assert value
        check(name, value)
    running = shell.ssm("shell", "-p", "p", "-t", "long", "--cmd_line", "sleep 300", "--no_wait").out.strip()
    check("stop", json.loads(shell.ssm("stop", "--job", running, "--wait", "--json").out))
    check("rm", json.loads(shell.ssm("rm", *place, "--yes", "--json").out))


def test_a_search_prints_what_its_schemas_say(shell: Shell) -> None:
    shell.environment["SSM_ISOLATION"] = "plain"
    shell.write("w.py", "import sys\nprint('loss=' + sys.argv[2])\nsys.exit(sys.argv[2] == '3')\n")
    metric = ("--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min")
    space = ("--hp_space", "rate", "-inf|nan|2|3|x", "--tune_by", "grid")
    done = shell.ssm("tune", "-p", "p", "-t", "t", "-e", "w.py", *metric, *space, "--json_events", "-o", "out")
    assert done.status == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert len(events) == 11
    for event in events:
        check("study-events", event)
    check("study", json.loads((shell.folder / "out" / "study.json").read_text(encoding="utf-8")))
    check("study", json.loads(shell.ssm("status", "-p", "p", "-t", "t", "--json").out))
