"""What a program finds at its start: the files of /opt/ml/input/config, and the folders."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.conftest import PLAIN, Engine, channel
from tests.local.scripts import run_json

once = pytest.mark.parametrize("engine", ["direct"], indirect=True)
CONFIGS = """
folder = ML + "/input/config"
print(json.dumps({name: json.load(open(os.path.join(folder, name))) for name in os.listdir(folder)}))
"""


def configs(engine: Engine, **changes: Any) -> dict[str, Any]:
    """The configuration files that the last host found, by name."""
    result = run_json(engine, CONFIGS, **changes)
    return dict(result[max(result)])


def test_hyperparameters_arrive_exactly_as_sent_and_without_any_as_an_empty_map(engine: Engine) -> None:
    sent = {"arg1": "5", "arg2": '"hello"', "arg3": 'é " $(x)\t', "empty": ""}
    assert configs(engine, HyperParameters=sent)["hyperparameters.json"] == sent
    assert configs(engine)["hyperparameters.json"] == {}


@once
def test_channels_are_described_without_addresses_and_with_a_content_type_only_when_given(engine: Engine) -> None:
    engine.store.write("b", "p/a", b"")
    channels = [
        channel("data", "s3://b/p/", source={"S3DataDistributionType": "ShardedByS3Key"}),
        channel("typed", "s3://b/p/", ContentType="text/csv", InputMode="FastFile"),
    ]
    assert configs(engine, channels=channels)["inputdataconfig.json"] == {
        "data": {"TrainingInputMode": "File", "S3DistributionType": "ShardedByS3Key", "RecordWrapperType": "None"},
        "typed": {
            "TrainingInputMode": "FastFile",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
            "ContentType": "text/csv",
        },
        "run": {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated", "RecordWrapperType": "None"},
    }


@once
def test_a_host_knows_itself_the_others_and_the_machines(engine: Engine) -> None:
    result = configs(engine, hosts=2)["resourceconfig.json"]
    assert result.pop("network_interface_name")
    assert result == {
        "current_host": "algo-2",
        "current_instance_type": "ml.m5.large",
        "current_group_name": "homogeneousCluster",
        "hosts": ["algo-1", "algo-2"],
        "instance_groups": [
            {
                "instance_group_name": "homogeneousCluster",
                "instance_type": "ml.m5.large",
                "hosts": ["algo-1", "algo-2"],
            }
        ],
        "topology": None,
    }


@once
def test_the_network_interface_named_is_there(engine: Engine) -> None:
    code = """
import socket
name = json.load(open(ML + "/input/config/resourceconfig.json"))["network_interface_name"]
print(json.dumps(name in [found for _, found in socket.if_nameindex()]))
"""
    assert run_json(engine, code) == {"algo-1": True}


@once
def test_optional_parts_of_a_request_have_their_files_and_the_whole_request_too(engine: Engine) -> None:
    metrics = [{"Name": "Score", "Regex": "Score=(.*?);"}]
    result = configs(
        engine,
        name="Whole-1",
        algorithm={"MetricDefinitions": metrics},
        CheckpointConfig={"S3Uri": "s3://b/p/state", "LocalPath": "/state"},
        TensorBoardOutputConfig={"S3OutputPath": "s3://b/p/t/", "LocalPath": "/opt/ml/output/tensorboard"},
        Tags=[{"Key": "a", "Value": "b"}],
    )
    assert result["metric-definition-regex.json"] == metrics
    assert result["upstreamoutputdataconfig.json"] == []
    assert result["checkpointconfig.json"].keys() == {"LocalPath"}
    assert result["checkpointconfig.json"]["LocalPath"].endswith("/state")
    board = result["tensorboardoutputconfig.json"]
    assert board["S3OutputPath"] == "s3://b/p/t/Whole-1/tensorboard-output"
    assert board["LocalPath"].endswith("/opt/ml/output/tensorboard/")
    whole = result["trainingjobconfig.json"]
    assert whole["TrainingJobArn"].endswith(":training-job/whole-1")
    assert whole["CheckpointConfig"]["S3Uri"] == "s3://b/p/state"
    assert whole["Tags"] == [{"Key": "a", "Value": "b"}]


@once
def test_files_of_parts_that_were_not_asked_for_are_absent(engine: Engine) -> None:
    absent = {"checkpointconfig.json", "tensorboardoutputconfig.json", "debughookconfig.json"}
    assert not absent & configs(engine).keys()


@once
def test_the_folders_of_a_container_are_there_and_empty_at_its_start(engine: Engine) -> None:
    code = """
found = {os.path.relpath(at, ML): sorted(names) for at, folders, names in os.walk(ML)}
made = ["/state", os.environ.get("TMPDIR", "/tmp")]
print(json.dumps([found, oct(os.stat(ML).st_mode & 0o777), os.path.exists("/state") and os.listdir("/state")]))
"""
    result, mode, state = run_json(
        engine,
        code,
        CheckpointConfig={"S3Uri": "s3://b/none", "LocalPath": "/state"},
        TensorBoardOutputConfig={"S3OutputPath": "s3://b/p/t"},
    )["algo-1"]
    assert mode == "0o755"
    assert PLAIN or state == []
    empty = ["model", "output", "output/data", "output/metrics/sagemaker", "output/profiler", "output/tensorboard"]
    assert {path: result[path] for path in empty} == {path: [] for path in empty}
    assert result["input/data/run"] == ["run.sh"]
    assert "code" not in result
    assert "output/intermediate" not in result


@once
def test_a_path_for_checkpoints_anywhere_exists_for_the_job(engine: Engine) -> None:
    code = """
path = json.load(open(ML + "/input/config/checkpointconfig.json"))["LocalPath"]
open(os.path.join(path, "kept"), "w").write("x")
print(json.dumps(path))
"""
    for number, path in enumerate(("/opt/ml/checkpoints", "/a/deep/path", "/srv/kept/")):
        result = run_json(engine, code, CheckpointConfig={"S3Uri": f"s3://b/state-{number}/", "LocalPath": path})
        assert PLAIN or result["algo-1"] == path.rstrip("/")
        assert engine.keys(f"state-{number}/") == ["kept"]


@once
def test_a_program_is_told_its_job_by_the_environment(engine: Engine) -> None:
    result = run_json(
        engine, "print(json.dumps(dict(os.environ)))", name="MyJob-A1", Environment={"FOO": "a b", "E": ""}
    )
    environment = result["algo-1"]
    assert environment["TRAINING_JOB_NAME"] == "MyJob-A1"
    assert environment["TRAINING_JOB_ARN"].endswith(":training-job/myjob-a1")
    assert (environment["FOO"], environment["E"], environment["AWS_REGION"]) == ("a b", "", "us-east-1")
