"""A tuning job whose process is the test, with training jobs that begin and end as it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from simple_sagemaker.local.api.tuning.plan import Plan, write_plan
from simple_sagemaker.local.job.drafts import draft
from simple_sagemaker.local.job.folder import JobFolder, find_job, make_job, publish_job
from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.job.kinds import TRAINING
from simple_sagemaker.local.supervisor.spawn import SupervisorGone
from simple_sagemaker.local.supervisor.start import Starter
from simple_sagemaker.local.tuning.ending import Ending
from simple_sagemaker.local.tuning.tuner import Tuner
from tests.unit.local.made_jobs import keep_running


class Publishing(Starter):
    """Gives training jobs their names, and holds their locks as supervisors do."""

    def __init__(self, jobs: Path) -> None:
        super().__init__(jobs)
        self.began: list[tuple[str, str]] = []  # names with their isolations
        self.locks: dict[str, int] = {}
        self.prepared: list[str] = []
        self.dismissed = 0
        self.gone = 0  # how many starts fail

    def start(self, job: JobFolder, isolation: str, name: str | None = None) -> None:
        assert name is not None
        if self.gone:
            self.gone -= 1
            raise SupervisorGone("it was killed")
        self.began.append((name, isolation))
        self.locks[name] = keep_running(publish_job(job, self._jobs, name))

    def prepare(self, isolation: str) -> None:
        self.prepared.append(isolation)

    def dismiss(self) -> None:
        self.dismissed += 1


class Search:
    """A tuning job whose process is this test."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.starter = Publishing(home.jobs)
        self.tuner: Tuner

    def make(self, request: dict[str, Any], **settings: Any) -> JobFolder:
        count = len(request.get("TrainingJobDefinitions", "1"))
        each = [
            Settings(**{"python": sys.executable, "isolation": f"plain{index or ''}", **settings})
            for index in range(count)
        ]
        with draft(self.home.jobs) as place:
            job = make_job(place, request, {**each[0].__dict__, "home": str(self.home.root)})
            write_plan(place, Plan(seed=1, settings=each))
            self.job = publish_job(job, self.home.jobs, "search")
        self.begin()
        return self.job

    def begin(self) -> None:
        """Begin a process, as after another was killed."""
        self.tuner = Tuner(self.job, {})
        self.tuner._starter = self.starter

    def step(self) -> Ending | None:
        return self.tuner._step()

    def trial(self, number: int) -> JobFolder:
        """The training job of the trial of that number."""
        (name,) = (one for one, _ in self.starter.began if one.startswith(f"search-{number:03}-"))
        job = find_job(self.home.jobs, TRAINING, name)
        assert job is not None
        return job

    def say(self, number: int, *values: float) -> None:
        """Have a trial print its objective."""
        job = self.trial(number)
        if len(job.entries()) == 1:
            job.append(secondary="Training", message="")
        with (job.path / "metrics.jsonl").open("a") as file:
            for value in values:
                for name, one in (("other", -value), ("loss", value)):
                    file.write(json.dumps({"name": name, "value": one, "at": 1.0, "host": "algo-1"}) + "\n")

    def end(self, number: int, status: str = "Completed", loss: float | None = None) -> None:
        """End a trial."""
        metrics = [] if loss is None else [{"name": "loss", "value": loss, "at": 1.0, "host": "algo-1"}]
        self.trial(number).append(status=status, secondary=status, message="", metrics=metrics)

    @property
    def begun(self) -> list[int]:
        return [int(name.split("-")[1]) for name, _ in self.starter.began]

    @property
    def stopped(self) -> list[int]:
        return [number for number in self.begun if self.trial(number).stop_mark.exists()]

    def entries(self, member: str) -> list[Any]:
        """The entries of the journal that have a member."""
        return [entry[member] for entry in self.job.entries() if member in entry]
