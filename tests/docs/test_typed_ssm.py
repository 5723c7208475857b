"""The ``ssm`` of tests/typed_ssm.py ends as the one that a person types."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import typed_ssm
from tests.warm_homes import warm


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    warm(tmp_path / "home")
    return {**os.environ, "SSM_ENGINE": "local", "SSM_HOME": str(tmp_path / "home")}


def test_words_folder_and_status_are_the_commands(tmp_path: Path, environment: dict[str, str]) -> None:
    program = typed_ssm.install(tmp_path / "tools") / "ssm"
    (tmp_path / "ssm.toml").write_text("[defaults]\nproject_name = 'of-this-folder'\n")
    options: Any = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    for words, status, said in ((["ls", "--nosuch"], 2, "--nosuch"), (["config"], 0, "of-this-folder")):
        done = subprocess.run([program, *words], cwd=tmp_path, env=environment, check=False, **options)
        assert (done.returncode, said in done.stdout + done.stderr) == (status, True), done


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_signal_is_the_commands(tmp_path: Path, environment: dict[str, str], number: signal.Signals) -> None:
    program = typed_ssm.install(tmp_path / "tools") / "ssm"
    words = [str(program), "shell", "-p", "p", "-t", "t", "--cmd_line", "echo up; sleep 100"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdin=nothing, stdout=pipe, stderr=nothing) as process:
        assert process.stdout
        while b"up" not in process.stdout.readline().split():
            pass
        process.send_signal(number)
        process.stdout.read()  # until the command has gone
    assert process.returncode == (-9 if number == signal.SIGKILL else 7)  # 7: it leaves, and the job goes on
    subprocess.run(
        [program, "stop", "-p", "p", "-t", "t", "--wait"],
        env={**environment, "SSM_STOP_GRACE_S": "0"},
        stdin=nothing,
        capture_output=True,
        check=True,
    )
