"""What the engine reads in a CreateProcessingJob request: inputs, outputs, links and messages."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.data.channels import Channel, ChannelError
from simple_sagemaker.local.requests.processing import Processing
from simple_sagemaker.local.requests.request import MirroredFolder

RAW = "/opt/ml/processing/input/raw"


def source(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {"S3Uri": f"s3://b/{name}", "LocalPath": path, "S3DataType": "S3Prefix", **more},
    }


def target(name: str, path: str, mode: str = "EndOfJob") -> dict[str, Any]:
    return {"OutputName": name, "S3Output": {"S3Uri": f"s3://b/{name}", "LocalPath": path, "S3UploadMode": mode}}


def processing(*outputs: dict[str, Any], inputs: list[dict[str, Any]] | None = None, **members: Any) -> Processing:
    usual: dict[str, Any] = {
        "ProcessingJobName": "Job-1",
        "RoleArn": "role",
        "AppSpecification": {"ImageUri": "image", **members.pop("app", {})},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 1}
        },
    }
    more: dict[str, Any] = {"ProcessingInputs": inputs} if inputs else {}
    more |= {"ProcessingOutputConfig": {"Outputs": [*outputs]}} if outputs else {}
    return Processing({**usual, **more, **members})


class Left:
    """What a host left: its exit message."""

    def __init__(self, message: bytes | None) -> None:
        self._message = message

    def read(self, path: str, most: int) -> bytes | None:
        assert path == "/opt/ml/output/message"
        return None if self._message is None else self._message[:most]


def test_inputs_are_channels_parents_first() -> None:
    made = processing(
        inputs=[
            source("deep", f"{RAW}/sub/", S3DataDistributionType="ShardedByS3Key", S3CompressionType="Gzip"),
            {"InputName": "theirs", "AppManaged": True},
            source("raw", RAW, S3InputMode="Pipe"),
        ]
    )
    assert made.channels() == [
        Channel(name="raw", uri="s3://b/raw", data_type="S3Prefix", sharded=False, mode="Pipe", folder=RAW),
        Channel(
            name="deep",
            uri="s3://b/deep",
            data_type="S3Prefix",
            sharded=True,
            mode="File",
            gzip=True,
            folder=f"{RAW}/sub",
        ),
    ]
    assert processing().channels() == []
    with pytest.raises(ChannelError, match="Input set: only S3Input can be read on this machine"):
        processing(inputs=[{"InputName": "set", "DatasetDefinition": {}}]).channels()


def test_every_host_gets_every_input() -> None:
    made = processing()
    channel = Channel(name="x", uri="s3://b/x", data_type="S3Prefix", sharded=False, mode="File")
    assert (made.host_count, made.receivers(channel)) == (2, ["algo-1", "algo-2"])
    assert made.instance_type("algo-2") == "ml.m5.large"


def test_outputs_have_folders_links_and_a_time_when_they_are_sent() -> None:
    made = processing(
        target("model", "/opt/ml/processing/model/"),
        target("live", "/mine/live", "Continuous"),
        target("..", "/opt/ml/processing/odd"),
        {**target("theirs", "/x"), "AppManaged": True},
    )
    assert made.folders() == [
        *("/opt/ml/output/data", "/opt/ml/output/metrics/cloudwatch"),
        *("/opt/ml/processing/model", "/mine/live", "/opt/ml/processing/odd"),
    ]
    assert made.private() == ["/mine/live"]
    assert made.links() == {
        "/opt/ml/output/data/model": "/opt/ml/processing/model",
        "/opt/ml/output/data/live": "/mine/live",
    }
    assert made.mirrored_folders() == [
        MirroredFolder(path="/mine/live", uri="s3://b/live", restores=False, deletes=False)
    ]


def test_variables_that_are_paths_of_the_job_are_the_hosts() -> None:
    made = processing(Environment={"IN": "/opt/ml/processing/in", "AWS_REGION": "mine", "X": "y"})
    assert made.environment("eu-west-1", {"/opt/ml": "/h"}) == {
        "IN": "/h/processing/in",
        "AWS_REGION": "eu-west-1",
        "X": "y",
    }


def test_the_configuration_files_are_those_that_sagemaker_writes() -> None:
    made = processing(
        target("model", "/opt/ml/processing/model"),
        inputs=[source("raw", RAW)],
        app={"ContainerEntrypoint": ["a"], "ContainerArguments": ["b"]},
    )
    files = made.configs("algo-2", {"/opt/ml": "/h"}, attempt=1, region="eu-west-1", interface="lo")
    assert files["/opt/ml/config/resourceconfig.json"] == {"current_host": "algo-2", "hosts": ["algo-1", "algo-2"]}
    config: Any = files["/opt/ml/config/processingjobconfig.json"]
    assert config == {
        "ProcessingJobArn": "arn:aws:sagemaker:eu-west-1:000000000000:processing-job/job-1",
        "ProcessingJobName": "Job-1",
        "Environment": {},
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["a"], "ContainerArguments": ["b"]},
        "ProcessingInputs": [
            {
                "InputName": "raw",
                "AppManaged": False,
                "S3Input": {
                    "LocalPath": "/h/processing/input/raw",
                    "S3Uri": "s3://b/raw",
                    "S3DataDistributionType": "FullyReplicated",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                    "S3CompressionType": "None",
                    "S3DownloadMode": "StartOfJob",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "model",
                    "AppManaged": False,
                    "S3Output": {
                        "S3Uri": "s3://b/model",
                        "LocalPath": "/h/processing/model",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ],
            "KmsKeyId": None,
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "VolumeKmsKeyId": None,
                "InstanceType": "ml.m5.large",
                "InstanceCount": 2,
                "VolumeSizeInGB": 1,
            }
        },
        "RoleArn": "role",
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
    }
    assert (made.entrypoint, made.arguments, made.image_arguments, made.is_script_mode) == (("a",), ("b",), (), False)


def test_a_status_or_a_message_that_is_no_text_fails_a_host() -> None:
    def failure(message: bytes | None, code: int = 0) -> str | None:
        return processing().failure(Left(message), code, "last line")  # type: ignore[arg-type]

    assert failure(None) is None
    assert failure("é".encode() * 600) is None  # cut in the middle of a letter, which is no fault of the text
    assert failure(b"text", 3) == "AlgorithmError: See job logs for more information"
    assert failure(b"\xff") == "ClientError: /opt/ml/output/message is not UTF-8"


@pytest.mark.parametrize(
    ("messages", "whole"),
    [
        ([None, None], None),
        ([b"", b""], None),
        ([b"one", None, b" two"], "one two"),
        ([b"x" * 1023, "é".encode()], "x" * 1023),  # half of a letter is none
        ([b"x" * 1022, "é".encode()], "x" * 1022 + "é"),
        ([b"x" * 2000, b"y"], "x" * 1024),
    ],
)
def test_the_hosts_messages_are_one_of_a_kilobyte_at_most(messages: list[bytes | None], whole: str | None) -> None:
    left: Any = [Left(message) for message in messages]
    assert processing().message(left) == whole


def test_network_isolation_is_off_unless_it_is_on() -> None:
    assert processing(NetworkConfig={"EnableNetworkIsolation": True}).is_network_isolated is True
    assert processing(NetworkConfig={}).is_network_isolated is False
    assert processing().is_network_isolated is False
