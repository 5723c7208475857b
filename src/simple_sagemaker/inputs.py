"""From a task's inputs to the channels of its job: what is there is checked first, then local data is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import history, layout, sync
from .errors import InputNotFound, UsageError
from .layout import TaskPlace
from .request import ChannelSource
from .specs import Input, LocalInput, S3Input, TaskInput, TaskSpec
from .storage import KeyRefused

if TYPE_CHECKING:
    from .bundle import Services

_MODEL_CONTENT = "application/x-sagemaker-model"  # as AWS's SDK marks the channel of a model


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Local files that a channel needs under a key prefix before the job."""

    files: dict[str, Path]
    prefix: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The channels of a job, and what has to be sent for them."""

    channels: list[ChannelSource]
    uploads: list[Upload]


def plan(spec: TaskSpec, place: TaskPlace, job: str, services: Services) -> Plan:
    """What the job's channels will be. Writes nothing. Raises InputNotFound for what is not there."""
    resolved = [_resolved(one, spec, place, services) for one in spec.inputs]
    resolved += _model(spec, place, job, services)
    return Plan(
        channels=[channel for channel, _ in resolved], uploads=[upload for _, upload in resolved if upload is not None]
    )


def send(plan: Plan, place: TaskPlace, services: Services) -> Iterator[sync.Synced]:
    """Send what the plan needs; says for each upload what moved."""
    for upload in plan.uploads:
        try:
            yield sync.sync_up(upload.files, services.store, bucket=place.bucket, prefix=upload.prefix)
        except KeyRefused as error:
            raise UsageError(f"-i: {error}") from error


def _resolved(one: Input, spec: TaskSpec, place: TaskPlace, services: Services) -> tuple[ChannelSource, Upload | None]:
    if isinstance(one, LocalInput):
        path = one.path / one.subdir if one.subdir else one.path
        uri = layout.uri(place.bucket, place.input)
        source = ChannelSource(name=one.name, uri=uri, distribution=one.distribution)
        return source, Upload(files=sync.local_files(path), prefix=place.input)
    uri = _joined(one.uri, one.subdir) if isinstance(one, S3Input) else _of_task(one, spec, place, services)
    _present(uri, one.name, services)
    return ChannelSource(name=one.name, uri=uri, distribution=one.distribution), None


def _of_task(one: TaskInput, spec: TaskSpec, place: TaskPlace, services: Services) -> str:
    if one.subdir and one.type != "state":
        raise UsageError(
            f"--input_task {one.name} {one.task} {one.type}: the {one.type} is one archive without subfolders.\n"
            f"Leave {one.subdir!r} out and unpack the archive in the job."
        )
    other = TaskPlace(bucket=place.bucket, prefix=spec.place.prefix, project=spec.place.project, task=one.task)
    uri = history.output_of(other, one.type, channel=one.name, store=services.store, sagemaker=services.sagemaker)
    return _joined(uri, one.subdir)


def _model(spec: TaskSpec, place: TaskPlace, job: str, services: Services) -> list[tuple[ChannelSource, Upload | None]]:
    if not spec.model_uri:
        return []
    if spec.model_uri.startswith("s3://"):
        _present(spec.model_uri, "model", services)
        return [(ChannelSource(name="model", uri=spec.model_uri, content_type=_MODEL_CONTENT), None)]
    files = sync.local_files(Path(spec.model_uri.removeprefix("file://")))
    uri = layout.uri(place.bucket, place.model(job))
    source = ChannelSource(name="model", uri=uri, content_type=_MODEL_CONTENT)
    return [(source, Upload(files=files, prefix=place.model(job)))]


def _joined(uri: str, subdir: str) -> str:
    return f"{uri.rstrip('/')}/{subdir.strip('/')}/" if subdir else uri


def _present(uri: str, channel: str, services: Services) -> None:
    """Refuse an address under which no object lies; a key that ends in "/" alone is a folder's mark, not data."""
    bucket, key = layout.split_uri(uri)
    try:
        if any(not found.key.endswith("/") for found in services.store.list(bucket, key)):
            return
    except FileNotFoundError:
        raise InputNotFound(
            f"Channel {channel!r} reads {uri}, and there is no bucket {bucket!r}.\n{_bucket_advice(bucket, services)}"
        ) from None
    raise InputNotFound(
        f"Channel {channel!r} reads {uri}, and nothing is there.\n"
        "Check the address, or run the task that writes it first."
    )


def _bucket_advice(bucket: str, services: Services) -> str:
    if services.engine == "local":
        return f"Jobs on this machine read buckets from folders: fill {services.bucket_folder(bucket)} (copy or link)."
    return "Check the name, and that your credentials may list it."
