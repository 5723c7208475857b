"""Trainings with Hugging Face's packages, interrupted half way and finished: `tox -e huggingface`.

HUGGINGFACE_PYTHON names a Python that has PyTorch, Transformers, Accelerate and TRL, where the one that runs the tests
has not.
"""

from __future__ import annotations

import os
import re
import sys

import pytest

from tests.examples.conftest import EXAMPLES, Clone, blocks

pytestmark = [pytest.mark.huggingface, pytest.mark.timeout(900)]

COMMANDS = [block for block in blocks(EXAMPLES / "huggingface/README.md", "Run") if "ssm run" in block]
HERE = {"SSM_PYTHON": os.environ.get("HUGGINGFACE_PYTHON", sys.executable)}
STEPS = {"trainer": 120, "two_hosts": 96, "finetune": 60}
PAUSES_S = {"trainer": "1", "two_hosts": "1", "finetune": "2"}  # after each step
WEIGHTS = "model/model.safetensors"


def command(name: str, task: str, *more: str) -> str:
    """The page's own command for a script, for a task of ours and without the page's folder for Python."""
    block = next(block for block in COMMANDS if f"-e {name}.py" in block)
    line = block[block.index("ssm run") :].rstrip()
    return " ".join([line.replace(f"-t {name} ", f"-t {task} ").replace(f"output/{name}", f"output/{task}"), *more])


@pytest.mark.parametrize("name", ["trainer", "two_hosts", "finetune"])
def test_an_interrupted_training_goes_on_where_it_saved_and_finishes(clone: Clone, name: str) -> None:
    # In the middle: a minute to start at most, and 96 s of pauses at least.
    settings = {**HERE, "SSM_SPOT_INTERRUPT_S": "75"}
    clone.run(command(name, "spot", "--pause_s", PAUSES_S[name]), settings, timeout_s=800)
    (job,) = clone.jobs("spot")
    described = clone.describe(job)
    assert described["TrainingJobStatus"] == "Completed"
    assert [one["Status"] for one in described["SecondaryStatusTransitions"]].count("Interrupted") == 1
    log = clone.log("spot")
    saved = re.search(r"stopped, and saved, at step (\d+)", log)
    assert saved, log
    assert re.findall(r"from (?:step |checkpoint-)(\d+)", log)[-1] == saved[1]
    assert f"-***- completed at step {STEPS[name]}" in log
    losses = [float(loss) for loss in re.findall(r"-\*\*\*- .*: loss=(.*?);", log)]
    assert losses[-1] < losses[0]
    assert WEIGHTS in clone.files("spot")


def test_the_loss_is_a_metric_of_the_job(clone: Clone) -> None:
    clone.run(command("trainer", "whole"), HERE, timeout_s=800)
    (job,) = clone.jobs("whole")
    (metric,) = clone.describe(job)["FinalMetricDataList"]
    assert metric["MetricName"] == "loss"
    assert 0 < metric["Value"] < 1.5
