"""Objects of S3 read in order while they arrive: what is made of the first bytes need not wait for the last."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from ...core.store import Source, Told
from ..file_copy import ChangedMeanwhile
from .clients import Clients
from .errors import told
from .ranged_download import WHOLE, Ranges

_STEP = 8 << 20  # bytes of a range: the first ones should be there soon


class Body:
    """An object as boto3 answers it."""

    def __init__(self, answer: Any, moved: Told) -> None:
        self.size: int = answer["ContentLength"]
        self._body = answer["Body"]
        self._moved = moved

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        data: bytes = self._body.read(size)
        self._moved(len(data))
        return data


class Held:
    """A small object, in memory."""

    def __init__(self, data: bytes, moved: Told) -> None:
        self.size = len(data)
        self._data = io.BytesIO(data)
        moved(self.size)

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end."""
        return self._data.read(size)


class _Left(Exception):
    """Nobody reads any more."""


class Arriving:
    """A large object, of which several ranges are fetched at once to a file, and read from there in their order."""

    def __init__(self, size: int, path: Path) -> None:
        self.size = size
        self._path = path
        self._place = 0
        self._there: set[int] = set()
        self._news = threading.Condition()
        self._trouble: BaseException | None = None
        self._is_left = False

    def read(self, size: int, /) -> bytes:
        """The next bytes, at most ``size``; none at the end. Raises what keeps them from coming."""
        start = self._place // _STEP * _STEP
        count = min(size, start + _STEP - self._place, self.size - self._place)
        if count <= 0:
            return b""
        with self._news:
            self._news.wait_for(lambda: start in self._there or self._trouble)
            if start not in self._there and self._trouble:
                raise self._trouble
        with open(self._path, "rb", buffering=0) as file:
            file.seek(self._place)
            data = file.read(count)
        self._place += len(data)
        return data

    def fetch(self, fetched: Callable[[], bool], address: str) -> None:
        """Have everything fetched, for those who read; ends early once they have left."""
        try:
            if not fetched():
                raise ChangedMeanwhile(f"{address} changed while it was being read")  # noqa: TRY301 - told to who reads
        except BaseException as error:  # noqa: BLE001 - it is raised where somebody reads
            with self._news:
                self._trouble = error
                self._news.notify_all()

    def arrived(self, start: int) -> None:
        """Say that a range is in the file now."""
        if self._is_left:
            raise _Left
        with self._news:
            self._there.add(start)
            self._news.notify_all()

    def leave(self) -> None:
        """Have the fetching end with the ranges that are under way."""
        self._is_left = True


@contextmanager
def opened(clients: Clients, bucket: str, key: str, keep: Path, moved: Told) -> Iterator[Source]:
    """An object read while it arrives; a large one by way of the file ``keep``, which is gone when all was read."""
    fast = clients.fast(bucket, key)
    if fast is None:
        yield Body(told(partial(clients.slow.get_object, Bucket=bucket, Key=key), bucket, key, "s3:GetObject"), moved)
        return
    import obstore

    found = told(partial(obstore.get, fast, key), bucket, key, "s3:GetObject")
    size, tag = found.meta["size"], found.meta["e_tag"]
    if size <= WHOLE:
        yield Held(bytes(found.bytes()), moved)
        return
    del found  # its connection is closed; the parts come over others
    keep.parent.mkdir(parents=True, exist_ok=True)
    read = Arriving(size, keep)
    ranges = Ranges(
        client=clients.slow,
        bucket=bucket,
        key=key,
        size=size,
        tag=tag or "",
        to=keep,
        moved=moved,
        resumable=True,
        step=_STEP,
        arrived=read.arrived,
    )
    fetched = partial(told, ranges.fetched, bucket, key, "s3:GetObject")
    thread = threading.Thread(target=read.fetch, args=(fetched, f"s3://{bucket}/{key}"), daemon=True)
    thread.start()
    try:
        yield read
    finally:
        read.leave()
        thread.join()
    ranges.forget()
    os.unlink(keep)
