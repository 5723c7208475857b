"""The operations of SageMaker that this machine knows, by the API's names: on jobs, on experiments, on models."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

OPERATIONS = (
    "CreateHyperParameterTuningJob",
    "DescribeHyperParameterTuningJob",
    "StopHyperParameterTuningJob",
    "DeleteHyperParameterTuningJob",
    "ListHyperParameterTuningJobs",
    "ListTrainingJobsForHyperParameterTuningJob",
    "CreateProcessingJob",
    "DescribeProcessingJob",
    "StopProcessingJob",
    "DeleteProcessingJob",
    "ListProcessingJobs",
    "CreateTrainingJob",
    "DescribeTrainingJob",
    "StopTrainingJob",
    "UpdateTrainingJob",
    "DeleteTrainingJob",
    "ListTrainingJobs",
    "ListTags",
    "AddTags",
    "DeleteTags",
    "Search",
)
_ON_EXPERIMENTS = ("CreateExperiment", "DescribeExperiment", "ListExperiments", "DeleteExperiment")
EXPERIMENT_OPERATIONS = (*_ON_EXPERIMENTS, "CreateTrial", "DescribeTrial", "ListTrials", "DeleteTrial")
MODEL_OPERATIONS = ("CreateModel", "DescribeModel", "ListModels", "DeleteModel")
TRANSFORM_OPERATIONS = ("CreateTransformJob", "DescribeTransformJob", "StopTransformJob", "ListTransformJobs")
# What commands need, whose shapes they read at every start; and what the emulator alone answers.
OF_COMMANDS = (*OPERATIONS, *EXPERIMENT_OPERATIONS)
OF_THE_EMULATOR = (*MODEL_OPERATIONS, *TRANSFORM_OPERATIONS)


def methods(of: object, names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """The methods of an object, under boto3's names, by the API's: the only ones that may be called by name."""
    return {name: getattr(of, re.sub("(?<!^)(?=[A-Z])", "_", name).lower()) for name in names}
