"""What the engine reads in a CreateTrainingJob request: hosts, folders, files and ends of a job."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.data.channels import Channel
from simple_sagemaker.local.requests.config_files import host_names, translate_path
from simple_sagemaker.local.requests.request import MirroredFolder
from simple_sagemaker.local.requests.training import Training

SOURCE = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/in"}}
ONE_HOST = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
GROUPS = [
    {"InstanceGroupName": "gpus", "InstanceType": "ml.g5.xlarge", "InstanceCount": 2},
    {"InstanceGroupName": "cpus", "InstanceType": "ml.m5.large", "InstanceCount": 1},
]


def training(**members: Any) -> Training:
    algorithm = {"TrainingImage": "image", "TrainingInputMode": "File", **members.pop("algorithm", {})}
    usual: dict[str, Any] = {
        "TrainingJobName": "Job-1",
        "AlgorithmSpecification": algorithm,
        "ResourceConfig": ONE_HOST,
        "OutputDataConfig": {"S3OutputPath": "s3://b/out/"},
    }
    return Training({**usual, **members})


def configs(made: Training, host: str = "algo-1", attempt: int = 1, **places: str) -> dict[str, Any]:
    """The job's configuration files by their names; ``places`` are folders by paths with ``_`` for ``/``."""
    folders = {name.replace("_", "/"): folder for name, folder in places.items()}
    files = made.configs(host, folders, attempt=attempt, region="eu-west-1", interface="eth7")
    assert all(path.startswith("/opt/ml/input/config/") for path in files)
    return {path.rpartition("/")[2].removesuffix(".json"): content for path, content in files.items()}


class Left:
    """What a host left: the text of its failure file."""

    def __init__(self, failure: bytes | None = None) -> None:
        self._failure = failure

    def read(self, path: str, most: int) -> bytes | None:
        assert path == "/opt/ml/output/failure"
        return None if self._failure is None else self._failure[:most]


def test_a_job_has_the_hosts_of_its_groups_and_each_its_type() -> None:
    made = training(ResourceConfig={"InstanceGroups": GROUPS})
    assert made.host_count == 3
    assert [made.instance_type(f"algo-{number}") for number in (1, 2, 3)] == ["ml.g5.xlarge"] * 2 + ["ml.m5.large"]
    everyone = Channel(name="x", uri="s3://b/x", data_type="S3Prefix", sharded=False, mode="File")
    assert made.receivers(everyone) == ["algo-1", "algo-2", "algo-3"]
    some = Channel(name="x", uri="s3://b/x", data_type="S3Prefix", sharded=False, mode="File", groups=("cpus",))
    assert made.receivers(some) == ["algo-3"]
    assert (training().host_count, training().instance_type("algo-1")) == (1, "ml.m5.large")


def test_hosts_are_listed_as_texts() -> None:
    assert host_names(1) == ["algo-1"]
    assert host_names(11)[:4] == ["algo-1", "algo-10", "algo-11", "algo-2"]


@pytest.mark.parametrize(
    ("algorithm", "hyperparameters", "entrypoint", "image_arguments", "is_script_mode"),
    [
        ({}, {}, (), ("train",), True),
        ({"ContainerEntrypoint": ["a", "b"], "ContainerArguments": ["c"]}, {}, ("a", "b"), (), False),
        ({}, {"sagemaker_program": "a.py"}, (), ("train",), True),
    ],
)
def test_the_images_own_program_runs_where_no_other_is_named(
    algorithm: dict[str, Any],
    hyperparameters: dict[str, str],
    entrypoint: tuple[str, ...],
    image_arguments: tuple[str, ...],
    is_script_mode: bool,
) -> None:
    made = training(algorithm=algorithm, HyperParameters=hyperparameters)
    assert (made.entrypoint, made.image_arguments, made.is_script_mode) == (entrypoint, image_arguments, is_script_mode)
    assert made.arguments == tuple(algorithm.get("ContainerArguments", ()))


