"""Many transfers at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from simple_sagemaker.storage.worker_pool import LIGHT, MOST, Halted, WorkerPool


def test_every_item_is_done_once_and_every_result_given() -> None:
    assert sorted(WorkerPool(lambda number: number * 2, range(1000))) == [number * 2 for number in range(1000)]


def test_a_far_side_is_asked_for_more_at_once() -> None:
    most, at_once, lock = 0, 0, threading.Lock()

    def act(_: int) -> None:
        nonlocal most, at_once
        with lock:
            at_once += 1
            most = max(most, at_once)
        with pool.measure():
            time.sleep(0.02)
        with lock:
            at_once -= 1

    pool: WorkerPool[int, None] = WorkerPool(act, range(400))
    list(pool)
    assert 16 < most <= MOST


def test_those_under_way_stay_within_their_room() -> None:
    held, most, lock = 0, 0, threading.Lock()

    def act(weight: int) -> None:
        nonlocal held, most
        with lock:
            held += weight
            most = max(most, held)
        time.sleep(0.001)
        with lock:
            held -= weight

    list(WorkerPool(act, [3, 1, 9, 4, 12, 1, 1, 1, 5] * 5, weigh=lambda weight: weight, room=10))
    assert most == 12


def test_a_near_side_gets_many_small_ones_at_a_time_and_a_heavy_one_alone() -> None:
    done: dict[int, list[int]] = {}

    def act(size: int) -> None:
        with pool.measure():
            time.sleep(0.0005)
        done.setdefault(threading.get_ident(), []).append(size)

    pool: WorkerPool[int, None] = WorkerPool(act, [*range(500), LIGHT + 1, *range(500)], weigh=lambda size: size)
    list(pool)
    assert sorted(size for sizes in done.values() for size in sizes) == sorted([*range(500), LIGHT + 1, *range(500)])
    assert len(done) <= 16


def test_a_server_that_answers_at_once_is_still_asked_by_several() -> None:
    threads = set()

    def act(_: int) -> None:
        with pool.measure():
            time.sleep(0.00005)  # as long as a quick disk, but nothing is done meanwhile
        threads.add(threading.get_ident())

    pool: WorkerPool[int, None] = WorkerPool(act, range(2000))
    list(pool)
    assert len(threads) > 4


def test_what_waits_for_nobody_gets_small_ones_one_by_one_and_heavy_ones_abreast() -> None:
    most, at_once, lock = Counter[int](), Counter[int](), threading.Lock()

    def act(weight: int) -> None:
        with lock:
            at_once[weight] += 1
            most[weight] = max(most[weight], at_once[weight])
        if weight > LIGHT:
            time.sleep(0.05)
        else:
            with pool.measure():
                sum(range(500))
        with lock:
            at_once[weight] -= 1

    items = [*[0] * 50, *[1] * 2000, *[LIGHT + 1] * 8]  # the first ones go before any is answered
    pool: WorkerPool[int, None] = WorkerPool(act, items, weigh=lambda weight: weight)
    assert len(list(pool)) == len(items)
    assert most[1] == 1
    assert most[LIGHT + 1] > 2


def test_items_are_taken_only_as_there_is_room() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(10_000):
            taken = number
            yield number

    for done, _ in enumerate(WorkerPool(lambda _: None, items())):
        assert taken - done <= MOST + 1


def test_an_error_ends_the_others_and_is_raised() -> None:
    halted, started = threading.Event(), threading.Event()

    def act(number: int) -> None:
        if number:
            started.wait(30)
            raise OSError("the disk is full")
        started.set()
        try:
            while True:
                pool.check()
                time.sleep(0.001)
        except Halted:
            halted.set()
            raise

    pool: WorkerPool[int, None] = WorkerPool(act, range(2))
    with pytest.raises(OSError, match="disk is full"):
        list(pool)
    assert halted.is_set()
    assert not [thread for thread in threading.enumerate() if thread.daemon and "_work" in thread.name]


def test_leaving_early_ends_what_is_under_way() -> None:
    before = threading.active_count()
    for _ in WorkerPool(lambda number: number, range(100_000)):
        break
    assert threading.active_count() == before


def test_who_waits_for_transfers_can_do_other_work_meanwhile() -> None:
    gate = threading.Event()
    pool: WorkerPool[int, int | None] = WorkerPool(
        lambda item: item if gate.wait(30) else -1, range(3), waiting=(None,)
    )
    results = []
    for result in pool:
        if result is None:
            gate.set()
        results.append(result)
    assert results[0] is None
    assert sorted(result for result in results if result is not None) == [0, 1, 2]


def test_what_does_not_end_when_it_is_halted_is_left_to_itself_after_a_while() -> None:
    gate, ended = threading.Event(), threading.Event()

    def act(_: int) -> None:
        gate.wait(60)
        ended.set()

    pool: WorkerPool[int, None] = WorkerPool(act, range(3), waiting=(None,), patience_s=0.05)
    try:
        for _ in pool:
            break
        assert not ended.is_set()
    finally:
        gate.set()
    assert ended.wait(60)
