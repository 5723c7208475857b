"""The same request as an earlier job's, for a new job: with another name and time, and with what is to be changed.

Nothing of the person's folders is read: code and inputs are what lies in the bucket. An input that has changed since
the earlier job makes it another experiment, which is refused with the reasons.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core import layout, names
from ..errors import InputNotFound, UsageError
from ..jobs.catalog import tags_of
from . import history, lock
from .checkpoints import clear_for_replay
from .prepared import DryRun, PreparedJob
from .run import Run
from .setup import has_own_metrics

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.job_specs import ReplaySpec
    from ..core.layout import TaskPlace
    from ..core.progress import Watcher
    from ..core.services import Services
    from ..core.store import Stored
    from ..jobs.catalog import Listed

# What a request may have of what a description has. A test holds it against the installed model of the service.
TRAINING_MEMBERS = frozenset(
    """
    AlgorithmSpecification CheckpointConfig DebugHookConfig DebugRuleConfigurations
    EnableInterContainerTrafficEncryption EnableManagedSpotTraining EnableNetworkIsolation Environment ExperimentConfig
    HyperParameters InfraCheckConfig InputDataConfig MlflowConfig ModelPackageConfig OutputDataConfig ProfilerConfig
    ProfilerRuleConfigurations RemoteDebugConfig ResourceConfig RetryStrategy RoleArn ServerlessJobConfig
    StoppingCondition TensorBoardOutputConfig TrainingJobName VpcConfig
    """.split()  # noqa: SIM905 - a list to be read
)
PROCESSING_MEMBERS = frozenset(
    """
    AppSpecification Environment ExperimentConfig NetworkConfig ProcessingInputs ProcessingJobName
    ProcessingOutputConfig ProcessingResources RoleArn StoppingCondition
    """.split()  # noqa: SIM905 - a list to be read
)
_SHOWN = 5  # reasons


def prepare(listed: Listed, spec: ReplaySpec, services: Services, watcher: Watcher) -> Run | DryRun:
    """Make everything ready for the new job, up to the call that starts it.

    Raises UsageError for inputs that have changed, for a change that such a job cannot have, and while a job of the
    task runs; InputNotFound where the earlier job's code or an input is gone. Nothing was written then.
    """
    job, place = listed.job, listed.place
    if place is None:
        raise UsageError(f"ssm replay: {job.name} wrote to no place of this tool, and cannot be run again.")
    if listed.trial is not None:
        raise UsageError(
            f"ssm replay: {job.name} is trial {listed.trial} of the study of task {listed.task}, and a new job would "
            "write into that one's state and results.\n"
            "Run a task of its own with these hyperparameters: 'ssm tune' ends with such a command for the best trial."
        )
    source = _source(job, place, services)
    run = history.run_file(place, job.name, services.store, watcher.note)
    if reasons := list(_changed_inputs(job, run, services)):
        more = f"\nand {len(reasons) - _SHOWN} more" if len(reasons) > _SHOWN else ""
        raise UsageError(
            f"ssm replay: what {job.name} read has changed since, so it would be another experiment:\n"
            + "\n".join(reasons[:_SHOWN])
            + f"{more}\nRun the task itself for what is there now."
        )
    name = names.job_name(place.task, started=services.now(), token=services.token())
    request = request_again(job, name, tags_of(job, services), spec)
    if spec.dry_run:
        return DryRun(request=request, notes=(f"Code: that of {job.name} would be copied",))  # type: ignore[arg-type]
    other = lock.take(place, name, job.kind, services, watcher.note)
    if other is not None:
        raise UsageError(
            f"ssm replay: the job {other.name} of this task is in progress.\n"
            f"Wait for its end, or stop it: ssm stop --job {names.short_name(other.name)}{services.typed_engine}"
        )
    try:
        clear_for_replay(job, place, services, watcher.note)
        for one in source:
            services.store.copy(place.bucket, one.key, one.key.replace(job.name, name))
        if run:
            again = {**run, "replay_of": job.name}
            services.store.write(
                place.bucket, place.source(name) + layout.RUN_FILE, json.dumps(again, indent=1).encode()
            )
    except BaseException:
        lock.release(place, name, services)
        raise
    prepared = PreparedJob(
        name=name,
        place=place,
        kind=job.kind,
        request=request,  # type: ignore[arg-type]  # a dictionary of either kind
        is_role_new=False,
    )
    return Run(name, place, services, kind=job.kind, download=spec.download, prepared=prepared)


def _source(job: Job, place: TaskPlace, services: Services) -> list[Stored]:
    """What was sent for the job alone: its code, and a model of this machine. Raises InputNotFound without any."""
    prefixes = (place.source(job.name), place.model(job.name))
    objects = [one for prefix in prefixes for one in services.store.list(place.bucket, prefix)]
    if not any(one.key.endswith(layout.RUN_FILE) for one in objects):
        where = layout.uri(place.bucket, prefixes[0])
        raise InputNotFound(f"ssm replay: the code of {job.name} is not there any more ({where}).")
    return objects


def _changed_inputs(job: Job, run: Mapping[str, Any], services: Services) -> list[str]:
    """The reasons why what the job would read now is not what it read: nothing for inputs that are as they were."""
    marks = run.get("made_from", {}).get("input_marks") if isinstance(run.get("made_from"), dict) else None
    marks = marks if isinstance(marks, dict) else {}
    reasons = []
    for channel, address in _addresses(job):
        if not address.startswith("s3://"):  # the service takes https as well
            reasons.append(f"{channel}: {address} is not of the form s3://BUCKET/KEY")
            continue
        bucket, key = layout.split_uri(address)
        objects = [one for one in services.store.list(bucket, key) if not one.key.endswith("/")]
        if not objects:
            reasons.append(f"{channel}: nothing is at {address} any more")
            continue
        created = job.created.timestamp()
        newer = [one for one in objects if one.modified > created]
        now = [len(objects), sum(one.size for one in objects)]
        if newer:
            reasons.append(f"{channel}: {layout.uri(bucket, newer[0].key)} was written since")
        elif channel in marks and marks[channel] != now:
            reasons.append(f"{channel}: {_objects(now)}, not {_objects(marks[channel])}")
    return reasons


def _objects(mark: Any) -> str:
    match mark:
        case [int(count), int(size)]:
            return f"{count} objects of {size:,} bytes"
        case _:
            return "what its run.json has, which is damaged"


def _addresses(job: Job) -> list[tuple[str, str]]:
    """The channels that read S3, with their addresses; neither the code nor what belongs to the job alone or to us."""
    found = []
    for one in (*(job.answer.get("InputDataConfig") or ()), *(job.answer.get("ProcessingInputs") or ())):
        name = str(one.get("ChannelName") or one.get("InputName"))
        s3 = (one.get("DataSource") or {}).get("S3DataSource") or one.get("S3Input") or {}
        address = str(s3.get("S3Uri", ""))
        is_ours = name in {layout.SOURCE_CHANNEL, layout.EARLIER_STATE} or job.name in address
        if address and not is_ours:
            found.append((name, address))
    return found


def request_again(job: Job, name: str, tags: Mapping[str, str], spec: ReplaySpec) -> dict[str, Any]:
    """The request of a job as described, for a job of another name. Raises UsageError for changes that cannot be."""
    members = TRAINING_MEMBERS if job.kind == "training" else PROCESSING_MEMBERS
    kept = {key: value for key, value in job.answer.items() if key in members and value not in ({}, [], None)}
    request: dict[str, Any] = _renamed(copy.deepcopy(kept), job.name, name)
    every = {**tags, **spec.tags}
    request["Tags"] = [{"Key": key, "Value": value} for key, value in every.items() if not key.startswith("aws:")]
    output = request.get("OutputDataConfig") or request.get("ProcessingOutputConfig") or {}
    if not output.get("KmsKeyId", "kept"):
        del output["KmsKeyId"]
    if has_own_metrics(job.answer):  # which the service refuses in a request
        request["AlgorithmSpecification"].pop("MetricDefinitions", None)
    _change_machines(request, job, spec)
    if spec.hyperparameters:
        if job.kind != "training":
            raise UsageError.naming("{hp}: a processing job has no hyperparameters.")
        plain = "sagemaker_program" not in request.get("HyperParameters", {})
        encoded = {key: value if plain else json.dumps(value) for key, value in spec.hyperparameters.items()}
        request["HyperParameters"] = {**request.get("HyperParameters", {}), **encoded}
    if spec.environment:
        request["Environment"] = {**request.get("Environment", {}), **spec.environment}
    return request


def _renamed(value: Any, old: str, new: str) -> Any:
    """The value with the job's old name replaced wherever it stands."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {key: _renamed(one, old, new) for key, one in value.items()}
    return [_renamed(one, old, new) for one in value] if isinstance(value, list) else value


