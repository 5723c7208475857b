"""What happens in a search while it is driven, as records: for programs, a line of JSON each."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ..core.records import dataclass
from .records import StudyRecord, TrialRecord


@dataclass(frozen=True, kw_only=True)
class TrialStartedEvent:
    """A job of a trial was started."""

    event: Literal["trial_started"] = "trial_started"
    time: datetime
    trial: TrialRecord


@dataclass(frozen=True, kw_only=True)
class TrialEndedEvent:
    """A job of a trial has ended. ``best`` is the number of the best trial so far, None while none has an objective."""

    event: Literal["trial_ended"] = "trial_ended"
    time: datetime
    trial: TrialRecord
    best: int | None


@dataclass(frozen=True, kw_only=True)
class StudyEndedEvent:
    """The search has ended, or had ended before: the last event."""

    event: Literal["study_ended"] = "study_ended"
    time: datetime
    study: StudyRecord


StudyEvent = TrialStartedEvent | TrialEndedEvent | StudyEndedEvent
