"""A search from its spec to its end: what both doors call. The command line and Python only add a view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.layout import TaskPlace
from ..core.progress import Watcher
from ..core.records import dataclass
from ..tasks.prepared import DryRun
from ..tuning.bayesian import Past
from . import begin as beginning
from . import begun, tuning_request
from .begin import OpenedStudy, trials_wanted
from .driver import Driver
from .earlier import earlier_trials
from .proposals import Proposals
from .records import StudyRecord, study_record
from .service_driver import ServiceDriver
from .sharing import Share, share
from .study import Limits

if TYPE_CHECKING:
    from ..core.services import Services
    from .spec import TuneSpec
    from .view import View


@dataclass(frozen=True, kw_only=True)
class Search:
    """A search that can be driven."""

    spec: TuneSpec
    opened: OpenedStudy
    driver: Driver | ServiceDriver
    share: Share
    proposals: Proposals

    @property
    def record(self) -> StudyRecord:
        """The study as it is now."""
        place = self.opened.place
        words, seed = begun.words(self.spec), self.opened.seed
        return study_record(
            self.driver.study,
            words,
            project=place.project,
            task=place.task,
            seed=seed,
            driver=self.driver.whose,
            so_far=self.driver.so_far(),
        )


def prepare(spec: TuneSpec, services: Services, watcher: Watcher, view: View) -> Search | DryRun:
    """Begin the study, or open the one that there is, and read what has happened in it.

    Raises UsageError, InputNotFound and EngineUnavailable before anything is written; UsageError also for a study that
    was begun with other words.
    """
    if spec.task.download.path is not None:
        from ..jobs.result_parts import check_all_ours

        check_all_ours(spec.task.download)
    if spec.tuned_on == "aws":
        tuning_request.check(spec)
    earlier = _earlier(spec, services, watcher)
    opened = beginning.begin(spec, services, watcher)
    if isinstance(opened, DryRun):
        return opened
    shared = share(services, spec.at_once, spec.task.instances.count)
    proposals = Proposals(spec, opened.seed, earlier)
    driver: Driver | ServiceDriver
    if spec.tuned_on == "aws":
        shared = Share(at_once=shared.at_once)  # the service knows nothing of this machine
        driver = ServiceDriver(spec, opened, services, view)
    else:
        driver = Driver(spec, opened, services, view, proposals=proposals, share=shared)
    driver.load()
    driver.set_limits(_limits(spec, driver, shared))
    return Search(spec=spec, opened=opened, driver=driver, share=shared, proposals=proposals)


def _earlier(spec: TuneSpec, services: Services, watcher: Watcher) -> list[Past]:
    """The trials of another study to learn from; its bucket is checked before anything is read there."""
    if spec.learn_from is None:
        return []
    where = spec.place
    bucket = where.bucket or services.access.default_bucket()
    services.access.has_bucket(bucket, owner=where.bucket_owner)
    place = TaskPlace(bucket=bucket, project=where.project, task=where.task, prefix=where.prefix)
    return earlier_trials(spec, place, services, watcher.note)


def _limits(spec: TuneSpec, driver: Driver | ServiceDriver, shared: Share) -> Limits:
    """The limits that are asked for; fewer trials than there are already end the search where it is."""
    before = driver.study.limits
    wanted = trials_wanted(spec)
    if spec.max_trials is None and before is not None:
        wanted = before.max_trials
    return Limits(
        max_trials=wanted,
        at_once=shared.at_once,
        failures=spec.failures,
        target=spec.target,
        patience=spec.patience,
        max_mins=spec.max_mins,
    )
