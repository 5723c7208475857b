"""Files that a job wrote, uploaded one by one."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ...core.store import ProgressCallback, Store
from ..job import beneath
from . import failures

_CHUNK = 1 << 20


def upload(
    root: Path, path: str, store: Store, *, bucket: str, key: str, scratch: Path, on_progress: ProgressCallback
) -> bool:
    """Upload a regular file below ``root``; return whether there is one. Raises JobFault where it cannot be uploaded.

    ``scratch`` is a file of ours for what is sent meanwhile: the job may still change its own.
    """
    try:
        with beneath.open_file(root, path) as descriptor, open(scratch, "wb") as copy:
            if beneath.is_larger_than_disk(descriptor):
                return False
            with open(os.dup(descriptor), "rb") as source:
                shutil.copyfileobj(source, copy, _CHUNK)
    except beneath.Unreachable:
        return False
    except OSError as error:
        raise (failures.disk_full() if failures.is_disk_full(error) else error) from error
    try:
        store.send(scratch, bucket, key, on_progress)
    except FileNotFoundError as error:
        if failures.is_missing(error):
            raise failures.upload_failed(f"s3://{bucket}/{key}", error) from error
        raise
    finally:
        scratch.unlink(missing_ok=True)
    return True
