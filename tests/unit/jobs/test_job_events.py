"""What happens to a job, as events for programs."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from simple_sagemaker.core.job import of_training
from simple_sagemaker.jobs import job_events as events
from simple_sagemaker.jobs.follow import result
from simple_sagemaker.jobs.logs import Event
from tests.unit.jobs.watching import JOB, described

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)


def test_everything_that_happens_is_passed_on_with_its_time() -> None:
    taken: list[events.JobEvent] = []
    watcher = events.EventWatcher(taken.append, lambda: NOON)
    watcher.started(JOB)
    watcher.phase("Training", "in progress")
    watcher.lines("algo-12", ["a", "b"])
    watcher.host_events("algo-2", [Event(1500, "c")])
    watcher.note("n")
    half_past = datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=timezone.utc)
    assert taken == [
        events.StartEvent(time=NOON, job=JOB),
        events.PhaseEvent(time=NOON, phase="Training", message="in progress"),
        events.LineEvent(time=NOON, host=12, line="a"),
        events.LineEvent(time=NOON, host=12, line="b"),
        events.LineEvent(time=half_past, host=2, line="c"),
        events.NoteEvent(time=NOON, text="n"),
    ]
    assert [one.event for one in taken] == ["start", "phase", "line", "line", "line", "note"]


def test_a_metrics_value_is_passed_on_when_it_is_new() -> None:
    taken: list[events.JobEvent] = []
    watcher = events.EventWatcher(taken.append, lambda: NOON)
    for newest in ({"a": 1.0}, {"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 2.0}, {"a": 1.0}):
        watcher.metrics(newest)
    assert taken == [
        events.MetricEvent(time=NOON, metric=name, value=value)
        for name, value in (("a", 1.0), ("b", 2.0), ("a", 3.0), ("a", 1.0))
    ]


def test_the_end_has_the_services_time_and_reason() -> None:
    taken: list[events.JobEvent] = []
    watcher = events.EventWatcher(taken.append, lambda: NOON)
    end = NOON + timedelta(minutes=5)
    failed = described(
        ("Failed", ""), status="Failed", TrainingEndTime=end, FailureReason="exit 3", TrainingTimeInSeconds=9
    )
    watcher.ended(result(of_training(failed)))
    watcher.ended(result(of_training(described(("Completed", ""), status="Completed"))), skipped=True)
    assert taken == [
        events.EndEvent(time=end, job=JOB, status="Failed", reason="exit 3", seconds=9, skipped=False),
        events.EndEvent(time=NOON, job=JOB, status="Completed", reason=None, seconds=None, skipped=True),
    ]
