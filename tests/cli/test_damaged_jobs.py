"""One job's files are valid JSON, but not what the engine writes: it is said to be damaged, and others are listed."""

from __future__ import annotations

import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core import names
from simple_sagemaker.local.api.cloudwatch_logs import LocalLogs
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.api.tagging import LocalTagging
from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.job.kinds import KINDS
from tests.cli.conftest import Shell
from tests.counts import examples

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")
FILES = ("request.json", "settings.json", "tags.json", "journal.jsonl", "updates.json", "metrics.jsonl")
WRONG: tuple[Any, ...] = (
    None,
    True,
    7,
    -1,
    10**400,
    float("nan"),
    float("inf"),
    "",
    "text",
    "\ud800\x1b[2J",
    [],
    [7],
    {},
    {"a": [{}]},
)
COMMANDS = (
    ["ls", "-p", "proj"],
    ["ls", "--all_projects", "--json"],
    ["status", "-p", "proj"],
    ["cost", "-p", "proj"],
    ["compare", "-p", "proj"],
    ["logs", "-p", "proj"],
    ["metrics", "-p", "proj"],
)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each member within a JSON value, as what holds it and its key."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


def changes(text: str, chance: random.Random) -> str:
    """A text of JSON, one object or one a line, with one value of another type, or without one member."""
    lines = text.splitlines() if text.startswith('{"') else [text]
    at = chance.randrange(len(lines))
    whole = [json.loads(lines[at])]
    holder, key = chance.choice(list(places(whole)))
    if isinstance(holder, dict) and chance.random() < 0.3:
        del holder[key]
    else:
        holder[key] = chance.choice(WRONG)
    lines[at] = json.dumps(whole[0])
    return "".join(f"{line}\n" for line in lines)


class Damaged:
    """A home with two good jobs of either kind, and one of each whose files are changed and put back."""

    def __init__(self, shell: Shell) -> None:
        self.shell = shell
        shell.write("w.py", "print('loss=1')\n")
        self.good = [self._run("run"), self._run("process")]
        self.bad = [shell.home / "jobs" / name for name in (self._run("run"), self._run("process"))]
        self.home = Home(shell.home)
        (self.bad[0] / "updates.json").write_text('{"RemoteDebugConfig": {"EnableRemoteDebug": true}}')

    def _run(self, command: str) -> str:
        code, *more = (
            ["-e", "--md", "loss", r"loss=(\S+)", "--ic", "2", "--lr", "1"] if command == "run" else ["--code"]
        )
        words = [command, "-p", "proj", "-t", command, code, "w.py", "--fr", "--json_events", *more]
        done = self.shell.ssm(*words)
        assert done.status == 0, done.err
        return str(json.loads(done.out.splitlines()[0])["job"])


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Damaged:
    return Damaged(Shell(tmp_path_factory.mktemp("damaged")))


def answers(home: Home) -> dict[str, set[str]]:
    """The jobs that each listing has, by a process that knows nothing yet."""
    engine = LocalSageMaker(home, settings=Settings(python=sys.executable))
    tagging, logs = LocalTagging(engine.index.jobs), LocalLogs(home)
    search = {"Filters": [{"Name": "Tags.SimpleSagemakerProject", "Operator": "Exists"}]}
    order = {"SortBy": "CreationTime", "SortOrder": "Descending"}
    trained = engine.list_training_jobs(StatusEquals="Completed", **order)["TrainingJobSummaries"]
    processed = engine.list_processing_jobs(**order)["ProcessingJobSummaries"]
    found = engine.search(Resource="TrainingJob", SearchExpression=search, SortBy="HyperParameters.lr")["Results"]
    tagged = tagging.get_resources()["ResourceTagMappingList"]
    streams = [logs.describe_log_streams(logGroupName=kind.group)["logStreams"] for kind in KINDS if kind.group]
    return {
        "lists": {one["TrainingJobName"] for one in trained} | {one["ProcessingJobName"] for one in processed},
        "search": {one["TrainingJob"]["TrainingJobName"] for one in found},
        "tagging": {one["ResourceARN"].rpartition("/")[2] for one in tagged},
        "streams": {one["logStreamName"].partition("/")[0] for group in streams for one in group},
    }


def assert_others_are_listed(damaged: Damaged, what: str) -> None:
    trained, processed = damaged.good
    listed = answers(damaged.home)
    for where in ("lists", "streams"):
        assert {trained, processed} <= listed[where], (what, where)
    assert {trained.lower(), processed.lower()} <= listed["tagging"], what
    assert trained in listed["search"], what


