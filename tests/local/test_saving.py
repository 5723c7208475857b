"""Saving what a job left can be stopped, runs out of time, and says what it could not keep."""

from __future__ import annotations

import shutil

import pytest

from tests.local.conftest import Engine, with_time
from tests.local.scripts import ML

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)


def endless(engine: Engine) -> str:
    """A job whose model takes minutes to pack: holes, of half the size of the disk, in many files."""
    size = shutil.disk_usage(engine.home.root.parent).total // 2
    return f"{ML} for i in 1 2 3 4 5 6 7 8; do truncate -s {size} $ML/model/$i; done"


def test_a_stop_ends_the_upload_of_a_model_at_once(engine: Engine) -> None:
    name = engine.start(endless(engine), StoppingCondition={"MaxRuntimeInSeconds": 3600})
    engine.until(name, lambda described: described["SecondaryStatus"] == "Uploading")
    engine.client.stop_training_job(TrainingJobName=name)
    assert engine.end(name)["TrainingJobStatus"] == "Stopped"


def test_the_time_limit_ends_the_upload_of_a_model(engine: Engine) -> None:
    described = engine.run(endless(engine), StoppingCondition={"MaxRuntimeInSeconds": 3})
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")


def test_the_state_is_saved_although_the_model_takes_too_long(engine: Engine) -> None:
    state = {"CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/opt/ml/checkpoints"}}
    script = f"{endless(engine)}; echo last > $ML/checkpoints/last"
    with_time(
        lambda limit_s: engine.run(script, StoppingCondition={"MaxRuntimeInSeconds": limit_s}, **state),
        lambda described: "Uploading" in [one["Status"] for one in described["SecondaryStatusTransitions"]],
    )
    assert engine.store.read("b", "state/last") == b"last\n"


def test_the_search_for_a_metric_that_does_not_end_holds_up_no_stop(engine: Engine) -> None:
    metrics = {"MetricDefinitions": [{"Name": "Bad", "Regex": "(a+)+$"}, {"Name": "Good", "Regex": "good=([0-9]+)"}]}
    script = f"echo {'a' * 40}!; echo good=7; while :; do echo {'a' * 40}!; sleep 0.1; done"
    name = engine.start(script, algorithm=metrics)
    engine.until_printed(name, "the metric Bad is not looked for any more")
    engine.client.stop_training_job(TrainingJobName=name)
    described = engine.end(name)
    assert described["TrainingJobStatus"] == "Stopped"
    assert [metric["Value"] for metric in described["FinalMetricDataList"]] == [7]
