"""What the service refuses at submit, beyond the shapes of its model: each refusal is one text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core import layout
from ...core.store import Store
from ..data.channels import Channel, ChannelFault, Item
from ..job.kinds import PROCESSING, kind_of
from ..requests.read import work_of

_OURS = f"{layout.PROCESSING}/"
_MODES = frozenset({"File", "FastFile", "Pipe"})


def objection(request: Mapping[str, Any], store: Store, *, images: bool) -> str | None:
    """Why this request cannot become a job; None when it can. Lists every channel's objects.

    ``images`` is whether jobs run in containers of their images.
    """
    without = None if images else _needs_an_image(request)
    if kind_of(request) == PROCESSING:
        return without or _folders(request) or _brought(work_of(request).channels, store)
    return _limits(request) or _machines(request) or _algorithm(request) or without or _channels(request, store)


def _folders(request: Mapping[str, Any]) -> str | None:
    """What is wrong with the inputs' and outputs' names and paths."""
    inputs, outputs = request.get("ProcessingInputs", ()), request.get("ProcessingOutputConfig", {}).get("Outputs", ())
    for kind, named in (("InputName", inputs), ("OutputName", outputs)):
        if twice := _twice([one[kind] for one in named]):
            return f"Duplicate {kind}: {twice}."
    for one in [one for one in outputs if not one.get("AppManaged")]:
        if "S3Output" not in one:
            return f"Output {one['OutputName']}: only S3Output can be written on this machine."
        path = one["S3Output"].get("LocalPath", "")
        if not _is_absolute(path) or not path.strip("/"):
            return f"Output {one['OutputName']}: LocalPath must be an absolute path, not {path!r}."
        if not one["S3Output"]["S3Uri"].startswith("s3://"):
            return f"Output {one['OutputName']}: {one['S3Output']['S3Uri']!r} is no S3 address."
    sources = [one for one in inputs if not one.get("AppManaged") and "S3Input" in one]
    for one in sources:
        path = one["S3Input"].get("LocalPath", "")
        if not path.startswith(_OURS) or not _is_absolute(path) or not path.removeprefix(_OURS).strip("/"):
            return f"Input {one['InputName']}: LocalPath must be a path under {_OURS}, not {path!r}."
    if twice := _twice([one["S3Input"]["LocalPath"].rstrip("/") for one in sources]):
        return f"Two inputs have the LocalPath {twice}."
    return None


def _is_absolute(path: str) -> bool:
    return path.startswith("/") and not {".", ".."} & {*path.split("/")}


def _twice(names: Sequence[str]) -> str:
    """The names that are there more than once, in one text."""
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))


def _limits(request: Mapping[str, Any]) -> str | None:
    limits = request.get("StoppingCondition", {})
    wait = limits.get("MaxWaitTimeInSeconds")
    if wait is None:
        return None
    if not request.get("EnableManagedSpotTraining"):
        return "MaxWaitTimeInSeconds cannot be set when EnableManagedSpotTraining is not enabled."
    if wait < limits.get("MaxRuntimeInSeconds", 24 * 60 * 60):
        return "MaxWaitTimeInSeconds must be equal to or greater than MaxRuntimeInSeconds."
    return None


def _machines(request: Mapping[str, Any]) -> str | None:
    resources = request.get("ResourceConfig", {})
    if resources.get("InstanceGroups"):
        return "InstanceGroups are not supported on this machine; give InstanceType and InstanceCount."
    if not resources.get("InstanceType") or not resources.get("InstanceCount"):
        return "ResourceConfig needs InstanceType and InstanceCount."
    path = request.get("CheckpointConfig", {}).get("LocalPath", "/opt/ml/checkpoints/")
    if not path.startswith("/") or ".." in path.split("/"):
        return f"CheckpointConfig.LocalPath must be an absolute path, not {path!r}."
    return None


def _algorithm(request: Mapping[str, Any]) -> str | None:
    algorithm = request.get("AlgorithmSpecification")
    if not algorithm:
        return "AlgorithmSpecification is required."
    for metric in algorithm.get("MetricDefinitions", ()):
        try:
            re.compile(metric["Regex"])
        except re.error as error:
            return f"Invalid regular expression {metric['Regex']!r} of metric {metric['Name']!r}: {error}"
    return None


def _needs_an_image(request: Mapping[str, Any]) -> str | None:
    work = work_of(request)
    if not work.entrypoint and not work.is_script_mode:
        return "This machine runs processes and has no images: the request needs a ContainerEntrypoint."
    if not work.entrypoint and "sagemaker_program" not in request.get("HyperParameters", {}):
        return (
            "This machine runs processes and has no images: the request needs a ContainerEntrypoint, or script mode's "
            "hyperparameters sagemaker_program and sagemaker_submit_directory."
        )
    return None


def _channels(request: Mapping[str, Any], store: Store) -> str | None:
    configs = request.get("InputDataConfig", ())
    if twice := _twice([config["ChannelName"] for config in configs]):
        return f"Duplicate channel names: {twice}."
    return _brought(work_of(request).channels, store)


def _brought(channels: Callable[[], list[Channel]], store: Store) -> str | None:
    """What is wrong with what is to be brought."""
    try:
        for channel in channels():
            if channel.mode not in _MODES:
                return f"Channel {channel.name}: input mode {channel.mode} is not supported on this machine."
            if channel.mode != "Pipe" and (channel.gzip or channel.recordio):
                return f"Channel {channel.name}: CompressionType and RecordWrapperType are for input mode Pipe only."
            if channel.data_type == "AugmentedManifestFile" and not channel.attributes:
                return f"Channel {channel.name}: AugmentedManifestFile needs AttributeNames."
            _refuse_absent(channel, store)
    except (ChannelFault, PermissionError) as fault:
        return str(fault)
    return None


def _refuse_absent(channel: Channel, store: Store) -> None:
    """List the channel's objects; those that a manifest names one by one are looked for one by one."""
    found = channel.items(store)
    if channel.data_type == "AugmentedManifestFile":
        for item in {(item.bucket, item.key): item for item in found}.values():
            if not _is_there(store, item):
                raise ChannelFault(f"Channel {channel.name}: s3://{item.bucket}/{item.key} is not there.")


def _is_there(store: Store, item: Item) -> bool:
    try:
        return any(found.key == item.key for found in store.list(item.bucket, item.key))
    except FileNotFoundError:
        return False
