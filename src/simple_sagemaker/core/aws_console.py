"""URLs of AWS's console, for users to open."""

from __future__ import annotations

_HOSTS = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


def training_job(job: str, *, region: str) -> str:
    """The page of a training job, in the console of the region's partition."""
    return f"{_start(region)}/sagemaker/home?region={region}#/jobs/{job}"


def processing_job(job: str, *, region: str) -> str:
    """The page of a processing job."""
    return f"{_start(region)}/sagemaker/home?region={region}#/processing-jobs/{job}"


def quotas(region: str) -> str:
    """The page to raise the quotas of SageMaker; the console asks for the region if it is empty."""
    return f"{_start(region)}/servicequotas/home/services/sagemaker/quotas"


def _start(region: str) -> str:
    host = next((host for start, host in _HOSTS.items() if region.startswith(start)), "console.aws.amazon.com")
    return f"https://{region}.{host}" if region else f"https://{host}"
