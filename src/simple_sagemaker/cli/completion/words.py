"""``ssm --complete KIND WORDS…``: names of tasks, jobs, profiles and projects, for the shells' completion.

Asked at every TAB, so it reads what is on this machine only: the project file, and the newest jobs in the home. It
prints names that can be typed without quotes and nothing else, whatever files and folders are called, and no errors.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from ...errors import SsmError
from ...options.project_file.find import candidates
from ...options.project_file.key_lines import Keys, key_lines
from ...services.home_folder import home_path

_NAME = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._-]{0,127}")
_JOB = re.compile(r"[A-Za-z0-9-]*-\d{4}(?:-\d{2}){5}-([A-Za-z0-9]{8})")  # as core.names has it
_TRIAL = re.compile(r"([A-Za-z0-9-]*)-(\d{3,})-\d{4}(?:-\d{2}){5}-[A-Za-z0-9]{8}")
_STAMP = -28  # where the time begins in such a name
# Our two tags as the engine writes them; a quote within a value has a backslash, so nothing else reads like them.
_TAG = re.compile(r'"Key": "SimpleSagemaker(Project|Task)", "Value": "([A-Za-z0-9._-]+)"')
_VALUE = re.compile(r"""=\s*["']([A-Za-z0-9._-]+)["']""")
_COMMAND_OF = {"entry_point": "run", "built_in": "run", "cmd_line": "shell", "code": "process", "entrypoint": "process"}
_LONGEST = 63  # characters of a job's name
_NEWEST = 100  # jobs that are looked at
_LARGEST = 1 << 16  # bytes of a job's tags
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def words(kind: str, typed: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The names of a kind that fit to what was typed, each once; none where something is wrong."""
    try:
        file = _read_file(environment)
    except (SsmError, OSError, ValueError):
        file = _File({}, "")
    some = dict.fromkeys(_of_kind(kind, typed, file, environment))
    return [word for word in some if _NAME.fullmatch(word)]


class _File:
    """What completion uses of a project file: its tasks with the commands that they are for, its profiles, its name."""

    def __init__(self, lines: Mapping[Keys, int], text: str) -> None:
        self.tasks: dict[str, set[str]] = {}
        for keys in lines:
            if keys[0] == "task" and len(keys) > 1:
                commands = self.tasks.setdefault(keys[1], set())
                if len(keys) == 3 and keys[2] in _COMMAND_OF:
                    commands.add(_COMMAND_OF[keys[2]])
                if len(keys) > 2 and keys[2] == "hp_space":
                    commands.add("tune")
        for commands in self.tasks.values():
            if "tune" in commands:
                commands.discard("run")
            elif "run" in commands:
                commands.add("tune")  # what is run can be searched
        self.profiles = [keys[1] for keys in lines if keys[0] == "profile" and len(keys) == 2]
        name = lines.get(("project", "name"))
        value = _VALUE.search(text.split("\n")[name - 1]) if name else None
        self.project = value[1] if value else ""


def _of_kind(kind: str, typed: Sequence[str], file: _File, environment: Mapping[str, str]) -> Iterator[str]:
    project = _value(typed, "-p", "--project_name") or file.project
    if kind == "profiles":
        yield from file.profiles
    elif kind == "projects":
        yield file.project
        yield from (of_project for _, of_project, _, _ in _jobs(environment))
    elif kind == "tasks":
        command = typed[0] if typed else "run"
        is_for_all = command not in {*_COMMAND_OF.values(), "tune"}
        yield from (task for task, commands in file.tasks.items() if is_for_all or not commands or command in commands)
        yield from (task for _, of_project, task, _ in _jobs(environment) if project in {"", of_project})
    elif kind == "jobs":
        task = _value(typed, "-t", "--task_name")
        for letters, of_project, of_task, _ in _jobs(environment):
            if project in {"", of_project} and task in {"", of_task}:
                yield letters
    elif kind == "trials":
        yield from map(str, sorted(set(_trials(_value(typed, "-t", "--task_name"), project, environment))))


def _trials(task: str, project: str, environment: Mapping[str, str]) -> Iterator[int]:
    """The numbers of the newest trials of a task on this machine, which their jobs' names have."""
    for _, of_project, of_task, number in _jobs(environment):
        if number is not None and task == of_task and project in {"", of_project}:
            yield number


def _value(typed: Sequence[str], *flags: str) -> str:
    """The value of an option on the command line so far."""
    for word, following in zip(typed, [*typed[1:], ""], strict=False):
        flag, equals, attached = word.partition("=")
        if flag in flags:
            return attached if equals else following
    return ""


def _read_file(environment: Mapping[str, str]) -> _File:
    """The project file, of which only the keys are looked at: reading TOML whole would take as long as all the rest.

    Raises UsageError, and ValueError for what is not text.
    """
    for candidate in candidates(environment):
        text = candidate.data.decode("utf-8-sig").replace("\r\n", "\n")
        lines = key_lines(text)
        if candidate.is_shared:
            lines = {keys[2:]: line for keys, line in lines.items() if keys[:2] == ("tool", "ssm") and keys[2:]}
        if lines or not candidate.is_shared:
            return _File({} if candidate.owner is not None else lines, text)
    return _File({}, "")


def _jobs(environment: Mapping[str, str]) -> Iterator[tuple[str, str, str, int | None]]:
    """The newest jobs of this machine's home: the letters at the end of each one's name, its project, task and trial.

    The trial is the number that a trial's job has in its name, after the task; None for another job.
    """
    try:
        jobs = os.path.join(home_path(environment), "jobs")
        names = sorted(os.listdir(jobs), key=lambda name: name[_STAMP:], reverse=True)
    except OSError:
        return
    for match in islice(filter(None, map(_JOB.fullmatch, names)), _NEWEST):
        tags = dict(_TAG.findall(_tags(os.path.join(jobs, match[0], "tags.json"))))
        task = tags.get("Task", "")
        trial = _TRIAL.fullmatch(match[0])
        clean = re.sub(r"[^A-Za-z0-9]+", "-", task).strip("-")
        is_cut = len(match[0]) == _LONGEST and trial is not None and clean.startswith(trial[1])
        is_trial = trial is not None and (trial[1] == clean or is_cut)
        yield match[1], tags.get("Project", ""), task, int(trial[2]) if trial and is_trial else None


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
