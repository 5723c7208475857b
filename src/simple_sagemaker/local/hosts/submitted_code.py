"""The source that a script mode request submits, unpacked where AWS's toolkit looks for it, before it starts.

What the toolkit could not do with it either fails the job as the toolkit's own error.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import BinaryIO

from ...core import layout
from ...core.store import ProgressCallback, Store
from ..data import failures
from ..requests.request import HostFolders


def unpack(submitted: str, host: HostFolders, store: Store, on_progress: ProgressCallback) -> None:
    """Unpack a submitted archive of S3 or of a channel, ``submitted`` being the hyperparameter. Raises JobFault."""
    address = _decode(submitted)
    if not address:
        return
    packed = host.folder / layout.TARBALL
    if address == layout.BASE or address.startswith(
        f"{layout.BASE}/"
    ):  # a job without access to S3 has it in a channel
        packed = host.inside(address)
    else:
        _fetch(address, packed, store, on_progress)
    code = host.inside(f"{layout.BASE}/code")
    code.mkdir()
    _unpack(packed, code, address, on_progress)
    if packed.parent == host.folder:
        packed.unlink()


def _decode(submitted: str) -> str:
    """The address in a hyperparameter: SDKs write it as JSON, other clients as it is."""
    try:
        decoded = json.loads(submitted)
    except (ValueError, RecursionError):
        return submitted
    return decoded if isinstance(decoded, str) else submitted


def _fetch(address: str, to: Path, store: Store, on_progress: ProgressCallback) -> None:
    try:
        bucket, key = layout.split_uri(address)
        store.fetch(bucket, key, to, on_progress)
    except FileNotFoundError as error:
        text = f"{address}: An error occurred (404) when calling the HeadObject operation: Not Found"
        raise failures.framework_error(text) from error
    except ValueError as error:
        raise failures.framework_error(f"sagemaker_submit_directory is {error}") from error


class _Watched:
    """A file whose reader is stopped when the job is to end."""

    def __init__(self, file: BinaryIO, on_progress: ProgressCallback) -> None:
        self._file = file
        self._on_progress = on_progress
        self.size = os.fstat(file.fileno()).st_size

    def read(self, size: int, /) -> bytes:
        self._on_progress(0)
        return self._file.read(size)


def unpack_archive(packed: Path, to: Path, address: str, on_progress: ProgressCallback) -> None:
    """Unpack an archive that came from ``address`` to a folder. Raises UnsafeArchive, and OSError for no file."""
    from ...storage.archives.unpack import unpack_stream

    with open(packed, "rb") as file:
        source = _Watched(file, on_progress)
        unpack_stream(source, to, size=source.size, address=address)


def _unpack(packed: Path, to: Path, address: str, on_progress: ProgressCallback) -> None:
    from ...storage.archives.unpack import UnsafeArchive

    try:
        unpack_archive(packed, to, address, on_progress)
    except UnsafeArchive as error:
        raise failures.framework_error(str(error).partition("\n")[0]) from error
    except (FileNotFoundError, IsADirectoryError) as error:  # of a channel
        raise failures.framework_error(f"{address}: {failures.explain(error)}") from error
