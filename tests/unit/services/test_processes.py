"""Whether another process lives, by its identity: a lock whose owner is taken for dead would let two commands in."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simple_sagemaker.services import processes

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/ns/pid"), reason="a system without /proc")


def test_this_process_lives_and_says_the_same_of_itself_every_time() -> None:
    assert processes.identity() == processes.identity()
    assert processes.identity().rsplit(":", 2)[1] == str(os.getpid())
    assert processes.lives(processes.identity()) is True


def test_another_of_the_same_number_is_not_taken_for_it() -> None:
    where, pid, began = processes.identity().rsplit(":", 2)
    assert began.isdigit()
    assert int(began) > 0
    assert processes.lives(f"{where}:{pid}:{int(began) - 1}") is False


def test_of_another_machine_or_boot_nothing_is_known() -> None:
    where, pid, began = processes.identity().rsplit(":", 2)
    boot, _, namespace = where.rpartition(":")
    assert len(boot) == 36
    assert processes.lives(f"{'0' * 36}:{namespace}:{pid}:{began}") is None
    assert processes.lives(f"{boot}:{int(namespace) + 1}:{pid}:{began}") is None
    for nothing in ("", "x", f"{where}:x:{began}"):
        assert processes.lives(nothing) is None


def test_a_process_lives_until_it_has_ended_whether_anybody_waits_for_it_or_not() -> None:
    code = "from simple_sagemaker.services.processes import identity; print(identity(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin
        assert other.stdout
        identity = other.stdout.readline().strip()
        assert identity != processes.identity()
        assert processes.lives(identity) is True
        other.stdin.close()
        deadline = time.monotonic() + 60
        while processes.lives(identity) is not False and time.monotonic() < deadline:  # ended, and not waited for
            time.sleep(0.002)
        assert processes.lives(identity) is False
    assert processes.lives(identity) is False  # and gone


@pytest.mark.skipif(sys.platform != "linux", reason="a system without affinities")
def test_only_the_processors_that_this_process_may_use_are_counted() -> None:
    if sys.platform != "linux":
        return  # as type checkers must know it
    usable = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(usable)})
        assert processes.processors() == 1
    finally:
        os.sched_setaffinity(0, usable)
    assert processes.processors() == len(usable)


def test_a_process_that_began_later_than_this_one_says_so() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        fields = [int(processes._began(pid)) for pid in (1, os.getpid(), other.pid)]
        assert fields == sorted(fields)
        uptime_s = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        assert abs(fields[-1] / os.sysconf("SC_CLK_TCK") - uptime_s) < 60
        other.communicate()
