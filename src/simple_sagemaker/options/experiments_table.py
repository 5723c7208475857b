"""The options for experiments; part of the table in ``table.py``."""

from __future__ import annotations

from .option import BOTH, MANY, Option

EXPERIMENTS = (
    Option(
        "--mlflow_to", shape="local|URI|ARN", commands=BOTH,
        help="Keep one run in MLflow for the job's whole life, with its hyperparameters, metrics and the right end: in "
        "a file of this machine (local; 'ssm mlflow' shows it), on a server (http://…), or on one of SageMaker's (its "
        "ARN). The job's Python needs mlflow.",
    ),
    Option(
        "--in_experiment", value_count=MANY, shape="EXPERIMENT [TRIAL]",
        help="Make the job part of one of SageMaker's own experiments, which is created if it does not exist; so is "
        "TRIAL.",
    ),
)  # fmt: skip
