"""UpdateTrainingJob: remote debugging of a running job, switched on or off; nothing else can be changed here.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateTrainingJob.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..job.folder import JobFolder
from .describe import describe
from .errors import validation_error

_OPERATION = "UpdateTrainingJob"
_CHANGEABLE = "RemoteDebugConfig"
_WHILE = ("Downloading", "Training")


def update(job: JobFolder, request: Mapping[str, Any]) -> dict[str, Any]:
    """Change the job; return its ARN. Raises ClientError."""
    described = describe(job)
    others = sorted({*request} - {"TrainingJobName", _CHANGEABLE})
    if others or _CHANGEABLE not in request:
        what = f"{', '.join(others)} cannot be updated" if others else "No update was requested"
        raise validation_error(f"{what}; on this machine only {_CHANGEABLE} can be.", _OPERATION)
    phase = described["SecondaryStatus"]
    if described["TrainingJobStatus"] != "InProgress" or phase not in _WHILE:
        raise validation_error(
            f"{_CHANGEABLE} can be updated while a training job is in {' or '.join(_WHILE)}, not in {phase}.",
            _OPERATION,
        )
    if request[_CHANGEABLE].get("EnableRemoteDebug") and described.get("EnableNetworkIsolation"):
        raise validation_error("Remote debugging cannot be enabled with network isolation.", _OPERATION)
    job.write_updates({**job.updates(), _CHANGEABLE: dict(request[_CHANGEABLE])})
    return {"TrainingJobArn": described["TrainingJobArn"]}
