from __future__ import annotations

import json
from pathlib import Path

import pytest

from simple_sagemaker.specs import AWS_RUNNERS, runners_needed
from tests.unit.cli.typed import RUN, SHELL, TASK, refused, run

TORCH = '{"torch_distributed": {"enabled": true}}'


def test_torch_needs_nobodys_help() -> None:
    chosen = run("--distribution", TORCH).launch_distribution
    assert chosen == {"torch_distributed": {"enabled": True}}
    assert runners_needed(chosen) == ()


def test_no_distribution_needs_no_runner() -> None:
    assert run().launch_distribution is None
    assert runners_needed(None) == ()


@pytest.mark.parametrize("way", AWS_RUNNERS)
def test_the_other_ways_are_known_and_need_awss_toolkit(way: str) -> None:
    chosen = run(
        "--distribution", json.dumps({way: {"enabled": True, "custom_mpi_options": "-x A"}})
    ).launch_distribution
    assert runners_needed(chosen) == (way,)


def test_a_way_that_is_switched_off_needs_no_runner() -> None:
    assert runners_needed(run("--distribution", '{"mpi": {"enabled": false}}').launch_distribution) == ()


def test_a_part_of_smdistributed_needs_the_toolkit() -> None:
    text = '{"smdistributed": {"dataparallel": {"enabled": true}}}'
    assert runners_needed(run("--distribution", text).launch_distribution) == ("smdistributed",)


@pytest.mark.parametrize("text", ["normal", "{", "[]", "{}", "3", '"mpi"', "null"])
def test_a_distribution_is_a_json_object(text: str) -> None:
    assert "Write it in single quotes" in refused(*RUN, "--distribution", text)


@pytest.mark.parametrize("way", ["torch_distribute", "horovod", "instance_groups"])
def test_an_unknown_way_is_refused_with_those_there_are(way: str) -> None:
    said = refused(*RUN, "--distribution", json.dumps({way: {"enabled": True}}))
    assert way in said
    assert "parameter_server" in said


@pytest.mark.parametrize(
    "value", [True, "yes", None, [], {"enabled": "true"}, {"enabled": 1}, {}, {"processes_per_host": 2}]
)
def test_a_way_says_in_json_whether_it_is_on(value: object) -> None:
    assert "--distribution: mpi" in refused(*RUN, "--distribution", json.dumps({"mpi": value}))


def test_torch_starts_only_python_files(here: Path) -> None:
    (here / "go.sh").write_text("")
    assert "'go.sh'" in refused("run", *TASK, "-e", "go.sh", "--distribution", TORCH)
    assert "a shell command" in refused(*SHELL, "--distribution", TORCH)
    assert "'go.sh'" in refused("run", *TASK, "-s", "s3://b/x.tar.gz", "-e", "go.sh", "--distribution", TORCH)