def test_a_built_in_algorithm_is_known_by_its_image_unless_a_program_is_named() -> None:
    image = {"TrainingImage": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"}
    assert training(algorithm=image).algorithm == "xgboost"
    assert training(algorithm=image, HyperParameters={"sagemaker_program": "a.py"}).algorithm is None
    assert training(algorithm={**image, "ContainerEntrypoint": ["a"]}).algorithm is None
    assert training().algorithm is None


def test_the_platforms_variables_override_the_requests() -> None:
    made = training(Environment={"A": "1", "TRAINING_JOB_NAME": "mine", "AWS_REGION": "mine"})
    assert made.environment("eu-west-1", {}) == {
        "A": "1",
        "TRAINING_JOB_NAME": "Job-1",
        "TRAINING_JOB_ARN": "arn:aws:sagemaker:eu-west-1:000000000000:training-job/job-1",
        "AWS_REGION": "eu-west-1",
    }


def test_network_isolation_is_off_unless_it_is_on() -> None:
    assert training(EnableNetworkIsolation=True).is_network_isolated is True
    assert training().is_network_isolated is False


def test_checkpoints_are_restored_and_tensorboards_files_are_only_sent() -> None:
    made = training(
        CheckpointConfig={"S3Uri": "s3://b/state", "LocalPath": "/state/"},
        TensorBoardOutputConfig={"S3OutputPath": "s3://b/board/"},
    )
    assert made.mirrored_folders() == [
        MirroredFolder(path="/state", uri="s3://b/state", restores=True, deletes=True),
        MirroredFolder(
            path="/opt/ml/output/tensorboard",
            uri="s3://b/board/Job-1/tensorboard-output",
            restores=False,
            deletes=False,
        ),
    ]
    assert made.private() == ["/state"]
    assert "/opt/ml/output/tensorboard" in made.folders()
    assert (training().private(), training().mirrored_folders(), len(training().folders())) == ([], [], 5)
    default = training(CheckpointConfig={"S3Uri": "s3://b/state"})
    assert default.private() == ["/opt/ml/checkpoints"]


def test_the_configuration_files_are_those_that_sagemaker_writes() -> None:
    made = training(
        HyperParameters={"lr": "1"},
        InputDataConfig=[
            {"ChannelName": "train", "DataSource": SOURCE},
            {
                "ChannelName": "test",
                "DataSource": {"S3DataSource": {**SOURCE["S3DataSource"], "S3DataDistributionType": "ShardedByS3Key"}},
                "InputMode": "Pipe",
                "ContentType": "text/csv",
                "RecordWrapperType": "RecordIO",
            },
        ],
        CheckpointConfig={"S3Uri": "s3://b/state", "LocalPath": "/state"},
        TensorBoardOutputConfig={"S3OutputPath": "s3://b/board", "LocalPath": "/opt/ml/tb"},
    )
    files = configs(made, attempt=3, **{"/opt/ml": "/host/ml", "/state": "/host/state"})
    assert files["hyperparameters"] == {"lr": "1"}
    assert files["inputdataconfig"] == {
        "train": {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        },
        "test": {
            "ContentType": "text/csv",
            "TrainingInputMode": "Pipe",
            "S3DistributionType": "ShardedByS3Key",
            "RecordWrapperType": "RecordIO",
        },
    }
    assert files["resourceconfig"] == {
        "current_host": "algo-1",
        "current_instance_type": "ml.m5.large",
        "current_group_name": "homogeneousCluster",
        "hosts": ["algo-1"],
        "instance_groups": [
            {"instance_group_name": "homogeneousCluster", "instance_type": "ml.m5.large", "hosts": ["algo-1"]}
        ],
        "network_interface_name": "eth7",
        "topology": None,
    }
    assert files["init-config"] == {
        "inputMode": "File",
        "channels": [{"name": "train"}, {"name": "test"}],
        "hostConfig": {"clusterSize": 1, "hostNumber": 1},
        "jobRunInfo": {"jobRunNumber": 3},
        "checkpointChannel": {"name": "checkpoints", "outputPath": "/host/state", "allowEmpty": True},
    }
    assert files["checkpointconfig"] == {"LocalPath": "/host/state"}
    assert files["tensorboardoutputconfig"] == {
        "S3OutputPath": "s3://b/board/Job-1/tensorboard-output",
        "LocalPath": "/host/ml/tb/",
    }
    assert files["trainingjobconfig"]["TrainingJobArn"].endswith(":training-job/job-1")
    assert files["upstreamoutputdataconfig"] == files["metric-definition-regex"] == []


def test_a_host_has_the_channels_of_its_own_group() -> None:
    of_gpus = {"S3DataSource": {**SOURCE["S3DataSource"], "InstanceGroupNames": ["gpus"]}}
    made = training(
        ResourceConfig={"InstanceGroups": GROUPS},
        InputDataConfig=[{"ChannelName": "all", "DataSource": SOURCE}, {"ChannelName": "gpus", "DataSource": of_gpus}],
    )
    gpu, cpu = configs(made, "algo-2"), configs(made, "algo-3")
    assert (list(gpu["inputdataconfig"]), list(cpu["inputdataconfig"])) == (["all", "gpus"], ["all"])
    assert cpu["init-config"]["hostConfig"] == {"clusterSize": 3, "hostNumber": 3}
    assert cpu["resourceconfig"]["hosts"] == ["algo-1", "algo-2", "algo-3"]
    assert cpu["resourceconfig"]["current_group_name"] == "cpus"
    assert [one["hosts"] for one in cpu["resourceconfig"]["instance_groups"]] == [["algo-1", "algo-2"], ["algo-3"]]


@pytest.mark.parametrize(
    ("path", "translated"),
    [("/opt/ml", "/h/ml"), ("/opt/ml/a", "/h/ml/a"), ("/opt/mlx", "/opt/mlx"), ("opt/ml", "opt/ml"), ("", "")],
)
def test_a_path_of_the_job_is_the_hosts(path: str, translated: str) -> None:
    assert translate_path(path, {"/opt/ml": "/h/ml"}) == translated


@pytest.mark.parametrize(
    ("code", "failure", "last_line", "reason"),
    [
        (0, b"text", "x", None),
        (1, b"it broke", "x", "AlgorithmError: it broke, exit code: 1"),
        (137, None, "x", "AlgorithmError: , exit code: 137"),
        (1, b"", "ValueError: y", "AlgorithmError: ValueError: y, exit code: 1"),
        (1, b"\0\0", "last", "AlgorithmError: last, exit code: 1"),
        (2, b"\xff", "", "AlgorithmError: �, exit code: 2"),
    ],
)
def test_a_failure_has_the_text_that_the_code_wrote_and_its_status(
    code: int, failure: bytes | None, last_line: str, reason: str | None
) -> None:
    left: Any = Left(failure)
    assert training().failure(left, code, last_line) == reason


def test_a_long_failure_is_cut_but_for_its_status() -> None:
    left: Any = Left(b"x" * 5000)
    reason = training().failure(left, 137, "")
    assert reason
    assert len(reason) == 1024
    assert reason.endswith("xx, exit code: 137")


def test_a_failure_file_beside_a_good_end_is_warned_of() -> None:
    wrote, nothing, empty = Left(b"text"), Left(None), Left(b"")
    assert [training().warning(left, 0) is not None for left in (wrote, nothing, empty)] == [True, False, False]  # type: ignore[arg-type]
    assert training().warning(wrote, 1) is None  # type: ignore[arg-type]  # which is the failure's own
