"""What a process of ours takes from the program that starts it: no open file, no blocked and no ignored signal.

A command loads this before anything else, so it loads nothing itself.
"""

from __future__ import annotations

import os
import sys

_UNTOUCHED = {9, 17 if sys.platform == "darwin" else 19}  # SIGKILL and SIGSTOP, which nobody can ignore
SIGNALS = [number for number in range(1, 32) if number not in _UNTOUCHED]  # of signal(7); module signal costs 2 ms


def close_inherited(first: int) -> None:
    """Close the descriptors from ``first`` on: what the caller had open for programs of its own, which jobs are not."""
    try:
        names = os.listdir("/dev/fd")
    except OSError:
        return
    os.closerange(first, 1 + max(map(int, names)))
