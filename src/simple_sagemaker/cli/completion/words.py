"""``ssm --complete KIND WORDS…``: names of tasks, jobs, profiles and projects, for the shells' completion.

Asked at every TAB, so it reads what is on this machine only: the project file, and the newest jobs in the home. It
prints names that can be typed without quotes and nothing else, whatever files and folders are called, and no errors.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ...errors import SsmError
from ...options.project_file.find import candidates
from ...services.home_folder import home_path

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a TAB 5 ms
if TYPE_CHECKING:
    from typing import Any

_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,127}")
_JOB = re.compile(r"[A-Za-z0-9-]*-\d{4}(?:-\d{2}){5}-([A-Za-z0-9]{8})")  # as core.names has it
_STAMP = -28  # where the time begins in such a name
# Our two tags as the engine writes them; a quote within a value has a backslash, so nothing else reads like them.
_TAG = re.compile(r'"Key": "SimpleSagemaker(Project|Task)", "Value": "([A-Za-z0-9._-]+)"')
_COMMAND_OF = {"entry_point": "run", "cmd_line": "shell", "code": "process", "entrypoint": "process"}
_NEWEST = 100  # jobs that are looked at
_LARGEST = 1 << 16  # bytes of a job's tags
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def words(kind: str, typed: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The names of a kind that fit to what was typed, each once; none where something is wrong."""
    try:
        file = _tables(environment)
    except (SsmError, OSError, ValueError, RecursionError):
        file = {}
    some = dict.fromkeys(_of_kind(kind, typed, file, environment))
    return [word for word in some if _NAME.fullmatch(word)]


def _of_kind(kind: str, typed: Sequence[str], file: Mapping[str, Any], environment: Mapping[str, str]) -> Iterator[str]:
    own_project = str(_table(file, "project").get("name", ""))
    project = _value(typed, "-p", "--project_name") or own_project
    if kind == "profiles":
        yield from _table(file, "profile")
    elif kind == "projects":
        yield own_project
        yield from (of_project for _, of_project, _ in _jobs(environment))
    elif kind == "tasks":
        yield from _tasks(_table(file, "task"), typed[0] if typed else "run")
        yield from (task for _, of_project, task in _jobs(environment) if project in {"", of_project})
    elif kind == "jobs":
        task = _value(typed, "-t", "--task_name")
        for letters, of_project, of_task in _jobs(environment):
            if project in {"", of_project} and task in {"", of_task}:
                yield letters


def _value(typed: Sequence[str], *flags: str) -> str:
    """The value of an option on the command line so far."""
    for word, following in zip(typed, [*typed[1:], ""], strict=True):
        flag, equals, attached = word.partition("=")
        if flag in flags:
            return attached if equals else following
    return ""


def _tables(environment: Mapping[str, str]) -> Mapping[str, Any]:
    """The tables of the project file, unchecked: what it says is used by no one but the person at the keyboard.

    Raises UsageError, and ValueError for what is not TOML.
    """
    for candidate in candidates(environment):
        if sys.version_info >= (3, 11):
            import tomllib
        else:
            import tomli as tomllib

        tables = tomllib.loads(candidate.data.decode("utf-8-sig").replace("\r\n", "\n"))
        if candidate.is_shared:
            tables = _table(_table(tables, "tool"), "ssm")
        if tables or not candidate.is_shared:
            return {} if candidate.owner is not None else tables
    return {}


def _table(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name)
    return table if isinstance(table, dict) else {}


def _tasks(tasks: Mapping[str, Any], command: str) -> Iterator[str]:
    """The tasks of the file that a command can run; of commands that run nothing, all."""
    for task in tasks:
        commands = {_COMMAND_OF[key] for key in _table(tasks, task) if key in _COMMAND_OF}
        if not commands or command in commands or command not in _COMMAND_OF.values():
            yield task


def _jobs(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The newest jobs of this machine's home: the letters at the end of each one's name, its project and its task."""
    try:
        jobs = os.path.join(home_path(environment), "jobs")
        names = sorted(os.listdir(jobs), key=lambda name: name[_STAMP:], reverse=True)
    except OSError:
        return
    for match in islice(filter(None, map(_JOB.fullmatch, names)), _NEWEST):
        tags = dict(_TAG.findall(_tags(os.path.join(jobs, match[0], "tags.json"))))
        yield match[1], tags.get("Project", ""), tags.get("Task", "")


def _tags(path: str) -> str:
    """The text of a job's tags; empty where it cannot be read."""
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
            return os.read(descriptor, _LARGEST).decode("utf-8", "replace") if is_file else ""
        finally:
            os.close(descriptor)
    except OSError:
        return ""
