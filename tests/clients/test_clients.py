"""Clients that nobody here wrote run jobs to their end: awscli, SageMaker SDK 2 and SDK 3, as people use them.

Each is installed by a tox word of its own (`tox -e clients-sdk2,clients-sdk3,clients-airflow`), and left out where it
is not.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.clients.versions import version
from tests.counts import LONG
from tests.emulated import Emulator

HERE = Path(__file__).parent


def _needs(package: str, number: int) -> pytest.MarkDecorator:
    return pytest.mark.skipif(version(package) != number, reason=f"{package} {number} is not installed here")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder with a person's code and data."""
    (tmp_path / "code").mkdir()
    for name in ("train.py", "process.py", "tuned.py", "serve.py"):
        shutil.copy(HERE / name, tmp_path / "code")
    (tmp_path / "data").mkdir()
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / "data" / name).write_text(name)
    return tmp_path


@pytest.fixture
def notebook(emulator: Emulator, tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has nothing but the lines that the emulator exports: no account, no settings."""
    (tmp_path / "home").mkdir()
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home"), **emulator.variables}


def run(emulator: Emulator, *words: str, environment: Mapping[str, str] | None = None) -> str:
    """What a program printed on stdout; it must end well."""
    done = subprocess.run(
        words,
        env=emulator.environment if environment is None else environment,
        capture_output=True,
        text=True,
        timeout=600,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@_needs("awscli", 1)
def test_awscli_runs_a_job(emulator: Emulator, work: Path) -> None:
    aws = str(Path(sys.executable).with_name("aws"))
    run(emulator, aws, "s3", "mb", "s3://cli-bucket")
    run(emulator, aws, "s3", "cp", "--recursive", str(work / "data"), "s3://cli-bucket/data/")
    (work / "run.sh").write_text("ls /opt/ml/input/data/training; echo from-awscli > /opt/ml/model/m\n")
    run(emulator, aws, "s3", "cp", str(work / "run.sh"), "s3://cli-bucket/code/run.sh")
    request = {
        "TrainingJobName": "from-awscli",
        "RoleArn": "arn:aws:iam::000000000000:role/SageMakerRole",
        "AlgorithmSpecification": {
            "TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:latest",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["/bin/sh", "/opt/ml/input/data/code/run.sh"],
        },
        "InputDataConfig": [_channel("training", "s3://cli-bucket/data/"), _channel("code", "s3://cli-bucket/code/")],
        "OutputDataConfig": {"S3OutputPath": "s3://cli-bucket/out"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 300},
    }
    (work / "request.json").write_text(json.dumps(request))
    words = (aws, "--output", "json", "sagemaker")
    made = run(emulator, *words, "create-training-job", "--cli-input-json", f"file://{work / 'request.json'}")
    assert json.loads(made)["TrainingJobArn"].endswith(":training-job/from-awscli")
    described = _until_ended(emulator, *words, "describe-training-job", "--training-job-name", "from-awscli")
    # its waiter looks every two minutes, so it is asked about a job that has ended
    run(emulator, *words, "wait", "training-job-completed-or-stopped", "--training-job-name", "from-awscli")
    assert described["TrainingJobStatus"] == "Completed", described
    run(emulator, aws, "s3", "cp", described["ModelArtifacts"]["S3ModelArtifacts"], str(work / "model.tar.gz"))
    assert (work / "model.tar.gz").stat().st_size
    logs = ("--log-group-name", "/aws/sagemaker/TrainingJobs")
    streams = run(emulator, aws, "--output", "json", "logs", "describe-log-streams", *logs)
    name = json.loads(streams)["logStreams"][0]["logStreamName"]
    assert name.startswith("from-awscli/algo-1-")
    events = run(emulator, aws, "--output", "json", "logs", "get-log-events", *logs, "--log-stream-name", name)
    assert {"a.txt", "b.txt", "c.txt"} <= {event["message"] for event in json.loads(events)["events"]}


@_needs("awscli", 1)
def test_awscli_runs_a_processing_job(emulator: Emulator, work: Path) -> None:
    aws = str(Path(sys.executable).with_name("aws"))
    run(emulator, aws, "s3", "mb", "s3://cli-processing")
    run(emulator, aws, "s3", "cp", "--recursive", str(work / "data"), "s3://cli-processing/data/")
    at = "/opt/ml/processing"
    source = {
        "S3Uri": "s3://cli-processing/data/",
        "LocalPath": f"{at}/in",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    target = {"S3Uri": "s3://cli-processing/out", "LocalPath": f"{at}/out", "S3UploadMode": "EndOfJob"}
    request = {
        "ProcessingJobName": "processed-by-awscli",
        "RoleArn": "arn:aws:iam::000000000000:role/SageMakerRole",
        "AppSpecification": {
            "ImageUri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:latest",
            "ContainerEntrypoint": ["/bin/sh", "-c"],
            "ContainerArguments": [f"ls {at}/in | tee {at}/out/listed"],
        },
        "ProcessingInputs": [{"InputName": "data", "S3Input": source}],
        "ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": target}]},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.t3.medium", "InstanceCount": 1, "VolumeSizeInGB": 30}
        },
    }
    (work / "request.json").write_text(json.dumps(request))
    words = (aws, "--output", "json", "sagemaker")
    made = run(emulator, *words, "create-processing-job", "--cli-input-json", f"file://{work / 'request.json'}")
    assert json.loads(made)["ProcessingJobArn"].endswith(":processing-job/processed-by-awscli")
    named = ("--processing-job-name", "processed-by-awscli")
    described = _until_ended(emulator, *words, "describe-processing-job", *named)
    run(emulator, *words, "wait", "processing-job-completed-or-stopped", *named)
    assert described["ProcessingJobStatus"] == "Completed", described
    run(emulator, aws, "s3", "cp", "s3://cli-processing/out/listed", str(work / "listed"))
    assert (work / "listed").read_text().split() == ["a.txt", "b.txt", "c.txt"]
    listed = json.loads(run(emulator, *words, "list-processing-jobs", "--name-contains", "awscli"))
    assert [one["ProcessingJobStatus"] for one in listed["ProcessingJobSummaries"]] == ["Completed"]
    logs = ("--log-group-name", "/aws/sagemaker/ProcessingJobs")
    streams = run(emulator, aws, "--output", "json", "logs", "describe-log-streams", *logs)
    assert json.loads(streams)["logStreams"][0]["logStreamName"].startswith("processed-by-awscli/algo-1-")


@_needs("sagemaker", 2)
def test_the_processors_of_the_sagemaker_sdk_2_run_to_their_end(emulator: Emulator, work: Path) -> None:
    out = run(emulator, sys.executable, str(HERE / "sdk2_processing.py"), str(work))
    assert "input ['a.txt', 'b.txt', 'c.txt'] ['--words', 'a  b'] Hello, world!" in out
    assert "input ['a.txt', 'b.txt', 'c.txt'] ['--words', 'c'] None" in out
    assert json.loads(out.splitlines()[-1]) == {
        "script": {"status": "Completed", "message": "from algo-1;from algo-2;", "files": ["algo-1", "algo-2"]},
        "framework": {"status": "Completed", "message": "from algo-1;", "files": ["algo-1"]},
    }


@_needs("sagemaker", 2)
def test_the_sagemaker_sdk_2_runs_a_job(emulator: Emulator, work: Path) -> None:
    out = run(emulator, sys.executable, str(HERE / "sdk2.py"), str(work))
    assert '"epochs": 3, "name": "Hello, world!"' in out
    assert "channel training ['a.txt', 'c.txt']" in out
    assert "channel training ['b.txt']" in out
    assert "Billable seconds" in out
    found = json.loads(out.splitlines()[-1])
    assert found["status"] == "Completed"
    assert found["model"].endswith("/output/model.tar.gz")
    assert found["attached"] == [found["model"], "3", ""]
    assert found["bucket"] == "sagemaker-us-east-1-000000000000"
    assert found["metrics"]["loss"] == pytest.approx(1 / 3)
    assert found["checkpoints"] == ["sdk2/checkpoints/checkpoint-algo-1", "sdk2/checkpoints/checkpoint-algo-2"]


@_needs("sagemaker", 2)
def test_a_notebook_of_the_sagemaker_sdk_2_attaches_to_the_job_of_another(
    emulator: Emulator, work: Path, notebook: dict[str, str]
) -> None:
    first = (sys.executable, str(HERE / "sdk2_notebook.py"), str(work))
    started = json.loads(run(emulator, *first, environment=notebook).splitlines()[-1])
    assert started["bucket"] == "sagemaker-us-east-1-000000000000"
    out = run(emulator, sys.executable, str(HERE / "sdk2_attach.py"), started["job"], environment=notebook)
    assert "channel training ['a.txt', 'b.txt', 'c.txt']" in out
    attached = json.loads(out.splitlines()[-1])
    assert attached["status"] == "Completed"
    assert attached["model"] == f"s3://{started['bucket']}/{started['job']}/output/model.tar.gz"
    assert attached["image"] == "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:latest"
    assert attached["hyperparameters"]["epochs"] == "2"
    assert attached["machines"] == [1, "ml.m5.large", 30, 600]
    assert attached["output"] == f"s3://{started['bucket']}/"
    assert attached["metrics"] == pytest.approx({"loss": 0.5})


@_needs("sagemaker", 2)
def test_the_models_of_the_sagemaker_sdk_2_transform(emulator: Emulator, work: Path) -> None:
    out = run(emulator, sys.executable, str(HERE / "sdk2_transform.py"), str(work))
    assert "predicting 3" in out
    assert "predicting 1" in out
    expected = ["id1,1,10.0", "id2,2,20.0", "id3,3,30.0"]
    assert json.loads(out.splitlines()[-1]) == {"pytorch": expected, "sklearn": expected, "model": expected}


@_needs("sagemaker", 2)
def test_the_tuner_of_the_sagemaker_sdk_2_searches(emulator: Emulator, work: Path, notebook: dict[str, str]) -> None:
    out = run(emulator, sys.executable, str(HERE / "sdk2_tuning.py"), str(work), environment=notebook)
    found = json.loads(out.splitlines()[-1])
    assert found["status"] == "Completed"
    table = {one["TrainingJobName"]: one for one in found["table"]}
    assert len(table) == 4
    assert {one["TrainingJobStatus"] for one in found["table"]} == {"Completed"}
    best = min(table, key=lambda name: float(table[name]["FinalObjectiveValue"]))
    assert found["best"] == best
    assert found["model"].endswith(f"/{best}/output/model.tar.gz")
    assert table[best]["optimizer"] in {'"adam"', '"sgd"'}
    assert table[best]["TrainingElapsedTimeSeconds"] > 0
    assert found["attached"] == [
        best,
        "loss",
        [f"{kind}ParameterRanges" for kind in ("Categorical", "Continuous", "Integer")],
    ]
    assert found["attached_static"] == "0.1"
    assert found["warm"][0] == "Completed"
    assert found["warm"][1].startswith(("whole-", "warm-"))
    assert found["several"] == "Completed"
    assert found["definitions"] == ["first", "first", "second", "second"]
    assert found["several_best"] in {"first", "second"}
    assert found["stopped"] == "Stopped"


@_needs("sagemaker", 2)
@pytest.mark.skipif(not LONG, reason="each remote job installs the SDK anew: SSM_LONG=1 tox -e clients-sdk2")
@pytest.mark.timeout(900)
def test_functions_that_the_sagemaker_sdk_2_makes_remote_run_as_jobs(
    emulator: Emulator, notebook: dict[str, str]
) -> None:
    out = run(emulator, sys.executable, str(HERE / "sdk2_remote.py"), environment=notebook)
    assert "dividing 1 by 4" in out
    assert json.loads(out.splitlines()[-1]) == {
        "answer": {"result": 0.25, "greeting": "Hello, world!", "host": "algo-1", "kept": True},
        "failure": "ZeroDivisionError: division by zero",
        "squares": [4, 9],
    }


@_needs("apache-airflow-providers-amazon", 9)
@pytest.mark.timeout(900)
def test_airflows_operators_run_jobs(emulator: Emulator, work: Path, notebook: dict[str, str]) -> None:
    connection = {
        "conn_type": "aws",
        "login": emulator.variables["AWS_ACCESS_KEY_ID"],
        "password": emulator.variables["AWS_SECRET_ACCESS_KEY"],
        "extra": {"region_name": "us-east-1", "endpoint_url": emulator.url},
    }
    environment = {name: value for name, value in notebook.items() if not name.startswith("AWS_")}
    environment |= {"AIRFLOW_HOME": str(work / "airflow"), "AIRFLOW_CONN_AWS_DEFAULT": json.dumps(connection)}
    out = run(emulator, sys.executable, str(HERE / "airflow_operators.py"), str(work), environment=environment)
    assert "a.txt" in out
    printed = json.loads(out.splitlines()[-1])
    assert printed["trained"] == ["Completed", "from-airflow"]
    status, name = printed["again"]
    assert status == "Completed"
    assert name.startswith("from-airflow-")
    assert printed["metrics"] == {"loss": 0.5}
    assert printed["model"] is True
    assert printed["processed"] == ["Completed", "from-airflow"]
    assert printed["listed"] == ["a.txt", "b.txt", "c.txt"]
    trained, processed = printed["failures"]
    assert "AlgorithmError: wrong" in trained
    assert "exit code: 3" in trained
    assert "AlgorithmError: See job logs for more information" in processed


@_needs("sagemaker", 3)
def test_the_sagemaker_sdk_3_runs_a_job(emulator: Emulator, work: Path) -> None:
    out = run(emulator, sys.executable, str(HERE / "sdk3.py"), str(work))
    found = json.loads(out.splitlines()[-1])
    assert found["status"] == "Completed"
    assert found["model"].endswith("/output/model.tar.gz")


@_needs("sagemaker", 3)
def test_a_notebook_of_the_sagemaker_sdk_3_runs_a_job_of_each_kind(
    emulator: Emulator, work: Path, notebook: dict[str, str]
) -> None:
    out = run(emulator, sys.executable, str(HERE / "sdk3_notebook.py"), str(work), environment=notebook)
    assert "input ['a.txt', 'b.txt', 'c.txt'] ['--words', 'a  b'] Hello, world!" in out
    printed = json.loads(out.splitlines()[-1])
    assert printed["bucket"] == "sagemaker-us-east-1-000000000000"
    status, model = printed["trained"]
    assert status == "Completed"
    assert model.endswith("/output/model.tar.gz")
    assert printed["processed"] == ["Completed", "from algo-1;"]


@_needs("sagemaker", 3)
def test_the_tuner_of_the_sagemaker_sdk_3_searches(emulator: Emulator, work: Path, notebook: dict[str, str]) -> None:
    out = run(emulator, sys.executable, str(HERE / "sdk3_tuning.py"), str(work), environment=notebook)
    found = json.loads(out.splitlines()[-1])
    assert found["status"] == "Completed"
    table = {one["TrainingJobName"]: one for one in found["table"]}
    assert len(table) == 3
    assert found["best"] == min(table, key=lambda name: float(table[name]["FinalObjectiveValue"]))
    assert found["model"] == (f"s3://sagemaker-us-east-1-000000000000/sdk3-tuning/{found['best']}/output/model.tar.gz")
    assert found["hyperparameters"]["seconds"] == "0.1"
    assert found["names"] == ["sdk3-stopped", "sdk3-warm", "sdk3-whole"]
    assert {*found["warm"]} == {"layers", "lr", "optimizer"}
    assert found["warm"]["lr"] == found["hyperparameters"]["lr"]  # the best of the parent comes first
    assert found["stopped"] == "Stopped"


def _channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def _until_ended(emulator: Emulator, *words: str) -> dict[str, Any]:
    until = time.monotonic() + 300
    while True:
        described: dict[str, Any] = json.loads(run(emulator, *words))
        status = described.get("TrainingJobStatus") or described["ProcessingJobStatus"]
        if status in {"Completed", "Failed", "Stopped"}:
            return described
        assert time.monotonic() < until, described
        time.sleep(0.5)
