"""The request of a built-in algorithm: its image, plain hyperparameters, what channels hold, and no metrics of ours."""

from __future__ import annotations

import shlex
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.job_specs import ReplaySpec
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.specs import Place, TaskSpec
from simple_sagemaker.errors import UsageError
from simple_sagemaker.images import choose
from simple_sagemaker.local.api.filled_in import fill_in
from simple_sagemaker.options.task import task_spec
from simple_sagemaker.project import Project
from simple_sagemaker.project.arguments import arguments_of
from simple_sagemaker.project.options import RunOptions
from simple_sagemaker.studies.spec import TuneSpec
from simple_sagemaker.studies.trial_request import Template
from simple_sagemaker.studies.tuning_request import tuning_request
from simple_sagemaker.tasks.code.files import CodeFiles
from simple_sagemaker.tasks.differences import made_from
from simple_sagemaker.tasks.replay import request_again
from simple_sagemaker.tasks.setup import setup_of_job, setup_of_spec
from simple_sagemaker.tasks.training_request import ChannelSource, Setting, training_request

XGBOOST = "xgboost:3.2-0 --input_local train train.csv --num_round 9 --objective binary:logistic"
KMEANS = "kmeans --no_spot --input_local train numbers.csv --k 2 --feature_dim 2"
TASK = TaskPlace(bucket="b", project="p", task="t")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("train.csv").write_text("0,1.5\n1,2.5\n", encoding="utf-8")
    Path("numbers.csv").write_text("0,1.5\n1,2.5\n", encoding="utf-8")


def typed(line: str, command: str = "run") -> Any:
    return parse([command, "-p", "p", "-t", "t", "--built_in", *shlex.split(line)])


def request_of(spec: TaskSpec) -> dict[str, Any]:
    image = choose.choose(spec.image, None, instance_type=spec.instances.type, region="us-east-1", project="p")
    channels = [
        ChannelSource(name=one.name, uri=f"s3://b/{one.name}/", content_type=one.content_type) for one in spec.inputs
    ]
    setting = Setting(
        job="j", place=TASK, role_arn="arn:aws:iam::123456789012:role/r", region="r", image_uri=str(image)
    )
    return cast("dict[str, Any]", training_request(spec, setting, channels))


def test_a_request_has_the_image_and_what_the_algorithm_reads() -> None:
    request = request_of(typed(XGBOOST))
    assert request["AlgorithmSpecification"] == {
        "TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0",
        "TrainingInputMode": "File",
    }
    assert request["HyperParameters"] == {"num_round": "9", "objective": "binary:logistic"}
    assert request["InputDataConfig"][0]["ContentType"] == "text/csv"
    assert request["CheckpointConfig"] == {"S3Uri": "s3://b/p/t/state"}
    assert "TensorBoardOutputConfig" not in request


def test_an_algorithm_without_checkpoints_gets_no_place_for_any() -> None:
    request = request_of(typed(KMEANS))
    assert "CheckpointConfig" not in request
    assert request["InputDataConfig"][0]["ContentType"] == "text/csv;label_size=0"


@pytest.mark.parametrize("line", [XGBOOST, KMEANS])
def test_a_trial_and_a_tuning_job_send_what_the_task_has(line: str) -> None:
    metric = "validation:auc max" if "xgboost" in line else "test:msd min"
    more = "--input_local validation train.csv" if "xgboost" in line else "--input_local test numbers.csv"
    spec = typed(
        f"{line} {more} --hp_space {'eta' if 'xgboost' in line else 'epochs'} auto --tune_for {metric}", "tune"
    )
    assert isinstance(spec, TuneSpec)
    training = request_of(spec.task)
    trial = Template(request=training, place=TASK, is_plain=True).trial(1, "j-1", {"eta": "0.2"}, {})
    assert trial["HyperParameters"]["eta"] == "0.2"
    assert ("CheckpointConfig" in trial) == ("xgboost" in line)
    whole = tuning_request(spec, training, name="n", place=TASK, seed=1, trials=2, at_once=1, parent=None)
    assert "MetricDefinitions" not in whole["TrainingJobDefinition"]["AlgorithmSpecification"]
    assert ("CheckpointConfig" in whole["TrainingJobDefinition"]) == ("xgboost" in line)


