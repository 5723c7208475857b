"""A trial can end by itself between the look at it and the request to stop it: nothing is wrong then."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.studies.recorder import Recorder
from tests.local.conftest import Engine
from tests.unit.studies.test_study import limits, start


def test_stopping_a_trial_that_has_ended_meanwhile_is_no_error(engine: Engine) -> None:
    name = str(engine.run("true")["TrainingJobName"])
    services: Any = SimpleNamespace(sagemaker=engine.client, store=engine.store)
    recorder = Recorder(TaskPlace(bucket=engine.bucket, project="P", task="T"), "min", services)
    assert recorder.append(limits())
    assert recorder.append(start(1, job=name))
    (trial,) = recorder.study.running
    recorder.stop_trial(trial, "stopped by hand")
    (trial,) = recorder.study.running
    assert trial.newest.why_stopped == "stopped by hand"
