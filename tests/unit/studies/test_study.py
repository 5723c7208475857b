"""What a study's events come to, and what is next: decided from the events alone."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simple_sagemaker.core.json_form import json_form
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.rules import Metric
from simple_sagemaker.core.specs import Code, Place, TaskSpec
from simple_sagemaker.errors import SsmError
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.studies import endings
from simple_sagemaker.studies.driver_lock import DriverLock
from simple_sagemaker.studies.journal import Journal
from simple_sagemaker.studies.proposals import Proposals, _past
from simple_sagemaker.studies.records import SoFar, best_first, saved_s, time_left, trial_record
from simple_sagemaker.studies.service_driver import trials_of
from simple_sagemaker.studies.sharing import Share, share
from simple_sagemaker.studies.spec import Resource, TuneSpec
from simple_sagemaker.studies.study import Limits, Study
from simple_sagemaker.studies.trial_request import Template
from simple_sagemaker.tuning.ranges import Categorical, Continuous

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)
PLACE = TaskPlace(bucket="bucket", project="P", task="T")
SPACE = (Continuous(name="rate", low="0", high="1"), Categorical(name="kind", values=("a", "b")))


def spec(**changes: Any) -> TuneSpec:
    task = TaskSpec(
        kind="run",
        place=Place(project="P", task="T"),
        code=Code(entry_point="w.py"),
        metrics=(Metric(name="loss", regex="(x)"),),
    )
    values: dict[str, Any] = {"task": task, "space": SPACE, "metric": "loss", "goal": "min", **changes}
    return TuneSpec(**values)


def limits(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = {"max_trials": 4, "at_once": 1, "failures": 1, **changes}
    return {"kind": "limits", "at": NOON.isoformat(), **json_form(Limits(**values))}


def start(number: int, *, job: str = "", resource: int | None = None) -> dict[str, Any]:
    values = {"rate": str(number / 10), "kind": "a"}
    job = job or f"job-{number}-{resource or 0}"
    return {
        "kind": "start", "trial": number, "job": job, "at": NOON.isoformat(), "values": values, "resource": resource,
        "gpu": None,
    }  # fmt: skip


def end(number: int, objective: object, *, status: str = "Completed", resource: int | None = None, **more: Any) -> Any:
    at = (NOON + timedelta(seconds=number)).isoformat()
    return {
        "kind": "end", "trial": number, "job": f"job-{number}-{resource or 0}", "at": at, "status": status,
        "objective": objective, "curve": [], "seconds": 10, "billed_s": 10, "reason": None, **more,
    }  # fmt: skip


def study(*events: Mapping[str, Any], goal: Any = "min") -> Study:
    made = Study(goal)
    made.take(dict(event) for event in events)
    return made


def run_all(found: Study, proposals: Proposals, objective: Any) -> list[tuple[int, int | None]]:
    """Drive a study without jobs; the trials and resources in the order in which they begin."""
    begun: list[tuple[int, int | None]] = []
    while (step := proposals.next(found)) is not None:
        begun.append((step.trial, step.resource))
        found.take([start(step.trial, resource=step.resource)])
        found.take([end(step.trial, objective(step.trial), resource=step.resource)])
    return begun


class TestBest:
    def test_the_best_is_of_those_that_did_not_fail(self) -> None:
        found = study(
            limits(), start(1), end(1, 0.1, status="Failed"), start(2), end(2, None), start(3), end(3, 0.4), start(4),
            end(4, "NaN"),
        )  # fmt: skip
        assert found.best is not None
        assert found.best.number == 3
        assert [trial.number for trial in best_first(found)] == [3, 1, 2, 4]

    def test_with_a_resource_those_that_got_most_of_it_come_first(self) -> None:
        found = study(
            limits(), start(1, resource=1), end(1, 0.1, resource=1), start(2, resource=1), end(2, 0.2, resource=1),
            start(2, resource=3), end(2, 0.15, resource=3),
        )  # fmt: skip
        assert found.best is not None
        assert found.best.number == 2
        assert [trial.number for trial in best_first(found)] == [2, 1]

    def test_a_trial_that_runs_has_its_newest_value_and_its_time_so_far(self) -> None:
        trial = study(limits(), start(1)).trials[1]
        made = trial_record(trial, SoFar(has_begun=True, curve=[3.0, 1.0, 2.0], seconds=5))
        assert (made.status, made.objective, made.values, made.seconds, made.billed_s) == ("Running", 2.0, 3, 5, 5)
        waits = trial_record(trial, SoFar(has_begun=False))
        assert (waits.status, waits.objective, waits.values, waits.seconds) == ("Pending", None, 0, 0)

    def test_what_early_stopping_saved_is_beside_the_completed_ones(self) -> None:
        stop = {"kind": "stop", "trial": 2, "job": "job-2-0", "why": "worse"}
        found = study(
            limits(), start(1), end(1, 0.1), start(2), stop, end(2, 0.4, status="Stopped", seconds=3), start(3)
        )  # fmt: skip
        assert saved_s(found) == 7
        assert saved_s(study(limits(), start(1), stop | {"trial": 1, "job": "job-1-0"})) == 0  # beside none
        ending = end(2, 0.4, status="Stopped", seconds=None)
        assert saved_s(study(limits(), start(1), end(1, 0.1), start(2), stop, ending)) == 10  # it had not begun
        left = time_left(found, 4, 1)
        assert left is not None
        assert left == timedelta(seconds=2 * 1.5)


class TestEndings:
    def test_more_failures_than_may_be_end_it(self) -> None:
        one = (limits(), start(1), end(1, None, status="Failed"))
        assert endings.ending(study(*one), NOON) is None
        ended = endings.ending(study(*one, start(2), end(2, None)), NOON)
        assert ended is not None
        assert (ended.status, ended.why) == ("Failed", "2 trials failed, and 1 may")

    def test_its_minutes_are_counted_from_its_newest_limits(self) -> None:
        found = study(limits(max_mins=5))
        assert endings.ending(found, NOON + timedelta(minutes=4)) is None
        assert endings.ending(found, NOON + timedelta(minutes=5)) is not None

    def test_a_target_is_reached_in_the_goals_direction(self) -> None:
        assert endings.ending(study(limits(target=0.2), start(1), end(1, 0.3)), NOON) is None
        ended = endings.ending(study(limits(target=0.2), start(1), end(1, 0.3), goal="max"), NOON)
        assert ended is not None
        assert "has reached 0.2" in ended.why

    def test_a_later_limit_lets_a_search_go_on(self) -> None:
        done = {"kind": "done", "status": "Stopped", "why": "stopped by hand"}
        assert study(limits(), done).ended is not None
        assert study(limits(), done, limits(max_trials=9)).ended is None


class TestProposals:
    def test_hyperband_promotes_the_best_third_of_each_finished_rung(self) -> None:
        search = spec(strategy="hyperband", resource=Resource(name="epochs", least=1, most=9))
        found = study(limits(max_trials=9))
        begun = run_all(found, Proposals(search, 1), lambda number: number)
        assert begun == [*((number, 1) for number in range(1, 10)), (1, 3), (2, 3), (3, 3), (1, 9)]

    def test_a_rung_waits_for_its_last_trial_and_other_brackets_begin_meanwhile(self) -> None:
        search = spec(strategy="hyperband", resource=Resource(name="epochs", least=1, most=3))
        found = study(limits(max_trials=5), start(1, resource=1), start(2, resource=1), start(3, resource=1))
        found.take([end(1, 0.1, resource=1), end(2, 0.2, resource=1)])
        step = Proposals(search, 1).next(found)
        assert step is not None
        assert (step.trial, step.resource) == (4, 3)
        found.take([end(3, None, status="Failed", resource=1)])
        promoted = Proposals(search, 1).next(found)
        assert promoted is not None
        assert (promoted.trial, promoted.resource) == (1, 3)

    def test_the_jobs_of_the_whole_schedule_are_counted(self) -> None:
        search = spec(strategy="hyperband", resource=Resource(name="epochs", least=1, most=27))
        assert Proposals(search, 1).jobs_wanted(study(limits(max_trials=49))) == 27 + 9 + 3 + 1 + 12 + 4 + 1 + 6 + 2 + 4

    def test_what_was_proposed_does_not_depend_on_who_asks(self) -> None:
        found = study(limits(max_trials=30))
        alone = [Proposals(spec(), 7)._values(number, found) for number in range(1, 31)]
        together = Proposals(spec(), 7)
        assert alone == [together._values(number, found) for number in range(1, 31)]

    def test_a_search_learns_from_ended_trials_and_knows_which_failed_or_run(self) -> None:
        found = study(limits(), start(1), end(1, 0.4), start(2), end(2, None, status="Failed"), start(3))
        learned = [_past(trial) for trial in found.in_order]
        assert [one.number for one in learned] == [1, 2, 3]
        assert [one.values for one in learned] == [{"rate": f"0.{number}", "kind": "a"} for number in (1, 2, 3)]
        assert learned[0].objective == 0.4
        assert math.isnan(learned[1].objective or 0)  # it came to nothing, and Optuna is told so
        assert learned[2].objective is None

    def test_a_grid_has_every_combination_once_in_its_order_and_no_more(self) -> None:
        space = (Categorical(name="kind", values=("a", "b")), Categorical(name="size", values=("1", "2")))
        grid = Proposals(spec(strategy="grid", space=space), 1)
        found = study(limits(max_trials=4))
        tried = []
        while (step := grid.next(found)) is not None:
            tried.append("".join(step.values.values()))
            found.take([{**start(step.trial), "values": step.values}, end(step.trial, 1.0)])
        assert tried == ["a1", "a2", "b1", "b2"]
        assert grid.is_complete(found)
        assert grid.jobs_wanted(found) == 4
        assert Proposals(spec(), 1).next(study()) is None  # nobody has said how many

    def test_of_a_rung_only_those_go_on_that_completed(self) -> None:
        search = spec(strategy="hyperband", resource=Resource(name="epochs", least=1, most=3))
        found = study(limits(max_trials=3), *(start(number, resource=1) for number in (1, 2, 3)))
        found.take([end(1, 0.1, status="Failed", resource=1), end(2, 0.3, resource=1)])
        assert Proposals(search, 1).next(found) is None  # the third may be better
        assert not Proposals(search, 1).is_complete(found)
        found.take([end(3, 0.2, status="Stopped", resource=1)])
        step = Proposals(search, 1).next(found)
        assert step == (2, {"rate": "0.2", "kind": "a"}, 3)
        found.take([start(2, resource=3)])
        assert Proposals(search, 1).next(found) is None
        assert not Proposals(search, 1).is_complete(found)
        found.take([end(2, 0.3, resource=3)])
        assert Proposals(search, 1).is_complete(found)


class TestJournal:
    @pytest.fixture
    def store(self, tmp_path: Path) -> FolderStore:
        store = FolderStore(tmp_path)
        store.make_bucket("bucket")
        return store

    def test_of_two_that_write_at_once_one_reads_the_others_event(self, store: FolderStore) -> None:
        one, other = Journal(PLACE, store), Journal(PLACE, store)
        assert one.append({"kind": "a"})
        assert not other.append({"kind": "b"})
        assert other.read_new() == [{"kind": "a"}]
        assert other.append({"kind": "b"})
        assert Journal(PLACE, store).load() == [{"kind": "a"}, {"kind": "b"}]
        assert one.read_new() == [{"kind": "b"}]

    def test_many_events_come_in_their_order(self, store: FolderStore) -> None:
        journal = Journal(PLACE, store)
        events = [{"kind": "e", "number": number} for number in range(30)]
        assert all(journal.append(event) for event in events)
        assert Journal(PLACE, store).load() == events

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"3", b'{"kind": 3}', b"[" * 100_000, b"\xff"])
    def test_a_damaged_event_is_named(self, store: FolderStore, content: bytes) -> None:
        store.write("bucket", "P/T/study/events/000001.json", content)
        with pytest.raises(SsmError, match=r"s3://bucket/P/T/study/events/000001\.json"):
            Journal(PLACE, store).load()

    def test_a_missing_event_is_noticed(self, store: FolderStore) -> None:
        store.write("bucket", "P/T/study/events/000002.json", b'{"kind": "a"}')
        with pytest.raises(SsmError, match="one before it is missing"):
            Journal(PLACE, store).load()

    @pytest.mark.parametrize(
        "event",
        [
            {"kind": "start"},
            {"kind": "start", "trial": "x", "job": "j", "at": NOON.isoformat(), "values": {}},
            {"kind": "start", "trial": 1, "job": "j", "at": "noon", "values": {}},
            {"kind": "start", "trial": 1, "job": "j", "at": NOON.isoformat(), "values": 3},
            {"kind": "end", "trial": 9, "job": "j"},
            {"kind": "limits", "at": NOON.isoformat()},
            {"kind": "done", "status": "Odd", "why": "x"},
            {"kind": "later"},
            {"kind": "__class__"},
        ],
    )
    def test_an_event_of_wrong_members_is_no_traceback(self, event: dict[str, Any]) -> None:
        with pytest.raises(SsmError, match="study"):
            study(event)


class TestDriverLock:
    @pytest.fixture
    def services(self, tmp_path: Path) -> Any:
        store = FolderStore(tmp_path)
        store.make_bucket("bucket")

        class Bundle:
            """What a lock needs of the services."""

            alive: bool | None = True
            clock = NOON
            process = "boot:1:2"
            count = 0

            def __init__(self) -> None:
                self.store = store

            def now(self) -> datetime:
                return self.clock

            def token(self) -> str:
                self.count += 1
                return str(self.count)

            def lives(self, process: str) -> bool | None:
                return self.alive

        return Bundle()

    def test_one_drives_and_the_other_takes_over_from_the_dead(self, services: Any) -> None:
        one, other = DriverLock(PLACE, services), DriverLock(PLACE, services)
        assert one.take()
        assert not other.take()
        services.alive = False
        assert other.take()
        services.clock = NOON + timedelta(minutes=1)
        assert not one.take()  # its lock was taken meanwhile
        other.release()
        services.alive = True
        assert one.take()

    def test_where_nobody_knows_who_lives_time_tells(self, services: Any) -> None:
        one, other = DriverLock(PLACE, services), DriverLock(PLACE, services)
        services.alive = None
        assert one.take()
        services.clock = NOON + timedelta(seconds=80)
        assert not other.take()
        services.clock = NOON + timedelta(seconds=91)
        assert other.take()

    def test_who_drives_is_named_as_long_as_he_does(self, services: Any) -> None:
        one, other = DriverLock(PLACE, services), DriverLock(PLACE, services)
        assert (one.holder(), one.is_ours) == (None, False)
        assert one.take()
        assert one.is_ours
        assert other.holder() == other.whose() == "process 1 of this machine"
        services.alive = None
        assert other.holder() == "another command"
        services.clock = NOON + timedelta(seconds=90)
        assert other.holder() == "another command"
        services.clock = NOON + timedelta(seconds=91)
        assert other.holder() is None
        other.release()  # which is not its own
        assert services.store.read("bucket", "P/T/study/driver.json")
        one.release()
        assert not one.is_ours
        assert (other.holder(), other.take()) == (None, True)

    def test_it_is_renewed_after_twenty_seconds_and_not_before(self, services: Any) -> None:
        lock = DriverLock(PLACE, services)

        def written() -> str:
            return str(json.loads(services.store.read("bucket", "P/T/study/driver.json"))["at"])

        assert lock.take()
        for seconds, renewed in ((19, 0), (20, 20), (39, 20), (40, 40)):
            services.clock = NOON + timedelta(seconds=seconds)
            assert lock.take()
            assert written() == (NOON + timedelta(seconds=renewed)).isoformat()

    def test_one_that_is_renewed_is_kept(self, services: Any) -> None:
        one, other = DriverLock(PLACE, services), DriverLock(PLACE, services)
        services.alive = None
        for seconds in range(0, 300, 30):
            services.clock = NOON + timedelta(seconds=seconds)
            assert one.take()
            assert not other.take()

    def test_it_is_renewed_at_once_where_the_clock_is_set_back(self, services: Any) -> None:
        one, other = DriverLock(PLACE, services), DriverLock(PLACE, services)
        services.alive = None
        assert one.take()
        services.clock = NOON - timedelta(hours=1)
        assert one.take()
        assert not other.take()

    @pytest.mark.parametrize(
        "content",
        [
            {"process": 3},
            {"process": "a:b"},
            {"process": None, "at": "noon"},
            {"at": "2030-01-31T12:00:00"},
            {"process": "x" * 100_000, "at": []},
        ],
    )
    def test_a_lock_that_others_wrote_is_void(self, services: Any, content: Any) -> None:
        from simple_sagemaker.services.processes import lives

        services.lives = lives
        services.store.write("bucket", "P/T/study/driver.json", json.dumps(content).encode())
        lock = DriverLock(PLACE, services)
        assert lock.holder() is None
        assert lock.whose() == "another command"
        assert lock.take()

    def test_a_damaged_lock_is_void(self, services: Any) -> None:
        services.alive = None
        services.store.write("bucket", "P/T/study/driver.json", b"[]")
        assert DriverLock(PLACE, services).take()


class TestSharing:
    def test_gpus_are_shared_out_to_those_that_have_fewest_trials(self) -> None:
        shared = Share(at_once=4, gpus=["GPU-a", "GPU-b"], threads=2)
        assert shared.free_gpu([]) == "GPU-a"
        assert shared.free_gpu(["GPU-a"]) == "GPU-b"
        assert shared.free_gpu(["GPU-a", "GPU-b", "GPU-b"]) == "GPU-a"
        assert shared.environment("GPU-b")["CUDA_VISIBLE_DEVICES"] == "GPU-b"

    @pytest.mark.parametrize(
        ("processors", "gpus", "at_once", "hosts", "expected"),
        [
            (8, (), None, 1, (4, 2)),
            (1, (), None, 1, (1, 1)),
            (8, (), 3, 1, (3, 2)),
            (8, (), None, 2, (4, 1)),
            (16, ("GPU-a", "GPU-b"), None, 1, (2, 8)),
            (2, (), 10, 1, (10, 1)),
        ],
    )
    def test_this_machine_is_shared_by_its_gpus_or_processors(
        self, processors: int, gpus: tuple[str, ...], at_once: int | None, hosts: int, expected: tuple[int, int]
    ) -> None:
        services: Any = _Machine(processors, gpus, Path("jobs"))
        shared = share(services, at_once, hosts)
        assert (shared.at_once, shared.threads) == expected

    def test_elsewhere_trials_have_machines_of_their_own(self) -> None:
        services: Any = _Machine(8, ("GPU-a",), None)
        assert share(services, None, 1) == Share(at_once=1)


class _Machine:
    """What sharing asks of the services."""

    def __init__(self, processors: int, gpus: tuple[str, ...], jobs: Path | None) -> None:
        self.processors, self.jobs = processors, jobs
        self.gpus = lambda: gpus


def test_a_trials_request_is_the_tasks_with_its_own_place_and_values() -> None:
    request = {
        "TrainingJobName": "study",
        "HyperParameters": {"epochs": '"3"', "sagemaker_job_name": '"study"'},
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/P/T", "KmsKeyId": "k"},
        "CheckpointConfig": {"S3Uri": "s3://bucket/P/T/state", "LocalPath": "/state"},
        "TensorBoardOutputConfig": {"S3OutputPath": "s3://bucket/P/T"},
        "Environment": {"OMP_NUM_THREADS": "8"},
    }
    made = Template(request=request, place=PLACE, is_plain=False).trial(
        12, "T-012", {"rate": "0.1"}, {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    )
    assert made["HyperParameters"] == {"epochs": '"3"', "sagemaker_job_name": '"T-012"', "rate": '"0.1"'}
    assert made["CheckpointConfig"] == {"S3Uri": "s3://bucket/P/T/trials/012/state", "LocalPath": "/state"}
    assert made["OutputDataConfig"] == {"S3OutputPath": "s3://bucket/P/T/trials/012", "KmsKeyId": "k"}
    assert made["Environment"] == {"OMP_NUM_THREADS": "8", "MKL_NUM_THREADS": "1"}
    assert json.dumps(request).count("study") == 2  # nothing of the template was changed


class _Pages:
    """A tuning job with three trials, on two pages: one that ended, one that never began, one that runs."""

    BEGAN = datetime(2030, 1, 1, 12, tzinfo=timezone.utc)

    def list_training_jobs_for_hyper_parameter_tuning_job(self, **request: Any) -> Any:
        first = self._trial(1, "Completed", 0.5, TrainingStartTime=self.BEGAN, TrainingEndTime=self._after(90))
        if "NextToken" not in request:
            return {"TrainingJobSummaries": [first], "NextToken": "2"}
        failed = self._trial(2, "Failed", None, FailureReason="no capacity")
        running = self._trial(3, "InProgress", None, TrainingStartTime=self.BEGAN)
        return {"TrainingJobSummaries": [failed, running]}

    def _after(self, seconds: int) -> datetime:
        return self.BEGAN + timedelta(seconds=seconds)

    def _trial(self, number: int, status: str, objective: float | None, **more: Any) -> dict[str, Any]:
        summary = {
            "TrainingJobName": f"search-{number:03}-0123abcd",
            "CreationTime": self.BEGAN,
            "TrainingJobStatus": status,
            "TunedHyperParameters": {"lr": "0.5"},
            **more,
        }
        value = {"FinalHyperParameterTuningJobObjectiveMetric": {"MetricName": "loss", "Value": objective}}
        return summary if objective is None else {**summary, **value}


def test_the_trials_of_a_tuning_job_have_their_times_objectives_and_reasons() -> None:
    services: Any = SimpleNamespace(sagemaker=_Pages())
    found = Study("min")
    for _ in range(2):  # what is known already is not taken in again
        trials_of("search", found, services)
    jobs = [found.trials[number].newest for number in (1, 2, 3)]
    assert [job.seconds for job in jobs[:2]] == [90, 0]
    assert [job.objective for job in jobs] == [0.5, None, None]
    assert [(job.status, job.reason) for job in jobs] == [("Completed", None), ("Failed", "no capacity"), (None, None)]
    assert [job.ended for job in jobs] == [_Pages.BEGAN + timedelta(seconds=90), _Pages.BEGAN, None]
