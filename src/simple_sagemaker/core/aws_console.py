"""Addresses of AWS's console, for a person to open."""

from __future__ import annotations

_HOSTS = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


def training_job(job: str, *, region: str) -> str:
    """The page of a training job, in the console of the region's partition."""
    return f"{_start(region)}/sagemaker/home?region={region}#/jobs/{job}"


def processing_job(job: str, *, region: str) -> str:
    """The page of a processing job."""
    return f"{_start(region)}/sagemaker/home?region={region}#/processing-jobs/{job}"


def quotas(region: str) -> str:
    """Where the quotas of SageMaker are raised; the console asks for the region where it is not known."""
    return f"{_start(region)}/servicequotas/home/services/sagemaker/quotas"


def _start(region: str) -> str:
    host = next((host for start, host in _HOSTS.items() if region.startswith(start)), "console.aws.amazon.com")
    return f"https://{region}.{host}" if region else f"https://{host}"
