"""A home with the operations on its tuning jobs, whose jobs get their names and no process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.records import replace
from simple_sagemaker.local.api.job_index import JobIndex
from simple_sagemaker.local.api.tuning.operations import TuningOperations
from simple_sagemaker.local.api.tuning.trials import Trial, end_entry, trial_entry
from simple_sagemaker.local.job.folder import JobFolder, find_job, publish_job
from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.job.kinds import TUNING
from simple_sagemaker.local.supervisor.spawn import SupervisorGone
from simple_sagemaker.local.supervisor.start import Starter
from tests.unit.local.api.tuning.requests import ROLE, of_one
from tests.unit.memory import MemoryStore

NAME = "HyperParameterTuningJobName"


class Publishing(Starter):
    """Gives jobs their names and no process."""

    def __init__(self, jobs: Path) -> None:
        super().__init__(jobs)
        self.began: list[tuple[str, str]] = []  # names with their isolations
        self.gone = False

    def start(self, job: JobFolder, isolation: str, name: str | None = None) -> None:
        if self.gone:
            raise SupervisorGone("it was killed")
        self.began.append((job.name if name is None else name, isolation))
        if name is not None:
            publish_job(job, self._jobs, name)


class Machine:
    """A home with the operations on its tuning jobs."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.starter = Publishing(self.home.jobs)
        self.settings = Settings(python=sys.executable, isolation="plain")
        self.asked: list[tuple[Mapping[str, Any], Settings]] = []
        self.operations = TuningOperations(
            self.home,
            self.starter,
            lambda: JobIndex(self.home),
            lambda request: replace(self.settings, region=request.get("Environment", {}).get("R", "us-east-1")),
            lambda role: None if role == ROLE else f"No role {role}.",
            store_for=self.store_for,
        )

    def store_for(self, request: Mapping[str, Any], settings: Settings) -> MemoryStore:
        self.asked.append((request, settings))
        return MemoryStore("in/a")

    def create(self, name: str = "search", **members: Any) -> dict[str, Any]:
        return self.operations.create({**(members or of_one()), NAME: name})

    def job(self, name: str = "search") -> JobFolder:
        job = find_job(self.home.jobs, TUNING, name)
        assert job is not None
        return job

    def end(self, name: str = "search", status: str = "Completed") -> None:
        self.job(name).append(status=status, secondary=status, message="", reason=None)

    def add_trials(self, *facts: Mapping[str, Any], name: str = "search") -> None:
        """Note trials that have ended, named from z downwards."""
        for number, one in enumerate(facts, 1):
            trial = Trial(number=number, name=f"trial-{chr(ord('z') + 1 - number)}", definition=0, values={"n": "1"})
            self.job(name).append(**trial_entry(trial))
            self.job(name).append(**end_entry(trial, one))

    def trials(self, **members: Any) -> str:
        answer = self.operations.list_trials({NAME: "search", **members})
        return "".join(one["TrainingJobName"][-1] for one in answer["TrainingJobSummaries"])


def error_of(act: Callable[..., Any], *arguments: Any, **members: Any) -> tuple[str, str, str]:
    """The operation, the code and the message of an act that is refused."""
    with pytest.raises(ClientError) as caught:
        act(*arguments, **members)
    error = caught.value.response["Error"]
    return caught.value.operation_name, error["Code"], error["Message"]


def refusal(machine: Machine, **members: Any) -> tuple[str, str]:
    """The code and the message with which a request is refused."""
    operation, code, message = error_of(machine.create, **members)
    assert operation == "CreateHyperParameterTuningJob"
    return code, message


def facts(status: str = "Completed", objective: float | None = 1.0, created: float = 1.0) -> dict[str, Any]:
    return {"status": status, "objective": objective, "created": created}
