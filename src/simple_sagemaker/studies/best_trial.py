"""Names the best trial of a study to other commands: its outcome is the task's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from .study import Study


class BestTrial:
    """The object that names the best trial of the study at a place; written when another one is the best."""

    def __init__(self, place: TaskPlace, services: Services) -> None:
        self._place = place
        self._store = services.store
        self._job = ""  # that was named last

    def name(self, study: Study) -> None:
        """Name the best trial so far, unless it was named last, or there is none."""
        best = study.best
        if best is None or best.newest.name == self._job:
            return
        content = json.dumps({"trial": best.number, "job": best.newest.name}).encode()
        self._store.write(self._place.bucket, self._place.best_trial, content)
        self._job = best.newest.name
