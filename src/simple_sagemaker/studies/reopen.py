"""A study opened again: what the words of this command give is held against what the study was begun with.

In: the words, and what was begun. Out: the opened study, whose further trials are made from this command's words alone.
What lies in a bucket may have been written by others: it is compared, and never sent. What would make trials unlike is
refused with its name; what would not is taken over, and shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core import layout
from ..core.image_builder import Recipe
from ..core.records import dataclass
from ..errors import UsageError
from ..images import choose
from ..tasks import history, send
from ..tasks.code.run_file import run_file
from ..tasks.prepared import DryRun
from ..tasks.training_request import Setting
from .begun import differences
from .trial_request import Template, dry_run

if TYPE_CHECKING:
    from ..core.access import Needs
    from ..images.docker.dockerfile import Dockerfile
    from ..tasks.submission import Submission
    from .spec import TuneSpec

# Nothing that a trial computes follows from these: further trials may have others than the first ones.
_FREE = {
    "RoleArn": "role",
    "StoppingCondition": "time limits",
    "EnableManagedSpotTraining": "spot",
    "RetryStrategy": "retries",
    "Tags": "tags",
    "VpcConfig": "network",
    "EnableNetworkIsolation": "network isolation",
    "EnableInterContainerTrafficEncryption": "encryption of traffic",
    "OutputDataConfig KmsKeyId": "encryption key",
    "ResourceConfig VolumeSizeInGB": "volume size",
    "ResourceConfig VolumeKmsKeyId": "encryption key",
    "ResourceConfig KeepAlivePeriodInSeconds": "kept machines",
    "AlgorithmSpecification MetricDefinitions": "metrics",
}
_FIXED = {
    "AlgorithmSpecification TrainingImage": "image",
    "AlgorithmSpecification TrainingInputMode": "input mode",
    "AlgorithmSpecification ContainerEntrypoint": "what starts the code",
    "ResourceConfig InstanceType": "instance type",
    "ResourceConfig InstanceCount": "instances",
    "OutputDataConfig S3OutputPath": "place of the results",
    "HyperParameters": "hyperparameters",
    "Environment": "environment",
}
_IN_RUN_FILE = {"entry_point": "entry point", "command": "command line"}
_WITH_VALUES = {"image", "input mode", "instance type", "instances"}  # of the rest names alone are shown


@dataclass(frozen=True, kw_only=True)
class Reopened:
    """A study that may go on: its further trials' template, and a line about what is new in it, empty for nothing."""

    template: Template
    note: str


def reopen(
    spec: TuneSpec,
    known: Mapping[str, Any],
    submission: Submission,
    digests: Mapping[str, str],
    dockerfile: Dockerfile | None,
) -> Reopened | DryRun:
    """The template of further trials. Raises UsageError where the words, code or inputs are not those of the first."""
    image = send.choose_image(submission, dockerfile)
    address, needs = _image_address(image, known["request"], submission)
    role = submission.services.access.role(needs, change=False)
    services, place = submission.services, submission.place
    setting = Setting(job=layout.STUDY, place=place, role_arn=role.arn, region=services.region, image_uri=address)
    request: Mapping[str, Any] = submission.request(setting)
    refused = differences(spec, known, digests)
    refused += _changed_run_file(submission, refused)
    fixed, free = _compare(known["request"], request, refused)
    if any(one.startswith("input ") for one in fixed):
        refused = [one for one in refused if one != "inputs"]  # named one by one
    refused += [*fixed, *_changed_inputs(submission)]
    if spec.tuned_on == "aws":
        refused += free
    if refused:
        lines = "\n".join(f"  {one}" for one in refused)
        raise UsageError.naming(
            "{task_name:task} has a study that was begun with something else, and its trials would not be alike:\n"
            "{lines}\nSearch under another task name, or delete this study first: ssm rm -p {project} -t {task}{here}",
            here=services.typed_engine,
            task=place.task,
            project=place.project,
            lines=lines,
        )
    note = f"Trials from now on have other {', '.join(free)} than the first" if free else ""
    template = Template(request=request, place=place, is_plain=spec.task.kind == "algorithm")
    if spec.task.dry_run:
        what = f"Study: {place.task} has been begun, and would go on; below is what its trials have in common"
        return dry_run(template, services, role.note, note, what)
    if role.note:
        submission.note(services.access.role(needs).note)
    if not isinstance(image, Recipe) or services.images.plan(image).address == address:
        choose.get_ready(image, spec.task.instances.type, services.images, submission.note)
    return Reopened(template=template, note=note)


