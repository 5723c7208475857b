from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.distribution import AWS_RUNNERS, runners_needed, starts_by_toolkit
from tests.unit.cli.typed import RUN, SHELL, TASK, refused, run, shell

TORCH = '{"torch_distributed": {"enabled": true}}'


def test_torch_needs_nobodys_help() -> None:
    chosen = run("--distribution", TORCH).launch_distribution
    assert chosen == {"torch_distributed": {"enabled": True}}
    assert runners_needed(chosen) == ()


def test_no_distribution_needs_no_runner() -> None:
    assert run().launch_distribution is None
    assert runners_needed(None) == ()


def enabled(way: str) -> dict[str, Any]:
    return {way: {"dataparallel": {"enabled": True}} if way == "smdistributed" else {"enabled": True}}


@pytest.mark.parametrize("way", AWS_RUNNERS)
def test_the_other_ways_are_known_and_are_started_by_awss_toolkit(way: str) -> None:
    spec = run("--distribution", json.dumps(enabled(way)))
    assert runners_needed(spec.launch_distribution) == (way,)
    assert starts_by_toolkit(spec)
    assert f"--launch_by direct: {way}" in refused(
        *RUN, "--distribution", json.dumps(enabled(way)), "--launch_by", "direct"
    )


def test_the_launcher_can_be_chosen() -> None:
    assert not starts_by_toolkit(run())
    assert not starts_by_toolkit(run("--distribution", TORCH))
    assert starts_by_toolkit(run("--launch_by", "toolkit"))
    assert starts_by_toolkit(shell("--launch_by", "toolkit"))
    assert run("--launch_by", "direct", "--distribution", TORCH).launched_by == "direct"
    assert "direct or toolkit" in refused(*RUN, "--launch_by", "me")


@pytest.mark.parametrize(
    ("way", "wrong"),
    [
        ({"mpi": {"enabled": True, "processes": 2}}, "mpi has no processes"),
        ({"mpi": {"enabled": True, "processes_per_host": 0}}, "a whole number"),
        ({"mpi": {"enabled": True, "processes_per_host": True}}, "a whole number"),
        ({"mpi": {"enabled": True, "custom_mpi_options": ["-x"]}}, "must be a string"),
        ({"pytorchddp": {"enabled": True, "custom_mpi_options": "-x A"}}, "pytorchddp has no custom_mpi_options"),
        ({"smdistributed": {"enabled": True}}, "has two parts"),
        ({"smdistributed": {"dataparallel": True}}, "dataparallel must be an object"),
        (
            {"smdistributed": {"modelparallel": {"enabled": True, "parameters": "f.json"}}},
            "'parameters' must be an object",
        ),
        ({"smdistributed": {"modelparallel": {"enabled": True}}}, "started by mpi or torch_distributed"),
        ({"mpi": {"enabled": True}, "torch_distributed": {"enabled": True}}, "both start the processes"),
        ({"mpi": {"enabled": True}, "smdistributed": {"dataparallel": {"enabled": True}}}, "both start the processes"),
    ],
)
def test_what_the_toolkit_would_not_read_or_not_start_is_refused(way: dict[str, Any], wrong: str) -> None:
    assert wrong in refused(*RUN, "--distribution", json.dumps(way))


def test_the_model_parallel_library_goes_with_another_way() -> None:
    ways = {
        "mpi": {"enabled": True},
        "smdistributed": {"modelparallel": {"enabled": True, "parameters": {"ddp": True}}},
    }
    spec = run("--distribution", json.dumps(ways))
    assert runners_needed(spec.launch_distribution) == ("mpi", "smdistributed")
    assert "--mp_parameters: --distribution sets" in refused(
        *RUN, "--distribution", json.dumps(ways), "--mp_parameters", "x"
    )


def test_a_way_that_is_switched_off_needs_no_runner() -> None:
    assert runners_needed(run("--distribution", '{"mpi": {"enabled": false}}').launch_distribution) == ()


def test_a_part_of_smdistributed_needs_the_toolkit() -> None:
    text = '{"smdistributed": {"dataparallel": {"enabled": true}}}'
    assert runners_needed(run("--distribution", text).launch_distribution) == ("smdistributed",)


@pytest.mark.parametrize("text", ["normal", "{", "[]", "{}", "3", '"mpi"', "null"])
def test_a_distribution_is_a_json_object(text: str) -> None:
    assert "Write it in single quotes" in refused(*RUN, "--distribution", text)


def test_a_distribution_of_objects_in_objects_is_refused() -> None:
    assert "nested too deeply" in refused(*RUN, "--distribution", '{"mpi":' * 100_000)


@pytest.mark.parametrize("way", ["torch_distribute", "horovod", "instance_groups"])
def test_an_unknown_way_is_refused_with_those_there_are(way: str) -> None:
    message = refused(*RUN, "--distribution", json.dumps({way: {"enabled": True}}))
    assert way in message
    assert "parameter_server" in message


@pytest.mark.parametrize(
    "value", [True, "yes", None, [], {"enabled": "true"}, {"enabled": 1}, {}, {"processes_per_host": 2}]
)
def test_a_way_says_in_json_whether_it_is_on(value: object) -> None:
    assert "--distribution: mpi" in refused(*RUN, "--distribution", json.dumps({"mpi": value}))


def test_pytorch_xla_imports_a_python_file(here: Path) -> None:
    (here / "go.sh").write_text("")
    assert "'go.sh'" in refused("run", *TASK, "-e", "go.sh", "--distribution", '{"pytorchxla": {"enabled": true}}')


def test_torch_starts_only_python_files(here: Path) -> None:
    (here / "go.sh").write_text("")
    assert "'go.sh'" in refused("run", *TASK, "-e", "go.sh", "--distribution", TORCH)
    assert "a shell command" in refused(*SHELL, "--distribution", TORCH)
    assert "'go.sh'" in refused("run", *TASK, "-s", "s3://b/x.tar.gz", "-e", "go.sh", "--distribution", TORCH)


def test_a_dictionary_as_python_writes_it_is_shown_as_json() -> None:
    typed = "{'torch_distributed': {'enabled': True}}"
    assert """'{"torch_distributed": {"enabled": true}}'""" in refused(*RUN, "--distribution", typed)
    assert "Did you mean torch_distributed?" in refused(
        *RUN, "--distribution", '{"torch_distributd": {"enabled": true}}'
    )
