"""PyTorch's profiler over a script that knows nothing of it, and TensorBoard on what it wrote: `tox -e torch`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.cli.conftest import Shell

pytestmark = [pytest.mark.torch, pytest.mark.timeout(400)]

TRAIN = """
import os, sys, torch
from torch.utils.tensorboard import SummaryWriter
writer = SummaryWriter(os.environ["SSM_TENSORBOARD_DIR"])
net = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(int(sys.argv[2])):
    loss = net(torch.ones(8, 4)).pow(2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    writer.add_scalar("loss", loss.item(), step)
writer.close()
print("done", flush=True)
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.environment["SSM_PYTHON"] = os.environ.get("TORCH_PYTHON", sys.executable)
    shell.write("train.py", TRAIN)
    return shell


def test_some_steps_are_recorded_and_shown(shell: Shell) -> None:
    done = shell.run("-e", "train.py", "--steps", "40", "--profile_with", "torch")
    assert done.status == 0, done.err
    assert "steps 10 to 19 in /opt/ml/output/tensorboard/profile" in done.out
    (trace,) = (shell.home / "buckets").glob("*/proj/task/*/tensorboard-output/profile/algo-1.*.pt.trace.json")
    names = {event.get("name") for event in json.loads(trace.read_text())["traceEvents"]}
    assert {"aten::linear", "Optimizer.step#SGD.step"} <= names
    steps = {name for name in names if str(name).startswith("ProfilerStep#")}
    assert len(steps) == 10
    board = [sys.executable, "-m", "simple_sagemaker.cli.main", "board", "-p", "proj", "--port", "6517"]
    with subprocess.Popen(board, cwd=shell.folder, env=shell.environment, start_new_session=True) as process:
        try:
            assert "loss" in scalars(process)
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def scalars(process: subprocess.Popen[bytes]) -> str:
    """What TensorBoard says of its scalars, once it has read them."""
    began, text = time.monotonic(), ""
    while "loss" not in text and time.monotonic() < began + 60 and process.poll() is None:
        time.sleep(0.5)
        try:
            with urllib.request.urlopen("http://127.0.0.1:6517/data/plugin/scalars/tags") as answer:
                text = answer.read().decode()
        except OSError:
            continue
    return text


def test_too_few_steps_are_said_and_nothing_fails(shell: Shell) -> None:
    done = shell.run("-e", "train.py", "--steps", "3", "--profile_with", "torch")
    assert done.status == 0, done.err
    assert "3 steps of the optimizer; what is recorded begins with step 10" in done.out
