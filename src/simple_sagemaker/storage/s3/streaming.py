"""Objects of S3 read in order while they arrive, so that processing does not wait for the last byte."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ...core.store import ProgressCallback, Source
from ..file_copy import ChangedMeanwhile
from .clients import Clients
from .errors import translate_errors
from .ranged_download import WHOLE, RangedDownload

_STEP = 8 << 20  # bytes of a range: the first ones should arrive soon


class Boto3Source:
    """The body of a boto3 response."""

    def __init__(self, answer: Any, on_progress: ProgressCallback) -> None:
        self.size: int = answer["ContentLength"]
        self._body = answer["Body"]
        self._on_progress = on_progress

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        data: bytes = self._body.read(size)
        self._on_progress(len(data))
        return data


class MemorySource:
    """A small object, in memory."""

    def __init__(self, data: bytes, on_progress: ProgressCallback) -> None:
        self.size = len(data)
        self._data = io.BytesIO(data)
        on_progress(self.size)

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        return self._data.read(size)


class _Abandoned(Exception):
    """The reader has stopped."""


class ArrivingObject:
    """A large object: its ranges are fetched in parallel to a file, and read from there in order."""

    def __init__(self, size: int, path: Path) -> None:
        self.size = size
        self._path = path
        self._place = 0
        self._done: set[int] = set()
        self._changed = threading.Condition()
        self._error: BaseException | None = None
        self._is_abandoned = False

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end. Raises the download's error."""
        start = self._place // _STEP * _STEP
        count = min(size, start + _STEP - self._place, self.size - self._place)
        if count <= 0:
            return b""
        with self._changed:
            self._changed.wait_for(lambda: start in self._done or self._error)
            if start not in self._done and self._error:
                raise self._error
        with open(self._path, "rb", buffering=0) as file:
            file.seek(self._place)
            data = file.read(count)
        self._place += len(data)
        return data

    def fetch(self, download: Callable[[], bool], address: str) -> None:
        """Run ``download`` and hand its error to the reader; ends early once the reader has stopped."""
        try:
            if not download():
                raise ChangedMeanwhile(f"{address} changed while it was being read")  # noqa: TRY301 - raised in the reader
        except BaseException as error:  # noqa: BLE001 - raised in the reader
            with self._changed:
                self._error = error
                self._changed.notify_all()

    def on_range_done(self, start: int) -> None:
        """Record that a range is in the file."""
        if self._is_abandoned:
            raise _Abandoned
        with self._changed:
            self._done.add(start)
            self._changed.notify_all()

    def abandon(self) -> None:
        """Make the download end with the ranges under way."""
        self._is_abandoned = True


@contextmanager
def open_stream(clients: Clients, bucket: str, key: str, keep: Path, on_progress: ProgressCallback) -> Iterator[Source]:
    """Read an object while it arrives; a large one through the file ``keep``, which is removed when all was read."""
    store = clients.obstore_for(bucket, key)
    if store is None:
        yield Boto3Source(
            translate_errors(partial(clients.client.get_object, Bucket=bucket, Key=key), bucket, key, "s3:GetObject"),
            on_progress,
        )
        return
    import obstore

    result = translate_errors(partial(obstore.get, store, key), bucket, key, "s3:GetObject")
    size, tag = result.meta["size"], result.meta["e_tag"]
    if size <= WHOLE:
        yield MemorySource(bytes(result.bytes()), on_progress)
        return
    del result  # its connection is closed; the parts come over others
    keep.parent.mkdir(parents=True, exist_ok=True)
    source = ArrivingObject(size, keep)
    download = RangedDownload(
        client=clients.client,
        bucket=bucket,
        key=key,
        size=size,
        tag=tag or "",
        to=keep,
        on_progress=on_progress,
        resumable=True,
        step=_STEP,
        on_range_done=source.on_range_done,
    )
    run = partial(translate_errors, download.run, bucket, key, "s3:GetObject")
    thread = threading.Thread(target=source.fetch, args=(run, f"s3://{bucket}/{key}"), daemon=True)
    thread.start()
    try:
        yield source
    finally:
        source.abandon()
        thread.join()
    download.forget()
    os.unlink(keep)