def _image_address(image: str | Recipe, before: Mapping[str, Any], submission: Submission) -> tuple[str, Needs]:
    """The image's address; of one that is built here, the study's own, if it is of the same repository.

    Its tag follows from what this machine knows of its base, and its Dockerfile is compared by its content.
    """
    if not isinstance(image, Recipe):
        return image, submission.needs(image)
    planned = submission.services.images.plan(image).address
    algorithm = before.get("AlgorithmSpecification")
    known = algorithm.get("TrainingImage") if isinstance(algorithm, dict) else None
    is_same = isinstance(known, str) and known.rpartition(":")[0] == planned.rpartition(":")[0]
    address = str(known) if is_same else planned
    return address, submission.needs(address)


def _changed_run_file(submission: Submission, known: list[str]) -> list[str]:
    """What the launcher was sent to start and judge, other than what these words give; ``known`` are named already."""
    sent = history.run_file(submission.place, layout.STUDY, submission.services.store)
    now: dict[str, Any] = json.loads(json.dumps(run_file(submission.spec, {})))
    del now["fingerprint"]  # compared by its parts
    if "mlflow" in now:  # a new commit may have the same files
        now["mlflow"]["tags"] = (sent.get("mlflow") or {}).get("tags")
    names = [name for name, value in now.items() if (sent.get(name) or None) != (value or None)]
    labels = [_IN_RUN_FILE.get(name, name) for name in names]
    return [label for label in labels if label not in known]


def _changed_inputs(submission: Submission) -> Iterator[str]:
    """What local inputs have other than what was sent of them."""
    from ..storage.sync.sync import Sync

    place, services = submission.place, submission.services
    for upload in submission.plan.uploads:
        prefix = upload.prefix_of(layout.STUDY, place)
        cache = services.cache if upload.prefix is not None else None
        sync = Sync(tree=upload.tree, store=services.store, bucket=place.bucket, prefix=prefix, cache=cache)
        if (key := sync.first_difference()) is not None:
            yield f"input data: {prefix.removeprefix(place.folder)}{key} is not as it was sent"


def _compare(before: Mapping[str, Any], now: Mapping[str, Any], known: list[str]) -> tuple[list[str], list[str]]:
    """What differs in two requests: what makes trials unlike, and what does not; ``known`` are named already."""
    old, new = dict(_members(before)), dict(_members(now))
    fixed: dict[str, None] = {}
    free: dict[str, None] = {}
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            continue
        if label := _FREE.get(name, _FREE.get(name.split()[0])):
            free[label] = None
            continue
        label = _FIXED.get(name, _FIXED.get(name.split()[0], name))
        if not any(one.split(":")[0] == label for one in known):
            values = f": {str(old.get(name))[:200]} -> {new.get(name)}" if label in _WITH_VALUES else ""
            fixed[f"{label}{values}"] = None
    return list(fixed), list(free)


def _members(request: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members of a request, those of structures and the channels one by one."""
    for name, value in request.items():
        if name == "InputDataConfig" and isinstance(value, list):
            for one in value:
                yield f"input {one.get('ChannelName') if isinstance(one, dict) else one}", one
        elif isinstance(value, dict):
            for inner, one in value.items():
                yield f"{name} {inner}", one
        else:
            yield name, value
