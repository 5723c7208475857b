"""A processing job's request as the engine reads it: inputs and outputs at paths of the request's choice.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html; the configuration files as
recorded in real jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core import layout
from ...core.layout import split_uri
from ...core.store import Store
from ..data.channels import Channel, ChannelFault
from ..data.mirror import Mirror
from ..job.folder import JobFolder
from ..job.kinds import PROCESSING, Kind
from .config_files import host_names, placed
from .request import Kept, Phase

CONFIG = f"{layout.BASE}/config"
_MESSAGE = 1024  # bytes of /opt/ml/output/message that are told
_RUNNING = Phase(secondary="Processing", message="Processing in progress")
_SAVING = Phase(secondary="Uploading", message="Uploading what was processed")
_FAILED = "AlgorithmError: See job logs for more information"


@dataclass(frozen=True)
class Processing:
    """What CreateProcessingJob asked for."""

    request: Mapping[str, Any]
    kind: Kind = PROCESSING
    running: Phase = _RUNNING
    saving: Phase = _SAVING

    @property
    def _cluster(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.request["ProcessingResources"]["ClusterConfig"]
        return found

    @property
    def image(self) -> str:
        return str(self.request["AppSpecification"]["ImageUri"])

    @property
    def host_count(self) -> int:
        return int(self._cluster["InstanceCount"])

    @property
    def instance_type(self) -> str:
        return str(self._cluster["InstanceType"])

    @property
    def is_cut_off(self) -> bool:
        return bool(self.request.get("NetworkConfig", {}).get("EnableNetworkIsolation"))

    @property
    def last_words(self) -> str:
        return f"{layout.BASE}/output/message"

    @property
    def entrypoint(self) -> Sequence[str]:
        return tuple(self.request["AppSpecification"].get("ContainerEntrypoint", ()))

    @property
    def arguments(self) -> Sequence[str]:
        return tuple(self.request["AppSpecification"].get("ContainerArguments", ()))

    @property
    def image_arguments(self) -> Sequence[str]:
        return ()

    @property
    def is_script_mode(self) -> bool:
        return False

    @property
    def metrics(self) -> Sequence[tuple[str, str]]:
        return ()

    def environment(self, region: str, places: Mapping[str, str]) -> dict[str, str]:
        """Nothing but the region is added; a value that is a path of the job names the folder that stands for it."""
        given = {name: placed(value, places) for name, value in self.request.get("Environment", {}).items()}
        return {**given, "AWS_REGION": region}

    def channels(self) -> list[Channel]:
        """Raises ChannelFault for a source that this engine has not got."""
        found = [_channel(one) for one in self.request.get("ProcessingInputs", ()) if not one.get("AppManaged")]
        return sorted(found, key=lambda channel: channel.path.count("/"))

    def outputs(self) -> list[Mapping[str, Any]]:
        """The outputs that the platform sees to."""
        given = self.request.get("ProcessingOutputConfig", {}).get("Outputs", ())
        return [one for one in given if not one.get("AppManaged")]

    def folders(self) -> list[str]:
        paths = [_path(output) for output in self.outputs()]
        return [f"{layout.BASE}/output/data", f"{layout.BASE}/output/metrics/cloudwatch", *paths]

    def private(self) -> list[str]:
        return [path for path in map(_path, self.outputs()) if not path.startswith(f"{layout.BASE}/")]

    def links(self) -> dict[str, str]:
        """Every output by its name, as in recorded jobs."""
        named = {output["OutputName"]: _path(output) for output in self.outputs()}
        return {f"{layout.BASE}/output/data/{name}": path for name, path in named.items() if _is_plain(name)}

    def configs(
        self, host: str, places: Mapping[str, str], *, attempt: int, region: str, interface: str
    ) -> dict[str, dict[str, Any] | list[Any]]:
        del attempt, interface
        return {
            f"{CONFIG}/resourceconfig.json": {"current_host": host, "hosts": host_names(self.host_count)},
            f"{CONFIG}/processingjobconfig.json": self._described(places, region),
        }

    def _described(self, places: Mapping[str, str], region: str) -> dict[str, Any]:
        """processingjobconfig.json: the request, with what was not said as null."""
        request, app = self.request, self.request["AppSpecification"]
        output = request.get("ProcessingOutputConfig", {})
        return {
            "ProcessingJobArn": PROCESSING.arn(request["ProcessingJobName"], region),
            "ProcessingJobName": request["ProcessingJobName"],
            "Environment": self.environment(region, places) if "Environment" in request else {},
            "AppSpecification": {
                "ImageUri": self.image,
                "ContainerEntrypoint": app.get("ContainerEntrypoint"),
                "ContainerArguments": app.get("ContainerArguments"),
            },
            "ProcessingInputs": [_told_input(one, places) for one in request.get("ProcessingInputs", ())],
            "ProcessingOutputConfig": {
                "Outputs": [_told_output(one, places) for one in output.get("Outputs", ())],
                "KmsKeyId": output.get("KmsKeyId"),
            },
            "ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": None, **self._cluster}},
            "RoleArn": request["RoleArn"],
            "StoppingCondition": request.get("StoppingCondition", {"MaxRuntimeInSeconds": 24 * 60 * 60}),
        }

    def kept(self) -> list[Kept]:
        """What is uploaded while the job runs. Nothing is brought, and nothing deleted."""
        return [
            Kept(path=_path(output), uri=output["S3Output"]["S3Uri"], restores=False, deletes=False)
            for output in self.outputs()
            if output["S3Output"]["S3UploadMode"] == "Continuous"
        ]

    def failure(self, base: Path, code: int) -> str | None:
        """Only the status counts, and a message that is no text."""
        if code:
            return _FAILED
        try:
            _told(base).decode("utf-8")
        except UnicodeDecodeError:
            return f"ClientError: {layout.BASE}/output/message is not UTF-8"
        return None

    def message(self, bases: Sequence[Path]) -> str | None:
        """The messages of all hosts one after the other, cut where no letter is broken."""
        said = b"".join(_told(base) for base in bases)[:_MESSAGE]
        return said.decode("utf-8", "ignore") or None

    def save(self, job: JobFolder, folder: Callable[[int, str], Path], hosts: int, store: Store) -> None:
        """The outputs that are uploaded at the end, every host's to the same place: the last one's files win."""
        for output in self.outputs():
            if output["S3Output"]["S3UploadMode"] == "EndOfJob":
                _upload(output, [folder(host, _path(output)) for host in range(hosts)], job, store)


def _upload(output: Mapping[str, Any], folders: Sequence[Path], job: JobFolder, store: Store) -> None:
    bucket, key = split_uri(output["S3Output"]["S3Uri"])
    prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
    for folder in folders:
        mirror = Mirror(folder, bucket, prefix, store, "", [""], deletes=False)
        for _ in mirror.pass_once():
            pass
        for path, why in mirror.refused.items():
            job.append(note=f"{output['OutputName']}/{path} is not kept: {why}")


def _told(base: Path) -> bytes:
    """What one host left as its message, so far as it is told."""
    try:
        said = (base / "output" / "message").read_bytes()[: _MESSAGE + 4]
    except (FileNotFoundError, IsADirectoryError):
        return b""
    return said if len(said) <= _MESSAGE else said[:_MESSAGE].decode("utf-8", "ignore").encode()


def _path(output: Mapping[str, Any]) -> str:
    path: str = output["S3Output"]["LocalPath"]
    return path.rstrip("/")


def _is_plain(name: str) -> bool:
    return "/" not in name and name not in {"", ".", ".."}


def _channel(config: Mapping[str, Any]) -> Channel:
    """From a member of ``ProcessingInputs``. Raises ChannelFault for a source this engine has not got."""
    name, source = config["InputName"], config.get("S3Input")
    if source is None:
        raise ChannelFault(f"Input {name}: only S3Input can be read on this machine")
    return Channel(
        name=name,
        uri=source["S3Uri"],
        data_type=source["S3DataType"],
        sharded=source.get("S3DataDistributionType") == "ShardedByS3Key",
        mode=source.get("S3InputMode", "File"),
        gzip=source.get("S3CompressionType") == "Gzip",
        folder=source["LocalPath"].rstrip("/"),
    )


def _told_input(config: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    """An input as the job is told of it; when it is brought is in no request."""
    source = config.get("S3Input")
    if source is None:
        return dict(config)
    told = {
        "LocalPath": placed(source.get("LocalPath", ""), places) or None,
        "S3Uri": source["S3Uri"],
        "S3DataDistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "S3DataType": source["S3DataType"],
        "S3InputMode": source.get("S3InputMode", "File"),
        "S3CompressionType": source.get("S3CompressionType", "None"),
        "S3DownloadMode": "StartOfJob",
    }
    return {"InputName": config["InputName"], "AppManaged": config.get("AppManaged", False), "S3Input": told}


def _told_output(config: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    target = config.get("S3Output")
    if target is None:
        return dict(config)
    told = {**target, "LocalPath": placed(target.get("LocalPath", ""), places) or None}
    return {"OutputName": config["OutputName"], "AppManaged": config.get("AppManaged", False), "S3Output": told}
