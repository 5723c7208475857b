"""Pages about images, differences, costs, boards and runs: which rows and words there are, from values alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.argv import read
from simple_sagemaker.cli.board import _environment, _prefix, _program
from simple_sagemaker.cli.cost import _line
from simple_sagemaker.cli.diff import _lines
from simple_sagemaker.cli.images import images_text
from simple_sagemaker.cli.mlflow import _find_python, _free_port, mlflow, mlflow_spec
from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.job_specs import BoardSpec, CostSpec
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import EngineUnavailable, InputNotFound, UsageError
from simple_sagemaker.jobs.catalog import Listed
from simple_sagemaker.jobs.cost_report import CostRow
from simple_sagemaker.tasks.job_diff import JobDiff, MetricChange
from simple_sagemaker.tasks.setup import Change
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import World, training

AWS = {"AWS_REGION": "eu-west-1"}


def images(*argv: str, **environment: str) -> list[str]:
    return images_text(read("images", argv), environment or AWS).splitlines()


class TestImages:
    def test_each_framework_has_a_line_with_its_newest_version(self) -> None:
        lines = images()
        assert lines[0].split() == ["FRAMEWORK", "NEWEST", "PYTHON", "ON", "VERSIONS", "FOR"]
        rows = {line.split()[0]: line.split() for line in lines[1 : lines.index("")]}
        assert rows["pytorch"][1:4] == ["2.14.0", "py312", "cpu"] or rows["pytorch"][1].startswith("2.14")
        assert rows["spark"][-1] == "process"
        assert rows["pytorch"][-1] != "process"
        assert " ".join(rows["sagemaker-geospatial"]).count("not in this region") == 1
        assert lines[-2].startswith("In eu-west-1, as of ")
        assert lines[-1] == "Every version, with addresses: ssm images -f pytorch"

    def test_one_framework_has_a_line_for_each_image_there_is_in_the_region(self) -> None:
        lines = images("-f", "pytorch", "--it", "ml.m5.large")
        assert lines[0].split() == ["VERSION", "PYTHON", "ON", "ADDRESS"]
        rows = [line.split() for line in lines[1 : lines.index("")]]
        assert {row[2] for row in rows} == {"cpu"}
        assert all(".dkr.ecr.eu-west-1.amazonaws.com/" in row[3] for row in rows)
        version, python = rows[0][:2]
        assert (
            lines[-1] == f"To use one: ssm run -e train.py -p PROJECT -t TASK -f pytorch --fv {version} --pv {python}"
        )
        assert images("-f", "spark")[-1].startswith("To use one: ssm process --code job.py -p PROJECT -t TASK -f spark")
        assert "+pytorch" in images("-f", "huggingface")[1].split()[0]

    @pytest.mark.parametrize(
        ("argv", "environment", "region"),
        [
            ([], {"AWS_REGION": "eu-west-3", "AWS_DEFAULT_REGION": "us-west-2"}, "eu-west-3"),
            ([], {"AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
            ([], {"HOME": "/"}, "us-east-1"),
            (["--aws_region", "us-east-2"], {"AWS_REGION": "eu-west-3"}, "us-east-2"),
        ],
    )
    def test_the_region_is_typed_or_the_environments(
        self, argv: list[str], environment: dict[str, str], region: str
    ) -> None:
        assert images(*argv, **environment)[-2].startswith(f"In {region}, ")

    def test_programs_get_all_of_it(self) -> None:
        found = json.loads(images_text(read("images", ["-f", "pytorch", "--json"]), AWS))
        assert (found["region"], {one["framework"] for one in found["images"]}) == ("eu-west-1", {"pytorch"})

    @pytest.mark.parametrize(
        ("argv", "told"),
        [
            (["-f", "tensorflow", "--it", "ml.trn1.2xlarge"], "tensorflow has no image for ml.trn1.2xlarge."),
            (["-f", "sagemaker-geospatial"], "sagemaker-geospatial has no image in eu-west-1.\nChoose another region"),
            (["--aws_region", "eu-west-9"], "--aws_region 'eu-west-9': no image is published there."),
            (["-f", "nothing"], "nothing"),
        ],
    )
    def test_where_there_is_none_it_is_told(self, argv: list[str], told: str) -> None:
        with pytest.raises(UsageError) as refused:
            images(*argv)
        assert told in str(refused.value)
        with pytest.raises(UsageError, match="the region 'eu-west-9'"):
            images(AWS_REGION="eu-west-9")


def diffed(**more: Any) -> list[str]:
    values: dict[str, Any] = {
        "a": "job-a",
        "b": "job-b",
        "changes": (),
        "code": None,
        "metrics": (),
        "status": ("Completed", "Failed"),
        "ran_s": (60, 60),
        "cost_usd": (None, None),
    }
    return _lines(JobDiff(**{**values, **more}))


class TestDiff:
    def test_two_jobs_of_the_same_are_told_so(self) -> None:
        assert diffed() == [
            "--- job-a (Completed)",
            "+++ job-b (Failed)",
            "Made from the same, but for the code",
            "The code is the same.",
        ]

    def test_what_differs_has_a_line_each(self) -> None:
        lines = diffed(
            changes=(Change(name="instance type", before="ml.m5.large", now="local"),),
            metrics=(
                MetricChange(name="loss", a=0.5, b=0.25),
                MetricChange(name="same", a=1.0, b=1.0),
                MetricChange(name="new", a=None, b=2.0),
            ),
            ran_s=(60, None),
            cost_usd=(0.5, None),
            code="--- a/w.py\n+++ b/w.py\n@@ -1 +1 @@\n-print(1)\n+print(2)\n\x1b[31mred",
        )
        assert "ml.m5.large" in lines[2]
        assert "local" in lines[2]
        assert lines[3:7] == [
            "loss: 0.5 -> 0.25",
            "new: none -> 2",
            "ran: 1m00s -> not at all",
            "cost: $0.50 -> unknown",
        ]
        assert lines[7:12] == ["", "--- a/w.py", "+++ b/w.py", "@@ -1 +1 @@", "-print(1)"]
        assert not any("\x1b" in line for line in lines)


def row(**more: Any) -> CostRow:
    hours = dict.fromkeys(("ran_h", "billed_h", "saved_h", "starting_h", "again_h", "warm_h"), 0.0)
    dollars = dict.fromkeys(("cost_usd", "saved_usd", "warm_usd"))
    return CostRow(**{"name": "p/t", "jobs": 1200, **hours, **dollars, **more})


@pytest.mark.parametrize(
    ("by", "project", "name"), [("task", "p", "t"), ("task", "", "p/t"), ("type", "p", "p/t"), ("day", "p", "p/t")]
)
def test_a_cost_is_of_a_task_by_its_own_name(by: Any, project: str, name: str) -> None:
    line = _line(CostSpec(place=Place(project=project, task=""), by=by, since=None), row(), is_paid=True)
    assert line == [name, "1,200", *[""] * 9]


def test_what_costs_nothing_has_neither_billed_nor_saved_hours() -> None:
    spec = CostSpec(place=Place(project="p", task=""), by="task", since=None)
    some = row(ran_h=1.0, billed_h=0.5, saved_h=0.25, again_h=0.0001, warm_h=0.5 / 3600, cost_usd=1.5)
    paid, free = (_line(spec, some, is_paid=is_paid) for is_paid in (True, False))
    assert paid[2:5] == ["1h00m", "30m00s", "15m00s"]
    assert free[2:5] == ["1h00m", "", ""]
    assert (paid[6], paid[7], paid[8]) == ("", "1s", "$1.50") or paid[7] != ""


class TestBoard:
    JOB = "task-2030-01-31-12-00-00-abcdefgh"
    LISTED = Listed(
        of_training({**training(JOB, "Completed"), "OutputDataConfig": {"S3OutputPath": "s3://b/p/task"}}), "p", "task"
    )

    @pytest.mark.parametrize(
        ("more", "prefix"),
        [
            ({"job": "abcdefgh"}, "p/task/task-2030-01-31-12-00-00-abcdefgh/"),
            ({"trial": 1}, "p/task/"),
            ({"place": Place(project="p", task="task")}, "p/task/"),
            ({}, "p/"),
        ],
    )
    def test_the_folder_is_that_of_what_was_asked_for(self, more: dict[str, Any], prefix: str) -> None:
        assert self.LISTED.place
        spec = BoardSpec(**{"place": Place(project="p", task=""), **more})
        assert _prefix(spec, self.LISTED) == prefix

    def test_tensorboard_finds_the_account_of_jobs_on_aws(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "S3_ENDPOINT", "AWS_REGION"):
            monkeypatch.delenv(name, raising=False)
        services = World(MemoryStore()).services()
        spec = BoardSpec(place=Place(project="p", task="", aws_profile="work"))
        found = _environment(spec, services)
        assert (found["AWS_REGION"], found["AWS_DEFAULT_REGION"], found["AWS_PROFILE"]) == ("eu-west-1",) * 2 + (
            "work",
        )
        assert "S3_ENDPOINT" not in found
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://all")
        assert _environment(spec, services)["S3_ENDPOINT"] == "http://all"
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://s3")
        assert _environment(spec, services)["S3_ENDPOINT"] == "http://s3"
        monkeypatch.setenv("S3_ENDPOINT", "http://mine")
        assert _environment(spec, services)["S3_ENDPOINT"] == "http://mine"
        here = replace(services, buckets=Path("/buckets"))
        assert "AWS_PROFILE" not in _environment(spec, here)

    def test_without_tensorboard_it_is_told_how_to_have_it(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(sys, "path", [])
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(UsageError, match="pip install tensorboard"):
            _program()
        (tmp_path / "tensorboard").write_text("#!/bin/sh\n")
        (tmp_path / "tensorboard").chmod(0o755)
        assert _program() == [str(tmp_path / "tensorboard")]


class TestMlflow:
    @pytest.mark.parametrize("port", ["-1", "65536", "x", "1.5"])
    def test_a_port_is_a_number_that_a_port_can_be(self, port: str) -> None:
        with pytest.raises(UsageError, match=f"--port '{port}' is not a port"):
            mlflow_spec(read("mlflow", ["-p", "proj", f"--port={port}"]))
        assert mlflow_spec(read("mlflow", ["-p", "proj", "--port", "65535"])).port == 65535

    def test_the_project_is_named(self) -> None:
        spec = mlflow_spec(read("mlflow", ["-p", "proj"]))
        assert (spec.place.project, spec.place.is_local) == ("proj", True)
        with pytest.raises(UsageError, match="missing: "):
            mlflow_spec(read("mlflow", []))
        with pytest.raises(UsageError, match="a/b"):
            mlflow_spec(read("mlflow", ["-p", "a/b"]))

    def test_without_runs_it_is_told_what_keeps_some(self, tmp_path: Path) -> None:
        with pytest.raises(InputNotFound, match=r"There are no runs of the project 'proj' in .*\n.*--mlflow_to local"):
            mlflow(mlflow_spec(read("mlflow", ["-p", "proj"])), {"SSM_HOME": str(tmp_path)})

    def test_the_first_python_that_has_it_serves(self, tmp_path: Path) -> None:
        programs = []
        for name, status in (("without", 1), ("with", 0), ("too", 0)):
            (tmp_path / name).write_text(f"#!/bin/sh\nexit {status}\n")
            (tmp_path / name).chmod(0o755)
            programs.append(str(tmp_path / name))
        assert _find_python(programs) == programs[1]
        with pytest.raises(EngineUnavailable, match=f"Install it: {programs[0]} -m pip install mlflow"):
            _find_python(programs[:1])
        assert 0 < _free_port() < 65536
