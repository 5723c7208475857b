"""What shows a study while it is driven."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .study import Study, Trial


class View(Protocol):
    """Shows a study while it is driven."""

    def note(self, text: str) -> None:
        """Something worth a line happened."""
        ...

    def changed(self, study: Study, curves: dict[int, list[float]]) -> None:
        """The study may have changed; ``curves`` are of the trials that run, by number."""
        ...

    def started(self, trial: Trial) -> None:
        """A job of a trial was started."""
        ...

    def ended(self, trial: Trial, study: Study) -> None:
        """A job of a trial has ended."""
        ...
