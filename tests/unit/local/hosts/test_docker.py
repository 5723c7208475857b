"""The command that runs containers: its failures are errors, with the last line of what it said."""

from __future__ import annotations

import sys

import pytest

from simple_sagemaker.local.hosts.docker import Docker, DockerError, mount

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")
SHELL = Docker(command=["/bin/sh", "-c"], environment={"NAME": "value"})


def test_output_and_environment_are_the_commands() -> None:
    assert SHELL.run('echo " $NAME "') == "value"
    assert SHELL.with_environment({"MORE": "1"}).run("echo $NAME$MORE") == "value1"
    assert SHELL.succeeds("true")
    assert not SHELL.succeeds("exit 3")


@pytest.mark.parametrize(
    ("script", "message"), [("echo a >&2; echo b >&2; exit 3", "^b$"), ("exit 3", "ended with status 3")]
)
def test_a_command_that_fails_raises_its_last_line(script: str, message: str) -> None:
    with pytest.raises(DockerError, match=message):
        SHELL.run(script)
    with pytest.raises(DockerError, match=message):
        SHELL.wait(SHELL.start(script))
    SHELL.wait(SHELL.start("true"))


def test_a_command_that_is_not_there_is_named() -> None:
    absent = Docker(command=["/nowhere/docker"], environment={})
    for act in (lambda: absent.run("ps"), lambda: absent.succeeds("ps"), lambda: absent.start("ps")):
        with pytest.raises(DockerError, match="/nowhere/docker: No such file"):
            act()


@pytest.mark.parametrize(
    ("folder", "path", "readonly", "line"),
    [
        ("/a", "/b", False, "type=bind,source=/a,target=/b"),
        ("/a", "/b", True, "type=bind,source=/a,target=/b,readonly"),
        ("/a,b", "/c d", False, 'type=bind,"source=/a,b",target=/c d'),
        ("/a", '/"b"', False, 'type=bind,source=/a,"target=/""b"""'),
    ],
)
def test_a_folder_of_any_name_is_mounted(folder: str, path: str, readonly: bool, line: str) -> None:
    assert mount(folder, path, readonly=readonly) == ["--mount", line]
