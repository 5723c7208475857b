"""A task from what was asked to what came out: checked, packed, sent, started, followed.

In: a TaskSpec and the services. Out: a JobResult. Everything that can be refused is refused before the first byte is
written. A watcher is told what happens meanwhile; the job goes on whether or not anybody follows it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from . import images, inputs, joblogs, layout, names, request, source
from .errors import EngineUnavailable, InputNotFound, UsageError
from .layout import TaskPlace
from .specs import AWS_RUNNERS, TaskSpec

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import CreateTrainingJobRequestTypeDef, DescribeTrainingJobResponseTypeDef

    from .bundle import Services

FINAL = frozenset({"Completed", "Failed", "Stopped"})


class Watcher(Protocol):
    """Whoever is told what happens while a task runs."""

    def phase(self, name: str, message: str) -> None:
        """The job has come to a phase, in the service's words."""
        ...

    def lines(self, host: str, lines: list[str]) -> None:
        """A host has printed lines."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line has been done."""
        ...


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """How a job ended: its name, the service's two statuses, why it failed, and the seconds it took."""

    job: str
    place: TaskPlace
    status: str
    secondary: str
    reason: str | None
    seconds: int | None
    described: DescribeTrainingJobResponseTypeDef


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A job that can be started: its name, the task's place, and the whole request."""

    job: str
    place: TaskPlace
    request: CreateTrainingJobRequestTypeDef


def prepare(spec: TaskSpec, services: Services, watcher: Watcher) -> Prepared:
    """Check everything, then send code and data; afterwards one call starts the job.

    Raises UsageError, InputNotFound and EngineUnavailable before anything is written. Ended on the way, it leaves a
    folder of a job that never was, which nothing counts as one; running the same task again is safe.
    """
    _refuse_impossible(spec, services)
    place = _place(spec, services)
    job = names.job_name(spec.place.task, started=services.now(), token=services.token())
    image = images.framework_image(
        spec.image.framework,
        version=spec.image.framework_version,
        py_version=spec.image.py_version,
        instance_type=spec.instances.type,
        region=services.region,
    )
    plan = inputs.plan(spec, place, job, services)
    packed = source.pack(spec, services.store)
    if spec.place.bucket is None:
        services.store.make_bucket(place.bucket)
    if spec.rerun.clean_state:
        _clean_state(place, services, watcher)
    for synced in inputs.send(plan, place, services):
        watcher.note(f"Input: {synced.held} files, {synced.sent} sent, {synced.deleted} deleted")
    for name, data in packed.files.items():
        services.store.write(place.bucket, place.source(job) + name, data)
    setting = request.Setting(
        job=job, place=place, role_arn=services.role_arn(place.project), region=services.region, image_uri=image
    )
    return Prepared(job=job, place=place, request=request.training_request(spec, setting, plan.channels))


def follow(job: str, place: TaskPlace, services: Services, watcher: Watcher) -> JobResult:
    """Tell the watcher what the job does until it has ended. Can be left at any time and begun again."""
    tail = _Tail(job, services, watcher)
    shown = ("", "")
    while True:
        described = services.sagemaker.describe_training_job(TrainingJobName=job)
        phase = (described["SecondaryStatus"], _message(described))
        if phase != shown:
            watcher.phase(*phase)
            shown = phase
        tail.read()
        if described["TrainingJobStatus"] in FINAL:
            tail.read()
            return _result(job, place, described)
        time.sleep(services.poll_s)


def _message(described: DescribeTrainingJobResponseTypeDef) -> str:
    """What the service last said about the job."""
    transitions = described.get("SecondaryStatusTransitions")
    return transitions[-1].get("StatusMessage", "") if transitions else ""


def _result(job: str, place: TaskPlace, described: DescribeTrainingJobResponseTypeDef) -> JobResult:
    return JobResult(
        job=job,
        place=place,
        status=described["TrainingJobStatus"],
        secondary=described["SecondaryStatus"],
        reason=described.get("FailureReason"),
        seconds=described.get("TrainingTimeInSeconds"),
        described=described,
    )


class _Tail:
    """Where each of a job's streams has been read to."""

    def __init__(self, job: str, services: Services, watcher: Watcher) -> None:
        self._job = job
        self._services = services
        self._watcher = watcher
        self._tokens: dict[str, str | None] = {}

    def read(self) -> None:
        """Pass on every line that was printed since the last time."""
        for name in joblogs.streams(self._job, self._services.logs):
            self._tokens.setdefault(name, None)
        for name in self._tokens:
            while self._read_page(name):
                pass

    def _read_page(self, name: str) -> bool:
        token = self._tokens[name]
        lines, self._tokens[name] = joblogs.read(name, token, self._services.logs)
        if lines:
            self._watcher.lines(f"algo-{joblogs.host_number(name)}", lines)
        return self._tokens[name] != token


def _place(spec: TaskSpec, services: Services) -> TaskPlace:
    bucket = spec.place.bucket or services.default_bucket
    if spec.place.bucket and not services.store.has_bucket(bucket):
        raise InputNotFound(f"--bucket_name {bucket}: there is no such bucket.\n{_make_it(bucket, services)}")
    return TaskPlace(bucket=bucket, project=spec.place.project, task=spec.place.task, prefix=spec.place.prefix)


def _make_it(bucket: str, services: Services) -> str:
    if services.engine == "local":
        return f"Buckets of this machine are folders: mkdir -p {services.bucket_folder(bucket)}"
    return "Make it first, or leave --bucket_name out for the default one."


def _refuse_impossible(spec: TaskSpec, services: Services) -> None:
    """What this engine cannot do, said before anything is written."""
    if spec.image.docker_file and services.engine == "local":
        raise EngineUnavailable(
            "--docker_file_path_or_content builds an image, and jobs as processes of this machine have none.\n"
            "Leave it out to run with this machine's packages, or run with an engine that has images."
        )
    runners = [name for name in AWS_RUNNERS if name in (spec.launch_distribution or {})]
    if runners and services.engine == "local":
        raise UsageError(
            f"--distribution {runners[0]} is started by programs inside AWS's images, and this machine has none.\n"
            'Here {"torch_distributed": {"enabled": true}} works; or run on AWS.'
        )


def _clean_state(place: TaskPlace, services: Services, watcher: Watcher) -> None:
    keys = [found.key for found in services.store.list(place.bucket, place.state)]
    services.store.delete(place.bucket, keys)
    watcher.note(f"State: {len(keys)} files cleared under {layout.uri(place.bucket, place.state)}")
