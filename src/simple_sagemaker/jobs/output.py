"""Stdout of work that outlives its reader: what cannot be printed is dropped, and the work goes on."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


def close_stdout() -> None:
    """Let what is printed from now on, and what still waits, go nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


class Output:
    """Prints until that fails, because the reader is gone or a disk is full; then says so once, and prints no more.

    ``work`` is what goes on: the job, the search.
    """

    def __init__(self, note: Callable[[str], None], *, work: str = "the job") -> None:
        self._note = note
        self._work = work
        self._is_closed = False

    def print(self, act: Callable[[], object]) -> None:
        """Let ``act`` write to ``sys.stdout``, unless that has failed before."""
        if self._is_closed:
            return
        try:
            act()
        except OSError as error:
            self._is_closed = True
            close_stdout()
            end = f"{self._work} goes on, and is followed to its end"
            self._note(f"The output cannot be written any more ({error.strerror or error}); {end}")
