"""A configuration file for SageMaker's Python SDKs, which ask AWS itself for what it says, whatever endpoint is set.

https://sagemaker.readthedocs.io/en/stable/overview.html#configuring-and-using-defaults-with-the-sagemaker-python-sdk
"""

from __future__ import annotations

import os
from pathlib import Path

from ..local.job.home import ACCOUNT

VARIABLE = "SAGEMAKER_USER_CONFIG_OVERRIDE"
_CONFIGURATION = """\
SchemaVersion: '1.0'
SageMaker:
  PythonSDK:
    Modules:
      TelemetryOptOut: true
      Session:
        DefaultS3Bucket: sagemaker-{region}-{account}
"""


def write_beside(env_file: Path, region: str) -> dict[str, str]:
    """Write the file beside the one with the export lines; return the variable that leads the SDKs to it."""
    path = env_file.absolute().with_name(f"{env_file.name}.sagemaker.yaml")
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(_CONFIGURATION.format(region=region, account=ACCOUNT), encoding="utf-8")
    scratch.replace(path)
    return {VARIABLE: str(path)}
