"""What the service rejects at submission, beyond the shapes of its model; each check returns one text or None."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...core import layout
from ...core.store import ProgressCallback, Store, no_progress
from ..data.channels import Channel, ChannelError, Item
from ..data.failures import explain
from ..job.kinds import PROCESSING, TRANSFORM, kind_of
from ..requests.read import read_work

_OURS = f"{layout.PROCESSING}/"
_MOST_TAGS = 50
_LONGEST_RUN_S = 28 * 24 * 60 * 60
_MODES = frozenset({"File", "FastFile", "Pipe"})


def objection(request: Mapping[str, Any], store: Store, *, images: bool, python: str) -> str | None:
    """Why this request cannot become a job; None when it can. Lists the objects of all channels.

    ``images`` is whether jobs run in containers of their images; ``python`` is the interpreter of those that do not.
    """
    if kind_of(request) == TRANSFORM:  # checked where its model was found
        return None
    if tag_objection := check_tags(request.get("Tags", ())):
        return tag_objection
    image_objection = None if images else _check_runs_without_image(request, python)
    if kind_of(request) == PROCESSING:
        return image_objection or _check_folders(request) or _check_channels(read_work(request).channels, store)
    return (
        _check_limits(request)
        or _check_resources(request)
        or _check_algorithm(request)
        or image_objection
        or _check_inputs(request, store)
    )


def _check_folders(request: Mapping[str, Any]) -> str | None:
    """Check names and paths of a processing job's inputs and outputs."""
    inputs, outputs = request.get("ProcessingInputs", ()), request.get("ProcessingOutputConfig", {}).get("Outputs", ())
    for kind, named in (("InputName", inputs), ("OutputName", outputs)):
        if duplicates := _duplicates([one[kind] for one in named]):
            return f"Duplicate {kind}: {duplicates}."
    for one in [one for one in outputs if not one.get("AppManaged")]:
        if "S3Output" not in one:
            return f"Output {one['OutputName']}: only S3Output can be written on this machine."
        path = one["S3Output"].get("LocalPath", "")
        if not _is_absolute(path) or not path.strip("/"):
            return f"Output {one['OutputName']}: LocalPath must be an absolute path, not {path!r}."
        if not one["S3Output"]["S3Uri"].startswith("s3://"):
            return f"Output {one['OutputName']}: {one['S3Output']['S3Uri']!r} is not an S3 address."
    sources = [one for one in inputs if not one.get("AppManaged") and "S3Input" in one]
    for one in sources:
        path = one["S3Input"].get("LocalPath", "")
        if not path.startswith(_OURS) or not _is_absolute(path) or not path.removeprefix(_OURS).strip("/"):
            return f"Input {one['InputName']}: LocalPath must be a path under {_OURS}, not {path!r}."
    if duplicates := _duplicates([one["S3Input"]["LocalPath"].rstrip("/") for one in sources]):
        return f"Two inputs have the LocalPath {duplicates}."
    return None


def _is_absolute(path: str) -> bool:
    return path.startswith("/") and not {".", ".."} & {*path.split("/")}


def _duplicates(names: Sequence[str]) -> str:
    """The names that occur more than once, in one text."""
    return ", ".join(sorted({name for name in names if names.count(name) > 1}))


def check_tags(tags: Sequence[Mapping[str, str]]) -> str | None:
    """Check the keys of a resource's tags, which the service's model does not limit."""
    keys = [tag["Key"] for tag in tags]
    if duplicates := _duplicates(keys):
        return f"Duplicate tag keys: {duplicates}."
    if reserved := [key for key in keys if key.lower().startswith("aws:")]:
        return f"Tag keys that begin with aws: are reserved for AWS: {', '.join(reserved)}."
    if len(keys) > _MOST_TAGS:
        return f"A resource can have at most {_MOST_TAGS} tags."
    return None


def _check_limits(request: Mapping[str, Any]) -> str | None:
    limits = request.get("StoppingCondition", {})
    run, wait = limits.get("MaxRuntimeInSeconds", 24 * 60 * 60), limits.get("MaxWaitTimeInSeconds")
    if run > _LONGEST_RUN_S:
        return f"MaxRuntimeInSeconds can be at most {_LONGEST_RUN_S} (28 days), not {run}."
    if not request.get("EnableManagedSpotTraining"):
        if wait is not None:
            return "Invalid MaxWaitTimeInSeconds. It is only supported when EnableManagedSpotTraining is set to true"
        return None
    if wait is None or wait < run:
        return "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"
    if request.get("ResourceConfig", {}).get("KeepAlivePeriodInSeconds"):
        return "KeepAlivePeriodInSeconds cannot be set when EnableManagedSpotTraining is set to true."
    return None


