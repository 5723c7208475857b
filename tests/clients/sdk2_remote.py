"""A person's functions that run as jobs, by the SageMaker SDK 2's decorator and executor. Prints a JSON line."""

import json
import os
import platform
import sys

import sagemaker
from sagemaker.remote_function import RemoteExecutor, remote

session = sagemaker.Session()
settings = {
    "image_uri": "000000000000.dkr.ecr.us-east-1.amazonaws.com/mine:latest",
    "role": "arn:aws:iam::000000000000:role/SageMakerRole",
    "instance_type": "ml.m5.large",
    "sagemaker_session": session,
    # its jobs upgrade the SDK by pip before anything else; that which is installed serves
    "environment_variables": {"GREETING": "Hello, world!", "PIP_NO_INDEX": "1"},
}


@remote(**settings, job_name_prefix="remote")  # type: ignore[untyped-decorator]
def divide(numerator: float, by: float) -> dict[str, object]:
    """Divide, somewhere else."""
    print("dividing", numerator, "by", by)
    return {
        "result": numerator / by,
        "greeting": os.environ["GREETING"],
        "host": platform.node(),
        "kept": os.path.isdir("/opt/ml/model"),
    }


def square(number: int) -> int:
    """Square, somewhere else."""
    return number * number


failure = "none"
answer = divide(1, by=4)
try:
    divide(1, by=0)
except ZeroDivisionError as error:
    failure = f"{type(error).__name__}: {error}"
with RemoteExecutor(**settings, max_parallel_jobs=2) as executor:
    squares = [future.result() for future in [executor.submit(square, number) for number in (2, 3)]]
sys.stdout.flush()
print(json.dumps({"answer": answer, "failure": failure, "squares": squares}))
