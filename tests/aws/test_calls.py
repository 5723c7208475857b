"""Whole commands on an account where nothing is there yet: what they cost, and many of them at once."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests import running_ssm
from tests.aws.conftest import DEFAULT, REGION, Cloud
from tests.counts import examples
from tests.running_ssm import Command

COMMANDS = examples(3, 6)

# What moves or lists objects; the rest of S3's requests are about buckets.
_DATA = re.compile(r"s3 (\w+ /[^/?]+/[^?]|GET /[^/?]+/?\?list-type=2|POST /[^/?]+/?\?delete)")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w.py").write_text("print(1)")
    return tmp_path


def start(folder: Path, *words: str) -> Command:
    run = ["run", "-p", "proj", "-e", "w.py", "--no_spot", *words]
    return running_ssm.start(run, folder=folder, environment={**os.environ, "AWS_REGION": REGION})


def ended(commands: Sequence[Command]) -> list[str]:
    """What each command said, once all have ended well."""
    said = [command.communicate(timeout=300)[1] for command in commands]
    assert [command.returncode for command in commands] == [0] * len(commands), "\n".join(said)
    return said


PRICE = "pricing GetProducts"


def calls(cloud: Cloud) -> list[str]:
    """What was asked of AWS, but for data and log pages."""
    asked = [one for one in cloud.moto.requests if not _DATA.match(one) and not one.startswith(("logs ", "nobody "))]
    cloud.moto.requests.clear()
    return asked


def test_a_fresh_run_costs_twelve_calls_and_a_skip_three(cloud: Cloud, folder: Path) -> None:
    ended([start(folder, "-t", "task")])
    fresh = calls(cloud)
    assert fresh.count(PRICE) == 1  # which is kept for a week
    assert len(fresh) - 1 <= 12, fresh
    said = ended([start(folder, "-t", "task", "--iis", "more", f"s3://{DEFAULT}/proj/")])
    assert "Skipped" in said[0]
    assert "Not looked at: what is in more (on S3, or large)." in said[0]
    assert calls(cloud) == ["sts GetCallerIdentity", f"s3 HEAD /{DEFAULT}?", "sagemaker DescribeTrainingJob"]


def test_a_dry_run_changes_nothing(cloud: Cloud, folder: Path) -> None:
    said = ended([start(folder, "-t", "task", "--dry_run")])
    assert "would be created" in said[0]
    assert calls(cloud) == ["sts GetCallerIdentity", f"s3 HEAD /{DEFAULT}?", "iam GetRole", PRICE]


def test_commands_at_once_on_an_empty_account_all_succeed(cloud: Cloud, folder: Path) -> None:
    said = ended([start(folder, "-t", f"task{number}") for number in range(COMMANDS)])
    assert "".join(said).count("Role: created") == 1
    assert "".join(said).count("Bucket: created") == 1
    assert calls(cloud).count("sagemaker CreateTrainingJob") == COMMANDS


def test_a_default_bucket_of_somebody_elses_gets_nothing(cloud: Cloud, folder: Path) -> None:
    cloud.foreign_bucket(DEFAULT)
    command = start(folder, "-t", "task")
    said = command.communicate(timeout=300)[1]
    assert (command.returncode, "--bucket_name" in said, "Traceback" in said) == (8, True, False)
    assert not [one for one in cloud.moto.requests if "PUT" in one or one.startswith("iam")]
