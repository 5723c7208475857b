"""Many transfers at once, by threads: as many as the other side's delay asks for, in a bounded amount of memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from typing import Generic, TypeVar

MOST = 96  # measured at 20 ms of delay: 16 at once are 2.7 times slower than 64 to 128
_FEWEST = 8  # the best where nothing delays an answer
_EACH_S = 0.00025  # processor time that a small transfer takes here: more at once than delay / this is of no use
ROOM = 40 << 20  # bytes that all transfers under way may hold

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class Halted(Exception):
    """The transfer is no longer wanted: another one failed, or the person stopped it."""


class Abreast(Generic[_Item, _Result]):
    """Does ``act`` with every item, many at once.

    ``weigh`` says how many bytes of memory one takes; those under way take ``room`` bytes at most, or are one. Iterated
    once: results come as they are ready, items are taken as there is room. The first error is raised; then, and when
    the iteration is left, transfers under way are halted, where ``check`` raises Halted in them, and waited for.
    """

    def __init__(
        self,
        act: Callable[[_Item], _Result],
        items: Iterable[_Item],
        *,
        weigh: Callable[[_Item], int] = lambda _: 0,
        room: int = ROOM,
    ) -> None:
        self._act, self._items, self._weigh, self._room = act, items, weigh, room
        self._handed: SimpleQueue[tuple[_Item, int] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[_Result | None, BaseException | None, int]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._under_way = self._load = 0
        self._quickest_s = float("inf")
        self._halted = False

    def check(self, _: int = 0) -> None:
        """Raise Halted once nobody waits for the results any more."""
        if self._halted:
            raise Halted

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Around a small request: the quickest answer says how many are worth having under way."""
        began = time.perf_counter()
        yield
        self._quickest_s = min(self._quickest_s, time.perf_counter() - began)

    def __iter__(self) -> Iterator[_Result]:
        try:
            for item in self._items:
                weight = self._weigh(item)
                while self._is_full(weight):
                    yield self._next()
                self._begin(item, weight)
                while not self._done.empty():
                    yield self._next()
            while self._under_way:
                yield self._next()
        finally:
            self._halted = True
            for _ in self._threads:
                self._handed.put(None)
            for thread in self._threads:
                thread.join()

    def _is_full(self, weight: int) -> bool:
        if not self._under_way:
            return False
        at_once = _FEWEST if self._quickest_s == float("inf") else int(self._quickest_s / _EACH_S)
        return self._under_way >= max(_FEWEST, min(MOST, at_once)) or self._load + weight > self._room

    def _begin(self, item: _Item, weight: int) -> None:
        self._handed.put((item, weight))
        self._under_way += 1
        self._load += weight
        if self._under_way > len(self._threads):
            self._threads.append(threading.Thread(target=self._work, daemon=True))
            self._threads[-1].start()

    def _next(self) -> _Result:
        result, error, weight = self._done.get()
        self._under_way -= 1
        self._load -= weight
        if error is not None:
            raise error
        return result  # type: ignore[return-value]  # there is one where there is no error

    def _work(self) -> None:
        while (given := self._handed.get()) is not None:
            item, weight = given
            if self._halted:
                continue
            try:
                self._done.put((self._act(item), None, weight))
            except BaseException as error:  # noqa: BLE001 - raised where the results are read
                self._done.put((None, error, weight))
