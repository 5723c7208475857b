"""A processing job's request as the engine reads it: inputs and outputs at paths that the request chooses.

https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html; the configuration files as
recorded in real jobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any

from ...core import layout
from ...core.layout import split_uri
from ...core.records import dataclass
from ...core.store import Store
from ..data.channels import Channel, ChannelError
from ..job import beneath
from ..job.kinds import PROCESSING, Kind
from .config_files import host_names, translate_path
from .request import HostFolders, MirroredFolder, Phase, Saving

CONFIG = f"{layout.BASE}/config"
_LONGEST_MESSAGE = 1024  # bytes of /opt/ml/output/message; the rest is cut off
_RUNNING = Phase(secondary="Processing", message="Processing in progress")
_SAVING = Phase(secondary="Uploading", message="Uploading what was processed")
_FAILED = "AlgorithmError: See job logs for more information"


@dataclass(frozen=True)
class Processing:
    """A CreateProcessingJob request."""

    request: Mapping[str, Any]
    kind: Kind = PROCESSING
    running: Phase = _RUNNING
    saving: Phase = _SAVING

    @property
    def _cluster(self) -> Mapping[str, Any]:
        cluster: Mapping[str, Any] = self.request["ProcessingResources"]["ClusterConfig"]
        return cluster

    @property
    def image(self) -> str:
        return str(self.request["AppSpecification"]["ImageUri"])

    @property
    def host_count(self) -> int:
        return int(self._cluster["InstanceCount"])

    def instance_type(self, host: str) -> str:
        del host
        return str(self._cluster["InstanceType"])

    def receivers(self, channel: Channel) -> Sequence[str]:
        del channel
        return [f"algo-{number}" for number in range(1, self.host_count + 1)]

    @property
    def is_network_isolated(self) -> bool:
        return bool(self.request.get("NetworkConfig", {}).get("EnableNetworkIsolation"))

    @property
    def exit_message_path(self) -> str:
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
    def algorithm(self) -> str | None:
        return None

    @property
    def is_script_mode(self) -> bool:
        return False

    @property
    def metrics(self) -> Sequence[tuple[str, str]]:
        return ()

    def environment(self, region: str, places: Mapping[str, str]) -> dict[str, str]:
        """The request's variables and the region; values that are paths of the job are translated."""
        variables = {name: translate_path(value, places) for name, value in self.request.get("Environment", {}).items()}
        return {**variables, "AWS_REGION": region}

    def channels(self) -> list[Channel]:
        """The inputs, parents before what lies below them. Raises ChannelError for an unsupported source."""
        channels = [_channel(one) for one in self.request.get("ProcessingInputs", ()) if not one.get("AppManaged")]
        return sorted(channels, key=lambda channel: channel.path.count("/"))

    def outputs(self) -> list[Mapping[str, Any]]:
        """The outputs that the platform uploads."""
        outputs = self.request.get("ProcessingOutputConfig", {}).get("Outputs", ())
        return [output for output in outputs if not output.get("AppManaged")]

    def folders(self) -> list[str]:
        paths = [_path(output) for output in self.outputs()]
        return [f"{layout.BASE}/output/data", f"{layout.BASE}/output/metrics/cloudwatch", *paths]

    def private(self) -> list[str]:
        return [path for path in map(_path, self.outputs()) if not path.startswith(f"{layout.BASE}/")]

    def links(self) -> dict[str, str]:
        """A link to each output by its name, as in recorded jobs."""
        named = {output["OutputName"]: _path(output) for output in self.outputs()}
        return {f"{layout.BASE}/output/data/{name}": path for name, path in named.items() if _is_plain(name)}

    def configs(
        self, host: str, places: Mapping[str, str], *, attempt: int, region: str, interface: str
    ) -> dict[str, dict[str, Any] | list[Any]]:
        del attempt, interface
        return {
            f"{CONFIG}/resourceconfig.json": {"current_host": host, "hosts": host_names(self.host_count)},
            f"{CONFIG}/processingjobconfig.json": self._job_config(places, region),
        }

    def _job_config(self, places: Mapping[str, str], region: str) -> dict[str, Any]:
        """processingjobconfig.json: the request, with null for members that it does not have."""
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
            "ProcessingInputs": [_input_config(one, places) for one in request.get("ProcessingInputs", ())],
            "ProcessingOutputConfig": {
                "Outputs": [_output_config(one, places) for one in output.get("Outputs", ())],
                "KmsKeyId": output.get("KmsKeyId"),
            },
            "ProcessingResources": {"ClusterConfig": {"VolumeKmsKeyId": None, **self._cluster}},
            "RoleArn": request["RoleArn"],
            "StoppingCondition": request.get("StoppingCondition", {"MaxRuntimeInSeconds": 24 * 60 * 60}),
        }

    def mirrored_folders(self) -> list[MirroredFolder]:
        """The outputs with S3UploadMode Continuous. Nothing is downloaded to them, and nothing deleted."""
        return [
            MirroredFolder(path=_path(output), uri=output["S3Output"]["S3Uri"], restores=False, deletes=False)
            for output in self.outputs()
            if output["S3Output"]["S3UploadMode"] == "Continuous"
        ]

    def failure(self, host: HostFolders, code: int, last_line: str) -> str | None:
        """A host fails the job by its exit status, or by a message that is not UTF-8."""
        del last_line
        if code:
            return _FAILED
        try:
            self._read_message(host).decode("utf-8")
        except UnicodeDecodeError:
            return f"ClientError: {layout.BASE}/output/message is not UTF-8"
        return None

    def warning(self, host: HostFolders, code: int) -> str | None:
        del host, code
        return None

    def message(self, hosts: Sequence[HostFolders]) -> str | None:
        """The messages of all hosts one after the other, cut at a character boundary."""
        message = b"".join(map(self._read_message, hosts))[:_LONGEST_MESSAGE]
        return message.decode("utf-8", "ignore") or None

    def _read_message(self, host: HostFolders) -> bytes:
        """Read the message of one host, cut to the longest that the service returns."""
        return _cut(host.read(self.exit_message_path, _LONGEST_MESSAGE + 4) or b"")

    def save(self, hosts: Sequence[HostFolders], store: Store, saving: Saving) -> None:
        """Upload the outputs with S3UploadMode EndOfJob, all hosts' to the same address: the last host's files win."""
        for output in self.outputs():
            if output["S3Output"]["S3UploadMode"] == "EndOfJob":
                for host in hosts:
                    _upload_output(output, host, store, saving)


