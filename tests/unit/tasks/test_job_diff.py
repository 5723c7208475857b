"""Two jobs beside each other: all that differs, and of code what changed line by line, or why that cannot be said."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any, cast

import pytest

from simple_sagemaker.core.aws_api import Logs
from simple_sagemaker.core.cpu_limit import TooSlow
from simple_sagemaker.core.job import Job, of_training
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.tasks import job_diff
from simple_sagemaker.tasks.job_diff import JobDiff, MetricChange, diff
from tests.unit.jobs.test_past_lines import Pages
from tests.unit.jobs.watching import Watch, described
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import PLACE

A, B = "task-2030-01-31-11-00-00-aaaaaaaa", "task-2030-01-31-12-00-00-bbbbbbbb"
METRICS = {"MetricDefinitions": [{"Name": name, "Regex": rf"{name}=(\S+)"} for name in ("x", "y", "z")]}


def archive(files: dict[str, bytes]) -> bytes:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as packed:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return whole.getvalue()


class Two:
    """Two jobs that completed: their descriptions, run files, codes and lines."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.members: dict[str, dict[str, Any]] = {A: {}, B: {}}
        self.lines: dict[str, list[tuple[int, str]]] = {}
        self.places: dict[str, TaskPlace | None] = {A: PLACE, B: PLACE}
        self.run: dict[str, dict[str, Any]] = {A: {"kind": "run"}, B: {"kind": "run"}}
        self.code: dict[str, dict[str, bytes] | None] = {A: {"w.py": b"one\n"}, B: {"w.py": b"one\n"}}

    def job(self, name: str) -> Job:
        given = {"TrainingTimeInSeconds": 3600, "BillableTimeInSeconds": 1800, **self.members[name]}
        return of_training({**described(("Completed", ""), status="Completed", **given), "TrainingJobName": name})

    @property
    def services(self) -> Services:
        for name in (A, B):
            self.store.write("b", PLACE.source(name) + "run.json", json.dumps(self.run[name]).encode())
            if (files := self.code[name]) is not None:
                self.store.write("b", PLACE.source(name) + "sourcedir.tar.gz", archive(files))
        made = Watch().services(lambda _: 0.0, Reading())
        pages = Pages({f"{name}/algo-1-1": some for name, some in self.lines.items()})
        return replace(made, store=self.store, logs=cast("Logs", pages), price=lambda *_: 2.0)

    def diff(self) -> JobDiff:
        return diff(self.job(A), self.job(B), (self.places[A], self.places[B]), self.services, pytest.fail)

    def named(self) -> list[tuple[str, str | None, str | None]]:
        return [(one.name, one.before, one.now) for one in self.diff().changes]


@pytest.fixture
def two() -> Two:
    return Two()


def test_jobs_that_are_the_same_differ_in_nothing(two: Two) -> None:
    found = two.diff()
    assert (found.a, found.b, found.changes, found.code, found.metrics) == (A, B, (), None, ())
    assert (found.status, found.ran_s, found.cost_usd) == (("Completed", "Completed"), (3600, 3600), (1.0, 1.0))


def test_times_costs_and_ends_are_those_of_each(two: Two) -> None:
    two.members[B] = {"TrainingTimeInSeconds": 60, "BillableTimeInSeconds": 7200}
    found = two.diff()
    assert (found.ran_s, found.cost_usd) == ((3600, 60), (1.0, 4.0))


def test_metrics_of_either_are_beside_each_other(two: Two) -> None:
    two.members = {A: {"AlgorithmSpecification": METRICS}, B: {"AlgorithmSpecification": METRICS}}
    two.lines = {A: [(1, "x=1"), (2, "x=2"), (3, "y=3")], B: [(1, "z=5"), (2, "x=4")]}
    assert two.diff().metrics == (
        MetricChange(name="x", a=2.0, b=4.0),
        MetricChange(name="y", a=3.0, b=None),
        MetricChange(name="z", a=None, b=5.0),
    )


def test_what_differs_is_named_with_both_values_and_of_variables_without(two: Two) -> None:
    two.members = {
        A: {"HyperParameters": {"lr": "1", "same": "s"}, "Environment": {"A": "1"}, "EnableManagedSpotTraining": True},
        B: {"HyperParameters": {"lr": "2", "same": "s"}, "Environment": {"A": "2"}},
    }
    two.run[A] = {"kind": "run", "entry_point": "w.py", "arguments": ["a"], "made_from": {"image": "i1"}}
    two.run[B] = {"kind": "shell", "command": "ls", "distribution": {"a": 1}, "made_from": {"image": "i2"}}
    assert two.named() == [
        ("kind", "run", "shell"),
        ("entry point", "w.py", ""),
        ("command", "", "ls"),
        ("arguments", "a", ""),
        ("lr", "1", "2"),
        ("image", "i1", "i2"),
        ("distribution", "", '{"a": 1}'),
        ("variable A", None, "another value"),
        ("spot", "yes", ""),
    ]


