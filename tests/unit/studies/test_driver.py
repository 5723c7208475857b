"""Driving a search: what it starts, at most, when it ends and what it stops. SageMaker is in memory."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simple_sagemaker.core.rules import Metric
from simple_sagemaker.errors import SsmError
from simple_sagemaker.studies.journal import Journal
from simple_sagemaker.studies.spec import Resource
from tests.unit.memory import MemoryStore
from tests.unit.studies.cluster import PLACE, Cluster, search
from tests.unit.studies.test_study import NOON, spec

LOSS = Metric(name="loss", regex="loss=(.*?);")


def words(**changes: Any) -> Any:
    made = spec(**changes)
    return type(made)(**{**vars(made), "task": type(made.task)(**{**vars(made.task), "metrics": (LOSS,)})})


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.mark.parametrize(("at_once", "seconds"), [(1, 12), (3, 6), (4, 3), (9, 3)])
def test_every_trial_is_run_once_and_as_many_at_once_as_may(store: MemoryStore, at_once: int, seconds: int) -> None:
    cluster = Cluster(lambda number: [9.0, 5.0, 1.0 / number])
    driver, view = search(store, cluster, words(), at_once=at_once)
    driver.drive()
    assert cluster.trials() == view.begun == [1, 2, 3, 4]
    assert sorted(view.done) == [1, 2, 3, 4]
    assert cluster.most_at_once == min(at_once, 4)
    assert seconds <= cluster.seconds < seconds + 4
    study = driver.study
    assert study.ended
    assert (study.ended.status, study.ended.why) == ("Completed", "all 4 trials have ended")
    assert [trial.objective for trial in study.in_order] == [1.0, 0.5, pytest.approx(1 / 3), 0.25]
    assert [list(trial.newest.curve)[:2] for trial in study.in_order] == [[9.0, 5.0]] * 4
    assert [trial.seconds for trial in study.in_order] == [3] * 4
    assert json.loads(store.read("b", PLACE.best_trial))["trial"] == 4
    assert driver.whose is None
    assert view.notes == []


def test_each_trial_has_its_own_values_place_and_name(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [1.0])
    driver, _ = search(store, cluster, words())
    driver.drive()
    requests = [run.request for run in cluster.runs.values()]
    values = {(one["HyperParameters"]["rate"], one["HyperParameters"]["kind"]) for one in requests}
    assert len(values) == 4
    assert len(cluster.runs) == 4
    assert [run.trial for run in cluster.runs.values()] == [1, 2, 3, 4]
    for name, run in cluster.runs.items():
        kept = json.loads(store.read("b", f"{PLACE.trial(run.trial).source(name)}run.json"))
        assert kept["trial"] == run.trial


@pytest.mark.parametrize(
    ("limits", "losses", "end", "trials"),
    [
        ({"failures": 1}, {1: [], 2: [1.0], 3: []}, "Failed: 2 trials failed, and 1 may", 3),
        ({"failures": 0}, {1: [1.0], 2: []}, "Failed: 1 trial failed, and 0 may", 2),
        ({"failures": 2}, {1: [], 2: []}, "Completed: all 4 trials have ended", 4),
        ({"target": 0.5}, {1: [0.6], 2: [0.5]}, "Completed: trial 2 has reached 0.5", 2),
        (
            {"patience": 2},
            {1: [0.6], 2: [0.7], 3: [0.599]},
            "Completed: 2 trials in a row were no better than trial",
            3,
        ),
        ({"max_mins": 1}, dict.fromkeys(range(1, 5), [1.0] * 25), "Completed: its minute is over", 3),
        (
            {"max_mins": 2, "max_trials": 9},
            dict.fromkeys(range(1, 9), [1.0] * 50),
            "Completed: its 2 minutes are over",
            3,
        ),
        ({"max_trials": 1}, {}, "Completed: its one trial has ended", 1),
        ({"max_trials": 2, "failures": 5}, {1: [], 2: []}, "Failed: no trial came to an objective", 2),
    ],
)
def test_a_search_ends_at_its_limits_and_begins_no_more(
    store: MemoryStore, limits: dict[str, Any], losses: dict[int, list[float]], end: str, trials: int
) -> None:
    cluster = Cluster(lambda number: losses.get(number, [1.0]))
    driver, _ = search(store, cluster, words(), **limits)
    driver.drive()
    ended = driver.study.ended
    assert ended
    assert f"{ended.status}: {ended.why}".startswith(end)
    assert len(cluster.runs) == trials


def test_trials_that_run_when_the_search_ends_are_stopped(store: MemoryStore) -> None:
    cluster = Cluster(lambda number: [0.1] if number == 2 else [1.0] * 1000)
    driver, _ = search(store, cluster, words(), at_once=3, target=0.2)
    driver.drive()
    assert cluster.seconds < 10
    assert [run.stopped is not None for run in cluster.runs.values()] == [True, False, True]
    assert [trial.newest.why_stopped for trial in driver.study.in_order] == [
        *("the search has ended", None, "the search has ended")
    ]
    assert [trial.newest.status for trial in driver.study.in_order] == ["Stopped", "Completed", "Stopped"]


@pytest.mark.parametrize("stops_early", [True, False])
def test_a_trial_worse_than_the_median_is_stopped_where_that_was_asked_for(
    store: MemoryStore, stops_early: bool
) -> None:
    cluster = Cluster(lambda number: [9.0] * 100 if number == 6 else [1.0] * 4)
    driver, _ = search(store, cluster, words(stops_early=stops_early), max_trials=6)
    driver.drive()
    sixth = driver.study.trials[6]
    if stops_early:
        assert str(sixth.newest.why_stopped).startswith("worse than the median at ")
        assert (sixth.newest.status, sixth.failed) == ("Stopped", False)
    else:
        assert (sixth.newest.status, sixth.newest.why_stopped) == ("Completed", None)


def test_a_search_that_is_stopped_stops_its_trials(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [1.0] * 1000)
    driver, _ = search(store, cluster, words(), at_once=2)
    driver.drive(until=lambda: cluster.seconds > 5)
    assert not driver.has_ended
    assert driver.whose == "this command"
    assert driver.goes_on == "2 trials go on to the end, and no other begins"
    assert {number: one.has_begun for number, one in driver.so_far().items()} == {1: True, 2: True}
    driver.stop()
    driver.drive()
    assert driver.study.ended
    assert (driver.study.ended.status, driver.study.ended.why) == ("Stopped", "stopped by hand")
    assert all(run.stopped is not None for run in cluster.runs.values())
    assert len(cluster.runs) == 2


def test_where_the_quota_has_less_room_the_next_trial_waits_for_an_end(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [1.0, 1.0], quota=2)
    driver, view = search(store, cluster, words(), at_once=4)
    driver.drive()
    assert cluster.trials() == [1, 2, 3, 4]
    assert cluster.most_at_once == 2
    said = "The account's quota has room for 2 at once: the next begins when one has ended"
    assert set(view.notes) == {said}
    assert driver.study.ended
    assert driver.study.ended.status == "Completed"


def test_without_any_room_at_all_the_services_error_is_told(store: MemoryStore) -> None:
    driver, _ = search(store, Cluster(lambda _: [1.0], quota=0), words())
    with pytest.raises(Exception, match="ResourceLimitExceeded"):
        driver.drive()


def test_a_job_that_was_only_written_down_is_started_by_the_next_command_once(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [1.0], quota=0)
    broken, _ = search(store, cluster, words())
    with pytest.raises(Exception, match="ResourceLimitExceeded"):
        broken.drive()
    broken.leave()
    cluster.quota = 5
    driver, view = search(store, cluster, words())
    driver.drive()
    assert cluster.trials() == [1, 2, 3, 4]
    assert view.begun == [1, 2, 3, 4]


def test_another_command_goes_on_where_one_left_off(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [3.0, 2.0])
    first, _ = search(store, cluster, words())
    first.drive(until=lambda: len(cluster.runs) == 2)
    first.leave()
    cluster.seconds += 60  # in which the second trial ended
    second, _ = search(store, cluster, words())
    second.drive()
    assert cluster.trials() == [1, 2, 3, 4]
    assert [trial.objective for trial in second.study.in_order] == [2.0] * 4


def test_a_command_watches_while_another_drives(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [1.0] * 3)
    first, _ = search(store, cluster, words())
    first.drive(until=lambda: len(cluster.runs) == 1)
    second, view = search(store, cluster, words())
    second.drive(until=lambda: cluster.seconds > 5)
    assert cluster.trials() == [1]
    assert len(view.notes) == 1
    assert view.notes[0].startswith("Watching: process 7 of this machine drives this study.")
    assert second.whose == "process 7 of this machine"
    first.leave()
    second.drive()
    assert cluster.trials() == [1, 2, 3, 4]


def test_a_study_that_was_deleted_and_begun_anew_is_not_driven_on(store: MemoryStore) -> None:
    driver, _ = search(store, Cluster(lambda _: [1.0]), words(), seed=8)
    with pytest.raises(SsmError, match="was deleted meanwhile"):
        driver.drive()


@pytest.mark.parametrize("name", ["mine", "T-002-2030-01-31-12-00-00-00000001", "T-001-2030-01-31-12-00-00"])
def test_a_job_of_another_name_is_never_started_as_a_trial(store: MemoryStore, name: str) -> None:
    cluster = Cluster(lambda _: [1.0])
    values = {"rate": "0.5", "kind": "a"}
    foreign = {"kind": "start", "trial": 1, "job": name, "at": NOON.isoformat(), "values": values, "resource": None}
    search(store, cluster, words())
    other = Journal(PLACE, store)
    other.load()
    assert other.append({**foreign, "gpu": None})
    driver, _ = search(store, cluster, words())
    with pytest.raises(SsmError, match=f"trial 1 is none of this search: its job is named '{name}'"):
        driver.drive()
    assert cluster.runs == {}


def test_what_other_commands_write_counts_within_a_moment(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [1.0] * 1000)
    driver, _ = search(store, cluster, words())
    other = Journal(PLACE, store)

    def stop_it() -> None:
        if cluster.seconds >= 4 and driver.study.ended is None:
            other.load()
            other.append({"kind": "done", "status": "Stopped", "why": "by another"})

    cluster.on_second = stop_it
    driver.drive()
    assert cluster.seconds < 10
    assert driver.study.ended
    assert driver.study.ended.why == "by another"
    assert [run.stopped is not None for run in cluster.runs.values()] == [True]


def test_further_limits_let_an_ended_search_go_on_but_for_another_number_at_once(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [1.0])
    search(store, cluster, words(), max_trials=2)[0].drive()
    more_at_once, _ = search(store, cluster, words(), max_trials=2, at_once=2)
    assert more_at_once.has_ended
    more, _ = search(store, cluster, words(), max_trials=3)
    assert not more.has_ended
    more.drive()
    assert cluster.trials() == [1, 2, 3]


def test_a_promoted_trial_goes_on_with_more_of_the_resource(store: MemoryStore) -> None:
    cluster = Cluster(lambda number: [float(number)])
    resource = Resource(name="epochs", least=1, most=3)
    driver, _ = search(store, cluster, words(strategy="hyperband", resource=resource), max_trials=5)
    driver.drive()
    epochs = [(run.trial, run.request["HyperParameters"]["epochs"]) for run in cluster.runs.values()]
    assert epochs == [(1, "1"), (2, "1"), (3, "1"), (1, "3"), (4, "3"), (5, "3")]


def test_a_regex_that_finds_nothing_is_told_of_once(store: MemoryStore) -> None:
    cluster = Cluster(lambda _: [0.5] * 60)
    made = words()
    nothing = Metric(name="loss", regex="lost=(.*?);")
    blind = type(made)(**{**vars(made), "task": type(made.task)(**{**vars(made.task), "metrics": (nothing,)})})
    driver, view = search(store, cluster, blind, failures=9)
    driver.drive(until=lambda: cluster.seconds > 45)
    assert view.notes == []  # a script may say nothing of it for a while
    driver.drive()
    (warning,) = view.notes
    assert warning.startswith("Warning: 'lost=(.*?);' has found no loss in the ")
    assert " lines of trial 1 so far, of which the newest is: loss=0.5;" in warning
    assert driver.study.ended
    assert driver.study.ended.status == "Failed"
