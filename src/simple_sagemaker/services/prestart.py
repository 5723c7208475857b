"""A local job's supervisor, started ahead: it comes up while the command is still being parsed.

A command that runs a job loads this module first, so it loads nothing itself.
"""

from __future__ import annotations

import sys

from ..core.instance_types import is_local

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..local.supervisor.spawn import WaitingSupervisor

_FLAGS = ("--it", "--instance_type")


def prestart(
    argv: Sequence[str], environment: Mapping[str, str], usual_type: Callable[[], str] = str
) -> WaitingSupervisor | None:
    """Start the supervisor of the job that a command line is for; None where that is no job of this machine.

    A guess: a supervisor without a job ends by itself, and a job without one starts its own. ``usual_type`` gives the
    instance type where none is typed, and is asked only where it decides.
    """
    if sys.platform == "win32":
        return None
    engine = environment.get("SSM_ENGINE") or "aws"
    if engine == "aws" and is_local(_instance_type(argv) or usual_type()):
        engine = "local"
    if engine not in {"local", "docker"}:
        return None
    from ..local.supervisor.spawn import start_supervisor

    return start_supervisor("docker" if engine == "docker" else environment.get("SSM_ISOLATION") or "auto")


def _instance_type(argv: Sequence[str]) -> str:
    """The instance type on a command line, as far as that can be seen without the option table."""
    for argument, following in zip(argv, [*argv[1:], ""], strict=True):
        flag, _, attached = argument.partition("=")
        if flag in _FLAGS:
            return attached or following
    return ""
