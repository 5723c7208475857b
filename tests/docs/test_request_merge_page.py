"""The page about members of the request: its first command runs as it stands, and each of its files could be sent."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.specs import Security
from simple_sagemaker.tasks.request_merge import merge
from simple_sagemaker.tasks.training_request import ChannelSource, training_request
from tests.cli.conftest import Shell
from tests.unit.tasks.test_request_merge import SETTING, train_spec

PAGE = (Path(__file__).parents[2] / "docs" / "request-merge.md").read_text(encoding="utf-8")
FILES = re.findall(r"```(json|toml)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_the_first_command_runs_three_hosts_in_two_groups(shell: Shell) -> None:
    shell.write("two-groups.toml", FILES[0][1])
    shell.write("worker.py", "print(open('/opt/ml/input/config/resourceconfig.json').read())")
    command = re.search(r"```bash\nssm (.*)\n```", PAGE)
    assert command
    done = shell.ssm(*command[1].split())
    assert done.status == 0, done.err
    configs = [json.loads(line) for line in re.findall(r"algo-. \| (\{.*)", done.out)]
    assert {one["current_host"]: one["current_group_name"] for one in configs} == {
        "algo-1": "readers",
        "algo-2": "readers",
        "algo-3": "trainer",
    }


@pytest.mark.parametrize(("kind", "text"), FILES)
def test_every_file_makes_a_request_that_can_be_sent(kind: str, text: str) -> None:
    members = json.loads(text) if kind == "json" else toml(text)
    spec = train_spec(members, security=Security(vpc_subnets=("subnet-1",), vpc_security_groups=("sg-1",)))
    channel = ChannelSource(name="images", uri="s3://bucket/labels.manifest")
    channels = [channel] if "S3DataSource" in text else []
    request = merge(training_request(spec, SETTING, channels), spec, engine="aws")
    assert members.keys() <= request.keys()


def toml(text: str) -> Any:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)