def test_any_run_can_say_what_a_channel_holds() -> None:
    Path("w.py").write_text("print()", encoding="utf-8")
    words = ["-e", "w.py", "--iis", "data", "s3://b/k", "--channel_type", "data", "image/png"]
    spec = parse(["run", "-p", "p", "-t", "t", *words])
    assert isinstance(spec, TaskSpec)
    assert request_of(spec)["InputDataConfig"][0]["ContentType"] == "image/png"


def test_python_says_the_same_as_the_command_line() -> None:
    known = RunOptions.__optional_keys__ | {"project_name", "task_name", "entry_point"}
    options = {
        "project_name": "p",
        "task_name": "t",
        "built_in": "xgboost:3.2-0",
        "inputs": {"train": "train.csv"},
        "hyperparameters": {"num_round": 9, "objective": "binary:logistic", "eval_metric": ["auc", "error"]},
        "channel_type": {"train": "csv"},
    }
    spec = task_spec(arguments_of("run", options, known=known))
    assert spec == typed(f"{XGBOOST} --eval_metric auc,error --channel_type train csv")


def test_python_spells_what_mends_data_as_python_does() -> None:
    Path("train.csv").write_text("0,1.5\n2,2.5\n1,3\n", encoding="utf-8")
    values = {"num_round": 1, "objective": "binary:logistic"}
    with pytest.raises(UsageError, match=r"write: hyperparameters\['objective'\] = 'multi:softprob'"):
        Project("p", engine="local").run("t", built_in="xgboost", inputs={"train": "train.csv"}, hyperparameters=values)
    with pytest.raises(UsageError, match=r"tune_for validation:auc min: it is better when it is large"):
        Project("p", engine="local").tune(
            "t",
            built_in="xgboost",
            inputs={"train": "train.csv", "validation": "train.csv"},
            hyperparameters={"num_round": 1},
            hp_space={"eta": "auto"},
            tune_for=("validation:auc", "min"),
        )


def test_python_spells_what_is_wrong_as_python_does() -> None:
    with pytest.raises(UsageError, match=r"hyperparameters\['eta'\] = '2' is not in \[0, 1\]"):
        Project("p", engine="local").run(
            "t", built_in="xgboost", inputs={"train": "train.csv"}, hyperparameters={"num_round": 1, "eta": 2}
        )


def test_a_project_file_names_an_algorithm() -> None:
    Path("ssm.toml").write_text(
        '[project]\nname = "p"\n[task.boost]\nbuilt_in = "xgboost:3.2-0"\ninput_local = { train = "train.csv" }\n'
        'channel_type = { train = "text/csv" }\nhp = { num_round = 9, objective = "binary:logistic" }\n',
        encoding="utf-8",
    )
    spec = parse(["run", "-t", "boost"])
    assert isinstance(spec, TaskSpec)
    assert spec.image.built_in == "xgboost:3.2-0"
    assert spec.hyperparameters == {"num_round": "9", "objective": "binary:logistic"}
    with pytest.raises(UsageError, match="which is for 'ssm run'"):
        parse(["shell", "-t", "boost"])


def described(spec: TaskSpec) -> Any:
    """A job of a spec as the service describes it, with the metrics that it defines itself."""
    answer = fill_in(request_of(spec)) | {"TrainingJobStatus": "Completed", "SecondaryStatus": "Completed"}
    return of_training(answer | {"CreationTime": datetime.now().astimezone()})


def test_the_service_defines_the_metrics_and_neither_why_nor_replay_takes_them_for_ours() -> None:
    spec = typed(XGBOOST)
    job = described(spec)
    assert "validation:auc" in job.metrics
    assert setup_of_job(job) == setup_of_spec(spec)
    again = request_again(job, "j2", {}, ReplaySpec(place=Place(project="p", task="t")))
    assert "MetricDefinitions" not in again["AlgorithmSpecification"]
    assert again["InputDataConfig"][0]["ContentType"] == "text/csv"


def test_another_version_or_content_is_another_task() -> None:
    old = made_from(typed(XGBOOST), {}, CodeFiles())
    assert old["image"] == "xgboost:3.2-0"
    assert old["inputs"]["train"] == "train.csv as text/csv"
