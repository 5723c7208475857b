"""Another notebook with the SageMaker SDK 2, which attaches to a job by its name. Prints a JSON line at its end."""

import json
import sys

from sagemaker.estimator import Estimator

estimator = Estimator.attach(sys.argv[1])  # waits for the job's end
estimator.logs()
described = estimator.latest_training_job.describe()
print(
    json.dumps(
        {
            "status": described["TrainingJobStatus"],
            "model": estimator.model_data,
            "image": estimator.training_image_uri(),
            "hyperparameters": estimator.hyperparameters(),
            "machines": [estimator.instance_count, estimator.instance_type, estimator.volume_size, estimator.max_run],
            "output": estimator.output_path,
            "metrics": {one["MetricName"]: one["Value"] for one in described["FinalMetricDataList"]},
        }
    )
)
