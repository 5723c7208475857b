"""The lock by which a process holds the queue of jobs that wait for their turn."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from simple_sagemaker.local.supervisor import turns

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")


def test_locks_of_killed_processes_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    locks = tmp_path / "locks"
    living = turns._hold(locks / "queue-1.lock")
    (locks / "queue-2.lock").touch()  # nobody holds it
    (locks / "other.lock").touch()
    (locks / "queue-4.lock").mkdir()
    (locks / "queue-5.lock").symlink_to("queue-5.lock")
    ours = turns._hold(locks / "queue-3.lock")
    assert sorted(path.name for path in locks.iterdir()) == [
        *("other.lock", "queue-1.lock", "queue-3.lock"),
        *("queue-4.lock", "queue-5.lock"),  # of somebody else
    ]
    for descriptor in (living, ours):
        os.close(descriptor)
