"""Tuning with the SageMaker SDK 3, as its documentation writes it. Prints a JSON line at its end."""

import json
import pathlib
import sys

from sagemaker.core.helper import IamRoleResolver
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.parameter import CategoricalParameter, ContinuousParameter, IntegerParameter
from sagemaker.core.resources import HyperParameterTuningJob, TrainingJob
from sagemaker.core.shapes import (
    HyperParameterTuningJobWarmStartConfig,
    OutputDataConfig,
    ParentHyperParameterTuningJob,
)
from sagemaker.train import ModelTrainer
from sagemaker.train.configs import Compute, InputData, SourceCode
from sagemaker.train.tuner import HyperparameterTuner

session = Session()
folder = pathlib.Path(sys.argv[1])
bucket = session.default_bucket()
data = session.upload_data(str(folder / "data"), bucket=bucket, key_prefix="sdk3-tuning/data")
role = IamRoleResolver().create_execution_role(role_type="training")
inputs = [InputData(channel_name="training", data_source=data)]
ranges = {
    "lr": ContinuousParameter(0.01, 0.9, scaling_type="Logarithmic"),
    "layers": IntegerParameter(1, 4),
    "optimizer": CategoricalParameter(["adam", "sgd"]),
}


def tuner(seconds: float, **changes: object) -> HyperparameterTuner:
    trainer = ModelTrainer(
        training_image="763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.6-cpu-py312",
        source_code=SourceCode(source_dir=str(folder / "code"), entry_script="tuned.py"),
        compute=Compute(instance_type="ml.m5.large", instance_count=1, volume_size_in_gb=30),
        hyperparameters={"seconds": seconds},
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{bucket}/sdk3-tuning"),
        role=role,
        base_job_name="sdk3-tuning",
        sagemaker_session=session,
    )
    return HyperparameterTuner(
        model_trainer=trainer,
        objective_metric_name="loss",
        hyperparameter_ranges=ranges,
        metric_definitions=[{"Name": "loss", "Regex": "loss=(.*?);"}],
        objective_type="Minimize",
        **{"strategy": "Random", "max_jobs": 3, "max_parallel_jobs": 2, **changes},
    )


whole = tuner(0.1, random_seed=7)
whole.tune(inputs=inputs, job_name="sdk3-whole", wait=True)
table = whole.analytics().dataframe()
best = TrainingJob.get(training_job_name=whole.best_training_job())

parent = ParentHyperParameterTuningJob(hyper_parameter_tuning_job_name="sdk3-whole")
warm = tuner(
    0.1,
    max_jobs=1,
    warm_start_config=HyperParameterTuningJobWarmStartConfig(
        parent_hyper_parameter_tuning_jobs=[parent], warm_start_type="TransferLearning"
    ),
)
warm.tune(inputs=inputs, job_name="sdk3-warm", wait=True)

stopped = tuner(300.0)
stopped.tune(inputs=inputs, job_name="sdk3-stopped", wait=False)
stopped.stop_tuning_job()
stopped.wait()

found = HyperParameterTuningJob.get(hyper_parameter_tuning_job_name="sdk3-whole")
print(
    json.dumps(
        {
            "status": found.hyper_parameter_tuning_job_status,
            "best": best.training_job_name,
            "model": best.model_artifacts.s3_model_artifacts,
            "hyperparameters": best.hyper_parameters,
            "table": json.loads(table.to_json(orient="records")),
            "names": sorted(one.hyper_parameter_tuning_job_name for one in HyperParameterTuningJob.get_all()),
            "warm": warm.describe().best_training_job.tuned_hyper_parameters,
            "stopped": stopped.describe().hyper_parameter_tuning_job_status,
        }
    )
)