def _check_machines_stay(machines: Mapping[str, Any], spec: ReplaySpec) -> None:
    """Refuse one kind of machine for a job whose request lists several, but for where it runs."""
    kinds = [one.get("InstanceType") for one in machines.get("InstanceGroups") or machines["InstancePreferences"]]
    is_place = spec.changed_type in {"local", "local_gpu", *kinds}
    if spec.instance_count is not None or not (spec.changed_type is None or is_place):
        raise UsageError.naming(
            "{instance_type} and {instance_count} are for jobs of one kind of machine; this one lists several, and "
            "runs on them again: {kinds}.",
            kinds=", ".join(map(str, kinds)),
        )


def _change_machines(request: dict[str, Any], job: Job, spec: ReplaySpec) -> None:
    is_training = job.kind == "training"
    resources = request if is_training else request.setdefault("ProcessingResources", {})
    machines = resources.setdefault("ResourceConfig" if is_training else "ClusterConfig", {})
    limits = request.setdefault("StoppingCondition", {})
    values: dict[str, Any] = {
        "InstanceType": spec.changed_type,
        "InstanceCount": spec.instance_count,
        "VolumeSizeInGB": spec.volume_gb,
    }
    for name in ("SelectedInstanceType", "SelectedInstanceCount"):  # of answers only
        machines.pop(name, None)
    if machines.get("InstanceGroups") or machines.get("InstancePreferences"):
        _check_machines_stay(machines, spec)
        values = {"VolumeSizeInGB": spec.volume_gb}
    machines.update({key: value for key, value in values.items() if value is not None})
    if spec.max_run_mins is not None:
        limits["MaxRuntimeInSeconds"] = spec.max_run_mins * 60
    is_spot = request.get("EnableManagedSpotTraining", False)
    if spec.no_spot and is_training:
        request["EnableManagedSpotTraining"] = is_spot = False
        limits.pop("MaxWaitTimeInSeconds", None)
    if spec.max_wait_mins is not None and not is_spot:
        raise UsageError.naming("{max_wait_mins}: only a spot job waits.")
    if is_spot:
        run_s = limits.get("MaxRuntimeInSeconds", 0)
        wait_s = spec.max_wait_mins * 60 if spec.max_wait_mins else limits.get("MaxWaitTimeInSeconds", run_s)
        if spec.max_wait_mins and wait_s < run_s:
            raise UsageError.naming(
                "{max_wait_mins:number} is less than the job may run, {mins} minutes.",
                number=spec.max_wait_mins,
                mins=run_s // 60,
            )
        limits["MaxWaitTimeInSeconds"] = max(wait_s, run_s)
