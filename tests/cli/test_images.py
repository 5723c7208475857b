"""``ssm images`` as a person runs it: what it lists is what a job would get."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest

from simple_sagemaker.images.frameworks import framework_image
from simple_sagemaker.images.published import facts, frameworks
from tests.cli.conftest import Done, Shell
from tools.write_schemas import FOLDER

NOWHERE = {"AWS_REGION": None, "AWS_DEFAULT_REGION": None}


def images(shell: Shell, *argv: str, region: str | None = None) -> Done:
    done = shell.ssm("images", *argv, environment={**NOWHERE, "AWS_REGION": region})
    assert done.status == 0, done.err
    return done


def test_every_framework_has_a_line_with_its_newest_image(shell: Shell) -> None:
    lines = images(shell).out.splitlines()
    table = [re.split(r"  +", line) for line in lines[: lines.index("")]]
    assert [row[0] for row in table[1:]] == list(frameworks())
    assert next(row for row in table if row[0] == "sklearn")[1:] == ["1.9-0", "py3", "cpu", "7"]
    assert next(row for row in table if row[0] == "spark")[1:] == ["3.5", "py312 py39", "cpu", "6", "process"]
    origin = facts("pytorch")["from"]
    assert lines[-2].startswith(f"In us-east-1, as of {origin['read']} ({origin['package']} {origin['version']})")
    assert lines[-1].endswith("ssm images -f pytorch")


def test_one_framework_has_a_line_for_every_image_that_a_job_could_have(shell: Shell) -> None:
    done = images(shell, "-f", "huggingface", "--it", "ml.g5.xlarge", region="eu-west-1")
    rows = [line.split() for line in done.out.splitlines() if ".dkr.ecr.eu-west-1." in line]
    assert len(rows) > 20
    for version, python, processor, address in rows:
        assert processor == "gpu"
        assert address == framework_image(
            "huggingface", version=version, py_version=python, instance_type="ml.g5.xlarge", region="eu-west-1"
        )
    assert "To use one: ssm run -e train.py -p PROJECT -t TASK -f huggingface --fv 5.3.0+pytorch2.9.0" in done.out


def test_json_is_as_its_schema_says_and_has_every_image(shell: Shell) -> None:
    done = images(shell, "--json", "--aws_region", "us-gov-west-1")
    found = json.loads(done.out)
    jsonschema.validate(found, json.loads((FOLDER / "images.json").read_text(encoding="utf-8")))
    assert {image["framework"] for image in found["images"]} == set(frameworks())
    newest = next(image for image in found["images"] if image["framework"] == "pytorch" and image["address"])
    assert newest["version"] == "2.13"  # the newest that this region has
    assert ".dkr.ecr.us-gov-west-1." in newest["address"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("-f", "sparc"), "Did you mean spark?"),
        (("--aws_region", "eu-west-9"), "no image is published there. Regions are eu-west-"),
        (("-f", "tensorflow", "--it", "ml.trn1.2xlarge"), "tensorflow has no image for ml.trn1.2xlarge"),
        (("-f", "sagemaker-geospatial", "--aws_region", "eu-west-1"), "has no image in eu-west-1"),
        (("--it", "ml.c7g.large"), "ARM"),
    ],
)
def test_what_does_not_exist_is_refused(shell: Shell, argv: tuple[str, ...], words: str) -> None:
    done = shell.ssm("images", *argv, environment=NOWHERE)
    assert done.status == 2
    assert words in done.err
