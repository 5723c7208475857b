"""Errors as a person meets them end with the entry that says more; usage errors, and failures of plain code, do not."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def last(text: str) -> str:
    return text.rstrip().splitlines()[-1]


def test_an_error_ends_with_its_entry(shell: Shell) -> None:
    nothing: dict[str, str | None] = {name: None for name in shell.environment if name.startswith("AWS_")}
    nothing |= {"SSM_ENGINE": None}
    nothing |= dict.fromkeys(("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"), str(shell.folder / "none"))
    nothing |= {"AWS_EC2_METADATA_DISABLED": "true"}
    refused = shell.ssm("ls", "-p", "p", environment=nothing)
    assert (refused.status, last(refused.err)) == (5, "More about it: ssm explain credentials")
    assert "ssm explain" not in shell.ssm("ls", "-p", "p", "--nonsense").err


def test_a_failed_job_ends_with_the_entry_of_its_reason(shell: Shell) -> None:
    for text, line in (("boom", ""), ("CUDA out of memory", "More about it: ssm explain gpu-memory")):
        shell.write("w.py", f"raise RuntimeError({text!r})")
        failed = shell.ssm("run", "-p", "p", "-t", "t", "-e", "w.py")
        assert failed.status == 1
        assert last(failed.err) == line if line else "ssm explain" not in failed.err


def test_explaining_needs_no_network_and_no_environment(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    block = f"import socket\nsocket.socket = None\nassert {socket.AF_INET}\n"
    shell.write("site/sitecustomize.py", block)
    bare: dict[str, str | None] = {
        name: None for name in shell.environment if name.startswith(("SSM_", "AWS_", "HOME"))
    }
    done = shell.ssm("explain", "capacity", "--json", environment={**bare, "PYTHONPATH": str(shell.folder / "site")})
    assert done.status == 0, done.err
    assert json.loads(done.out)[0]["word"] == "capacity"
