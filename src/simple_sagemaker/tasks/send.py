"""Everything a new job needs, made and sent, under a lock on its task; and the call that starts it.

In: a submission for which no existing job serves, its code as it was read, and its fingerprint. Out: a prepared job, or
the job of another command that was quicker. Costs the image, one upload of the code and the difference of the inputs.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from ..core import layout
from ..core.aws_api import error_code
from ..core.image_builder import PlannedImage, Recipe
from ..core.progress import file_count
from ..core.retries import new_role_pause_s
from ..errors import NoImageForMachine, UsageError
from ..images import choose
from ..jobs import cost
from . import channels, history, lock
from .checkpoints import clear_others
from .code import package, upload
from .code.read import Code
from .code.upload import Delivery
from .differences import made_from
from .prepared import DryRun, ExistingJob, PreparedJob
from .reuse import find_reusable
from .state import clear_state
from .submission import Submission
from .training_request import Setting

_SUBMIT = "smspark-submit"  # what starts scripts in AWS's Spark images

if TYPE_CHECKING:
    from ..core.services import Services
    from ..images.docker.dockerfile import Dockerfile


def send(
    submission: Submission, code: Code, fingerprint: dict[str, str], dockerfile: Dockerfile | None
) -> PreparedJob | ExistingJob | DryRun:
    """Send everything that a new job needs, under a lock on the task; or return the job of whoever has the lock.

    An image is made before the lock is taken: that takes minutes, for which no other command should have to wait.
    """
    spec, place, services = submission.spec, submission.place, submission.services
    image = choose_image(submission, dockerfile)
    job = submission.new_name()
    _ = submission.plan  # the inputs are checked before anything is made
    submission.check_request()
    if spec.rerun.force_running and submission.bucket_exists and submission.fixed_name is None:
        history.job_names(place, services.store, refuse_study=True)
    if spec.dry_run:
        return _dry_run(submission, code, job=job, image=image)
    ready_image = choose.get_ready(image, spec.instances.type, services.images, submission.note)
    if ready_image.is_new:  # a name says when its job began, and inputs may have changed by now
        job = submission.new_name()
        submission.plan_again()
    needs = submission.needs(ready_image.address)
    if not submission.bucket_exists:
        submission.note(services.access.make_bucket(place.bucket))
    other = None if spec.rerun.force_running else lock.take(place, job, submission.kind, services, submission.note)
    if other:
        submission.note(f"Joining {other.name}, which another command started")
        return ExistingJob(place=place, job=other)
    try:
        sooner = None
        if not spec.rerun.force_running:
            sooner = find_reusable(submission, code.files, fingerprint, bucket_exists=True)
        if sooner:  # another command's job began and ended while we were getting ready
            lock.release(place, job, services)
            return sooner
        role = services.access.role(needs)
        submission.note(role.note)
        whole = {**fingerprint, "inputs": submission.plan.fingerprint}
        clear_others(submission, code.files, whole)
        plan = submission.plan
        kept = {**made_from(spec, plan.jobs, code.files), "input_marks": plan.marks, "local_inputs": plan.local_digests}
        submission.note(_make_experiment(submission))
        packed = package.package(spec, code.files, whole, kept)
        Delivery(place=place, job=job, store=services.store, watcher=submission.watcher).send(packed, code)
        _send_data(submission, job)
        setting = Setting(job=job, place=place, role_arn=role.arn, region=services.region, image_uri=needs.image)
        request = submission.request(setting)
    except BaseException:
        lock.release(place, job, services)
        raise
    return PreparedJob(name=job, place=place, kind=submission.kind, request=request, is_role_new=bool(role.note))


def choose_image(submission: Submission, dockerfile: Dockerfile | None) -> str | Recipe:
    """The image to run in; for jobs that have none, as processes of this machine, what their request says of it."""
    spec = submission.spec
    if spec.kind == "process" and spec.command[:1] == (_SUBMIT,) and submission.services.engine == "local":
        _refuse_spark()
    try:
        image = choose.choose(
            spec.image,
            dockerfile,
            instance_type=spec.instances.type,
            region=submission.services.region,
            project=submission.place.project,
        )
    except NoImageForMachine as error:
        if submission.services.engine != "local":
            raise
        submission.note(f"Here no image is used. On AWS: {str(error).splitlines()[0]}")
        return spec.image.framework
    if dockerfile and isinstance(image, Recipe) and not dockerfile.names_its_base:
        submission.note(f"Image: the Dockerfile has no FROM, so it is built on {image.bases[0]}")
    return image


def _refuse_spark() -> NoReturn:
    """Raise UsageError for a Spark job as processes of this machine, which have no image and so not its programs."""
    raise UsageError.naming(
        "{framework:name} starts scripts with smspark-submit, which only AWS's Spark images have, and here jobs run as "
        "processes, without an image.\n"
        "Run it in the image with SSM_ENGINE=docker, or on AWS with an {instance_type} such as ml.m5.xlarge. With "
        "PySpark and Java on this machine, leave {framework:name} out: the script then runs as Python, with the Spark "
        "of this machine.",
        name="spark",
    )


def _dry_run(submission: Submission, code: Code, *, job: str, image: str | Recipe) -> DryRun:
    """What would be sent and made, found out without a change anywhere."""
    spec, place, services = submission.spec, submission.place, submission.services
    planned = services.images.plan(image) if isinstance(image, Recipe) else PlannedImage(address=image, notes=())
    needs = submission.needs(planned.address)
    role = services.access.role(needs, change=False)
    setting = Setting(job=job, place=place, role_arn=role.arn, region=services.region, image_uri=needs.image)
    uploads = [
        f"{file_count(one.survey.files)} to {layout.uri(place.bucket, one.prefix_of(job, place))}"
        for one in submission.plan.uploads
    ]
    notes = (
        *planned.notes,
        "" if submission.bucket_exists else f"Bucket: {place.bucket} would be created",
        role.note,
        _make_experiment(submission, change=False),
        f"State: would be cleared under {layout.uri(place.bucket, place.state)}" if spec.rerun.clean_state else "",
        *(f"Input: {one}" for one in uploads),
        cost.forecast(submission.request(setting), submission.kind, services),
        *upload.describe(code.files),
        f"Code: would be sent to {layout.uri(place.bucket, place.source(job))}",
    )
    return DryRun(request=submission.request(setting), notes=tuple(note for note in notes if note))


def _make_experiment(submission: Submission, *, change: bool = True) -> str:
    """Make the experiment that the job is part of, and say so; without ``change`` it is only said."""
    experiment, connect = submission.spec.experiment, submission.services.experiments
    if experiment is None or connect is None:
        return ""
    from . import experiments  # which few tasks need

    return (
        experiments.make(experiment, connect())
        if change
        else "\n".join(experiments.missing_parts(experiment, connect()))
    )


def _send_data(submission: Submission, job: str) -> None:
    place, services = submission.place, submission.services
    if submission.spec.rerun.clean_state:
        count = clear_state(place, services)
        submission.note(f"State: {file_count(count)} cleared under {layout.uri(place.bucket, place.state)}")
    channels.send(submission.plan, job, services, submission.watcher)


def launch(prepared: PreparedJob, services: Services) -> None:
    """Start the job, as :func:`create` does. Where that fails, the lock on the task is released."""
    try:
        create(lambda: _create(prepared, services), is_role_new=prepared.is_role_new)
    except Exception:
        lock.release(prepared.place, prepared.name, services)
        raise


def create(send: Callable[[], object], *, is_role_new: bool) -> None:
    """Send a request that creates a job of any kind. That its name is taken means that an earlier try succeeded.

    It takes a while until SageMaker can assume a role that was just made: that is waited for, up to two minutes.
    """
    began = time.monotonic()
    while True:
        try:
            send()
        except Exception as error:
            if error_code(error) == "ResourceInUse":
                return
            pause_s = new_role_pause_s(error, time.monotonic() - began) if is_role_new else None
            if pause_s is None:
                raise
            time.sleep(pause_s)
        else:
            return


def _create(prepared: PreparedJob, services: Services) -> None:
    """Send the request by the operation of its kind."""
    request: Any = prepared.request  # the kind says which of the two it is
    if prepared.kind == "training":
        services.sagemaker.create_training_job(**request)
    else:
        services.sagemaker.create_processing_job(**request)
