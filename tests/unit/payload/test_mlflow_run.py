"""A job's one run in MLflow, through attempts, failures and scripts that log for themselves."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.payload.ssm_launcher import mlflow_run
from simple_sagemaker.payload.ssm_launcher.mlflow_run import Keeper
from tests.unit.payload import mlflow_store

LOGS = "import mlflow\n"  # code that may log for itself
UNSURE = "import mlflow, sys\nmlflow.set_experiment(sys.argv[1])\n"
JOB = {"ssm.job": "task-1", "ssm.task": "task"}


class World:
    """A tracking server, and keepers of the job ``task-1`` of the project ``proj``."""

    def __init__(self, folder: Path) -> None:
        from mlflow.tracking import MlflowClient

        self._code = folder / "code"
        self._code.mkdir()
        self._uri = f"sqlite:///{folder}/mlflow.db"
        self.client: Any = MlflowClient(tracking_uri=self._uri)

    def keeper(self, code: str = "", **order: Any) -> Keeper:
        """What keeps the run for one attempt of the job."""
        (self._code / "w.py").write_text(code, encoding="utf-8")
        given = {"uri": self._uri, "folder": None, "experiment": "proj", "name": "task-1", "tags": JOB, "params": {}}
        keeper = Keeper({**given, "host": "algo-1", "code": str(self._code), **order})
        keeper.connect()
        return keeper

    def script_run(self, experiment: str, **more: Any) -> str:
        """A run that is not made by us."""
        found = self.client.get_experiment_by_name(experiment)
        place = found.experiment_id if found else self.client.create_experiment(experiment)
        return str(self.client.create_run(place, tags=JOB, **more).info.run_id)

    def runs(self, experiment: str) -> list[Any]:
        """The runs of an experiment."""
        found = self.client.get_experiment_by_name(experiment)
        return list(self.client.search_runs([found.experiment_id])) if found else []

    def history(self, run: str, name: str) -> list[tuple[int, float]]:
        """The steps and values of a metric."""
        return [(one.step, one.value) for one in self.client.get_metric_history(run, name)]


@pytest.fixture(
    params=["memory", pytest.param("mlflow", marks=[pytest.mark.mlflow, pytest.mark.filterwarnings("ignore")])]
)
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[World]:
    if request.param == "memory":
        for name, module in mlflow_store.modules().items():
            monkeypatch.setitem(sys.modules, name, module)
    yield World(tmp_path)
    logging.disable(logging.NOTSET)  # the recorder is a process of its own


def test_each_attempt_goes_on_with_the_jobs_run(world: World) -> None:
    first = world.keeper()
    opened = first.open()
    assert (opened["experiment"], opened["attempt"]) == ("proj", 1)
    first.add("loss", 3.0, 1000)
    first.add("loss", 2.5, 1001)
    first.write()
    assert first.end("KILLED") == "KILLED"
    assert world.client.get_run(opened["run"]).info.status == "KILLED"
    second = world.keeper()
    assert second.open() == {**opened, "attempt": 2}
    assert world.client.get_run(opened["run"]).info.status == "RUNNING"
    second.add("loss", 2.0, 1002)
    assert second.end("FINISHED") == "FINISHED"
    (run,) = world.runs("proj")
    assert (run.info.run_name, run.info.status, run.data.tags["ssm.task"]) == ("task-1", "FINISHED", "task")
    assert world.history(opened["run"], "loss") == [(0, 3.0), (1, 2.5), (2, 2.0)]


def test_runs_of_other_jobs_and_copies_of_ours_elsewhere_are_left_alone(world: World) -> None:
    copied = world.script_run("archive")
    other = world.keeper(name="task-2", tags={"ssm.job": "task-2"}).open()["run"]
    opened = world.keeper().open()
    assert opened["run"] not in {copied, other}
    assert opened["attempt"] == 1
    assert "ssm.attempts" not in world.client.get_run(copied).data.tags


def test_of_two_runs_of_a_job_the_first_is_its_run(world: World) -> None:
    world.script_run("proj", start_time=2000)
    first = world.script_run("proj", start_time=1000)
    world.script_run("proj", start_time=3000)
    assert world.keeper().open()["run"] == first


def test_a_run_that_the_script_opens_wherever_it_likes_is_the_jobs(world: World) -> None:
    keeper = world.keeper(UNSURE, params={"lr": "1"})
    assert keeper.open() == {"run": None, "experiment": "proj", "attempt": 1}
    keeper.add("loss", 1.0, 1000)
    assert keeper.write() == []
    assert (keeper.held, keeper.settled) == (1, 0)
    own = world.script_run("theirs")
    keeper.write()
    assert world.client.get_run(own).data.tags["ssm.attempts"] == "1"
    assert keeper.end("FAILED") == "FAILED"
    run = world.client.get_run(own)
    assert (run.info.status, run.data.metrics, run.data.params) == ("FAILED", {"loss": 1.0}, {"lr": "1"})
    assert world.runs("proj") == []
    assert world.keeper(UNSURE).open() == {"run": own, "experiment": "theirs", "attempt": 2}


@pytest.mark.parametrize("how", ["the code", "the launcher"])
def test_a_job_whose_script_opens_no_run_has_one_at_its_end(world: World, how: str) -> None:
    keeper = world.keeper(UNSURE if how == "the code" else "")
    if how == "the launcher":
        keeper.adopt()
    assert keeper.open()["run"] is None
    keeper.end("FINISHED")
    (run,) = world.runs("proj")
    assert (run.info.status, run.data.tags["ssm.attempts"]) == ("FINISHED", "1")


def test_an_experiment_that_was_deleted_is_named(world: World) -> None:
    world.client.delete_experiment(world.client.create_experiment("proj"))
    with pytest.raises(ValueError, match="'proj' is deleted; restore it"):
        world.keeper().open()


def test_files_of_a_local_run_are_in_the_projects_folder(world: World, tmp_path: Path) -> None:
    world.keeper(folder=str(tmp_path)).open()
    assert world.client.get_experiment_by_name("proj").artifact_location == f"file://{tmp_path}/artifacts"


def test_an_experiment_that_somebody_makes_at_the_same_moment_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(world.client)
    create: Callable[..., str] = kind.create_experiment

    def after_another(client: object, name: str, **more: Any) -> str:
        create(client, name)
        return create(client, name, **more)

    monkeypatch.setattr(kind, "create_experiment", after_another)
    assert world.keeper().open()["experiment"] == "proj"
    assert len(world.runs("proj")) == 1


def test_a_server_that_makes_no_experiment_is_heard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError("you may not create experiments")

    monkeypatch.setattr(type(world.client), "create_experiment", refuse)
    with pytest.raises(PermissionError, match="you may not create experiments"):
        world.keeper().open()


def test_parameters_are_written_once_in_forms_that_every_server_takes(world: World) -> None:
    many = {f"p{number}": str(number) for number in range(250)}
    run = world.script_run("proj")
    world.client.log_param(run, "p7", "seven")
    world.keeper(params={"lr(1)": "0.1", "long": "x" * 600, **many}).open()
    written = world.client.get_run(run).data.params
    assert written == {"lr_1_": "0.1", "long": "x" * 500, **many, "p7": "seven"}


def test_code_that_may_log_its_parameters_is_waited_for_and_a_stopped_job_writes_none(world: World) -> None:
    keeper = world.keeper(LOGS, params={"lr": "5e-1"})
    run = keeper.open()["run"]
    assert keeper.end("KILLED") == "KILLED"
    assert world.client.get_run(run).data.params == {}
    world.client.log_param(run, "lr", "0.5")
    assert keeper.end("FINISHED") == "FINISHED"
    assert world.client.get_run(run).data.params == {"lr": "0.5"}


def test_a_metric_that_the_script_logs_in_time_is_its_own(world: World) -> None:
    keeper = world.keeper(LOGS)
    run = keeper.open()["run"]
    for name in ("loss", "acc"):
        keeper.add(name, 1.0, 1000)
    keeper.write()
    assert world.client.get_run(run).data.metrics == {}
    assert (keeper.held, keeper.settled) == (2, 0)
    world.client.log_metric(run, "loss", 10.0, step=5)
    keeper.write()
    assert (keeper.held, keeper.settled) == (1, 1)
    keeper.end("FINISHED")
    assert (world.history(run, "loss"), world.history(run, "acc")) == ([(5, 10.0)], [(0, 1.0)])
    later = world.keeper(LOGS)
    later.open()
    for name in ("loss", "acc"):
        later.add(name, 2.0, 2000)
    later.end("FINISHED")
    assert (world.history(run, "loss"), world.history(run, "acc")) == ([(5, 10.0)], [(0, 1.0), (1, 2.0)])


def test_a_metric_that_the_script_begins_to_log_is_left_to_it_with_a_note(world: World) -> None:
    keeper = world.keeper()
    run = keeper.open()["run"]
    for value in (1.0, float("nan")):
        keeper.add("loss", value, 1000)
        assert keeper.write() == []
    world.client.log_metric(run, "loss", 10.0, step=5)
    keeper.add("loss", 2.0, 1001)
    assert keeper.write() == ["the script logs loss itself, so we do not any more"]
    keeper.add("loss", 3.0, 1002)
    assert keeper.write() == []
    assert [value for _, value in world.history(run, "loss")][2:] == [10.0]
    assert (keeper.held, keeper.settled) == (0, 4)


def test_any_number_of_values_is_written_in_order(world: World) -> None:
    keeper = world.keeper()
    run = keeper.open()["run"]
    for number in range(2500):
        keeper.add("a(b)", float(number), number)
    keeper.write()
    assert world.history(run, "a_b_") == [(number, float(number)) for number in range(2500)]
    assert (keeper.held, keeper.settled) == (0, 2500)


def test_values_of_a_write_that_failed_are_written_once_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_run, "BATCH", 2)
    keeper = world.keeper()
    run = keeper.open()["run"]
    for number in range(5):
        keeper.add("loss", float(number), number)
    kind, calls = type(world.client), []
    log: Callable[..., None] = kind.log_batch

    def fails_once(client: object, *given: Any, **more: Any) -> None:
        calls.append(more)
        if len(calls) == 2:
            raise ConnectionError("gone")
        log(client, *given, **more)

    monkeypatch.setattr(kind, "log_batch", fails_once)
    with pytest.raises(ConnectionError):
        keeper.write()
    assert (keeper.held, keeper.settled) == (3, 2)
    keeper.write()
    assert world.history(run, "loss") == [(number, float(number)) for number in range(5)]


def test_a_failure_of_another_host_fails_the_run_until_the_next_attempt(world: World) -> None:
    keeper = world.keeper()
    run = keeper.open()["run"]
    world.keeper(host="algo-2").fail()
    assert world.client.get_run(run).info.status == "FAILED"
    assert world.client.get_run(run).data.tags["ssm.failed_host"] == "algo-2"
    assert keeper.end("KILLED") == "FAILED"
    later = world.keeper()
    later.open()
    assert later.end("KILLED") == "KILLED"


def test_a_failure_of_another_host_before_there_is_a_run_makes_none(world: World) -> None:
    world.keeper(host="algo-2").fail()
    assert world.runs("proj") == []
