"""What most of these tests run ``ssm`` by does what a process that begins anew does, so that it tests the same."""

from __future__ import annotations

import os
import sys

import pytest

from tests import forked_ssm
from tests.cli.conftest import Shell

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only there a process is forked")


@pytest.mark.parametrize(
    "words",
    [
        ["-h"],
        ["nosuch"],
        ["ls", "-p", "é\udcff"],
        ["status", "-p", "proj", "--json"],
        ["home", "--json"],
        ["board", "-p", "x"],
    ],
    ids=" ".join,
)
def test_a_fork_prints_what_a_new_process_does(shell: Shell, words: list[str]) -> None:
    environment = {**shell.environment, "COLUMNS": "70"}
    forked = forked_ssm.run(words, shell.folder, environment)
    assert forked == forked_ssm.run(words, shell.folder, {**environment, "PYTHONSAFEPATH": ""})  # which begins anew
    assert forked[1] + forked[2]


def test_a_fork_has_the_folder_the_variables_and_nothing_else_of_its_own(shell: Shell) -> None:
    shell.write("ssm.toml", "[project]\nname = 'here'\n")
    first = forked_ssm.run(["config"], shell.folder, {**shell.environment, "SSM_RERUN": "if_changed"})
    second = forked_ssm.run(["config"], shell.folder, shell.environment)
    assert (first[0], second[0]) == (0, 0)
    assert "if_changed" in first[1].decode()
    assert "if_changed" not in second[1].decode()
    assert b"here" in second[1]
    assert os.environ.get("SSM_RERUN") is None
