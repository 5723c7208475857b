"""Addresses of AWS's console, for a person to open."""

from __future__ import annotations

_HOSTS = {"cn-": "console.amazonaws.cn", "us-gov-": "console.amazonaws-us-gov.com"}


def training_job(job: str, *, region: str) -> str:
    """The page of a training job, in the console of the region's partition."""
    host = next((host for start, host in _HOSTS.items() if region.startswith(start)), "console.aws.amazon.com")
    return f"https://{region}.{host}/sagemaker/home?region={region}#/jobs/{job}"
