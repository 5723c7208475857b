"""Each option reaches its own field of the spec and no other: of tasks, processing jobs and searches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.experiments import Experiment, MlflowStore
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.rules import Metric
from simple_sagemaker.core.specs import Download, LocalInput, RequestMerge, Rerun, S3Input, Security
from simple_sagemaker.studies.spec import Resource
from tests.unit.cli.typed import RUN, TASK, refused

PROCESS = ("process", *TASK, "--entrypoint", "ls")
TUNE = ("tune", *TASK, "-e", "train.py", "--hp_space", "lr", "1..9", "--md", "m", "m=(.*)", "--tune_for", "m", "min")
SHARED: list[tuple[list[str], str, Any]] = [
    (["--tag", "a", "b"], "tags", {"a": "b"}),
    (["--force_running"], "rerun", Rerun(force_running=True)),
    (["-o", "out", "--download_model"], "download", Download(path=Path("out"), model=True)),
    (["--role_name", "r"], "security", Security(role_name="r")),
    (["--encrypt_traffic"], "security", Security(encrypt_traffic=True)),
    (["--in_experiment", "e", "t"], "experiment", Experiment(name="e", trial="t")),
    (["--dry_run"], "dry_run", True),
    (["--no_wait"], "wait", False),
    (["--quiet_run"], "shows", "lines"),
    (["--request_merge", "merge.json"], "request_merge", RequestMerge(file="merge.json", members={"a": 1})),
    (["-i", "data"], "inputs", (LocalInput(path=Path("data")),)),
    (["--iis", "c", "s3://b/k"], "inputs", (S3Input(name="c", uri="s3://b/k"),)),
    (["--", "x", "-y"], "arguments", ("x", "-y")),
]
OF_TASK: list[tuple[list[str], str, Any]] = [
    (["--model_uri", "s3://b/m"], "model_uri", "s3://b/m"),
    (["--lr", "1"], "hyperparameters", {"lr": "1"}),
    (["--distribution", '{"mpi": {"enabled": true}}'], "launch_distribution", {"mpi": {"enabled": True}}),
    (["--md", "m", "m=(.*)"], "metrics", (Metric(name="m", regex="m=(.*)"),)),
    (["--mlflow_to", "http://h:1"], "mlflow", MlflowStore(uri="http://h:1")),
    (["--profile_with", "cprofile"], "profiled_with", "cprofile"),
    (["--job_env", "A", "1"], "environment", {"A": "1"}),
    (["--input_mode", "FastFile"], "input_mode", "FastFile"),
    (["--launch_by", "toolkit"], "launched_by", "toolkit"),
    (["--launch_by", "direct"], "launched_by", "direct"),
]
OF_PROCESS: list[tuple[list[str], str, Any]] = [
    (["--env", "A", "1"], "environment", {"A": "1"}),
    (["--it", "ml.m5.xlarge"], "instances", None),
    (["-f", "pytorch"], "image", None),
]


@pytest.fixture(autouse=True)
def _merge(here: Path) -> None:
    (here / "merge.json").write_text(json.dumps({"a": 1}))


def differing(plain: Any, spec: Any) -> dict[str, Any]:
    fields = type(spec).__dataclass_fields__
    return {name: getattr(spec, name) for name in fields if getattr(plain, name) != getattr(spec, name)}


@pytest.mark.parametrize(("options", "field", "value"), [*SHARED, *OF_TASK], ids=lambda one: str(one)[:40])
def test_an_option_of_a_task_sets_its_field_alone(options: list[str], field: str, value: Any) -> None:
    found = differing(parse(RUN), parse([*RUN, *options]))
    if field == "mlflow":
        assert {**found, "mlflow": replace(found["mlflow"], commit=None)} == {field: value}
    else:
        assert found == {field: value}


@pytest.mark.parametrize(("options", "field", "value"), [*SHARED, *OF_PROCESS], ids=lambda one: str(one)[:40])
def test_an_option_of_a_processing_job_sets_its_field_alone(options: list[str], field: str, value: Any) -> None:
    found = differing(parse(PROCESS), parse([*PROCESS, *options]))
    assert [*found] == [field]
    assert value is None or found == {field: value}


@pytest.mark.parametrize(
    ("entrypoint", "command", "line"),
    [
        (["ls"], ("ls",), None),
        (["ls -l 'a b'"], ("ls", "-l", "a b"), None),
        (["ls", "l", "a b"], ("ls", "l", "a b"), None),
        (["ls | wc"], (), "ls | wc"),
        (["echo $HOME"], (), "echo $HOME"),
        (["echo 'a|b'"], ("echo", "a|b"), None),
        (["a", "b | c"], ("a", "b | c"), None),
    ],
)
def test_a_command_is_words_or_a_line_for_a_shell(entrypoint: list[str], command: tuple[str, ...], line: Any) -> None:
    spec: Any = parse(["process", *TASK, "--entrypoint", *entrypoint])
    assert (spec.command, spec.command_line) == (command, line)


def test_arguments_of_a_processing_job_come_before_those_behind_the_dashes() -> None:
    spec: Any = parse([*PROCESS, "--arguments", "a", "b", "--", "--c"])
    assert spec.arguments == ("a", "b", "--c")
    assert "--env 'A': a variable's name and value are limited to 256" in refused(*PROCESS, "--env", "A", "v" * 257)
    spec = parse([*PROCESS, "--env", "A", "v" * 256])
    assert spec.environment == {"A": "v" * 256}


OF_SEARCH: list[tuple[list[str], str, Any]] = [
    (["--tune_by", "grid"], "strategy", "grid"),
    (["--tune_jobs", "1"], "max_trials", 1),
    (["--tune_jobs", "9"], "max_trials", 9),
    (["--tune_at_once", "1"], "at_once", 1),
    (["--tune_at_once", "100"], "at_once", 100),
    (["--tune_stop", "median"], "stops_early", True),
    (["--tune_target", "-1e3"], "target", -1000.0),
    (["--tune_patience", "3"], "patience", 3),
    (["--tune_mins", "1"], "max_mins", 1),
    (["--tune_seed", "0"], "seed", 0),
    (["--tune_seed", "2147483647"], "seed", 2**31 - 1),
    (["--tune_failures", "0"], "failures", 0),
]


@pytest.mark.parametrize(("options", "field", "value"), OF_SEARCH, ids=lambda one: str(one)[:40])
def test_an_option_of_a_search_sets_its_field_alone(options: list[str], field: str, value: Any) -> None:
    assert differing(parse(TUNE), parse([*TUNE, *options])) == {field: value}


def test_a_whole_search_is_as_it_was_typed() -> None:
    spec: Any = parse([*TUNE, "--tune_by", "hyperband", "--tune_resource", "epochs", "1", "20000"])
    assert (spec.strategy, spec.resource) == ("hyperband", Resource(name="epochs", least=1, most=20_000))
    assert (spec.metric, spec.goal, [one.name for one in spec.space]) == ("m", "min", ["lr"])
    for word, goal in (("MAX", "max"), ("minimize", "min"), ("Maximize", "max")):
        spec = parse([*TUNE[:-1], word])
        assert spec.goal == goal
    spec = parse([*TUNE, "--tune_by", "bayesian", "--tune_from", "other"])
    assert spec.learn_from == "other"
    spec = parse([*TUNE, "--tune_on", "aws", "--no_wait"])
    assert (spec.tuned_on, spec.task.launched_by, spec.task.wait) == ("aws", "toolkit", False)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--tune_jobs", "0"], "--tune_jobs 0 is too small"),
        (["--tune_jobs", "10001"], "--tune_jobs 10001 is too large"),
        (["--tune_jobs", "10"], "--tune_jobs 10: the space has only 9 combinations of values"),
        (["--tune_at_once", "101"], "--tune_at_once 101 is too large"),
        (["--tune_patience", "2"], "--tune_patience 2 is too small"),
        (["--tune_mins", "0"], "--tune_mins 0 is too small"),
        (["--tune_seed", "2147483648"], "--tune_seed 2147483648 is too large"),
        (["--tune_target", "inf"], "--tune_target inf: no objective is ever as good"),
        (["--tune_target", "x"], "--tune_target takes a number, not 'x'"),
        (
            ["--tune_by", "gird"],
            "--tune_by 'gird' is not one of: random, grid, bayesian, hyperband. Did you mean grid?",
        ),
        (["--tune_by", "hyper"], "Did you mean hyperband?"),
        (["--tune_by", "hyperband"], "--tune_by hyperband: say which hyperparameter tells how long a trial runs"),
        (["--tune_resource", "e", "1", "2"], "--tune_resource is for hyperband, not for --tune_by random"),
        (["--tune_by", "hyperband", "--tune_resource", "e", "1", "20001"], "MIN is at least 1 and less than MAX"),
        (["--tune_by", "hyperband", "--tune_resource", "e", "0", "2"], "MIN is at least 1 and less than MAX"),
        (["--tune_by", "hyperband", "--tune_resource", "e", "2", "2"], "MIN is at least 1 and less than MAX"),
        (["--tune_by", "hyperband", "--tune_resource", "e", "1", "x"], "MIN and MAX are whole numbers"),
        (["--tune_by", "hyperband", "--tune_resource", "lr", "1", "2"], "--hp_space searches it"),
        (
            ["--tune_by", "hyperband", "--tune_resource", "e", "1", "2", "--tune_stop", "median"],
            "--tune_by hyperband stops trials itself: drop --tune_stop",
        ),
        (["--tune_from", "other"], "--tune_from: --tune_by random learns from no earlier trial"),
        (["--tune_by", "bayesian", "--tune_from", "task"], "--tune_from task: that is this task; name another"),
        (["--no_wait"], "--no_wait: this command itself drives the search"),
        (
            ["--tune_on", "aws", "--launch_by", "direct"],
            "--launch_by direct: in a tuning job of SageMaker's only AWS's",
        ),
        (["--lr", "1"], "the search gives it others: drop one of the two"),
        (["--tune_for", "n", "min"], "--tune_for can be given once"),
        (["--tune_by", "grid", "--hp_space", "b", "0.1..0.9"], "'b' has infinitely many values"),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_what_no_search_can_be_is_refused(options: list[str], part: str) -> None:
    assert part in refused(*TUNE, *options)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--tune_for", "n", "min"], "--tune_for n: there is no such metric"),
        (["--tune_for", "m", "up"], "--tune_for m 'up': say min or max"),
        (["--tune_for", "m", "auto"], "--tune_for m 'auto': say min or max"),
    ],
)
def test_the_objective_is_a_metric_and_a_goal(words: list[str], part: str) -> None:
    assert part in refused(*TUNE[:-3], *words)
