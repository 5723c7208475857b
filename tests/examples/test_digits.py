"""Two hosts train one PyTorch model, are interrupted half way, and finish from the checkpoint: `tox -e torch`.

TORCH_PYTHON names a Python that has PyTorch and scikit-learn, where the one that runs the tests has not.
"""

from __future__ import annotations

import os
import re
import sys
import time
from pathlib import Path

import pytest

from tests.examples.conftest import EXAMPLES, Clone, blocks

pytestmark = [pytest.mark.torch, pytest.mark.timeout(400)]

TRAIN = next(block for block in blocks(EXAMPLES / "digits/README.md", "Run") if "ssm run" in block)
HERE = {"SSM_PYTHON": os.environ.get("TORCH_PYTHON", sys.executable)}
LAST_STEP = 264


def command(task: str, *more: str) -> str:
    """The page's own command, for a task of ours and without the page's folder for Python."""
    line = TRAIN.partition("\n")[2].rstrip()
    return " ".join([line.replace("-t digits ", f"-t {task} ").replace("output/digits", f"output/{task}"), *more])


def accuracies(log: str) -> dict[int, float]:
    return {int(epoch): float(part) for epoch, part in re.findall(r"-\*\*\*- epoch (\d+): accuracy=(.*?);", log)}


def first_step(log: str) -> int:
    found = re.search(r"-\*\*\*- 2 processes, from step (\d+)", log)
    assert found, log
    return int(found.group(1))


def weights(clone: Clone, task: str) -> bytes:
    return (clone.folder / "output" / task / "model/digits.pt").read_bytes()


@pytest.fixture
def whole(clone: Clone) -> bytes:
    """The weights of a run that nothing interrupted."""
    clone.run(command("whole"), HERE)
    assert first_step(clone.log("whole")) == 0
    assert f"-***- completed at step {LAST_STEP}" in clone.log("whole")
    (job,) = clone.jobs("whole")
    (metric,) = clone.describe(job)["FinalMetricDataList"]
    assert metric["MetricName"] == "accuracy"
    assert 0.95 < metric["Value"] <= 1
    assert accuracies(clone.log("whole"))[12] == pytest.approx(metric["Value"])
    return weights(clone, "whole")


def test_an_interrupted_spot_job_finishes_with_the_weights_of_one_that_was_not(clone: Clone, whole: bytes) -> None:
    settings = {**HERE, "SSM_SPOT_INTERRUPT_S": "40"}  # in the middle: some 10 s to start, and 53 s of pauses alone
    clone.run(command("spot", "--pause_s", "0.2"), settings, timeout_s=300)
    (job,) = clone.jobs("spot")
    described = clone.describe(job)
    assert described["TrainingJobStatus"] == "Completed"
    assert [one["Status"] for one in described["SecondaryStatusTransitions"]].count("Interrupted") == 1
    log = clone.log("spot")
    found = re.search(r"stopped, and saved, at step (\d+)", log)
    assert found, log
    assert re.findall(r"processes, from step (\d+)", log) == ["0", found.group(1)]
    assert weights(clone, "spot") == whole


def stop_in_epoch(clone: Clone, task: str, epoch: int) -> None:
    """Stop the task's job as soon as its log has that epoch."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for job in clone.jobs(task):
            folder = clone.home / "jobs" / job
            if any(f"epoch {epoch}:" in log.read_text() for log in (folder / "logs").glob("algo-1*")):
                (folder / "stop").touch()
                return
        time.sleep(0.1)
    raise TimeoutError(f"{task} never came to epoch {epoch}")


def test_a_stopped_training_saves_and_the_next_run_goes_on_from_there(clone: Clone) -> None:
    slow = clone.start(command("cut", "--pause_s", "0.1"), HERE)
    stop_in_epoch(clone, "cut", 3)
    printed, _ = slow.communicate(timeout=300)
    assert slow.returncode == 3, printed
    found = re.search(r"stopped, and saved, at step (\d+)", clone.log("cut"))
    assert found, clone.log("cut")
    saved = int(found.group(1))
    assert 66 <= saved < LAST_STEP
    assert not (clone.folder / "output/cut/model/digits.pt").exists()

    clone.run(command("cut"), HERE)
    log = clone.log("cut")
    assert first_step(log) == saved
    assert [epoch for epoch in accuracies(log) if epoch <= 3] == []
    assert f"-***- completed at step {LAST_STEP}" in log
    assert clone.files("cut") == ["model/digits.pt"]


def test_a_killed_training_loses_the_steps_since_its_checkpoint_only(clone: Clone) -> None:
    page = Path(clone.folder / "examples/digits/train.py")
    page.write_text(
        page.read_text().replace(
            'say(f"-***- epoch', 'epoch == 1 and os.kill(os.getpid(), 9)\n            say(f"-***- epoch'
        )
    )
    with clone.start(command("killed"), HERE) as process:
        printed, _ = process.communicate(timeout=300)
    assert process.returncode == 1, printed
    page.write_text((EXAMPLES / "digits/train.py").read_text())
    clone.run(command("killed"), HERE)
    assert first_step(clone.log("killed")) == 40
    assert f"-***- completed at step {LAST_STEP}" in clone.log("killed")
