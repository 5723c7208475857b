"""The checkpoints of a built-in algorithm, which are a task's state: kept for the same training alone.

A script reads its state as it likes. An algorithm goes on from any checkpoint that it finds: from one of a training
that has ended, or that had other hyperparameters or data, it would leave that one's model.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..core import layout
from ..core.progress import file_count
from ..images.built_in import algorithm_of
from . import history
from .differences import differences
from .setup import has_own_metrics
from .state import clear_state, has_state

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from .code.files import CodeFiles
    from .submission import Submission


def clear_others(submission: Submission, code: CodeFiles, now: Mapping[str, str]) -> None:
    """Clear the checkpoints of a task, unless its newest job was interrupted and a new one is to do just the same.

    ``now`` is the fingerprint of the new one, its inputs included.
    """
    spec, place, services = submission.spec, submission.place, submission.services
    if spec.kind != "algorithm" or not spec.keeps_state or spec.rerun.clean_state:
        return
    if not spec.image.built_in and algorithm_of(spec.image.uri or "") is None:
        return
    if not has_state(place, services):
        return
    newest = history.newest(place, services, likely="training")
    goes_on = newest is not None and newest.status in {"Failed", "Stopped"}
    if newest is None or not goes_on or differences(submission, newest, now, code):
        _clear(place, services, submission.note)


def clear_for_replay(job: Job, place: TaskPlace, services: Services, note: Callable[[str], None]) -> None:
    """Clear the checkpoints from which a built-in algorithm's job, run again, would go on."""
    if has_own_metrics(job.answer) and "CheckpointConfig" in job.answer and has_state(place, services):
        _clear(place, services, note)


def _clear(place: TaskPlace, services: Services, note: Callable[[str], None]) -> None:
    count = file_count(clear_state(place, services))
    note(f"State: {count} cleared under {layout.uri(place.bucket, place.state)}: checkpoints of another training")
