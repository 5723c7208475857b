"""What a job leaves behind: its model, its output, TensorBoard's files and metrics."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest

from tests.local.conftest import Engine
from tests.local.scripts import IS_FIRST, ML, WAIT

once = pytest.mark.parametrize("engine", ["direct"], indirect=True)
BOTH_WRITE = f"""{ML}
name=algo-1; {IS_FIRST} || name=algo-2
mkdir -p $ML/model/$name/empty $ML/output/data/$name
echo $name > $ML/model/$name/m
echo $name > $ML/output/data/$name/o
echo $name > $ML/model/clash
echo x > $ML/output/success
mkdir -p $ML/output/elsewhere && echo x > $ML/output/elsewhere/e
"""


@once
def test_the_model_is_every_hosts_and_the_output_the_first_hosts(engine: Engine) -> None:
    described = engine.run(BOTH_WRITE, hosts=2, OutputDataConfig={"S3OutputPath": "s3://b/p/t/"})
    assert described["ModelArtifacts"] == {"S3ModelArtifacts": "s3://b/p/t/job-1/output/model.tar.gz"}
    assert engine.keys("p/t/job-1/") == ["output/model.tar.gz", "output/output.tar.gz"]
    assert engine.archive("job-1", "model") == {
        "algo-1": None,
        "algo-1/empty": None,
        "algo-1/m": b"algo-1\n",
        "algo-2": None,
        "algo-2/empty": None,
        "algo-2/m": b"algo-2\n",
        "clash": b"algo-2\n",  # the last host's
    }
    assert engine.archive("job-1", "output") == {"algo-1": None, "algo-1/o": b"algo-1\n"}
    with tarfile.open(fileobj=io.BytesIO(engine.store.read("b", "p/t/job-1/output/model.tar.gz"))) as archive:
        assert {(member.uid, member.gid) for member in archive} == {(0, 0)}


@once
def test_nothing_written_is_no_object_and_the_address_is_still_said(engine: Engine) -> None:
    described = engine.run("true", OutputDataConfig={"S3OutputPath": "s3://b"})
    assert described["ModelArtifacts"] == {"S3ModelArtifacts": "s3://b/job-1/output/model.tar.gz"}
    assert engine.keys("job-1/") == []


@once
def test_links_and_modes_of_a_model_come_back_as_they_were(engine: Engine) -> None:
    engine.run(f"{ML} cd $ML/model; echo '#!' > run; chmod 750 run; ln -s run latest; printf x > 'é b'")
    with tarfile.open(fileobj=io.BytesIO(engine.store.read("b", "p/t/job-1/output/model.tar.gz"))) as archive:
        assert archive.getmember("run").mode == 0o750
        assert archive.getmember("latest").linkname == "run"
        assert archive.getmember("é b").size == 1


LEFT_OUT = {
    "a": "one of a circle of links",
    "b": "one of a circle of links",
    "broken": "a link that leads outside, to /no/where",
    "out": "a link that leads outside, to d/up/../x",
    "pipe": "a named pipe",
}


@once
def test_what_cannot_be_packed_does_not_fail_the_job(engine: Engine) -> None:
    described = engine.run(
        f"{ML} cd $ML/model; echo x > m; mkfifo pipe; ln -s /no/where broken; ln -s . round; "
        "ln -s b a; ln -s a b; mkdir d; ln -s .. d/up; ln -s d/up/../x out"
    )
    assert described["TrainingJobStatus"] == "Completed", described.get("FailureReason")
    with tarfile.open(fileobj=io.BytesIO(engine.store.read("b", "p/t/job-1/output/model.tar.gz"))) as archive:
        assert archive.getnames() == ["d", "d/up", "m", "round"]
    lines = "\n".join(engine.printed("job-1")["algo-1"])
    for name, why in LEFT_OUT.items():
        assert f"model: {name} is left out: it is {why}" in lines


@once
def test_a_model_that_its_own_job_made_unreadable_is_still_saved(engine: Engine) -> None:
    described = engine.run(f"{ML} cd $ML/model; mkdir d; echo x > d/m; chmod 000 d/m d")
    assert described["TrainingJobStatus"] == "Completed", described.get("FailureReason")
    assert engine.archive("job-1", "model")["d/m"] == b"x\n"


@once
def test_tensorboards_files_appear_while_the_job_runs_and_are_in_no_archive(engine: Engine) -> None:
    script = f"{ML} echo 1 > $ML/output/tensorboard/events; echo ready; {WAIT}"
    name = engine.start(script, TensorBoardOutputConfig={"S3OutputPath": "s3://b/p/t"})
    _until(engine, name, "p/t/job-1/", ["tensorboard-output/events"])
    engine.client.stop_training_job(TrainingJobName=name)
    assert engine.end(name)["TrainingJobStatus"] == "Stopped"
    assert engine.keys("p/t/job-1/") == ["tensorboard-output/events"]


METRICS: dict[str, Any] = {
    "MetricDefinitions": [
        {"Name": "Score", "Regex": "Score=(.*?);"},
        {"Name": "Loss", "Regex": r"loss: ([0-9.e+-]+)"},
        {"Name": "Never", "Regex": "Never=(.*?);"},
    ]
}


def test_the_last_value_of_each_metric_is_described_and_text_is_no_value(engine: Engine) -> None:
    script = "echo 'Score=10; loss: 1e-3'; sleep 0.2; echo 'Score=20;' >&2; echo 'Score=abc;'; echo 'loss: 2 loss: 3'"
    described = engine.run(script, algorithm=METRICS)
    metrics_by_name = {metric["MetricName"]: metric["Value"] for metric in described["FinalMetricDataList"]}
    assert metrics_by_name == {"Score": 20.0, "Loss": 3.0}
    for metric in described["FinalMetricDataList"]:
        assert described["TrainingStartTime"] <= metric["Timestamp"] <= described["TrainingEndTime"]


def test_a_failed_job_keeps_its_metrics_and_one_without_any_lists_none(engine: Engine) -> None:
    described = engine.run("echo 'Score=1;'; exit 1", algorithm=METRICS)
    assert [metric["Value"] for metric in described["FinalMetricDataList"]] == [1.0]
    assert "FinalMetricDataList" not in engine.run("true", algorithm=METRICS)


@once
def test_every_point_of_a_metric_is_kept_with_the_job(engine: Engine) -> None:
    from simple_sagemaker.local.api.describe import metric_lines
    from simple_sagemaker.local.job.folder import JobFolder

    engine.run("echo 'Score=10;'; echo 'Score=abc;'; sleep 0.2; echo 'Score=20;' >&2", algorithm=METRICS)
    points = metric_lines(JobFolder(engine.home.jobs / "job-1"))
    assert [(point["name"], point["value"], point["host"]) for point in points] == [
        ("Score", 10.0, "algo-1"),
        ("Score", 20.0, "algo-1"),
    ]


def _until(engine: Engine, name: str, prefix: str, keys: list[str]) -> None:
    engine.until(name, lambda described: engine.keys(prefix) == keys, within_s=300)