def channel(name: str, uri: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3Uri": uri}}}


@pytest.mark.parametrize(
    ("origins", "digests", "named"),
    [
        (("s3://b/x", "s3://b/x"), ("1", "2"), [("inputs", "1 file, 5 B", "2 files, 9 B")]),
        (("s3://b/x", "s3://b/x"), ("1", "1"), []),
        (("s3://b/x", "s3://b/x"), ("1", ""), []),
        (("s3://b/x", "s3://b/x"), ("", "2"), []),
        (("s3://b/x", "s3://b/y"), ("1", "2"), [("input c", "s3://b/x", "s3://b/y")]),
    ],
)
def test_inputs_differ_by_where_they_come_from_or_by_what_they_hold(
    two: Two, origins: tuple[str, str], digests: tuple[str, str], named: list[Any]
) -> None:
    marks = ([1, 5], [2, 9])
    for name, origin, digest, mark in zip((A, B), origins, digests, marks, strict=True):
        two.members[name] = {"InputDataConfig": [channel("c", f"s3://b/p/task/{name}")]}
        made = {"inputs": {"c": origin}, "input_marks": {"c": mark}}
        two.run[name] = {"kind": "run", "fingerprint": {"inputs": digest}, "made_from": made}
    assert two.named() == named


def test_code_is_compared_line_by_line(two: Two) -> None:
    two.code = {
        A: {"w.py": b"one\ntwo\n", "gone.py": b"x\n", "launcher.py": b"ours", "same.py": b"s\n", "end": b"a"},
        B: {"w.py": b"one\n2\n", "new.py": b"y\n", "launcher.py": b"other", "same.py": b"s\n", "end": b"b"},
    }
    code = two.diff().code
    assert code
    assert code.splitlines() == [
        *("--- a/end", "+++ b/end", "@@ -1 +1 @@", "-a", "\\ No newline at end of file"),
        *("+b", "\\ No newline at end of file"),
        *("--- a/gone.py", "+++ /dev/null", "@@ -1 +0,0 @@", "-x"),
        *("--- /dev/null", "+++ b/new.py", "@@ -0,0 +1 @@", "+y"),
        *("--- a/w.py", "+++ b/w.py", "@@ -1,2 +1,2 @@", " one", "-two", "+2"),
    ]


def test_files_that_are_large_or_no_text_are_said_to_differ(two: Two) -> None:
    large = b"x" * (1 << 20)
    two.code = {
        A: {"bin": b"\xff1", "same": b"\xff", "large": large + b"1", "just": large[:-1] + b"1"},
        B: {"bin": b"\xff2", "same": b"\xff", "large": large + b"2", "just": large[:-1] + b"2"},
    }
    code = two.diff().code
    assert code
    lines = code.splitlines()
    assert lines[0] == "bin differs, and is no short text"
    assert "large differs, and is no short text" in lines
    assert "--- a/just" in lines, "a file of a mebibyte is compared"
    assert not any("same" in line for line in lines)


def test_what_takes_too_long_to_compare_is_said(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*_: object) -> Any:
        raise TooSlow

    two.code[B] = {"w.py": b"two\n"}
    monkeypatch.setattr("simple_sagemaker.tasks.job_diff.difflib.unified_diff", slow)
    assert two.diff().code == "w.py differs, in more ways than can be compared in 3 s\n"
    assert job_diff._SLOWEST_S == 3.0


def test_code_that_is_known_to_be_the_same_is_not_fetched(two: Two) -> None:
    two.code = {A: None, B: None}
    marks = {"files": {"w.py": "644 ab"}}
    two.run = {A: {"made_from": marks}, B: {"made_from": marks}}
    assert two.diff().code is None
    two.run[B] = {"made_from": {"files": {"w.py": "644 cd"}}}
    assert two.diff().code == f"The code of {A} is not there any more."


def test_why_code_cannot_be_compared_is_said(two: Two) -> None:
    two.places[B] = None
    assert two.diff().code == f"The code of {B} cannot be read."
    two.places[B] = PLACE
    two.code[B] = None
    del two.store.objects[PLACE.source(B) + "sourcedir.tar.gz"]
    assert two.diff().code == f"The code of {B} is not there any more."
    two.store.write("b", PLACE.source(B) + "sourcedir.tar.gz", b"no archive")
    assert "sourcedir.tar.gz" in (two.diff().code or "")
