"""A search in memory: SageMaker whose jobs print a line a second and end, and a clock that only waiting moves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from simple_sagemaker.core.aws_api import Logs, SageMaker
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.store import Store
from simple_sagemaker.jobs.outages import Clock
from simple_sagemaker.studies.begin import OpenedStudy
from simple_sagemaker.studies.begun import study_file, words
from simple_sagemaker.studies.driver import Driver
from simple_sagemaker.studies.proposals import Proposals
from simple_sagemaker.studies.sharing import Share
from simple_sagemaker.studies.spec import TuneSpec
from simple_sagemaker.studies.study import Limits, Study, Trial
from simple_sagemaker.studies.trial_request import Template
from tests.unit.jobs.watching import CloudWatch
from tests.unit.tasks.service import NOON, World, refused

PLACE = TaskPlace(bucket="b", project="P", task="T")
REQUEST = {
    "AlgorithmSpecification": {"TrainingImage": "image"},
    "OutputDataConfig": {"S3OutputPath": "s3://b/P/T"},
}


@dataclass
class Run:
    """One job: what it was asked for, and when it began and was told to stop."""

    request: Mapping[str, Any]
    began: float
    stopped: float | None = None

    @property
    def trial(self) -> int:
        return int(self.request["OutputDataConfig"]["S3OutputPath"].rpartition("/")[2])


@dataclass
class Cluster:
    """The jobs, by name. ``losses`` gives a trial's values, one a second; without any it fails at its first.

    ``quota`` is how many jobs may run at once.
    """

    losses: Callable[[int], Sequence[float]]
    quota: int = 100
    seconds: float = 0.0
    runs: dict[str, Run] = field(default_factory=dict)
    most_at_once: int = 0
    on_second: Callable[[], object] = lambda: None
    logs: CloudWatch = field(default_factory=CloudWatch)

    def create_training_job(self, **request: Any) -> Any:
        running = [name for name in self.runs if self._status(name) == "InProgress"]
        if len(running) >= self.quota:
            raise refused("ResourceLimitExceeded", "no room", "CreateTrainingJob")
        self.runs[request["TrainingJobName"]] = Run(request, self.seconds)
        self.most_at_once = max(self.most_at_once, len(running) + 1)
        return {}

    def stop_training_job(self, *, TrainingJobName: str) -> Any:  # noqa: N803 - the service's name
        self.runs[TrainingJobName].stopped = self.seconds

    def describe_training_job(self, *, TrainingJobName: str) -> Any:  # noqa: N803 - the service's name
        if TrainingJobName not in self.runs:
            raise refused("ValidationException", "Requested resource not found.", "DescribeTrainingJob")
        run, status = self.runs[TrainingJobName], self._status(TrainingJobName)
        lines = [f"loss={value};" for value in self.losses(run.trial)]
        shown = lines[: int(self.seconds - run.began) if run.stopped is None else int(run.stopped - run.began)]
        self.logs.streams[f"{TrainingJobName}/algo-1-100"] = shown
        answer = {
            "TrainingJobName": TrainingJobName,
            "TrainingJobStatus": status,
            "SecondaryStatus": "Training" if status == "InProgress" else status,
            "CreationTime": NOON,
            "OutputDataConfig": run.request["OutputDataConfig"],
        }
        return answer if status == "InProgress" else {**answer, "TrainingTimeInSeconds": len(shown)}

    def _status(self, name: str) -> str:
        run = self.runs[name]
        if run.stopped is not None:
            return "Stopped"
        takes = len(self.losses(run.trial))
        if self.seconds - run.began < max(takes, 1):
            return "InProgress"
        return "Completed" if takes else "Failed"

    def sleep(self, seconds: float) -> None:
        before = int(self.seconds)
        self.seconds += max(seconds, 0.5)  # as where much else runs
        assert self.seconds < 10_000, "it waits for ever"
        if int(self.seconds) > before:
            self.on_second()

    def trials(self) -> list[int]:
        """The trials in the order in which their jobs began."""
        return [run.trial for run in self.runs.values()]


@dataclass
class Told:
    """A view that keeps what it is told."""

    notes: list[str] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    done: list[int] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def changed(self, study: Study, curves: dict[int, list[float]]) -> None:
        assert set(curves) <= {trial.number for trial in study.running}

    def started(self, trial: Trial) -> None:
        self.begun.append(trial.number)

    def ended(self, trial: Trial, study: Study) -> None:
        assert trial in study.ended_in_order
        self.done.append(trial.number)


def search(
    store: Store, cluster: Cluster, spec: TuneSpec, *, at_once: int = 1, seed: int = 7, **limits: Any
) -> tuple[Driver, Told]:
    """A command that drives the study of this place, which is begun where it is not."""
    world = World(store)
    tokens = iter(range(10**8, 10**9))
    services = replace(
        world.services(),
        sagemaker=cast("SageMaker", cluster),
        logs=cast("Logs", cluster.logs),
        now=lambda: NOON + timedelta(seconds=cluster.seconds),
        token=lambda: f"{next(tokens)}"[1:],
        pace=lambda _: 0.1,
        lives=lambda process: process != "dead",
    )
    known = {"version": 1, "seed": 7, "words": words(spec), "fingerprint": {}, "request": REQUEST}
    store.write("b", study_file(PLACE), json.dumps(known).encode())
    template = Template(request=REQUEST, place=PLACE, is_plain=True)
    view = Told()
    driver = Driver(
        spec,
        OpenedStudy(place=PLACE, seed=seed, template=template, is_new=True),
        services,
        view,
        proposals=Proposals(spec, 7),
        share=Share(at_once=at_once),
        clock=Clock(seconds=lambda: cluster.seconds, sleep=cluster.sleep),
    )
    driver.load()
    driver.set_limits(Limits(**{"max_trials": 4, "at_once": at_once, "failures": 1, **limits}))
    return driver, view
