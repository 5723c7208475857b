"""The settings of a project file, put among the arguments of a command as if they had been typed.

In: the arguments that were typed or came from Python. Out: the same, with what the file has for the rest; each such use
is spelled with its file and line, so that an error about its value says where it stands.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import Any

from ...core.instance_types import is_local
from ...core.records import dataclass, field
from ...core.spelling import nearest
from ...errors import InputNotFound, SsmError, UsageError
from ..arguments import Arguments, Use
from ..option import JOBS, TUNE
from .keys import ARGUMENTS, PATHS, file_options, kind_of, starters
from .merge import Key, Level, levels, merge, profile_of, task_of
from .read import Entry, ProjectFile


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a command took of a project file: the tables in force, and the paths, as errors spell them."""

    file: ProjectFile
    profile: str | None
    task: str | None
    taken: int = 0
    paths: frozenset[str] = field(default_factory=frozenset)

    def note(self) -> str:
        """Which file is used, for the terminal; empty where nothing of it was."""
        profile = f", profile {self.profile}" if self.profile else ""
        task = f", task {self.task}" if self.task in self.file.tasks else ""
        return f"Project file: {self.file.shown}{profile}{task}" if self.taken or profile else ""

    def explain(self, error: SsmError) -> SsmError:
        """The error with what the file has to do with it."""
        if type(error) not in {UsageError, InputNotFound}:
            return error
        text = str(error)
        if any(path in text for path in self.paths):
            text += f"\nPaths in {self.file.shown} are relative to its folder: {self.file.folder}"
        elif text.startswith("missing: ") and self.file.tasks and self.task not in self.file.tasks:
            near = nearest(self.task or "", self.file.tasks)
            names = f"did you mean {near}?" if near else f"there are: {', '.join(self.file.tasks)}."
            text += f"\n{self.file.shown} has no task {self.task!r}; {names}" if self.task else ""
            text += "" if self.task else f"\nTasks of {self.file.shown}: {', '.join(self.file.tasks)}"
        return type(error)(text) if text != str(error) else error


def fill(
    arguments: Arguments,
    file: ProjectFile,
    environment: Mapping[str, str],
    *,
    profile: str | None = None,
    ignored: Collection[str] = (),
) -> Filled:
    """Add what the file says and nothing higher does. Raises UsageError.

    ``profile`` is the one that Python named; the command line's is among the arguments. ``ignored`` keys are not taken.
    """
    named = arguments.text("use_profile") if "use_profile" in arguments.uses else profile
    flag = arguments.flag("use_profile") if profile is None else "profile"
    used = profile_of(file, named, flag, environment)
    typed_task = str(arguments.value("task_name") or "")
    some = levels(file, used, typed_task)
    task = typed_task or task_of(some)
    typed = {**_typed(arguments), **{(name, ""): False for name in ignored}}
    chosen = merge(some, arguments.command, typed, environment)
    filler = _Filler(arguments, file)
    for one in chosen.values():
        filler.add(one.entry)
    filler.finish()
    if arguments.command in JOBS:
        _check_command(arguments, file, task, typed)
    elif not arguments.has("instance_type") and not environment.get("SSM_ENGINE"):
        arguments.is_local = _is_local(some, environment)
    task = task if typed_task or ("task_name", "") in chosen else None
    return Filled(file=file, profile=used, task=task, taken=len(chosen), paths=frozenset(filler.paths))


def _typed(arguments: Arguments) -> dict[Key, Any]:
    """What was typed, or came from Python, by the keys of the file."""
    typed: dict[Key, Any] = {}
    for name, uses in arguments.uses.items():
        option = arguments.options.get(f"--{name}")
        has_name = option is not None and option.shape.startswith(("NAME ", "KEY "))
        for use in uses:
            typed[name, str(use.values[0]) if has_name and name != "hp" else ""] = use.values[0] if use.values else True
    typed |= {("hp", name): value for name, value in arguments.hyperparameters}
    if arguments.script_arguments:
        typed[ARGUMENTS, ""] = arguments.script_arguments
    return typed


def _is_local(some: list[Level], environment: Mapping[str, str]) -> bool:
    """Whether the file says that jobs run on this machine, for a command that runs none."""
    machine = merge(some, "run", {}, environment).get(("instance_type", ""))
    return machine is not None and is_local(machine.entry.value)


