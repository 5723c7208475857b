"""A job followed from Python: what happens comes as events, one after the other."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core.records import replace
from ..jobs import logs
from ..jobs.follow import Follower
from ..jobs.job_events import EventWatcher, JobEvent

if TYPE_CHECKING:
    from ..tasks.run import Run

_MOST_WAITING = 10_000  # events that nobody has taken yet; then the job's lines wait as well


class _Left(Exception):
    """Nobody wants the events any more."""


def events(run: Run) -> Iterator[JobEvent]:
    """Yield what happens to a job until it has ended. Raises what a Follower raises; the job itself is left alone.

    Who leaves early is followed by no further request but the one under way.
    """
    waiting: queue.Queue[JobEvent | BaseException | None] = queue.Queue(_MOST_WAITING)
    left = threading.Event()

    def take(event: JobEvent | BaseException | None) -> None:
        while not left.is_set():
            try:
                waiting.put(event, timeout=0.2)
            except queue.Full:
                continue
            return
        raise _Left

    def pace(ran_s: float) -> float:
        if left.is_set():
            raise _Left
        return run.services.pace(ran_s)

    def follow() -> None:
        watcher = EventWatcher(take, run.services.now)
        tail = logs.Tail(run.name, run.services.logs, listing=run.services.reading.listing, group=logs.GROUPS[run.kind])
        try:
            described = jobs.describe(run.name, run.kind, run.services.sagemaker)
            follower = Follower(
                run.name,
                replace(run.services, pace=pace),
                watcher,
                kind=described.kind,
                joined=True,
                tail=tail,
                on_events=watcher.host_events,
            )
            watcher.ended(follower.follow(), skipped=run.is_skipped)
            take(None)
        except _Left:
            return
        except BaseException as error:  # noqa: BLE001 - raised again where the events are taken
            with suppress(_Left):
                take(error)

    threading.Thread(target=follow, daemon=True).start()
    try:
        while (event := waiting.get()) is not None:
            if isinstance(event, BaseException):
                raise event
            yield event
    finally:
        left.set()
