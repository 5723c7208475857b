"""Tuning with the SageMaker SDK 2, as its documentation writes it. Prints a JSON line at its end."""

import json
import pathlib
import sys

import sagemaker
from sagemaker.pytorch import PyTorch
from sagemaker.tuner import (
    CategoricalParameter,
    ContinuousParameter,
    HyperparameterTuner,
    IntegerParameter,
    WarmStartConfig,
    WarmStartTypes,
)

folder = pathlib.Path(sys.argv[1])
session = sagemaker.Session()
metrics = [{"Name": "loss", "Regex": "loss=(.*?);"}]


def estimator(**hyperparameters: float | str) -> PyTorch:
    return PyTorch(
        entry_point="tuned.py",
        source_dir=str(folder / "code"),
        role="arn:aws:iam::000000000000:role/SageMakerRole",
        framework_version="2.6",
        py_version="py312",
        instance_count=1,
        instance_type="ml.m5.large",
        hyperparameters=hyperparameters,
        sagemaker_session=session,
    )


ranges = {
    "lr": ContinuousParameter(0.01, 0.9, scaling_type="Logarithmic"),
    "layers": IntegerParameter(1, 4),
    "optimizer": CategoricalParameter(["adam", "sgd"]),
}
tuner = HyperparameterTuner(
    estimator(seconds=0.1),
    objective_metric_name="loss",
    hyperparameter_ranges=ranges,
    metric_definitions=metrics,
    objective_type="Minimize",
    strategy="Random",
    max_jobs=4,
    max_parallel_jobs=2,
    base_tuning_job_name="whole",
    random_seed=7,
    tags=[{"Key": "team", "Value": "blue"}],
)
tuner.fit(wait=True)
name = tuner.latest_tuning_job.name
table = tuner.analytics().dataframe()
best = tuner.best_estimator()

# As another notebook does later.
attached = HyperparameterTuner.attach(name, sagemaker_session=session)

# The same data and code once more, beginning from what is known.
identical = HyperparameterTuner(
    estimator(seconds=0.1),
    objective_metric_name="loss",
    hyperparameter_ranges=ranges,
    metric_definitions=metrics,
    objective_type="Minimize",
    strategy="Bayesian",
    max_jobs=2,
    max_parallel_jobs=2,
    base_tuning_job_name="warm",
    warm_start_config=WarmStartConfig(warm_start_type=WarmStartTypes.IDENTICAL_DATA_AND_ALGORITHM, parents={name}),
)
identical.fit(wait=True)

several = HyperparameterTuner.create(
    estimator_dict={"first": estimator(optimizer="sgd"), "second": estimator(optimizer="adam")},
    objective_metric_name_dict={"first": "loss", "second": "loss"},
    hyperparameter_ranges_dict={key: {"lr": ContinuousParameter(0.1, 0.9)} for key in ("first", "second")},
    metric_definitions_dict={"first": metrics, "second": metrics},
    objective_type="Minimize",
    strategy="Random",
    max_jobs=4,
    max_parallel_jobs=2,
    base_tuning_job_name="several",
)
several.fit(include_cls_metadata={}, wait=True)

stopped = HyperparameterTuner(
    estimator(seconds=300),
    objective_metric_name="loss",
    hyperparameter_ranges={"lr": ContinuousParameter(0.1, 0.9)},
    metric_definitions=metrics,
    objective_type="Minimize",
    strategy="Random",
    max_jobs=3,
    max_parallel_jobs=1,
    base_tuning_job_name="stopped",
)
stopped.fit(wait=False)
stopped.stop_tuning_job()
stopped.wait()
stopped.stop_tuning_job()  # of one that has ended, which the SDK passes over

warm = identical.describe()
print(
    json.dumps(
        {
            "status": tuner.describe()["HyperParameterTuningJobStatus"],
            "best": tuner.best_training_job(),
            "model": best.model_data,
            "table": json.loads(table.to_json(orient="records")),
            "attached": [
                attached.best_training_job(),
                attached.objective_metric_name,
                sorted(attached.hyperparameter_ranges()),
            ],
            "attached_static": attached.estimator.hyperparameters()["seconds"],
            "warm": [warm["HyperParameterTuningJobStatus"], warm["OverallBestTrainingJob"]["TuningJobName"]],
            "several": several.describe()["HyperParameterTuningJobStatus"],
            "definitions": sorted(
                one["TrainingJobDefinitionName"] for one in several.analytics().training_job_summaries()
            ),
            "several_best": several.describe()["BestTrainingJob"]["TrainingJobDefinitionName"],
            "stopped": stopped.describe()["HyperParameterTuningJobStatus"],
        }
    )
)
