"""A search as Python holds it: driven in a thread, waited for, stopped and looked at. SageMaker is in memory."""

from __future__ import annotations

import csv
import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.records import replace
from simple_sagemaker.core.rules import Metric
from simple_sagemaker.core.specs import Download
from simple_sagemaker.errors import JobFailed, JobStopped, SsmError, UsageError
from simple_sagemaker.project.study import Study, _View
from simple_sagemaker.studies.search import Search
from tests.unit.memory import MemoryStore
from tests.unit.studies.cluster import Cluster, search
from tests.unit.studies.test_study import end, limits, spec, start, study

LOSS = Metric(name="loss", regex="loss=(.*?);")


def held(cluster: Cluster, folder: Path | None = None, *, prints: bool = False, **more: Any) -> Study:
    """A search over this cluster, of which nothing is driven yet."""
    made = spec()
    words = replace(made, task=replace(made.task, metrics=(LOSS,), download=Download(path=folder, logs=False)))
    driver, _ = search(MemoryStore(), cluster, words, **more)
    view = _View(prints=prints, metric="loss")
    driver._view = driver._starter._view = view
    whole = Search(spec=words, opened=driver._opened, driver=driver, share=driver._share, proposals=driver._proposals)
    jobs: Any = lambda name: f"the job {name}"  # noqa: E731 - of a project, which makes jobs of names
    return Study(whole, driver._services, view, jobs)


def test_waiting_drives_it_to_its_end_and_gives_the_record() -> None:
    cluster = Cluster(lambda number: [1.0 / number])
    one = held(cluster)
    assert repr(one) == "<Study of task T, 0 trials>"
    assert (one.task_name, one.status, one.best) == ("T", "Running", None)
    with pytest.raises(UsageError, match="No trial has an objective yet"):
        _ = one.best_job
    record = one.wait()
    assert (record.status, one.status, record.driver) == ("Completed", "Completed", None)
    assert [trial.number for trial in one.trials()] == [4, 3, 2, 1]
    assert one.best == record.best
    assert one.best
    assert one.best_job == f"the job {one.best.job}"  # type: ignore[comparison-overlap]
    assert (record.project, record.task, record.seed, record.strategy) == ("P", "T", 7, "random")
    assert one.wait() == record


def test_it_is_driven_once_however_often_it_is_started() -> None:
    cluster = Cluster(lambda _: [1.0])
    one = held(cluster)
    one.start()
    driving = one._thread
    one.start()
    assert one._thread is driving
    one.wait()
    assert cluster.trials() == [1, 2, 3, 4]


def test_stopping_ends_it_and_its_trials() -> None:
    cluster = Cluster(lambda _: [1.0] * 5000)
    one = held(cluster)
    cluster.on_second = lambda: one.stop() if cluster.seconds > 3 else None
    with pytest.raises(JobStopped, match=r"^The search of task T was stopped: stopped by hand\.$"):
        one.wait()
    assert [run.stopped is not None for run in cluster.runs.values()] == [True]
    assert one._search.driver.whose is None


def test_a_failed_search_is_an_error_with_its_reason() -> None:
    with pytest.raises(JobFailed, match=r"^The search of task T failed: 2 trials failed, and 1 may\.$"):
        held(Cluster(lambda _: [])).wait()


def test_what_goes_wrong_while_driving_is_raised_by_who_waits_and_another_can_go_on() -> None:
    one = held(Cluster(lambda _: [1.0], quota=0))
    with pytest.raises(SsmError, match="CreateTrainingJob would go beyond a quota"):
        one.wait()
    assert one._search.driver.whose is None or not one._search.driver._lock.is_ours  # type: ignore[union-attr]


def test_the_best_trials_results_and_the_table_are_brought(tmp_path: Path) -> None:
    one = held(Cluster(lambda number: [float(number)]), tmp_path / "out", max_trials=2)
    one.wait()
    rows = list(csv.reader((tmp_path / "out/trials.csv").read_text().splitlines()))
    assert rows[0][:5] == ["trial", "status", "loss", "rate", "kind"]
    assert [row[:3] for row in rows[1:]] == [["1", "Completed", "1.0"], ["2", "Completed", "2.0"]]
    assert (tmp_path / "out/study.json").exists()


@pytest.mark.parametrize("prints", [True, False])
def test_each_trial_has_a_line_when_it_begins_and_ends(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], prints: bool
) -> None:
    caplog.set_level(logging.INFO, "simple_sagemaker.task")
    view = _View(prints=prints, metric="loss")
    found = study(limits(), start(1))
    view.started(found.trials[1])
    found.take([end(1, 0.1234567), start(2)])
    view.ended(found.trials[1], found)
    found.take([end(2, 0.5)])
    view.ended(found.trials[2], found)
    found.take([start(3), end(3, None, status="Failed")])
    view.ended(found.trials[3], found)
    view.phase("Training", "is not told")
    view.lines("algo-1", ["nor are lines"])
    expected = [
        "Trial 1 began: rate=0.1 kind=a",
        "Trial 1 completed: loss 0.123457 (the best so far)",
        "Trial 2 completed: loss 0.5",
        "Trial 3 failed: loss none",
    ]
    assert [record.getMessage() for record in caplog.records] == expected
    out, err = capfd.readouterr()
    assert ([line.strip() for line in (out + err).splitlines()] == expected) == prints


def test_threads_may_wait_together() -> None:
    one = held(Cluster(lambda _: [1.0]))
    found: list[Any] = []
    one.start()
    threads = [threading.Thread(target=lambda: found.append(one.wait().status)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == ["Completed"] * 3
