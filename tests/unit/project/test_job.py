"""A job as Python holds it: looked at, followed, stopped and waited for. SageMaker is in memory."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import pytest

from simple_sagemaker.core.aws_api import Logs
from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Download
from simple_sagemaker.errors import AccessDenied, JobFailed, JobStopped
from simple_sagemaker.jobs.follow import result
from simple_sagemaker.project.job import Job, result_of
from simple_sagemaker.tasks.run import Run
from tests.unit.jobs.watching import CloudWatch
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import PLACE, Sage, World, refused, training

JOB = "task-2030-01-31-11-00-00-aaaaaaaa"
METRICS: dict[str, Any] = {
    "FinalMetricDataList": [{"MetricName": "loss", "Value": 0.25}, {"MetricName": "acc", "Value": 0.5}]
}


class Stopping(Sage):
    """Jobs that can be stopped; how often they were asked to is counted."""

    stops = 0

    def stop_training_job(self, *, TrainingJobName: str) -> None:  # noqa: N803 - the service's name
        self.stops += 1
        self.jobs[TrainingJobName] = training(TrainingJobName, "Stopped")


class Account:
    """One job and its lines."""

    def __init__(self, status: str, *, lines: dict[str, list[str]] | None = None, **more: Any) -> None:
        self.world = World(MemoryStore("p/task/state/x"), sage=Stopping())
        self.answer = {**training(JOB, status), "CheckpointConfig": {"S3Uri": "s3://b/p/task/state"}, **more}
        self.world.sage.jobs[JOB] = self.answer
        self.logs = CloudWatch(streams={f"{JOB}/{name}": text for name, text in (lines or {}).items()})

    def job(self, download: Download | None = None, *, skipped: bool = False) -> Job:
        services = replace(self.world.services(), logs=cast("Logs", self.logs))
        ended = of_training(self.answer) if skipped else None
        run = Run(JOB, PLACE, services, kind="training", download=download or Download(), ended=ended)
        return Job(run, progress="none", hosts=1)

    def becomes(self, status: str, **more: Any) -> None:
        """What the service says of the job from now on."""
        self.world.sage.jobs[JOB] = {**training(JOB, status), **more}


def test_a_job_has_its_name_its_task_and_whether_it_ran() -> None:
    job = Account("InProgress").job()
    assert (job.name, job.task_name, job.skipped, job.differences, job.unseen) == (JOB, "task", False, (), ())
    assert repr(job) == f"<Job {JOB} of task task>"
    assert Account("Completed").job(skipped=True).skipped


def test_its_status_is_the_services_word_until_it_has_ended() -> None:
    account = Account("InProgress")
    job = account.job()
    assert job.status == "InProgress"
    account.becomes("Completed")
    assert job.status == "Completed"
    assert job.wait().status == "Completed"
    del account.world.sage.jobs[JOB]
    assert job.status == job.wait().status == "Completed"  # which is known


def test_an_error_of_the_service_is_in_our_words() -> None:
    account = Account("InProgress")

    def deny(**_: Any) -> Any:
        raise refused("AccessDeniedException", "no", "DescribeTrainingJob")

    account.world.sage.describe_training_job = deny  # type: ignore[method-assign]
    job = account.job()
    for look in (lambda: job.status, job.stop, job.wait, job.metrics):
        with pytest.raises(AccessDenied, match="DescribeTrainingJob"):
            look()


def test_lines_are_by_host_in_their_order() -> None:
    lines = {"algo-1-10": ["a", "b"], "algo-2-10": ["c"], "algo-1-20": ["d"], "algo-10-10": ["e"]}
    found = Account("InProgress", lines=lines).job().logs()
    assert found == {"algo-1": ["a", "b", "d"], "algo-2": ["c"], "algo-10": ["e"]}
    assert Account("InProgress").job().logs() == {}


def test_metrics_are_read_from_the_lines() -> None:
    algorithm = {"MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}]}
    account = Account("InProgress", lines={"algo-1-10": ["step 1 loss=0.5", "step 2 loss=0.25"]})
    account.becomes("InProgress", AlgorithmSpecification=algorithm)
    points = account.job().metrics(r"step ([0-9]+)")
    assert [(one.metric, one.step, one.value) for one in points] == [("loss", 1, 0.5), ("loss", 2, 0.25)]


@pytest.mark.parametrize(("status", "stops"), [("InProgress", 1), ("Stopping", 0), ("Completed", 0)])
def test_only_a_job_that_runs_is_stopped(status: str, stops: int) -> None:
    account = Account(status)
    account.job().stop()
    assert account.world.sage.stops == stops  # type: ignore[attr-defined]


def test_waiting_gives_the_end_and_brings_the_results_once(tmp_path: Path) -> None:
    wanted = Download(path=tmp_path / "out", logs=False, state=True)
    account = Account("Completed", TrainingTimeInSeconds=60, **METRICS)
    job = account.job(wanted)
    ended = job.wait()
    assert (ended.job, ended.task_name, ended.status, ended.secondary) == (JOB, "task", "Completed", "Completed")
    assert (ended.seconds, ended.folder, ended.reason, ended.message) == (60, tmp_path / "out", None, None)
    assert ended.metrics == {"loss": 0.25, "acc": 0.5}
    assert ended.uri("model") == f"s3://b/p/task/{JOB}/output/model.tar.gz"
    assert (tmp_path / "out/state/x").exists()
    (tmp_path / "out/state/x").unlink()
    assert job.wait() == ended
    assert not (tmp_path / "out/state/x").exists()
    assert job.result() == ended


def test_of_threads_that_wait_one_watches(tmp_path: Path) -> None:
    account = Account("Completed")
    job = account.job()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(job.wait())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == [found[0]] * 4


@pytest.mark.parametrize(("status", "error"), [("Failed", JobFailed), ("Stopped", JobStopped)])
def test_another_end_than_completion_is_an_error_that_carries_the_job_and_how_it_ended(
    status: str, error: type[Exception]
) -> None:
    job = Account(status, FailureReason="AlgorithmError: no").job()
    with pytest.raises(error) as told:
        job.result()
    assert (told.value.job, told.value.result) == (job, job.wait())  # type: ignore[attr-defined]
    assert job.wait().status == status


def test_a_result_is_a_table_for_notebooks_without_what_is_not_known() -> None:
    answer = {**training(JOB, "Failed"), **METRICS, "FailureReason": "<b> & more"}
    shown = result_of(result(of_training(answer)), "task")._repr_html_()
    assert "<tr><th>status</th><td><pre>Failed</pre></td></tr>" in shown
    assert "<tr><th>reason</th><td><pre>&lt;b&gt; &amp; more</pre></td></tr>" in shown
    assert "<tr><th>loss</th><td><pre>0.25</pre></td></tr>" in shown
    assert "results" not in shown
    assert "message" not in shown


def test_following_gives_lines_and_the_end_as_events() -> None:
    account = Account("Completed", lines={"algo-1-10": ["a", "b"]})
    events = list(account.job().follow())
    texts = [(one.host, one.line) for one in events if one.event == "line"]
    assert texts == [(1, "a"), (1, "b")]
    last = events[-1]
    assert last.event == "end"
    assert (last.job, last.status, last.skipped) == (JOB, "Completed", False)


def test_a_follower_that_leaves_leaves_the_job_alone_and_asks_no_more() -> None:
    account = Account("InProgress", lines={"algo-1-10": ["a"] * 50})
    before = {*threading.enumerate()}
    events = account.job().follow()
    next(events)
    events.close()  # type: ignore[attr-defined]
    for thread in {*threading.enumerate()} - before:
        thread.join(30)
        assert not thread.is_alive()
    assert account.job().status == "InProgress"
    assert account.world.sage.stops == 0  # type: ignore[attr-defined]


class Late(Stopping):
    """Answers once, and then only when it is let, with an error."""

    def __init__(self) -> None:
        super().__init__()
        self.answers, self.asked, self.let = 2, threading.Event(), threading.Event()  # two for what a job is

    def describe_training_job(self, *, TrainingJobName: str) -> Any:  # noqa: N803 - the service's name
        self.answers -= 1
        if self.answers >= 0:
            return super().describe_training_job(TrainingJobName=TrainingJobName)
        self.asked.set()
        assert self.let.wait(30)
        raise refused("AccessDeniedException", "no longer", "DescribeTrainingJob")


def test_what_goes_wrong_after_a_follower_has_left_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    unheard: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", unheard.append)
    account = Account("InProgress")
    account.world.sage = late = Late()
    late.jobs[JOB] = account.answer
    before = {*threading.enumerate()}
    events = account.job().follow()
    next(events)
    assert late.asked.wait(30)
    events.close()  # type: ignore[attr-defined]
    late.let.set()
    for thread in {*threading.enumerate()} - before:
        thread.join(30)
        assert not thread.is_alive()
    assert unheard == []


def test_what_goes_wrong_while_following_is_raised_where_the_events_are_taken() -> None:
    account = Account("InProgress")
    del account.world.sage.jobs[JOB]
    with pytest.raises(Exception, match="not found"):
        list(account.job().follow())
