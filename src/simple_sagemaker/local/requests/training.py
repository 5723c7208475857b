"""A training job's request as the engine reads it.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core import layout
from ...core.layout import split_uri
from ...core.records import dataclass
from ...core.store import Store
from ..data.channels import Channel
from ..job import beneath
from ..job.kinds import TRAINING, Kind
from . import config_files
from .instance_groups import group_of, read_groups
from .metric_definitions import metric_definitions
from .request import HostFolders, MirroredFolder, Phase, Saving

_LONGEST_REASON = 1024
_LONGEST_FAILURE = 4096  # bytes that are read of the failure file
_MOST_NOTES = 20
_RUNNING = Phase(secondary="Training", message="Training image download completed. Training in progress.")
_SAVING = Phase(secondary="Uploading", message="Uploading generated training model")


@dataclass(frozen=True)
class Training:
    """A CreateTrainingJob request."""

    request: Mapping[str, Any]
    kind: Kind = TRAINING
    running: Phase = _RUNNING
    saving: Phase = _SAVING

    @property
    def _algorithm(self) -> Mapping[str, Any]:
        algorithm: Mapping[str, Any] = self.request["AlgorithmSpecification"]
        return algorithm

    @property
    def image(self) -> str:
        return str(self._algorithm.get("TrainingImage", ""))

    @property
    def host_count(self) -> int:
        return sum(len(group.hosts) for group in read_groups(self.request))

    def instance_type(self, host: str) -> str:
        return group_of(read_groups(self.request), host).instance_type

    def receivers(self, channel: Channel) -> Sequence[str]:
        return [
            host
            for group in read_groups(self.request)
            if not channel.groups or group.name in channel.groups
            for host in group.hosts
        ]

    @property
    def is_network_isolated(self) -> bool:
        return bool(self.request.get("EnableNetworkIsolation"))

    @property
    def exit_message_path(self) -> str:
        return f"{layout.BASE}/output/failure"

    @property
    def entrypoint(self) -> Sequence[str]:
        return tuple(self._algorithm.get("ContainerEntrypoint", ()))

    @property
    def arguments(self) -> Sequence[str]:
        return tuple(self._algorithm.get("ContainerArguments", ()))

    @property
    def image_arguments(self) -> Sequence[str]:
        return () if self.entrypoint else ("train",)

    @property
    def is_script_mode(self) -> bool:
        return not self.entrypoint

    @property
    def algorithm(self) -> str | None:
        if self.entrypoint or "sagemaker_program" in self.request.get("HyperParameters", {}):
            return None
        from ...images.built_in import algorithm_of  # most jobs name a program

        return algorithm_of(self.image)

    @property
    def metrics(self) -> Sequence[tuple[str, str]]:
        return [(one["Name"], one["Regex"]) for one in metric_definitions(self.request)]

    def environment(self, region: str, places: Mapping[str, str]) -> dict[str, str]:
        """The request's variables; the platform's (job name, ARN and region) override them."""
        del places
        name = self.request["TrainingJobName"]
        platform = {"TRAINING_JOB_NAME": name, "TRAINING_JOB_ARN": TRAINING.arn(name, region), "AWS_REGION": region}
        return {**self.request.get("Environment", {}), **platform}

    def channels(self) -> list[Channel]:
        mode = self._algorithm["TrainingInputMode"]
        return [Channel.from_config(config, mode) for config in self.request.get("InputDataConfig", ())]

    def folders(self) -> list[str]:
        names = ["model", "output/data", "input/data", "output/metrics/sagemaker", "output/profiler"]
        folders = [f"{layout.BASE}/{name}" for name in names]
        if "TensorBoardOutputConfig" in self.request:
            folders.append(config_files.tensorboard_path(self.request))
        return folders

    def private(self) -> list[str]:
        return [config_files.checkpoint_path(self.request)] if "CheckpointConfig" in self.request else []

    def links(self) -> dict[str, str]:
        return {}

    def configs(
        self, host: str, places: Mapping[str, str], *, attempt: int, region: str, interface: str
    ) -> dict[str, dict[str, Any] | list[Any]]:
        files = config_files.files(self.request, host, places, attempt=attempt, region=region, interface=interface)
        return {f"{layout.BASE}/input/config/{name}": content for name, content in files.items()}

    def mirrored_folders(self) -> list[MirroredFolder]:
        folders = []
        if checkpoints := self.request.get("CheckpointConfig"):
            path = config_files.checkpoint_path(self.request)
            folders.append(MirroredFolder(path=path, uri=checkpoints["S3Uri"], restores=True, deletes=True))
        if board := self.request.get("TensorBoardOutputConfig"):
            base = board["S3OutputPath"].rstrip("/")
            uri = f"{base}/{self.request['TrainingJobName']}/tensorboard-output"
            path = config_files.tensorboard_path(self.request)
            folders.append(MirroredFolder(path=path, uri=uri, restores=False, deletes=False))
        return folders

    def failure(self, host: HostFolders, code: int, last_line: str) -> str | None:
        """The exit status decides; the failure file, or in place of an empty one the last line, is the reason."""
        if not code:
            return None
        written = host.read(self.exit_message_path, _LONGEST_FAILURE)
        text = "" if written is None else written.decode("utf-8", "replace").strip("\0") or last_line
        tail = f", exit code: {code}"
        return f"AlgorithmError: {text}"[: _LONGEST_REASON - len(tail)] + tail

    def warning(self, host: HostFolders, code: int) -> str | None:
        if code or not host.read(self.exit_message_path, 1):
            return None
        return f"{self.exit_message_path} holds a text, but the exit status is 0: the job counts as completed"

    def message(self, hosts: Sequence[HostFolders]) -> str | None:
        del hosts
        return None

    def save(self, hosts: Sequence[HostFolders], store: Store, saving: Saving) -> None:
        """Upload the model, of all hosts, and the output, of the first host."""
        from ..data import artifacts

        bucket, key = split_uri(self.request["OutputDataConfig"]["S3OutputPath"])
        prefix = f"{key.rstrip('/')}/{saving.job}/output".lstrip("/")
        for name, path, writers in (("model", "model", hosts), ("output", "output/data", hosts[:1])):
            seen_as = f"{layout.BASE}/{path}"
            notes = _LeftOut(name, saving.on_note)
            clashes = artifacts.upload(
                [host.inside(seen_as) for host in writers],
                store,
                bucket=bucket,
                key=f"{prefix}/{name}.tar.gz",
                scratch=saving.scratch / f".{name}.tar.gz.part",
                roots=[host.folder for host in writers],
                seen_as=seen_as,
                on_left_out=notes.add,
                on_progress=saving.on_progress,
            )
            notes.finish()
            if clashes:
                names = ", ".join(map(beneath.shown, clashes[:20]))
                saving.on_note(f"{name}: several hosts wrote {names}; the last host's were kept")


class _LeftOut:
    """Notes on what an archive does not hold: the first few by name, the others as a number."""

    def __init__(self, archive: str, on_note: Callable[[str], None]) -> None:
        self._archive = archive
        self._on_note = on_note
        self._count = 0

    def add(self, path: str, why: str) -> None:
        self._count += 1
        if self._count <= _MOST_NOTES:
            self._on_note(f"{self._archive}: {beneath.shown(path)} is left out: {why}")

    def finish(self) -> None:
        if self._count > _MOST_NOTES:
            self._on_note(f"{self._archive}: {self._count - _MOST_NOTES} more were left out")
