"""The end of the program at once: Python's own takes down every module and object first, a tenth of a short command."""

from __future__ import annotations

import atexit
import os
import sys

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from typing import NoReturn


def end(status: int) -> NoReturn:
    """End this process, once what waits to be printed is, and what was left to the end (``atexit``) is done.

    Where a thread must end first, or nothing can be printed any more, it ends as Python does it.
    """
    if _has_others():
        sys.exit(status)
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing's processes, which end this way, do
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        sys.exit(status)
    os._exit(status)


def _has_others() -> bool:
    """Whether a thread runs for which Python would wait."""
    threading = sys.modules.get("threading")  # which many commands do not load
    if threading is None:
        return False
    return any(not one.daemon and one is not threading.main_thread() for one in threading.enumerate())
