"""``ssm board``: on which folder TensorBoard is started. A program of that name stands in, and tells its words."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

WORKER = """import os
open(os.environ["SSM_TENSORBOARD_DIR"] + "/events.out.tfevents.1", "w").close()
"""

pytestmark = pytest.mark.skipif(find_spec("tensorboard") is not None, reason="TensorBoard itself is installed")


@pytest.fixture
def program(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "bin" / "tensorboard"
    path.parent.mkdir()
    path.write_text("#!/usr/bin/env python3\nimport json, sys\nprint(json.dumps(sys.argv[1:]))\nsys.exit(3)\n")
    path.chmod(0o755)
    shell.environment["PATH"] = f"{path.parent}:{os.environ['PATH']}"


def test_without_tensorboard_a_line_says_how_to_install_it(shell: Shell) -> None:
    shell.environment["PATH"] = str(shell.folder)
    refused = shell.ssm("board", "-p", "proj")
    assert refused.status == 2
    assert refused.err.startswith("ssm board: TensorBoard is not installed here.\nInstall it: pip install tensorboard")


@pytest.mark.usefixtures("program")
def test_a_job_a_task_and_a_project_are_shown_from_loopback(shell: Shell) -> None:
    shell.write("w.py", WORKER)
    assert shell.run("-e", "w.py").status == 0
    (job,) = shell.jobs()
    bucket = next((shell.home / "buckets").iterdir())
    task = bucket / "proj" / "task"
    cases = [
        (("-p", "proj"), bucket / "proj"),
        (("-p", "proj", "-t", "task"), task),
        (("--job", job.name[-8:]), task / job.name),
    ]
    for words, folder in cases:
        done = shell.ssm("board", *words, "--port", "7007")
        assert done.status == 3, done.err
        shown, *rest = json.loads(done.out)[1:]
        assert Path(shown) == folder
        assert rest == ["--host", "127.0.0.1", "--port", "7007"]
        assert "Nothing was written" not in done.err
        assert list(folder.glob("**/tensorboard-output/events*"))


@pytest.mark.usefixtures("program")
def test_a_folder_with_nothing_to_show_is_said_to_be_empty(shell: Shell) -> None:
    shell.write("w.py", "print(1)\n")
    assert shell.run("-e", "w.py").status == 0
    done = shell.ssm("board", "-p", "proj", "-t", "task")
    assert "Nothing was written for TensorBoard yet (in the job: /opt/ml/output/tensorboard)" in done.err
    assert json.loads(done.out)[0] == "--logdir"
