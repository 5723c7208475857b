"""Who starts the code is the person's choice, and the code cannot tell the difference."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Shell

SHOW = """
import json, os, sys
told = [os.environ[name] for name in ("SM_CHANNELS", "SM_USER_ENTRY_POINT", "STAGE")]
print("SEEN", json.dumps([sys.argv[1:], *told]))
"""


def seen(text: str) -> list[object]:
    line = next(line for line in text.splitlines() if line.startswith("SEEN "))
    found: list[object] = json.loads(line[5:])
    return found


@pytest.mark.parametrize("argv", [(), ("--launch_by", "direct"), ("--launch_by", "toolkit")], ids=" ".join)
@pytest.mark.parametrize("isolated", [(), ("--network_isolation",)], ids=["open", "isolated"])
def test_every_way_gives_the_code_the_same(shell: Shell, argv: tuple[str, ...], isolated: tuple[str, ...]) -> None:
    shell.write("w.py", SHOW)
    shell.write("data/a.txt", "x")
    done = shell.run(
        *("-e", "w.py", "-i", "data", "-o", "out", "--job_env", "STAGE", "a b", *argv, *isolated),
        *("--lr", "0.1", "--", "", "a b", "$(id)"),
    )
    assert done.status == 0, done.err
    assert seen(shell.log()) == [["--lr", "0.1", "", "a b", "$(id)"], '["data"]', "w.py", "a b"]


def test_a_changed_variable_is_told_of_and_its_value_is_not_kept_in_run_json(shell: Shell) -> None:
    shell.write("w.py", "")
    assert shell.run("-e", "w.py", "--job_env", "STAGE", "s3cret-one").status == 0
    done = shell.run("-e", "w.py", "--job_env", "STAGE", "s3cret-two")
    assert "differs from what that job had:\n  environment: STAGE changed\n" in done.err
    assert "s3cret" not in done.err
    assert not [file for file in (shell.home / "buckets").rglob("*.json") if b"s3cret" in file.read_bytes()]


def test_the_source_of_a_job_that_the_toolkit_started_is_an_input_like_any_other(shell: Shell) -> None:
    shell.write("w.py", "")
    shell.write("look.py", "import os; print('HAS', os.listdir(os.environ['SM_CHANNEL_CODE']))")
    assert shell.run("-e", "w.py", "--launch_by", "toolkit", "--network_isolation").status == 0
    done = shell.ssm("run", "-p", "proj", "-t", "other", "-e", "look.py", "--iit", "code", "task", "source")
    assert "HAS ['sourcedir.tar.gz']" in done.out, done.err
