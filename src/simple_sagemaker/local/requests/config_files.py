"""The files of ``/opt/ml/input/config``, as SageMaker writes them.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html for
hyperparameters, inputdataconfig and resourceconfig; the others as recorded in real jobs.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from ..job.kinds import TRAINING
from .instance_groups import group_of, read_groups

INTERFACE = "lo" if sys.platform == "linux" else "lo0"


def host_names(count: int) -> list[str]:
    """``algo-1`` … ``algo-n`` in the order that the service lists them: as text, so algo-10 comes before algo-2."""
    return sorted(f"algo-{number}" for number in range(1, count + 1))


def files(
    request: Mapping[str, Any],
    host: str,
    places: Mapping[str, str],
    *,
    attempt: int,
    region: str,
    interface: str,
) -> dict[str, Any]:
    """The content of each file by its name.

    ``places`` maps paths of the job to the host's folders where the host has no file system view of its own.
    """
    contents: dict[str, Any] = {
        "hyperparameters.json": dict(request.get("HyperParameters", {})),
        "inputdataconfig.json": inputs(request, host),
        "resourceconfig.json": resources(request, host, interface),
        "metric-definition-regex.json": request["AlgorithmSpecification"].get("MetricDefinitions", []),
        "init-config.json": start(request, host, places, attempt),
        "upstreamoutputdataconfig.json": [],
        "trainingjobconfig.json": {**request, "TrainingJobArn": TRAINING.arn(request["TrainingJobName"], region)},
    }
    if "CheckpointConfig" in request:
        path = checkpoint_path(request)
        contents["checkpointconfig.json"] = {"LocalPath": places.get(path, path)}
    if "TensorBoardOutputConfig" in request:
        path = tensorboard_path(request)
        base = request["TensorBoardOutputConfig"]["S3OutputPath"].rstrip("/")
        contents["tensorboardoutputconfig.json"] = {
            "S3OutputPath": f"{base}/{request['TrainingJobName']}/tensorboard-output",
            "LocalPath": translate_path(path, places) + "/",
        }
    return contents


def start(request: Mapping[str, Any], host: str, places: Mapping[str, str], attempt: int) -> dict[str, Any]:
    """init-config.json: the platform's instructions to its downloader. ``jobRunNumber`` counts spot restarts too."""
    content: dict[str, Any] = {
        "inputMode": request["AlgorithmSpecification"]["TrainingInputMode"],
        "channels": [{"name": channel["ChannelName"]} for channel in channels_of(request, host)],
        "hostConfig": {
            "clusterSize": sum(len(group.hosts) for group in read_groups(request)),
            "hostNumber": int(host.rpartition("-")[2]),
        },
        "jobRunInfo": {"jobRunNumber": attempt},
    }
    if "CheckpointConfig" in request:
        path = checkpoint_path(request)
        content["checkpointChannel"] = {"name": "checkpoints", "outputPath": places.get(path, path), "allowEmpty": True}
    return content


def checkpoint_path(request: Mapping[str, Any]) -> str:
    """Where checkpoints are inside the job, without a trailing slash."""
    path: str = request["CheckpointConfig"].get("LocalPath", "/opt/ml/checkpoints/")
    return path.rstrip("/")


def tensorboard_path(request: Mapping[str, Any]) -> str:
    """Where TensorBoard's files are inside the job, without a trailing slash."""
    path: str = request["TensorBoardOutputConfig"].get("LocalPath", "/opt/ml/output/tensorboard")
    return path.rstrip("/")


def channels_of(request: Mapping[str, Any], host: str) -> list[Mapping[str, Any]]:
    """The channels that a host gets: all but those of other groups."""
    group = group_of(read_groups(request), host).name

    def is_for_group(config: Mapping[str, Any]) -> bool:
        names = config["DataSource"].get("S3DataSource", {}).get("InstanceGroupNames")
        return not names or group in names

    return [config for config in request.get("InputDataConfig", ()) if is_for_group(config)]


def inputs(request: Mapping[str, Any], host: str) -> dict[str, Any]:
    """inputdataconfig.json: mode, distribution and record wrapper of each channel, content type only if requested."""
    default = request["AlgorithmSpecification"]["TrainingInputMode"]
    channels = {}
    for channel in channels_of(request, host):
        source = channel["DataSource"].get("S3DataSource", {})
        content_type = {"ContentType": channel["ContentType"]} if "ContentType" in channel else {}
        channels[channel["ChannelName"]] = content_type | {
            "TrainingInputMode": channel.get("InputMode", default),
            "S3DistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
        }
    return channels


def resources(request: Mapping[str, Any], host: str, interface: str = INTERFACE) -> dict[str, Any]:
    """resourceconfig.json: this host, all hosts, and the groups with their instance types."""
    groups = read_groups(request)
    group = group_of(groups, host)
    return {
        "current_host": host,
        "current_instance_type": group.instance_type,
        "current_group_name": group.name,
        "hosts": host_names(sum(len(one.hosts) for one in groups)),
        "instance_groups": [
            {"instance_group_name": one.name, "instance_type": one.instance_type, "hosts": sorted(one.hosts)}
            for one in groups
        ],
        "network_interface_name": interface,
        "topology": None,
    }


def translate_path(path: str, places: Mapping[str, str]) -> str:
    """Translate a path of the job into the host's folder for it; anything else is returned as it is."""
    for place, folder in places.items():
        if path == place or path.startswith(place + "/"):
            return folder + path[len(place) :]
    return path
