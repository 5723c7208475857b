"""Everything a new job needs, made and sent, under a lock on its task; and the call that starts it.

In: a submission for which no existing job serves, its code as it was read, and its fingerprint. Out: a prepared job, or
the job of another command that was quicker. Costs the image, one upload of the code and the difference of the inputs.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..core import layout
from ..core.aws_api import error_code
from ..core.image_builder import PlannedImage, Recipe
from ..core.progress import file_count
from ..core.retries import new_role_pause_s
from ..errors import NoImageForMachine
from ..images import choose
from ..jobs import cost
from . import channels, lock
from .code import package, upload
from .code.read import Code
from .code.upload import Delivery
from .differences import made_from
from .prepared import DryRun, ExistingJob, PreparedJob
from .reuse import find_reusable
from .state import clear_state
from .submission import Submission
from .training_request import Setting

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
        kept = {**made_from(spec, submission.plan.jobs, code.files), "input_marks": submission.plan.marks}
        packed = package.package(spec, code.files, whole, kept)
        Delivery(place=place, job=job, store=services.store, watcher=submission.watcher).send(packed, code)
        _send_data(submission, job)
        setting = Setting(job=job, place=place, role_arn=role.arn, region=services.region, image_uri=needs.image)
        request = submission.request(setting)
    except BaseException:
        lock.release(place, job, services)
        raise
    return PreparedJob(name=job, place=place, kind=submission.kind, request=request, is_role_new=bool(role.note))


def _choose_image(submission: Submission, dockerfile: Dockerfile | None) -> str | Recipe:
    """The image to run in; for jobs that have none, as processes of this machine, what their request says of it."""
    spec = submission.spec
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
        f"State: would be cleared under {layout.uri(place.bucket, place.state)}" if spec.rerun.clean_state else "",
        *(f"Input: {one}" for one in uploads),
        cost.forecast(submission.request(setting), submission.kind, services),
        *upload.describe(code.files),
        f"Code: would be sent to {layout.uri(place.bucket, place.source(job))}",
    )
    return DryRun(request=submission.request(setting), notes=tuple(note for note in notes if note))


def _send_data(submission: Submission, job: str) -> None:
    place, services = submission.place, submission.services
    if submission.spec.rerun.clean_state:
        count = clear_state(place, services)
        submission.note(f"State: {file_count(count)} cleared under {layout.uri(place.bucket, place.state)}")
    channels.send(submission.plan, job, services, submission.watcher)


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
            pause_s = new_role_pause_s(error, time.monotonic() - began) if prepared.is_role_new else None
            if pause_s is not None:
                time.sleep(pause_s)
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
