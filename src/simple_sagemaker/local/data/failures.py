"""Why a job fails, where that is the request's fault or its code's: a FailureReason in AWS's words.

The words are those of failed jobs that people reported: of the platform's transfers ("Artifact upload failed:Unable to
upload file to …"), and of AWS's training toolkit ("Framework Error: …"). No reason has a path of this machine.
"""

from __future__ import annotations

import errno
import os

_NO_BUCKET = "NoSuchBucket: The specified bucket does not exist"
_NO_KEY = "NoSuchKey: The specified key does not exist."


class JobFault(Exception):
    """The job fails for this reason; the text is its FailureReason."""


def upload_failed(address: str, error: Exception) -> JobFault:
    """The failure of a job whose results cannot be uploaded."""
    return JobFault(f"ClientError: Artifact upload failed:Unable to upload file to {address} ({explain(error)})")


def download_failed(address: str, error: Exception) -> JobFault:
    """The failure of a job whose data cannot be downloaded."""
    return JobFault(f"ClientError: Data download failed:Unable to download object {address} ({explain(error)})")


def disk_full() -> JobFault:
    """The failure of a job whose results do not fit on this machine's disk."""
    return JobFault("ClientError: Artifact upload failed:Insufficient disk space while compressing artifacts")


def framework_error(text: str) -> JobFault:
    """The failure of a job whose code cannot be started by AWS's toolkit, which ends with 1 then."""
    return JobFault(f"AlgorithmError: Framework Error: \n{text}, exit code: 1")


def is_missing(error: Exception) -> bool:
    """Whether a store says that a bucket or an object is not there; the error for a file here has a number."""
    return isinstance(error, FileNotFoundError) and error.errno is None


def is_disk_full(error: OSError) -> bool:
    """Whether this machine has no room left."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT}


def explain(error: Exception) -> str:
    """An error as a text for an answer, without the path of a file of this machine."""
    if is_missing(error):
        return _NO_BUCKET if str(error).startswith("there is no bucket") else _NO_KEY
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    answer = getattr(error, "response", None)  # botocore's
    if isinstance(answer, dict) and "Error" in answer:
        return f"{answer['Error'].get('Code')}: {answer['Error'].get('Message')}"
    return str(error).partition("\n")[0]
