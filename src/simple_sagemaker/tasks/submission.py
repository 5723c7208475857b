"""What is asked of which task: what every step of a submission needs, and what follows from it alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core import layout, names
from ..core.access import Needs
from ..core.job import JobKind
from ..core.layout import TaskPlace
from ..core.progress import Watcher
from ..core.specs import Spec
from . import channels as inputs
from .processing_request import processing_request
from .training_request import Setting, training_request

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import CreateProcessingJobRequestTypeDef, CreateTrainingJobRequestTypeDef

    from ..core.services import Services

    Request = CreateTrainingJobRequestTypeDef | CreateProcessingJobRequestTypeDef


@dataclass(frozen=True, kw_only=True)
class Order:
    """What was asked for, of which task, by which services, and who is told.

    ``there`` is whether the task's bucket exists.
    """

    spec: Spec
    place: TaskPlace
    services: Services
    watcher: Watcher
    there: bool

    @property
    def kind(self) -> JobKind:
        """Which kind of job the task becomes."""
        return "processing" if self.spec.kind == "process" else "training"

    def new_name(self) -> str:
        """A name for a job that begins now."""
        return names.job_name(self.place.task, started=self.services.now(), token=self.services.token())

    def plan(self, job: str) -> inputs.Plan:
        """The channels of a job, and what has to be sent for them."""
        return inputs.Planner(self.spec, self.place, self.services, self.watcher.note).plan(job)

    def needs(self, plan: inputs.Plan, image: str) -> Needs:
        """What the job's role must allow: what lies outside the project's folder is named one by one."""
        place, security = self.place, self.spec.security
        reads = {layout.uri(bucket) for bucket in security.read_buckets}
        for channel in plan.channels:
            bucket, key = layout.split_uri(channel.uri)
            if bucket != place.bucket:
                reads.add(layout.uri(bucket))
            elif not key.startswith(place.project_folder):
                reads.add(channel.uri)
        return Needs(
            project=place.project,
            place=place,
            image=image,
            reads=frozenset(reads),
            kms_key=security.kms_key_id,
            vpc=bool(security.vpc_subnets),
            role_name=security.role_name,
        )

    def request(self, setting: Setting, plan: inputs.Plan) -> Request:
        """The whole request, of the task's kind."""
        if self.spec.kind == "process":
            keeps = self.there and not self.spec.rerun.clean_state and inputs.has_state(self.place, self.services)
            return processing_request(self.spec, setting, plan.channels, earlier_state=keeps)
        return training_request(self.spec, setting, plan.channels)

    def tell(self, note: str) -> None:
        """Tell whoever watches, if there is something to tell."""
        if note:
            self.watcher.note(note)
