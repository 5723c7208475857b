"""Transfers between a store and the folders of a job: many at once with S3, one after the other with folders.

The supervisor has one thread that must attend to its hosts, to a stop and to the time limits meanwhile. So a transfer
is an iterator of short steps. With S3 other threads move the bytes, in bounded memory, and they have ended when the
iterator has: then it is safe to fork. Only after an error, when nothing is forked any more, they may not have.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, nullcontext
from pathlib import Path
from typing import TypeVar

from ...core.store import ProgressCallback, Store
from ...storage.folder_store import FolderStore

WHOLE = 16 << 20  # bytes; of larger objects only a part is in memory at a time
_STEP_S = 0.01
_PATIENCE_S = 3.0  # that a job which must end has with requests that are not answered

_Item = TypeVar("_Item")


class Abandoned(Exception):
    """The job must not go on; raised by a callback in the middle of a transfer."""


def is_local(store: Store) -> bool:
    """Whether buckets are folders of this machine, where nothing is waited for: many at once would only take turns."""
    return isinstance(store, FolderStore)


def transfer(
    move: Callable[[_Item, ProgressCallback], None],
    items: Iterable[_Item | None],
    *,
    store: Store,
    weigh: Callable[[_Item], int],
    on_progress: ProgressCallback,
) -> Iterator[None]:
    """Call ``move`` with every item and a callback for its progress; None among the items asks for a step.

    ``weigh`` returns the bytes of memory that an item takes. ``on_progress`` is called by this thread alone and may
    raise to stop; with S3 it does not get to know the bytes. The first error of a transfer is raised.
    """
    if is_local(store):
        for item in items:
            if item is not None:
                move(item, on_progress)
            yield
        return
    from ...storage.worker_pool import LIGHT, Halted, WorkerPool

    def check(_: int) -> None:
        try:
            pool.check()
        except Halted as halted:
            raise Abandoned from halted

    def act(item: _Item | None) -> None:
        if item is not None:
            with pool.measure() if weigh(item) <= LIGHT else nullcontext():
                move(item, check)

    pool: WorkerPool[_Item | None, None] = WorkerPool(
        act,
        items,
        weigh=lambda item: 0 if item is None else weigh(item),
        waiting=(None,),
        patience_s=_PATIENCE_S,
    )
    due = 0.0
    with closing(iter(pool)) as ended:
        for _ in ended:
            if time.monotonic() >= due:
                on_progress(0)
                yield
                due = time.monotonic() + _STEP_S


def fetch(store: Store, bucket: str, key: str, *, size: int, to: str, on_progress: ProgressCallback) -> None:
    """Download an object of about that size to an existing file that nobody reads yet."""
    if size > WHOLE:
        store.fetch(bucket, key, Path(to), on_progress)
    else:
        store.fill(bucket, key, to, on_progress)


def weight_of_download(size: int) -> int:
    """The bytes of memory that the download of an object takes."""
    return size if size <= WHOLE else WHOLE // 2


def is_denial(error: Exception) -> bool:
    """Whether the job's role may not do it, so that there is no use in another try."""
    return isinstance(error, PermissionError) and error.filename is None
