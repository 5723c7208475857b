"""A task from what was asked to a job: a finished or running one that serves, or a new one, checked, packed and sent.

In: a TaskSpec or ProcessSpec, and the services. Out: a job to follow. Everything that can be refused is refused before
the first byte is written. At most one job of a task is started at a time, however many commands ask.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from ..images import choose as imagechoice
from ..images.docker.dockerfile import Dockerfile
from . import channels as inputs
from . import engine_limits as possible
from . import history
from . import lock as claim
from . import training_request as request
from .code import package as source
from .code import upload as delivery
from .code.upload import Delivery
from .submission import Order

if TYPE_CHECKING:
    from ..core.services import Services
    from .submission import Request

_ROLE_READY_S = 120
_ROLE_PAUSE_S = 10


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A job that can be started: its name, the task's place, and the whole request.

    ``new_role`` is whether its role was made or changed just now, so that SageMaker may not know it yet.
    """

    job: str
    place: TaskPlace
    kind: JobKind
    request: Request
    new_role: bool


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What ``--dry_run`` tells: the request that would be sent, and line by line what would be made and sent first."""

    request: Request
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Found:
    """A job that is there already and serves: completed (the task is skipped), or running (it is joined)."""

    job: str
    place: TaskPlace
    described: Job

    @property
    def kind(self) -> JobKind:
        """Which kind of job it is, which need not be the kind that was asked for."""
        return self.described.kind

    @property
    def runs(self) -> bool:
        """Whether it has yet to end."""
        return not self.described.has_ended


def prepare(spec: Spec, services: Services, watcher: Watcher) -> Prepared | Found | Planned:
    """Find a job that serves, or check everything and send code and data, so that one call starts a new one.

    For a dry run everything is checked, nothing is sent, and the plan comes back.
    Raises UsageError, InputNotFound and EngineUnavailable before anything is written. Ended on the way, it leaves a
    folder of a job that never was, which nothing counts as one; running the same task again is safe.
    """
    possible.check(spec, services, watcher.note)
    place = _place(spec, services)
    there = services.access.has_bucket(place.bucket, owner=spec.place.bucket_owner)
    order = Order(spec=spec, place=place, services=services, watcher=watcher, there=there)
    own = imagechoice.dockerfile_of(spec.image)
    return delivery.with_steady_code(lambda: _decided(order, own), watcher.note)


def _decided(order: Order, own: Dockerfile | None) -> Prepared | Found | Planned:
    with delivery.read(order.spec, order.services.store) as code:
        made_from = source.fingerprint(order.spec, code.files, own.content if own else None)
        return _serving(order, made_from) or _sent(order, code, made_from, own)


def launch(prepared: Prepared, services: Services) -> None:
    """Start the job. That its name is taken means that an earlier try got through.

    A role just made takes a while until SageMaker can assume it: that is waited for, up to two minutes.
    """
    began = time.monotonic()
    while True:
        try:
            _create(prepared, services)
        except Exception as error:
            if error_code(error) == "ResourceInUse":
                return
            waited = time.monotonic() - began
            if prepared.new_role and role_not_ready(error) and waited < _ROLE_READY_S:
                time.sleep(min(_ROLE_PAUSE_S, max(0.2, waited)))
                continue
            claim.give_up(prepared.place, prepared.job, services)
            raise
        return


def _create(prepared: Prepared, services: Services) -> None:
    """Send the request by the operation of its kind."""
    sent: Any = prepared.request  # the kind says which of the two it is
    if prepared.kind == "training":
        services.sagemaker.create_training_job(**sent)
    else:
        services.sagemaker.create_processing_job(**sent)


def _serving(order: Order, made_from: dict[str, str]) -> Found | None:
    """The task's newest job, where it makes a new one needless: it runs, or it is completed and nothing forces."""
    rerun = order.spec.rerun
    described = None
    if order.there and not rerun.force_running:
        described = history.newest(order.place, order.services.store, order.services.sagemaker, likely=order.kind)
    if described is None:
        return None
    found = Found(job=described.name, place=order.place, described=described)
    if found.runs and rerun.clean_state:
        raise UsageError(
            f"--clean_state: the job {found.job} of this task is in progress and writes the state.\n"
            "Wait for its end, or stop it."
        )
    if found.runs:
        changed = ", ".join(_differences(order, found.job, made_from))
        told = f"; what was typed now differs in: {changed} (--force_running would start it beside)" if changed else ""
        order.watcher.note(f"Joining {found.job}, which is in progress{told}")
        return found
    if described.status != "Completed" or rerun.clean_state:
        return None
    return None if _changed(order, found.job, made_from) else found


def _changed(order: Order, job: str, made_from: dict[str, str]) -> bool:
    """Whether the completed job must be run again for what changed since; says in a line what did.

    Inputs are looked at (and so listed) only for ``--if_changed``.
    """
    now = dict(made_from)
    if order.spec.rerun.if_changed:
        now["inputs"] = order.plan(job).fingerprint(order.services)
    names_changed = ", ".join(_differences(order, job, now))
    if names_changed and order.spec.rerun.if_changed:
        order.watcher.note(f"Running again: since {job} changed: {names_changed}")
        return True
    told = f"; since then changed: {names_changed} (--if_changed would run it again)" if names_changed else ""
    order.watcher.note(f"Skipped: the task was completed by {job}{told}")
    return False