def _check_resources(request: Mapping[str, Any]) -> str | None:
    resources = request.get("ResourceConfig", {})
    if objection := _check_groups(resources, request):
        return objection
    if not resources.get("InstanceGroups") and not _has_machines(resources):
        return "ResourceConfig needs InstanceType and InstanceCount, or InstanceGroups."
    path = request.get("CheckpointConfig", {}).get("LocalPath", "/opt/ml/checkpoints/")
    if not path.startswith("/") or ".." in path.split("/"):
        return f"CheckpointConfig.LocalPath must be an absolute path, not {path!r}."
    return None


def _has_machines(resources: Mapping[str, Any]) -> bool:
    return bool(resources.get("InstanceType") and resources.get("InstanceCount"))


def _check_groups(resources: Mapping[str, Any], request: Mapping[str, Any]) -> str | None:
    """Check the groups of machines, and that channels name groups that there are."""
    groups = resources.get("InstanceGroups") or ()
    names = [group["InstanceGroupName"] for group in groups]
    if groups and ("InstanceType" in resources or "InstanceCount" in resources):
        return "ResourceConfig can have InstanceGroups, or InstanceType and InstanceCount, but not both."
    if duplicates := _duplicates(names):
        return f"Duplicate InstanceGroupName: {duplicates}."
    if empty := [group["InstanceGroupName"] for group in groups if not group["InstanceCount"]]:
        return f"InstanceGroups need an InstanceCount of at least 1: {', '.join(empty)}."
    for config in request.get("InputDataConfig", ()):
        named = config["DataSource"].get("S3DataSource", {}).get("InstanceGroupNames", ())
        if unknown := sorted({*named} - {*names}):
            return f"Channel {config['ChannelName']}: there is no instance group {', '.join(unknown)}."
    return None


def _check_algorithm(request: Mapping[str, Any]) -> str | None:
    algorithm = request.get("AlgorithmSpecification")
    if not algorithm:
        return "AlgorithmSpecification is required."
    for metric in algorithm.get("MetricDefinitions", ()):
        try:
            re.compile(metric["Regex"])
        except (re.error, RecursionError, OverflowError) as error:
            return f"Invalid regular expression {metric['Regex']!r} of metric {metric['Name']!r}: {error}"
    return None


def _check_runs_without_image(request: Mapping[str, Any], python: str) -> str | None:
    work = read_work(request)
    if work.algorithm:
        from ..isolation.algorithms import why_not  # which few jobs are

        return why_not(work.algorithm, python)
    if not work.entrypoint and not work.is_script_mode:
        return "This machine runs processes and has no images: the request needs a ContainerEntrypoint."
    if not work.entrypoint and "sagemaker_program" not in request.get("HyperParameters", {}):
        return (
            "This machine runs processes and has no images: the request needs a ContainerEntrypoint, or script mode's "
            "hyperparameters sagemaker_program and sagemaker_submit_directory."
        )
    return None


def _check_inputs(request: Mapping[str, Any], store: Store) -> str | None:
    configs = request.get("InputDataConfig", ())
    if duplicates := _duplicates([config["ChannelName"] for config in configs]):
        return f"Duplicate channel names: {duplicates}."
    return _check_channels(read_work(request).channels, store)


def _check_channels(channels: Callable[[], list[Channel]], store: Store) -> str | None:
    """Check the channels, and that their objects exist."""
    try:
        for channel in channels():
            if channel.mode not in _MODES:
                return f"Channel {channel.name}: input mode {channel.mode} is not supported on this machine."
            if channel.mode != "Pipe" and (channel.gzip or channel.recordio):
                return f"Channel {channel.name}: CompressionType and RecordWrapperType are for input mode Pipe only."
            if channel.data_type == "AugmentedManifestFile" and not channel.attributes:
                return f"Channel {channel.name}: AugmentedManifestFile needs AttributeNames."
            _check_objects_exist(channel, store)
    except ChannelError as error:
        return str(error)
    except PermissionError as error:
        return explain(error)
    return None


def _check_objects_exist(channel: Channel, store: Store) -> None:
    """List the channel's objects; those of an augmented manifest are looked up one by one. Raises ChannelError."""
    items = channel.items(store)
    if channel.data_type == "AugmentedManifestFile":
        from ..data.transfers import transfer

        def check(item: Item, _: ProgressCallback) -> None:
            if not _exists(store, item):
                raise ChannelError(f"Channel {channel.name}: s3://{item.bucket}/{item.key} does not exist.")

        different = {(item.bucket, item.key): item for item in items}.values()
        for _ in transfer(check, different, store=store, weigh=lambda _: 0, on_progress=no_progress):
            pass


def _exists(store: Store, item: Item) -> bool:
    try:
        return any(entry.key == item.key for entry in store.list(item.bucket, item.key))
    except FileNotFoundError:
        return False