def _check_command(arguments: Arguments, file: ProjectFile, task: str | None, typed: Collection[Key]) -> None:
    """Refuse to run a task by another command than the one that its table is for."""
    entries = file.tasks.get(task or "", {})
    ways = starters({key: entry for (key, _), entry in entries.items() if entry.value})
    if not ways or arguments.command in ways.values():
        return
    if arguments.command in TUNE and "run" in ways.values():  # what is run can be searched
        return
    is_search = "tune" in ways.values() and arguments.command == "run"  # its entry point is in the file
    if any((name, "") in typed if is_search else arguments.has(name) for name in _STARTERS[arguments.command]):
        return
    key, command = next(iter(ways.items()))
    line = next(entry.line for (name, _), entry in entries.items() if name == key)
    raise UsageError(
        f"the task {task} has {key} ({file.shown}:{line}), which is for 'ssm {command}': ssm {command} -t {task}"
    )


_STARTERS = {
    "run": ("entry_point", "built_in"),
    "tune": ("entry_point", "built_in"),
    "shell": ("cmd_line",),
    "process": ("code", "entrypoint"),
}


class _Filler:
    """Puts entries among the arguments; what was typed of the same option comes after them."""

    def __init__(self, arguments: Arguments, file: ProjectFile) -> None:
        self._arguments = arguments
        self._file = file
        self._uses: dict[str, list[Use]] = {}
        self._hyperparameters: list[tuple[str, Any]] = []
        self._is_here = _is_current(file.folder)
        self.paths: set[str] = set()

    def add(self, entry: Entry) -> None:
        label = f"{entry.key} ({self._file.shown}:{entry.line})"
        if entry.key == "hp":
            self._hyperparameters.append((entry.part, entry.value))
            self._arguments.labels[entry.part] = f"hp.{entry.part} ({self._file.shown}:{entry.line})"
            return
        if entry.key == ARGUMENTS and "--hp" in self._arguments.options:
            words = [entry.value] if isinstance(entry.value, str) else entry.value
            self._arguments.script_arguments = tuple(map(str, words))
            return
        if entry.key in PATHS:
            self.paths.add(label)
        self._uses.setdefault(entry.key, []).append(Use(label, self._values(entry)))

    def finish(self) -> None:
        """Put everything before what was typed; hyperparameters of the file come first as well."""
        for name, uses in self._uses.items():
            self._arguments.uses[name] = [*uses, *self._arguments.uses.get(name, ())]
        self._arguments.hyperparameters[:0] = self._hyperparameters
        self._place_entry_point()

    def _values(self, entry: Entry) -> tuple[Any, ...]:
        kind, value = kind_of(entry.key), entry.value
        if kind == "words" and file_options()[entry.key].value_count > 1:
            return tuple(value.split() if isinstance(value, str) else map(str, value))
        if kind == "words":
            return (value,) if isinstance(value, str) else (list(value),) if entry.key != ARGUMENTS else tuple(value)
        values = value if isinstance(value, list) else [value]
        if kind == "inputs":
            return (entry.part, *self._paths(entry.key, values, only_first=True))
        if kind == "list":
            return tuple(self._paths(entry.key, values, only_first=entry.key == "input_path"))
        if kind == "table":
            return (entry.part, value)
        if kind == "text" and entry.key != "entry_point":
            return tuple(self._paths(entry.key, values, only_first=True))
        return (value,)

    def _paths(self, key: str, values: list[str], *, only_first: bool) -> list[str]:
        if key not in PATHS:
            return values
        count = 1 if only_first else len(values)
        placed = [self._path(value) for value in values[:count]]
        if key == "docker_file_path_or_content" and not os.path.exists(placed[0]):
            return values  # the text of a Dockerfile
        return [*placed, *values[count:]]

    def _path(self, path: str) -> str:
        """A path of the file as the command at hand reaches it."""
        if "://" in path or not path:
            return path
        if path == "~" or path.startswith("~/"):
            return os.path.expanduser(path)
        return path if self._is_here else os.path.join(self._file.folder, path)

    def _place_entry_point(self) -> None:
        """An entry point lies in the source folder, or else is relative to the file as other paths are."""
        uses = self._uses.get("entry_point")
        if not uses:
            return
        entry = uses[0].values[0]
        source = self._arguments.value("source_dir")
        is_within = source is not None and ("://" in str(source) or os.path.isfile(os.path.join(source, entry)))
        if not is_within:
            self._arguments.uses["entry_point"] = [Use(uses[0].flag, (self._path(entry),))]


def _is_current(folder: str) -> bool:
    try:
        return os.path.samefile(folder, os.curdir)
    except OSError:
        return False