def _differences(order: Order, job: str, now: dict[str, str]) -> list[str]:
    """The names of what a job was made from and what is different now."""
    before = history.run_file(order.place, job, order.services.store).get("fingerprint", {})
    return [name for name, digest in now.items() if before.get(name) != digest]


def _sent(
    order: Order, code: delivery.Code, made_from: dict[str, str], own: Dockerfile | None
) -> Prepared | Found | Planned:
    """Everything a new job needs, sent under a claim on the task; or the job of whoever has the claim.

    An image is made before the claim is taken: that takes minutes, for which no other command should have to wait.
    """
    spec, place, services = order.spec, order.place, order.services
    image = _chosen_image(order, own)
    job = order.new_name()
    plan = order.plan(job)
    if spec.dry_run:
        return _planned(order, code, job=job, plan=plan, image=image)
    at_hand = imagechoice.at_hand(image, spec.instances.type, services.images, order.watcher.note)
    if at_hand.is_new:  # a name says when its job began, and inputs may be others by now
        job = order.new_name()
        plan = order.plan(job)
    needs = order.needs(plan, at_hand.address)
    if not order.there:
        order.tell(services.access.make_bucket(place.bucket))
    other = None if spec.rerun.force_running else claim.take(place, job, order.kind, services)
    if other:
        order.watcher.note(f"Joining {other.name}, which another command started")
        return Found(job=other.name, place=place, described=other)
    quicker = None if spec.rerun.force_running else _serving(replace(order, there=True), made_from)
    if quicker:  # another command's job began and ended while we were getting ready
        claim.give_up(place, job, services)
        return quicker
    try:
        role = services.access.role(needs)
        order.tell(role.note)
        package = source.package(spec, code.files, {**made_from, "inputs": plan.fingerprint(services)})
        Delivery(place=place, job=job, store=services.store, watcher=order.watcher).send(package, code)
        _send_data(order, plan)
    except BaseException:
        claim.give_up(place, job, services)
        raise
    setting = request.Setting(job=job, place=place, role_arn=role.arn, region=services.region, image_uri=needs.image)
    made = order.request(setting, plan)
    return Prepared(job=job, place=place, kind=order.kind, request=made, new_role=bool(role.note))


def _chosen_image(order: Order, own: Dockerfile | None) -> str | Recipe:
    spec = order.spec
    image = imagechoice.choose(
        spec.image,
        own,
        instance_type=spec.instances.type,
        region=order.services.region,
        project=order.place.project,
    )
    if own and isinstance(image, Recipe) and not own.names_its_base:
        order.watcher.note(f"Image: the Dockerfile has no FROM, so it is built on {image.bases[0]}")
    return image


def _planned(order: Order, code: delivery.Code, *, job: str, plan: inputs.Plan, image: str | Recipe) -> Planned:
    """What would be sent and made, found out without a change anywhere."""
    spec, place, services = order.spec, order.place, order.services
    found = services.images.planned(image) if isinstance(image, Recipe) else PlannedImage(address=image, notes=())
    needs = order.needs(plan, found.address)
    role = services.access.role(needs, change=False)
    setting = request.Setting(job=job, place=place, role_arn=role.arn, region=services.region, image_uri=needs.image)
    sent = [f"{counted(one.survey.files)} to {layout.uri(place.bucket, one.prefix)}" for one in plan.uploads]
    notes = (
        *found.notes,
        "" if order.there else f"Bucket: {place.bucket} would be made",
        role.note,
        f"State: would be cleared under {layout.uri(place.bucket, place.state)}" if spec.rerun.clean_state else "",
        *(f"Input: {one}" for one in sent),
        *delivery.told(code.files),
        f"Code: would be sent to {layout.uri(place.bucket, place.source(job))}",
    )
    made = order.request(setting, plan)
    return Planned(request=made, notes=tuple(note for note in notes if note))


def _send_data(order: Order, plan: inputs.Plan) -> None:
    place, services = order.place, order.services
    if order.spec.rerun.clean_state:
        cleared = clear_state(place, services)
        order.watcher.note(f"State: {counted(cleared)} cleared under {layout.uri(place.bucket, place.state)}")
    inputs.send(plan, place, services, order.watcher)


def _place(spec: Spec, services: Services) -> TaskPlace:
    bucket = spec.place.bucket or services.access.default_bucket()
    return TaskPlace(bucket=bucket, project=spec.place.project, task=spec.place.task, prefix=spec.place.prefix)


def clear_state(place: TaskPlace, services: Services) -> int:
    """Delete everything under the task's state; gives the number of files."""
    count = 0

    def counted() -> Iterator[str]:
        nonlocal count
        for found in services.store.list(place.bucket, place.state):
            count += 1
            yield found.key

    services.store.delete(place.bucket, counted())
    return count
