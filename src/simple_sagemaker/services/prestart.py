"""A local job's supervisor, started ahead: it comes up while the command is still being parsed.

A command that runs a job loads this module first, so it loads nothing itself.
"""

from __future__ import annotations

import os
import sys

from ..core.instance_types import is_local

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..local.supervisor.spawn import WaitingSupervisor

_TYPE = ("--it", "--instance_type")
_PROJECT = ("-p", "--project_name")
_TASK = ("-t", "--task_name")
_RUNS_AGAIN = frozenset({"--force_running", "--fr", "--clean_state", "--cs", "--if_changed"})
_LAST_LINE = 4096  # bytes at a journal's end that have its last entry, but for the longest of failures


def prestart(
    argv: Sequence[str], environment: Mapping[str, str], usual_type: Callable[[], str] = str
) -> WaitingSupervisor | None:
    """Start the supervisor of the job that a command line is for; None where that is no job of this machine.

    A guess: a supervisor without a job ends by itself, and a job without one starts its own. ``usual_type`` gives the
    instance type where none is typed, and is asked only where it decides. None is started for a task that the line will
    probably skip: there it would take the processor from the command.
    """
    if sys.platform == "win32":
        return None
    engine = environment.get("SSM_ENGINE") or "aws"
    if engine == "aws" and is_local(_typed(argv, _TYPE) or usual_type()):
        engine = "local"
    if engine not in {"local", "docker"}:
        return None
    if _is_probably_skipped(argv, environment):
        return None
    from ..local.supervisor.spawn import start_supervisor

    return start_supervisor("docker" if engine == "docker" else environment.get("SSM_ISOLATION") or "auto")


def _is_probably_skipped(argv: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether the task's newest job is on this machine and completed, as far as names and a journal's end show that."""
    project, task = _typed(argv, _PROJECT), _typed(argv, _TASK)
    if not (project and task) or not _RUNS_AGAIN.isdisjoint(argv) or environment.get("SSM_RERUN"):
        return False
    from .home_folder import home_path

    home = home_path(environment)
    try:
        for bucket in os.listdir(os.path.join(home, "buckets")):
            place = os.path.join(home, "buckets", bucket, project, task)
            if not bucket.startswith(".") and os.path.isdir(place):
                newest = max((name for name in os.listdir(place) if name.startswith(f"{task}-")), default="")
                return bool(newest) and _is_completed(os.path.join(home, "jobs", newest, "journal.jsonl"))
    except (OSError, ValueError):  # there is no such home, or no such name can be: what is wrong is said later
        return False
    return False


def _is_completed(journal: str) -> bool:
    from pathlib import Path

    from ..core.regular_files import read_plain

    return b'"status": "Completed"' in read_plain(Path(journal))[-_LAST_LINE:]


def _typed(argv: Sequence[str], flags: tuple[str, ...]) -> str:
    """An option's value on a command line, as far as that can be seen without the option table."""
    for argument, following in zip(argv, [*argv[1:], ""], strict=True):
        flag, _, attached = argument.partition("=")
        if flag in flags:
            return attached or following
    return ""
