"""A task from its spec to a job: an existing one that serves, or a new one, checked, packed and sent.

In: a TaskSpec or ProcessSpec, and the services. Out: a job to follow. Everything that can be refused is refused before
the first byte is written. At most one job of a task is started at a time, however many commands are run.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core import layout
from ..core.aws_api import error_code
from ..core.aws_errors import role_not_ready
from ..core.image_builder import PlannedImage, Recipe
from ..core.job import Job, JobKind
from ..core.layout import TaskPlace
from ..core.progress import Watcher, counted
from ..core.specs import Spec
from ..errors import UsageError
from ..images import choose
from ..images.docker.dockerfile import Dockerfile
from . import channels, engine_limits, history, lock
from .code import package, upload
from .code.upload import Code, Delivery
from .state import clear_state
from .submission import Submission
from .training_request import Setting

if TYPE_CHECKING:
    from ..core.services import Services
    from .submission import Request

_ROLE_READY_S = 120
_ROLE_PAUSE_S = 10


@dataclass(frozen=True, kw_only=True)
class PreparedJob:
    """A job that can be started: its name, the task's place, and the whole request.

    ``is_role_new`` is whether its role was made or changed just now, so that SageMaker may not know it yet.
    """

    name: str
    place: TaskPlace
    kind: JobKind
    request: Request
    is_role_new: bool


@dataclass(frozen=True, kw_only=True)
class DryRun:
    """The result of ``--dry_run``: the request that would be sent, and a line for each thing made or sent first."""

    request: Request
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ExistingJob:
    """An existing job to reuse: completed (the task is skipped), or running (the run joins it)."""

    place: TaskPlace
    job: Job

    @property
    def name(self) -> str:
        """The job's name."""
        return self.job.name

    @property
    def kind(self) -> JobKind:
        """Which kind of job it is, which need not be the kind of the spec."""
        return self.job.kind

    @property
    def is_running(self) -> bool:
        """Whether it has yet to end."""
        return not self.job.has_ended


def prepare(spec: Spec, services: Services, watcher: Watcher) -> PreparedJob | ExistingJob | DryRun:
    """Find a job to reuse, or check everything and send code and data, so that one call starts a new one.

    For a dry run everything is checked, nothing is sent, and what would be done is returned.
    Raises UsageError, InputNotFound and EngineUnavailable before anything is written. Interrupted on the way, it leaves
    a folder without a job, which nothing counts as one; running the same task again is safe.
    """
    engine_limits.check(spec, services, watcher.note)
    place = _place_of(spec, services)
    bucket_exists = services.access.has_bucket(place.bucket, owner=spec.place.bucket_owner)
    submission = Submission(spec=spec, place=place, services=services, watcher=watcher, bucket_exists=bucket_exists)
    dockerfile = choose.dockerfile_of(spec.image)
    return upload.with_steady_code(lambda: _find_or_send(submission, dockerfile), watcher.note)


def _find_or_send(submission: Submission, dockerfile: Dockerfile | None) -> PreparedJob | ExistingJob | DryRun:
    with upload.read(submission.spec, submission.services.store) as code:
        fingerprint = package.fingerprint(submission.spec, code.files, dockerfile.content if dockerfile else None)
        exists = submission.bucket_exists
        return _find_reusable(submission, fingerprint, bucket_exists=exists) or _send(
            submission, code, fingerprint, dockerfile
        )


def launch(prepared: PreparedJob, services: Services) -> None:
    """Start the job. That its name is taken means that an earlier try succeeded.

    It takes a while until SageMaker can assume a role that was just made: that is waited for, up to two minutes.
    """
    began = time.monotonic()
    while True:
        try:
            _create(prepared, services)
        except Exception as error:
            if error_code(error) == "ResourceInUse":
                return
            waited = time.monotonic() - began
            if prepared.is_role_new and role_not_ready(error) and waited < _ROLE_READY_S:
                time.sleep(min(_ROLE_PAUSE_S, max(0.2, waited)))
                continue
            lock.release(prepared.place, prepared.name, services)
            raise
        return


def _create(prepared: PreparedJob, services: Services) -> None:
    """Send the request by the operation of its kind."""
    request: Any = prepared.request  # the kind says which of the two it is
    if prepared.kind == "training":
        services.sagemaker.create_training_job(**request)
    else:
        services.sagemaker.create_processing_job(**request)


def _find_reusable(submission: Submission, fingerprint: dict[str, str], *, bucket_exists: bool) -> ExistingJob | None:
    """The task's newest job, where it makes a new one needless: it runs, or it is completed and nothing forces."""
    rerun, place, services = submission.spec.rerun, submission.place, submission.services
    newest = None
    if bucket_exists and not rerun.force_running:
        newest = history.newest(place, services.store, services.sagemaker, likely=submission.kind)
    if newest is None:
        return None
    existing = ExistingJob(job=newest, place=place)
    if existing.is_running and rerun.clean_state:
        raise UsageError.naming(
            "{clean_state}: the job {job} of this task is in progress and writes the state.\n"
            "Wait for its end, or stop it.",
            job=existing.name,
        )
    if existing.is_running:
        changed = ", ".join(_differences(submission, existing.name, fingerprint))
        warning = f"; what this run asks for differs in: {changed} (--force_running starts it anyway)"
        submission.note(f"Joining {existing.name}, which is in progress{warning if changed else ''}")
        return existing
    if newest.status != "Completed" or rerun.clean_state:
        return None
    return None if _has_changed(submission, existing.name, fingerprint) else existing


