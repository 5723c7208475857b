"""The experiment of SageMaker's that a job is part of, and its trial: made where they do not exist."""

from __future__ import annotations

from collections.abc import Callable

from ..core.aws_api import Experiments, error_code
from ..core.experiments import Experiment
from ..errors import UsageError

_ABSENT = frozenset({"ResourceNotFound", "ResourceNotFoundException"})


def missing_parts(experiment: Experiment, service: Experiments) -> tuple[str, ...]:
    """What would have to be made, in words. Raises UsageError for a trial that is another experiment's."""
    missing = []
    if not _exists(lambda: service.describe_experiment(ExperimentName=experiment.name)):
        missing.append(f"Experiment: {experiment.name} would be created")
    trial = experiment.trial
    if trial is not None and not _is_trial_of(experiment, trial, service):
        missing.append(f"Trial: {trial} would be created")
    return tuple(missing)


def make(experiment: Experiment, service: Experiments) -> str:
    """Make what does not exist, and say what was made; empty if nothing was. Raises as ``missing_parts`` does."""
    made = []
    if not _exists(lambda: service.describe_experiment(ExperimentName=experiment.name)) and _make(
        lambda: service.create_experiment(ExperimentName=experiment.name)
    ):
        made.append(f"experiment {experiment.name}")
    trial = experiment.trial
    if trial is None or _is_trial_of(experiment, trial, service):
        pass
    elif _make(lambda: service.create_trial(TrialName=trial, ExperimentName=experiment.name)):
        made.append(f"trial {trial}")
    return f"Experiment: created the {' and the '.join(made)}" if made else ""


def _is_trial_of(experiment: Experiment, trial: str, service: Experiments) -> bool:
    """Whether the trial exists. Raises UsageError if it is another experiment's."""
    owner = None
    try:
        owner = service.describe_trial(TrialName=trial)["ExperimentName"]
    except Exception as error:
        if error_code(error) not in _ABSENT:
            raise
        return False
    if owner.lower() != experiment.name.lower():
        raise UsageError.naming(
            "{in_experiment:name}: the trial {trial} is of the experiment {owner}, and a trial has one.\n"
            "Choose another name for the trial.",
            name=experiment.name,
            trial=trial,
            owner=owner,
        )
    return True


def _exists(describe: Callable[[], object]) -> bool:
    try:
        describe()
    except Exception as error:
        if error_code(error) not in _ABSENT:
            raise
        return False
    return True


def _make(create: Callable[[], object]) -> bool:
    """Whether this call made it: another command may have been quicker."""
    try:
        create()
    except Exception as error:
        if error_code(error) == "ResourceInUse" or (
            error_code(error) == "ValidationException" and "already exists" in str(error)
        ):
            return False
        raise
    return True