def _upload_output(output: Mapping[str, Any], host: HostFolders, store: Store, saving: Saving) -> None:
    from ..data import failures
    from ..data.mirror import Mirror

    bucket, key = split_uri(output["S3Output"]["S3Uri"])
    prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
    folder = host.inside(_path(output))
    mirror = Mirror(
        folder,
        bucket,
        prefix,
        store,
        "",
        [""],
        deletes=False,
        root=host.folder,
        seen_as=_path(output).rstrip("/"),
        on_progress=saving.on_progress,
    )
    with closing(mirror.pass_once(is_last=True)) as steps:
        for _ in steps:
            saving.on_progress(0)
    for path, why in mirror.refused.items():
        saving.on_note(f"{output['OutputName']}/{beneath.shown(path)} is not kept: {why}")
    if mirror.stalled and failures.is_missing(mirror.stalled):
        raise failures.upload_failed(output["S3Output"]["S3Uri"], mirror.stalled) from mirror.stalled
    if mirror.stalled:
        raise mirror.stalled


def _cut(message: bytes) -> bytes:
    return (
        message if len(message) <= _LONGEST_MESSAGE else message[:_LONGEST_MESSAGE].decode("utf-8", "ignore").encode()
    )


def _path(output: Mapping[str, Any]) -> str:
    path: str = output["S3Output"]["LocalPath"]
    return path.rstrip("/")


def _is_plain(name: str) -> bool:
    return "/" not in name and name not in {"", ".", ".."}


def _channel(config: Mapping[str, Any]) -> Channel:
    """Read a member of ``ProcessingInputs``. Raises ChannelError for a source that is not supported here."""
    name, source = config["InputName"], config.get("S3Input")
    if source is None:
        raise ChannelError(f"Input {name}: only S3Input can be read on this machine")
    return Channel(
        name=name,
        uri=source["S3Uri"],
        data_type=source["S3DataType"],
        sharded=source.get("S3DataDistributionType") == "ShardedByS3Key",
        mode=source.get("S3InputMode", "File"),
        gzip=source.get("S3CompressionType") == "Gzip",
        folder=source["LocalPath"].rstrip("/"),
    )


def _input_config(config: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    """An input as the job's configuration file has it; no request has the member S3DownloadMode."""
    source = config.get("S3Input")
    if source is None:
        return dict(config)
    s3_input = {
        "LocalPath": translate_path(source.get("LocalPath", ""), places) or None,
        "S3Uri": source["S3Uri"],
        "S3DataDistributionType": source.get("S3DataDistributionType", "FullyReplicated"),
        "S3DataType": source["S3DataType"],
        "S3InputMode": source.get("S3InputMode", "File"),
        "S3CompressionType": source.get("S3CompressionType", "None"),
        "S3DownloadMode": "StartOfJob",
    }
    return {"InputName": config["InputName"], "AppManaged": config.get("AppManaged", False), "S3Input": s3_input}


def _output_config(config: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    target = config.get("S3Output")
    if target is None:
        return dict(config)
    s3_output = {**target, "LocalPath": translate_path(target.get("LocalPath", ""), places) or None}
    return {"OutputName": config["OutputName"], "AppManaged": config.get("AppManaged", False), "S3Output": s3_output}
