"""Starts the jobs of trials: what a journal has written down becomes a job that SageMaker has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..core.aws_api import error_code
from ..core.layout import RUN_FILE, STUDY
from ..tasks import history, send
from ..tasks.prepared import PreparedJob

if TYPE_CHECKING:
    from ..core.services import Services
    from .begin import OpenedStudy
    from .sharing import Share
    from .spec import TuneSpec
    from .study import Trial
    from .view import View


class Starter:
    """Starts jobs of one study.

    ``unconfirmed`` are the names of jobs that SageMaker may not have. ``room`` is for how many trials at once the
    account's quota has room, where that is less than was asked for; None where nothing is known of it.
    """

    def __init__(self, spec: TuneSpec, opened: OpenedStudy, services: Services, *, share: Share, view: View) -> None:
        self.unconfirmed: set[str] = set()
        self.room: int | None = None
        self._resource = spec.resource
        self._place = opened.place
        self._template = opened.template
        self._services = services
        self._share = share
        self._view = view
        self._run_file = history.run_file(opened.place, STUDY, services.store)

    def start(self, trial: Trial, *, others: int) -> bool:
        """Start a trial's newest job; return False where the quota has no room for it beside the ``others``.

        A job that SageMaker has already is not started again.
        """
        job, place = trial.newest, self._place.trial(trial.number)
        values = dict(trial.values)
        if job.resource is not None and self._resource is not None:
            values[self._resource.name] = str(job.resource)
        request = self._template.trial(
            trial.number, job.name, values, self._share.environment(self._share.gpu_here(job.gpu))
        )
        content = json.dumps({**self._run_file, "trial": trial.number}, indent=1).encode()
        self._services.store.write(place.bucket, place.source(job.name) + RUN_FILE, content)
        prepared = PreparedJob(
            name=job.name,
            place=place,
            kind="training",
            request=request,  # type: ignore[arg-type]  # a copy of a whole request
            is_role_new=self._template.is_role_new,
        )
        self.unconfirmed.add(job.name)
        try:
            send.launch(prepared, self._services)
        except Exception as error:
            if error_code(error) != "ResourceLimitExceeded" or not others:
                raise
            self.room = others
            self._view.note(f"The account's quota has room for {others} at once: the next begins when one has ended")
            return False
        self.unconfirmed.discard(job.name)
        self._view.started(trial)
        return True
