"""Many transfers at once, in threads: as many as the other side's latency calls for, in a bounded amount of memory."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

MOST = 96  # measured at 20 ms of delay: 16 at once are 2.7 times slower than 64 to 128
_FEWEST = 8  # the best where nothing delays an answer
_EACH_S = 0.00025  # processor time that a small transfer takes here: more at once than delay / this is of no use
_HERE_S = 0.00002  # of waiting for the quickest answer: with less than that, one thread does all the work
_TOGETHER = 16  # small transfers handed over as one where answers are quick: handing over takes as long as one
_COMPANY_S = 0.005  # how long an item waits to be handed over together with others
LIGHT = 1 << 16  # bytes; what weighs more is handed over alone, and says nothing about how far away the store is
ROOM = 40 << 20  # bytes that all transfers under way may hold
_MOMENT_S = 0.01  # after how long without a result ``waiting`` is yielded

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def _thread_time_s() -> float:
    """The processor time of this thread. 0 on Windows, where that clock advances by 16 ms at a time."""
    return 0.0 if sys.platform == "win32" else time.thread_time()


class Halted(Exception):
    """The transfer is no longer needed: another one failed, or the person stopped it."""


class _Batch(Generic[_Item]):
    """Items handed to a thread together, with the bytes of memory that they take."""

    def __init__(self) -> None:
        self.items: list[_Item] = []
        self.load = 0
        self.began = time.perf_counter()


class WorkerPool(Generic[_Item, _Result]):
    """Calls ``act`` with every item, many at once.

    ``weigh`` returns the bytes of memory that an item takes; those under way take at most ``room`` bytes, or are a
    single one. Iterate once: results come as they are ready, items are taken as there is room. The first error is
    raised; then, and when the iteration ends early, transfers under way are halted (``check`` raises Halted in them)
    and waited for. ``waiting`` is yielded whenever no transfer has ended for a moment, so that the caller can do other
    work; without it the caller waits. What has not ended ``patience_s`` after it was halted, since the other side does
    not answer, is left to itself: its thread does not keep the process alive.
    """

    def __init__(
        self,
        act: Callable[[_Item], _Result],
        items: Iterable[_Item],
        *,
        weigh: Callable[[_Item], int] = lambda _: 0,
        room: int = ROOM,
        waiting: Sequence[_Result] = (),
        patience_s: float | None = None,
    ) -> None:
        self._act, self._items, self._weigh, self._room = act, items, weigh, room
        self._waiting, self._patience_s = waiting, patience_s
        self._handed: SimpleQueue[_Batch[_Item] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[list[_Result], BaseException | None, int]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way = self._load = 0
        self._quickest_s = self._least_waited_s = float("inf")
        self._halted = False

    def check(self, _: int = 0) -> None:
        """Raise Halted once the results are no longer needed."""
        if self._halted:
            raise Halted

    @contextmanager
    def measure(self) -> Iterator[None]:
        """Time the small transfer in this block: the quickest one decides how many are worth running at once."""
        began_s, worked_s = time.perf_counter(), _thread_time_s()
        yield
        spent_s = time.perf_counter() - began_s
        self._quickest_s = min(self._quickest_s, spent_s)
        self._least_waited_s = min(self._least_waited_s, spent_s - (_thread_time_s() - worked_s))

    def __iter__(self) -> Generator[_Result, None, None]:
        batch: _Batch[_Item] = _Batch()
        try:
            for item in self._items:
                weight = self._weigh(item)
                if batch.items and (weight > LIGHT or self._load + batch.load + weight > self._room):
                    yield from self._begin(batch)
                    batch = _Batch()
                batch.items.append(item)
                batch.load += weight
                if weight > LIGHT or self._is_enough(batch):
                    yield from self._begin(batch)
                    batch = _Batch()
                while not self._done.empty():
                    yield from self._next()
            if batch.items:
                yield from self._begin(batch)
            while self._under_way:
                yield from self._next()
        finally:
            self._halted = True
            for _ in self._threads:
                self._handed.put(None)
            until = None if self._patience_s is None else time.monotonic() + self._patience_s
            for thread in self._threads:
                thread.join(None if until is None else max(0.0, until - time.monotonic()))

    def _at_once(self, batch: _Batch[_Item]) -> int:
        if self._is_here(batch):
            return 1
        at_once = _FEWEST if self._quickest_s == float("inf") else int(self._quickest_s / _EACH_S)
        return max(_FEWEST, min(MOST, at_once))

    def _is_here(self, batch: _Batch[_Item]) -> bool:
        """Whether small items wait for nothing, so that more threads would only take turns; large ones run in parallel.

        What counts is the waiting, not the time: a server on a fast machine answers sooner than a slow disk.
        """
        return self._least_waited_s < _HERE_S and (len(batch.items) > 1 or batch.load <= LIGHT)

    def _is_enough(self, batch: _Batch[_Item]) -> bool:
        """Whether it is time to hand a batch over."""
        if self._quickest_s == float("inf"):
            return True
        together = _TOGETHER * _FEWEST // self._at_once(batch)
        return len(batch.items) >= together or time.perf_counter() - batch.began > _COMPANY_S

    def _is_full(self, batch: _Batch[_Item]) -> bool:
        if not self._under_way:
            return False
        spare = _FEWEST if self._quickest_s < _FEWEST * _EACH_S else 0  # so that no thread waits for the next batch
        if self._is_here(batch):
            spare = 0
        return self._under_way >= self._at_once(batch) + spare or self._load + batch.load > self._room

    def _begin(self, batch: _Batch[_Item]) -> Iterator[_Result]:
        """Hand a batch over as soon as there is room; yield the results that come meanwhile."""
        while self._is_full(batch):
            yield from self._next()
        self._handed.put(batch)
        self._under_way += 1
        self._load += batch.load
        if len(self._threads) < min(self._under_way, self._at_once(batch)):
            self._threads.append(threading.Thread(target=self._work, daemon=True))
            self._threads[-1].start()

    def _next(self) -> Iterator[_Result]:
        try:
            results, error, load = self._done.get(timeout=_MOMENT_S if self._waiting else None)
        except Empty:
            yield from self._waiting
            return
        self._under_way -= 1
        self._load -= load
        yield from results
        if error is not None:
            raise error

    def _work(self) -> None:
        while (batch := self._handed.get()) is not None:
            results: list[_Result] = []
            error: BaseException | None = None
            try:
                for item in batch.items:
                    if self._halted:
                        break
                    results.append(self._act(item))
            except BaseException as failure:  # noqa: BLE001 - raised where the results are read
                error = failure
            self._done.put((results, error, batch.load))