def _has_changed(submission: Submission, job: str, fingerprint: dict[str, str]) -> bool:
    """Whether the completed job must be run again for what changed since; shows a line with what did.

    Inputs are looked at (and so listed) only for ``--if_changed``.
    """
    if_changed = submission.spec.rerun.if_changed
    now = {**fingerprint, "inputs": submission.plan.fingerprint} if if_changed else fingerprint
    changed = ", ".join(_differences(submission, job, now))
    if changed and if_changed:
        submission.note(f"Running again: since {job} changed: {changed}")
        return True
    warning = f"; since then changed: {changed} (--if_changed would run it again)" if changed else ""
    submission.note(f"Skipped: the task was completed by {job}{warning}")
    return False


def _differences(submission: Submission, job: str, now: dict[str, str]) -> list[str]:
    """The names of what a job was made from and what is different now."""
    before = history.run_file(submission.place, job, submission.services.store).get("fingerprint", {})
    return [name for name, digest in now.items() if before.get(name) != digest]


def _send(
    submission: Submission, code: Code, fingerprint: dict[str, str], dockerfile: Dockerfile | None
) -> PreparedJob | ExistingJob | DryRun:
    """Send everything that a new job needs, under a lock on the task; or return the job of whoever has the lock.

    An image is made before the lock is taken: that takes minutes, for which no other command should have to wait.
    """
    spec, place, services = submission.spec, submission.place, submission.services
    image = _choose_image(submission, dockerfile)
    job = submission.new_name()
    _ = submission.plan  # the inputs are checked before anything is made
    if spec.dry_run:
        return _dry_run(submission, code, job=job, image=image)
    ready_image = choose.get_ready(image, spec.instances.type, services.images, submission.note)
    if ready_image.is_new:  # a name says when its job began, and inputs may have changed by now
        job = submission.new_name()
        submission.plan_again()
    needs = submission.needs(ready_image.address)
    if not submission.bucket_exists:
        submission.note(services.access.make_bucket(place.bucket))
    other = None if spec.rerun.force_running else lock.take(place, job, submission.kind, services)
    if other:
        submission.note(f"Joining {other.name}, which another command started")
        return ExistingJob(place=place, job=other)
    if not spec.rerun.force_running:
        sooner = _find_reusable(submission, fingerprint, bucket_exists=True)
        if sooner:  # another command's job began and ended while we were getting ready
            lock.release(place, job, services)
            return sooner
    try:
        role = services.access.role(needs)
        submission.note(role.note)
        packed = package.package(spec, code.files, {**fingerprint, "inputs": submission.plan.fingerprint})
        Delivery(place=place, job=job, store=services.store, watcher=submission.watcher).send(packed, code)
        _send_data(submission, job)
    except BaseException:
        lock.release(place, job, services)
        raise
    setting = Setting(job=job, place=place, role_arn=role.arn, region=services.region, image_uri=needs.image)
    request = submission.request(setting)
    return PreparedJob(name=job, place=place, kind=submission.kind, request=request, is_role_new=bool(role.note))


def _choose_image(submission: Submission, dockerfile: Dockerfile | None) -> str | Recipe:
    spec = submission.spec
    image = choose.choose(
        spec.image,
        dockerfile,
        instance_type=spec.instances.type,
        region=submission.services.region,
        project=submission.place.project,
    )
    if dockerfile and isinstance(image, Recipe) and not dockerfile.names_its_base:
        submission.note(f"Image: the Dockerfile has no FROM, so it is built on {image.bases[0]}")
    return image


def _dry_run(submission: Submission, code: Code, *, job: str, image: str | Recipe) -> DryRun:
    """What would be sent and made, found out without a change anywhere."""
    spec, place, services = submission.spec, submission.place, submission.services
    planned = services.images.planned(image) if isinstance(image, Recipe) else PlannedImage(address=image, notes=())
    needs = submission.needs(planned.address)
    role = services.access.role(needs, change=False)
    setting = Setting(job=job, place=place, role_arn=role.arn, region=services.region, image_uri=needs.image)
    uploads = [
        f"{counted(one.survey.files)} to {layout.uri(place.bucket, one.prefix_of(job, place))}"
        for one in submission.plan.uploads
    ]
    notes = (
        *planned.notes,
        "" if submission.bucket_exists else f"Bucket: {place.bucket} would be made",
        role.note,
        f"State: would be cleared under {layout.uri(place.bucket, place.state)}" if spec.rerun.clean_state else "",
        *(f"Input: {one}" for one in uploads),
        *upload.describe(code.files),
        f"Code: would be sent to {layout.uri(place.bucket, place.source(job))}",
    )
    return DryRun(request=submission.request(setting), notes=tuple(note for note in notes if note))


def _send_data(submission: Submission, job: str) -> None:
    place, services = submission.place, submission.services
    if submission.spec.rerun.clean_state:
        count = clear_state(place, services)
        submission.note(f"State: {counted(count)} cleared under {layout.uri(place.bucket, place.state)}")
    channels.send(submission.plan, job, services, submission.watcher)


def _place_of(spec: Spec, services: Services) -> TaskPlace:
    bucket = spec.place.bucket or services.access.default_bucket()
    return TaskPlace(bucket=bucket, project=spec.place.project, task=spec.place.task, prefix=spec.place.prefix)
