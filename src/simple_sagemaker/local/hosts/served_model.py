"""The model of a transform job, and its script where that is in S3, unpacked where AWS's images look for them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core import layout
from ...core.store import ProgressCallback, Store
from ..data import failures
from ..data.failures import JobFault
from ..requests.request import HostFolders
from ..requests.transform import CODE, MODEL, Transform
from . import submitted_code


def unpack(request: Mapping[str, Any], host: HostFolders, store: Store, on_progress: ProgressCallback) -> None:
    """Unpack both archives, as far as the request has them. Raises JobFault."""
    work = Transform(request)
    for address, to in ((work.packed_model, MODEL), (work.submitted, CODE)):
        if address:
            folder = host.inside(to)
            folder.mkdir(parents=True, exist_ok=True)
            _unpack(address, folder, host.folder / layout.TARBALL, store, on_progress)


def _unpack(address: str, to: Path, packed: Path, store: Store, on_progress: ProgressCallback) -> None:
    from ...storage.archives.unpack import UnsafeArchive

    try:
        bucket, key = layout.split_uri(address)
        store.fetch(bucket, key, packed, on_progress)
    except FileNotFoundError as error:
        raise failures.download_failed(address, error) from error
    except ValueError as error:
        raise JobFault(f"ClientError: {error}") from error
    try:
        submitted_code.unpack_archive(packed, to, address, on_progress)
    except UnsafeArchive as error:
        why = str(error).partition("\n")[0]
        raise JobFault(f"ClientError: Failed to extract model data archive from URL {address}: {why}") from error
    finally:
        packed.unlink(missing_ok=True)
