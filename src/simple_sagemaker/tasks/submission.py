"""One submission of a task: what every step of it needs, and what follows from that alone."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from ..core import layout, names
from ..core.access import Needs
from ..core.job import JobKind
from ..core.layout import TaskPlace
from ..core.progress import Watcher
from ..core.records import dataclass, field
from ..core.specs import Spec

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import CreateProcessingJobRequestTypeDef, CreateTrainingJobRequestTypeDef

    from ..core.services import Services
    from .channels import Plan
    from .training_request import Setting

    Request = CreateTrainingJobRequestTypeDef | CreateProcessingJobRequestTypeDef


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What is submitted, of which task, with which services, and the display of its progress.

    ``bucket_exists`` is whether the task's bucket does. ``fixed_name`` is used for whatever is submitted; None makes a
    job's name.
    """

    spec: Spec
    place: TaskPlace
    services: Services
    watcher: Watcher
    bucket_exists: bool
    fixed_name: str | None = None
    _noted: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def kind(self) -> JobKind:
        """Which kind of job the task becomes."""
        return "processing" if self.spec.kind == "process" else "training"

    def new_name(self) -> str:
        """A name for a job that begins now, unless its name is fixed."""
        return self.fixed_name or names.job_name(
            self.place.task, started=self.services.now(), token=self.services.token()
        )

    @cached_property
    def plan(self) -> Plan:
        """The job's channels, and what has to be sent for them: surveyed once, when it is first needed.

        Raises InputNotFound and UsageError. Waits for the end of a task in progress whose output is an input.
        """
        from .channels import Planner  # which a skipped task does not need

        return Planner(self.spec, self.place, self.services, self.watcher.note).plan()

    def plan_again(self) -> None:
        """Forget the plan, because so much time has passed that the inputs may have changed."""
        self.__dict__.pop("plan", None)

    def needs(self, image: str) -> Needs:
        """What the job's role must allow: what lies outside the project's folder is named one by one."""
        place, security = self.place, self.spec.security
        reads, objects = {layout.uri(bucket) for bucket in security.read_buckets}, set[str]()
        for channel in self.plan.channels_of("the-job"):  # the job's own folder is in the project's, whatever its name
            bucket, key = layout.split_uri(channel.uri)
            if bucket != place.bucket:
                reads.add(layout.uri(bucket))
            elif not key.startswith(place.project_folder):
                address, is_single = self.plan.scope_of(channel)
                (objects if is_single else reads).add(address)
        return Needs(
            project=place.project,
            place=place,
            image=image,
            bucket_owner=self.spec.place.bucket_owner,
            reads=frozenset(reads),
            objects=frozenset(objects),
            kms_key=security.kms_key_id,
            vpc=bool(security.vpc_subnets),
            mlflow=self._mlflow_arn,
            role_name=security.role_name,
        )

    @property
    def _mlflow_arn(self) -> str | None:
        """The MLflow of SageMaker's that keeps the job's run."""
        store = None if self.spec.kind == "process" else self.spec.mlflow
        if store is None:
            return None
        from ..core.experiments import mlflow_arn_kind  # which few tasks need

        return store.uri if mlflow_arn_kind(store.uri) else None

    def request(self, setting: Setting) -> Request:
        """The whole request, of the task's kind."""
        from .processing_request import processing_request
        from .state import has_state
        from .training_request import training_request

        channels = self.plan.channels_of(setting.job)
        request: Request
        if self.spec.kind == "process":
            keeps = self.bucket_exists and not self.spec.rerun.clean_state and has_state(self.place, self.services)
            request = processing_request(self.spec, setting, channels, earlier_state=keeps)
        else:
            request = training_request(self.spec, setting, channels)
        if self.spec.request_merge is None:
            return request
        from .request_merge import merge

        return cast("Request", merge(request, self.spec, engine=self.services.engine))

    def check_request(self) -> None:
        """Raise what :meth:`request` would, as far as that hangs on what the person asked for, before all is made."""
        from .training_request import Setting

        if self.spec.request_merge is not None:
            role = "arn:aws:iam::000000000000:role/role"
            name, region = self.new_name(), self.services.region
            self.request(Setting(job=name, place=self.place, role_arn=role, region=region, image_uri="image"))

    def note_once(self, text: str) -> None:
        """Show a line, unless this submission has shown it before."""
        if text not in self._noted:
            self._noted.add(text)
            self.watcher.note(text)

    def note(self, text: str) -> None:
        """Show a line, unless it is empty."""
        if text:
            self.watcher.note(text)
