"""SageMaker's experiments and trials: made where they do not exist, and never taken from another experiment."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.aws_api import Experiments
from simple_sagemaker.core.experiments import Experiment
from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks.experiments import make, missing_parts
from tests.unit.tasks.service import refused

BOTH = Experiment(name="exp", trial="one")


@dataclass
class Service:
    """Experiments by name, and trials with theirs. ``quicker`` is the error of a name that another command took."""

    experiments: list[str] = field(default_factory=list)
    trials: dict[str, str] = field(default_factory=dict)
    absent: str = "ResourceNotFound"
    quicker: tuple[str, str] | None = None
    made: list[tuple[str, str]] = field(default_factory=list)

    def describe_experiment(self, **request: Any) -> Any:
        if request["ExperimentName"] not in self.experiments:
            raise refused(self.absent, "no", "DescribeExperiment")
        return {}

    def describe_trial(self, **request: Any) -> Any:
        if request["TrialName"] not in self.trials:
            raise refused(self.absent, "no", "DescribeTrial")
        return {"ExperimentName": self.trials[request["TrialName"]]}

    def create_experiment(self, **request: Any) -> Any:
        self._create("experiment", request["ExperimentName"])

    def create_trial(self, **request: Any) -> Any:
        self._create(request["ExperimentName"], request["TrialName"])

    def _create(self, where: str, name: str) -> None:
        if self.quicker is not None:
            raise refused(*self.quicker, "Create")
        self.made.append((where, name))


def both(service: Service, experiment: Experiment = BOTH) -> tuple[str, tuple[str, ...]]:
    """What was made, in words, and what would have been."""
    missing = missing_parts(experiment, cast("Experiments", service))
    return make(experiment, cast("Experiments", service)), missing


@pytest.mark.parametrize("absent", ["ResourceNotFound", "ResourceNotFoundException"])
@pytest.mark.parametrize(
    ("service", "made", "note", "missing"),
    [
        (
            Service(),
            [("experiment", "exp"), ("exp", "one")],
            "Experiment: created the experiment exp and the trial one",
            ("Experiment: exp would be created", "Trial: one would be created"),
        ),
        (Service(["exp"]), [("exp", "one")], "Experiment: created the trial one", ("Trial: one would be created",)),
        (Service(["exp"], {"one": "EXP"}), [], "", ()),
    ],
)
def test_what_does_not_exist_is_made_and_named(
    absent: str, service: Service, made: list[tuple[str, str]], note: str, missing: tuple[str, ...]
) -> None:
    service = replace(service, absent=absent, made=[])
    assert both(service) == (note, missing)
    assert service.made == made


def test_an_experiment_without_a_trial_has_none_made() -> None:
    service = Service()
    alone = Experiment(name="exp", trial=None)
    assert both(service, alone) == ("Experiment: created the experiment exp", ("Experiment: exp would be created",))
    assert service.made == [("experiment", "exp")]


@pytest.mark.parametrize("quicker", [("ResourceInUse", "taken"), ("ValidationException", "it already exists")])
def test_what_another_command_made_meanwhile_is_used(quicker: tuple[str, str]) -> None:
    assert make(BOTH, cast("Experiments", Service(quicker=quicker))) == ""


@pytest.mark.parametrize("error", [("ValidationException", "a bad name"), ("AccessDeniedException", "no")])
def test_what_cannot_be_made_is_an_error(error: tuple[str, str]) -> None:
    with pytest.raises(ClientError, match=error[1]):
        make(BOTH, cast("Experiments", Service(quicker=error)))
    with pytest.raises(ClientError):
        make(BOTH, cast("Experiments", Service(["exp"], quicker=error)))


def test_what_may_not_be_looked_at_is_an_error() -> None:
    with pytest.raises(ClientError):
        missing_parts(BOTH, cast("Experiments", Service(absent="AccessDeniedException")))
    with pytest.raises(ClientError):
        missing_parts(BOTH, cast("Experiments", Service(["exp"], absent="AccessDeniedException")))


@pytest.mark.parametrize("act", [make, missing_parts])
def test_a_trial_of_another_experiment_is_refused_by_both_names(act: Any) -> None:
    service = Service(["exp"], {"one": "other"})
    with pytest.raises(UsageError, match="exp: the trial one is of the experiment other"):
        act(BOTH, service)
    assert service.made == []
