"""SageMaker in each region: jobs, models and experiments of its own, and where their logs go.

The emulator's own region has the home itself; every other one a home below it, made when somebody asks for it first.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.records import dataclass, replace
from ..local.api.describe import describe
from ..local.api.experiments import LocalExperiments
from ..local.api.job_index import JobIndex
from ..local.api.models import LocalModels
from ..local.api.resource_tags import answer as answer_about_tags
from ..local.api.sagemaker import LocalSageMaker, operations
from ..local.api.transforms import LocalTransforms
from ..local.job.folder import find_job
from ..local.job.home import Home, Settings
from ..local.job.kinds import TRAINING, resource_of
from ..local.supervisor.nursery import Nursery
from ..local.supervisor.start import Starter
from ..local.supervisor.turns import Turns
from .fault_injection import Dice
from .log_shipping import Shipper
from .mock_aws import MockAws
from .platform import Platform
from .protocol import Operations, ServiceError
from .role_stores import RoleStores
from .session_manager import SessionManager
from .tagging import Tagging

_NAME = re.compile(r"[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}")
_TAGS = ("ListTags", "AddTags", "DeleteTags")


@dataclass(frozen=True, kw_only=True)
class Shared:
    """What the regions share: AWS beside SageMaker, the identities, the chances, the turns; where messages go.

    ``settings`` are how jobs run, with the addresses that they reach, in the emulator's own region. ``nursery`` starts
    the supervisors of the jobs.
    ``role_credentials`` returns the credentials for a token of a role.
    """

    settings: Settings
    url: str
    aws: MockAws
    platform: Platform
    dice: Dice
    turns: Turns
    report: Callable[[str], None]
    nursery: Nursery
    role_credentials: Callable[[str], dict[str, str] | None]


class Region:
    """SageMaker in one region. Call ``stop`` after the last request."""

    def __init__(self, name: str, home: Home, shared: Shared) -> None:
        self.name = name
        self.home = home
        self._shared = shared
        self._settings = replace(shared.settings, region=name)
        self.index = JobIndex(home, shared.report)
        self.shipper = Shipper(home, self.index, shared.aws, shared.platform, region=name, report=shared.report)
        self.tagging = Tagging(shared.aws, shared.platform, name, self._jobs_and_tags)
        self.sessions = SessionManager(name, self._training_job)
        self.operations = self._make_operations()
        self.shipper.start()

    def stop(self) -> None:
        """Ship what jobs have printed, and end."""
        self.shipper.stop()

    def running(self) -> list[Path]:
        """The folders of the jobs that have not ended."""
        return [self.home.jobs / name for name in self.index.running()]

    def _make_operations(self) -> Operations:
        shared = self._shared
        roles = RoleStores(shared.settings.s3_endpoint or shared.url, self.name, self._issue)
        starter = Starter(self.home.jobs, nursery=shared.nursery)
        sagemaker = LocalSageMaker(
            self.home,
            settings=self._settings_for,
            starter=lambda: starter,
            admit=shared.platform.admit,
            turns=shared.turns,
            index=self.index,
            store_for=roles.store_for,
        )
        models = LocalModels(
            self.home,
            region=self.name,
            store_for=lambda role: roles.store_for({"RoleArn": role}),
            admit=shared.platform.admit,
        )
        transforms = LocalTransforms(
            sagemaker, models, images=self._settings.isolation == "docker", python=self._settings.python
        )

        def about_tags(operation: str) -> Callable[..., Any]:
            return lambda **request: answer_about_tags(self.home, models, operation, request)

        return {
            **operations(sagemaker),
            **LocalExperiments(self.home, region=self.name).operations(),
            **models.operations(),
            **transforms.operations(),
            **{operation: about_tags(operation) for operation in _TAGS},
        }

    def _issue(self, role_arn: str) -> Callable[[], dict[str, str]]:
        token = self._shared.platform.issue("", role_arn)
        return lambda: self._shared.role_credentials(token) or {}

    def _settings_for(self, request: Mapping[str, Any]) -> Settings:
        wait_s, interruptions = self._shared.dice.job_fault(request)
        token = self._shared.platform.issue(f"{self.name}/{resource_of(request)}", request["RoleArn"])
        return replace(
            self._settings,
            credentials_uri=f"{self._shared.url}/_ssm/credentials/{token}",
            spot_wait_s=wait_s or self._settings.spot_wait_s,
            interrupt_after_s=interruptions or self._settings.interrupt_after_s,
        )

    def _training_job(self, name: str) -> Mapping[str, Any] | None:
        job = find_job(self.home.jobs, TRAINING, name)
        return describe(job) if job else None

    def _jobs_and_tags(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        for job in self.index.jobs():
            yield job.arn, job.tag_members()


class Regions:
    """The regions that somebody has asked for, or that have jobs in the home. ``own`` is the emulator's."""

    def __init__(self, home: Home, own: str, shared: Shared) -> None:
        self._home = home
        self._own = own
        self._shared = shared
        self._making = threading.Lock()
        self._made: dict[str, Region] = {}
        for name in (own, *_names_below(home)):
            self.get(name)

    def get(self, name: str) -> Region:
        """SageMaker in a region. Raises ServiceError for what is no region's name."""
        region = self._made.get(name)
        if region is not None:
            return region
        if name != self._own and not _NAME.fullmatch(name):
            raise ServiceError(
                "InvalidSignatureException", f"Credential should be scoped to a valid region, not {name!r}.", 403
            )
        with self._making:
            if name not in self._made:
                home = self._home if name == self._own else Home(self._home.regions / name)
                self._made = {**self._made, name: Region(name, home, self._shared)}
        return self._made[name]

    def running(self) -> list[Path]:
        """The folders of the jobs that have not ended, of all regions."""
        return [folder for region in [*self._made.values()] for folder in region.running()]

    def stop(self) -> None:
        """End all regions."""
        for region in self._made.values():
            region.stop()


def _names_below(home: Home) -> list[str]:
    """The regions beside its own of which a home has something."""
    try:
        return sorted(one.name for one in home.regions.iterdir() if _NAME.fullmatch(one.name))
    except FileNotFoundError:
        return []
