"""What a container's end means, from the states that an engine reports: the engine here is a script of the test's."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simple_sagemaker.local.hosts.docker import Docker
from simple_sagemaker.local.job.folder import JobFolder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")
# it knows one container, whose state is in a file; without the file it knows none
ENGINE = """
case "$1 $3" in
    "inspect {{.State.Status}} {{.State.ExitCode}}") cat "$FOLDER/state" ;;
    "inspect {{.State.Status}}") cut -d" " -f1 "$FOLDER/state" ;;
    "inspect {{.State.Error}}") echo "$ERROR" ;;
    kill*) echo "$*" >> "$FOLDER/kills"; [ ! -e "$FOLDER/gone" ] ;;
    *) exit 0 ;;
esac
"""


def started(folder: Path, state: str, *, error: str = "") -> Any:
    """A host whose container has come to this state."""
    if sys.platform == "win32":
        raise NotImplementedError
    from simple_sagemaker.local.hosts.containers import Containers

    if state:
        (folder / "state").write_text(state)
    work: Any = SimpleNamespace(image="an:image", exit_message_path="/opt/ml/output/failure")
    host: Any = SimpleNamespace(name="algo-1", work=work, inside=lambda path: folder / Path(path).name)
    docker = Docker(command=["/bin/sh", "-c", ENGINE, "engine"], environment={"FOLDER": str(folder), "ERROR": error})
    job = JobFolder(folder / "job")
    containers = Containers(docker=docker, job=job, work=work, note=lambda _: None)
    with open(os.devnull, "wb") as output:
        found = containers.start(host, output=output.fileno(), close=())
    os.close(found.errors)
    os.waitpid(found.pid, 0)
    return found


@pytest.mark.parametrize(
    ("state", "of_the_command", "expected"),
    [
        ("exited 0", 1, 0),
        ("exited 7", 0, 7),
        ("exited 137", 0, 137),
        ("", 3, 3),  # the engine has lost it: what its command ended with
        ("", -9, 137),
        ("created 0", 0, 126),
        ("created 0", 125, 125),
        ("created 127", 1, 127),
    ],
)
def test_a_hosts_status_is_its_containers(tmp_path: Path, state: str, of_the_command: int, expected: int) -> None:
    assert started(tmp_path, state).status(of_the_command) == expected
    assert not (tmp_path / "kills").exists()


def test_a_container_that_outlives_its_command_is_killed(tmp_path: Path) -> None:
    container = started(tmp_path, "running 0")
    assert container.status(0) == 137
    assert (tmp_path / "kills").read_text() == f"kill {container.name}\n"


@pytest.mark.parametrize(("error", "why"), [("no such program: x", "no such program: x"), ("", "see the log")])
def test_why_a_container_did_not_start_is_the_jobs_failure(tmp_path: Path, error: str, why: str) -> None:
    started(tmp_path, "created 127", error=error).status(1)
    assert (tmp_path / "failure").read_text() == f"the image an:image could not be started: {why}"


def test_what_the_program_itself_wrote_stays(tmp_path: Path) -> None:
    (tmp_path / "failure").write_text("mine")
    started(tmp_path, "created 127").status(1)
    assert (tmp_path / "failure").read_text() == "mine"


@pytest.mark.parametrize("gone", [False, True], ids=["running", "ended meanwhile"])
def test_a_signal_goes_to_the_container_once(tmp_path: Path, gone: bool) -> None:
    container = started(tmp_path, "exited 0" if gone else "running 0")
    if gone:
        (tmp_path / "gone").touch()
    container.signal(signal.SIGTERM)
    assert (tmp_path / "kills").read_text() == f"kill --signal SIGTERM {container.name}\n"
