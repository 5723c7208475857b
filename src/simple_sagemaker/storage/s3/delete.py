"""Delete objects of S3, as many per request as S3 takes, with several requests at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ...core.aws_errors import is_denial
from ..worker_pool import WorkerPool
from .errors import MISSING, access_denied, translate_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 1000  # DeleteObjects takes no more
# Characters that XML cannot hold, not even as references: https://www.w3.org/TR/xml/#charsets
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def delete(client: S3Client, bucket: str, keys: Iterable[str]) -> None:
    """Delete objects; those already gone are no error."""
    for _ in WorkerPool(partial(_delete, client, bucket), _batches(keys)):
        pass


def _delete(client: S3Client, bucket: str, keys: Sequence[str]) -> None:
    if _UNSPEAKABLE.search(keys[0]):
        translate_errors(partial(client.delete_object, Bucket=bucket, Key=keys[0]), bucket, keys[0], "s3:DeleteObject")
        return
    objects: Any = {"Objects": [{"Key": key} for key in keys], "Quiet": True}
    remove = partial(client.delete_objects, Bucket=bucket, Delete=objects)
    for error in translate_errors(remove, bucket, keys[0], "s3:DeleteObject").get("Errors", ()):
        key, code = error.get("Key", ""), error.get("Code", "")
        if code in MISSING:
            continue
        if is_denial(code):
            raise access_denied(bucket, key, "s3:DeleteObject")
        raise OSError(f"s3://{bucket}/{key} was not deleted: {code} {error.get('Message') or ''}".rstrip())


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    """Yield batches of keys, each for one request; a key that XML cannot hold is alone in its batch."""
    batch: list[str] = []
    for key in keys:
        if _UNSPEAKABLE.search(key):
            yield [key]
            continue
        batch.append(key)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch
