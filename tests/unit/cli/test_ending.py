"""A program that ends at once leaves nothing undone: output, functions for the end, threads that others wait for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import atexit, os, sys, threading, time
from simple_sagemaker.cli.ending import end
print("printed")
print("and said", file=sys.stderr)
"""


def ended(code: str, out: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    words = [sys.executable, "-c", PROGRAM + code]
    return subprocess.run(words, env=buffered, stdout=out, stderr=subprocess.PIPE, text=True, timeout=60, check=False)


@pytest.mark.parametrize("status", [0, 3])
def test_output_that_waits_is_printed_and_the_status_is_the_programs(status: int) -> None:
    done = ended(f"end({status})")
    assert (done.returncode, done.stdout, done.stderr) == (status, "printed\n", "and said\n")


def test_functions_left_to_the_end_are_called_and_may_print() -> None:
    done = ended("atexit.register(print, 'last')\nend(0)")
    assert (done.returncode, done.stdout) == (0, "printed\nlast\n")


def test_a_thread_that_python_would_wait_for_ends_first(tmp_path: Path) -> None:
    file = tmp_path / "done"
    work = f"threading.Thread(target=lambda: (time.sleep(0.2), open({str(file)!r}, 'w'))).start()\nend(4)"
    assert ended(work).returncode == 4
    assert file.exists()


def test_a_thread_that_nobody_waits_for_holds_nothing_up() -> None:
    work = "threading.Thread(target=time.sleep, args=(100,), daemon=True).start()\nend(0)"
    assert ended(work).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_output_that_cannot_be_written_is_no_success() -> None:
    with open("/dev/full", "w") as full:
        done = ended("end(0)", full.fileno())
    assert done.returncode == 120  # as Python itself ends: https://docs.python.org/3/library/sys.html#sys.exit
    assert "No space left" in done.stderr