def assert_each_operation_answers_or_refuses(damaged: Damaged, path: Path, what: str) -> None:
    engine = LocalSageMaker(damaged.home, settings=Settings(python=sys.executable))
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:training-job/{path.name.lower()}"
    calls: list[Callable[[], Any]] = [
        lambda: engine.describe_training_job(TrainingJobName=path.name),
        lambda: engine.stop_training_job(TrainingJobName=path.name),
        lambda: engine.describe_processing_job(ProcessingJobName=path.name),
        lambda: engine.list_tags(ResourceArn=arn),
        lambda: engine.update_training_job(TrainingJobName=path.name, RemoteDebugConfig={"EnableRemoteDebug": True}),
        lambda: LocalLogs(damaged.home).get_log_events(
            logGroupName=KINDS[0].group, logStreamName=f"{path.name}/algo-1-1"
        ),
    ]
    for number, call in enumerate(calls):
        try:
            call()
        except ClientError:
            continue
        except Exception as error:
            raise AssertionError((what, number)) from error


@pytest.mark.parametrize("name", FILES)
def test_wrong_types_in_one_job_end_no_listing(damaged: Damaged, name: str) -> None:
    chance = random.Random(f"{name} 7")
    for path in damaged.bad:
        file = path / name
        if not file.exists():
            continue
        whole = file.read_text(encoding="utf-8")
        try:
            for _ in range(examples(15, 1500)):
                text = changes(whole, chance)
                file.write_text(text, encoding="utf-8")
                what = f"{name} of {path.name}: {text}"
                assert_others_are_listed(damaged, what)
                assert_each_operation_answers_or_refuses(damaged, path, what)
        finally:
            file.write_text(whole, encoding="utf-8")


@pytest.mark.parametrize("content", ["[]", "7", '"text"', "null", "{}", "[" * 100_000, '{"a": 1' + "0" * 5000 + "}"])
@pytest.mark.parametrize("name", FILES[:4])
def test_a_file_of_another_shape_ends_no_listing(damaged: Damaged, name: str, content: str) -> None:
    for path in damaged.bad:
        file = path / name
        whole = file.read_text(encoding="utf-8")
        file.write_text(f"{content}\n", encoding="utf-8")
        try:
            assert_others_are_listed(damaged, f"{name}: {content[:40]}")
            assert_each_operation_answers_or_refuses(damaged, path, f"{name}: {content[:40]}")
        finally:
            file.write_text(whole, encoding="utf-8")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to(path.name)])
@pytest.mark.parametrize("name", FILES)
def test_what_is_no_file_in_a_files_place_ends_no_listing(
    damaged: Damaged, name: str, make: Callable[[Path], object]
) -> None:
    for path in damaged.bad:
        file, aside = path / name, path / f"{name}.aside"
        if not file.exists():
            continue
        file.rename(aside)
        make(file)
        try:
            assert_others_are_listed(damaged, name)
            assert_each_operation_answers_or_refuses(damaged, path, name)
        finally:
            if file.is_dir():
                file.rmdir()
            aside.replace(file)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("request.json", '"InstanceCount": 2', '"InstanceCount": [2]'),
        ("request.json", '"HyperParameters": {', '"HyperParameters": 7, "x": {'),
        ("request.json", '"S3OutputPath"', '"x"'),
        ("settings.json", '"region": "us-east-1"', '"region": 7'),
        ("tags.json", '"Value": "proj"', '"Value": ["proj"]'),
        ("journal.jsonl", '"at": ', '"at": 1e300, "x": '),
        ("journal.jsonl", '"message": "', '"message": 7, "x": "'),
    ],
)
def test_the_commands_say_which_job_is_damaged_and_show_the_others(
    damaged: Damaged, name: str, old: str, new: str
) -> None:
    path = damaged.bad[0]
    file = path / name
    whole = file.read_text(encoding="utf-8")
    assert old in whole
    file.write_text(whole.replace(old, new), encoding="utf-8")
    try:
        for words in COMMANDS:
            done = damaged.shell.ssm(*words)
            assert done.status == 0, (words, done.err)
            assert "Traceback" not in done.err
            assert done.err.count(f"Job {path.name} is damaged, and is left out: {name} ") == 1, (words, done.err)
            if words[0] == "ls":
                assert all(names.short_name(name) in done.out for name in damaged.good)
        named = damaged.shell.ssm("status", "--job", path.name)
        assert named.status not in {0, 70}, named.err
        assert f"Job {path.name} is damaged: {name} " in named.err
        assert "Traceback" not in named.err
    finally:
        file.write_text(whole, encoding="utf-8")


def test_a_task_whose_last_job_is_damaged_runs_again_and_says_so(shell: Shell) -> None:
    shell.write("w.py", "print('loss=1')\n")
    assert shell.run("-e", "w.py").status == 0
    (path,) = shell.jobs()
    file = path / "request.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"InstanceCount": 1', '"InstanceCount": "1"'))
    again = shell.run("-e", "w.py")
    assert again.status == 0, again.err
    assert f"Job {path.name} is damaged" in again.err
    assert len(shell.jobs()) == 2
