"""FailureReasons of data that cannot be moved, without the paths of this machine's files."""

from __future__ import annotations

import errno

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.local.data import failures

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FileNotFoundError("there is no bucket 'b'"), "NoSuchBucket: The specified bucket does not exist"),
        (FileNotFoundError("s3://b/k"), "NoSuchKey: The specified key does not exist."),
        (FileNotFoundError(errno.ENOENT, "gone", "/home/me/secret"), "No such file or directory"),
        (OSError(errno.ENOSPC, "x", "/home/me"), "No space left on device"),
        (DENIED, "AccessDenied: no"),
        (ValueError("first\nsecond"), "first"),
        (PermissionError("not for you"), "not for you"),
    ],
)
def test_an_error_is_told_in_the_services_words(error: Exception, text: str) -> None:
    assert failures.explain(error) == text
    assert str(failures.upload_failed("s3://b/k", error)) == (
        f"ClientError: Artifact upload failed:Unable to upload file to s3://b/k ({text})"
    )
    assert str(failures.download_failed("s3://b/k", error)) == (
        f"ClientError: Data download failed:Unable to download object s3://b/k ({text})"
    )


def test_a_missing_object_is_told_apart_from_a_missing_file_and_a_full_disk_from_other_trouble() -> None:
    assert failures.is_missing(FileNotFoundError("k"))
    assert not failures.is_missing(FileNotFoundError(errno.ENOENT, "gone"))
    assert not failures.is_missing(ValueError("k"))
    full = [number for number in (errno.ENOSPC, errno.EDQUOT, errno.EIO) if failures.is_disk_full(OSError(number, "x"))]
    assert full == [errno.ENOSPC, errno.EDQUOT]
