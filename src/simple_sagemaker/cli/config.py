"""``ssm config``: which settings are in force, and where each comes from: file and line, or a variable."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ..core.printable import clean
from ..core.secret_values import HIDDEN, looks_secret
from ..errors import UsageError
from ..options.arguments import Arguments
from ..options.option import JOBS
from ..options.project_file.find import VARIABLE
from ..options.project_file.keys import command_of, file_options, kind_of, takes
from ..options.project_file.merge import VARIABLES, Key, Level, levels, merge, profile_of, task_of
from ..options.project_file.read import Entry, ProjectFile, load
from ..options.project_file.schema import schema
from ..options.table import by_flag
from ..services.choose import choose_engine

_SHOWN = frozenset({"AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "SSM_RERUN"})
_WIDEST = 40  # of a column


class Row(NamedTuple):
    """A setting, its value, and where that comes from."""

    name: str
    value: str
    origin: str


def config_text(arguments: Arguments, environment: Mapping[str, str]) -> str:
    """What the command prints. Raises UsageError for a file that cannot be used, a profile or task that it has not."""
    if arguments.has("schema"):
        return schema_text()
    file = load(environment)
    profile = arguments.text("use_profile")
    if file is None:
        if profile is not None:
            raise UsageError(f"{arguments.flag('use_profile')} {profile}: there is no project file.")
        head = ["No project file: neither ssm.toml nor [tool.ssm] in pyproject.toml, here or above."]
        some, task, tail = list[Level](), arguments.text("task_name"), list[str]()
    else:
        profile = profile_of(file, profile, arguments.flag("use_profile"), environment)
        some = levels(file, profile, arguments.text("task_name"))
        task = arguments.text("task_name") or task_of(some)
        head, tail = _head(file, profile, task, environment), _tail(file)
    command = _command_of_task(file, task)
    rows = list(_rows(some, file, command, environment, everything=arguments.has("all")))
    return clean("\n".join([*head, "", *_columns(rows), *tail])) + "\n"


def schema_text() -> str:
    """The JSON Schema of the project file, as it is printed and kept."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _command_of_task(file: ProjectFile | None, task: str | None) -> str | None:
    """The command that a task of the file is for; None where any may be."""
    entries = file.tasks.get(task or "", {}) if file else {}
    return command_of({key: entry for (key, _), entry in entries.items() if entry.value})


def _head(file: ProjectFile, profile: str | None, task: str | None, environment: Mapping[str, str]) -> list[str]:
    lines = [f"Project file: {file.path}{f' ({VARIABLE})' if environment.get(VARIABLE) else ''}"]
    if profile:
        lines.append(f"Profile: {profile}")
    if task:
        command = _command_of_task(file, task)
        lines.append(f"Task: {task}{f' (ssm {command})' if command else '' if task in file.tasks else ' (not in it)'}")
    return lines


def _tail(file: ProjectFile) -> list[str]:
    """What else the file has."""
    commands = {task: _command_of_task(file, task) for task in file.tasks}
    tasks = [f"{task} (ssm {command})" if command else task for task, command in commands.items()]
    lines = [f"Tasks: {', '.join(tasks)}"] if tasks else []
    lines += [f"Profiles: {', '.join(file.profiles)}"] if file.profiles else []
    return ["", *lines] if lines else []


def _rows(
    some: Sequence[Level],
    file: ProjectFile | None,
    command: str | None,
    environment: Mapping[str, str],
    *,
    everything: bool,
) -> Iterator[Row]:
    shown = file.shown if file else ""
    chosen = merge(some, command, {}, environment)
    by_variables = dict(_from_variables(some, shown, command, environment))
    for key in sorted({*chosen, *by_variables}, key=_order):
        if key in by_variables:
            yield by_variables[key]
            continue
        one = chosen[key]
        beaten = [f"{_value(entry)} ({shown}:{entry.line}, {title})" for entry, title in one.beaten]
        instead = f", instead of {' and '.join(beaten)}" if beaten else ""
        yield Row(_name(key), _value(one.entry), f"{shown}:{one.entry.line}, {one.title}{instead}")
    machine = chosen.get(("instance_type", ""))
    own_image = ("image_uri", "") in chosen or ("docker_file_path_or_content", "") in chosen
    engine = choose_engine(str(machine.entry.value) if machine else "", environment, own_image=own_image)
    yield Row("(engine)", engine, _why_engine(engine, str(machine.entry.value) if machine else "", environment))
    if everything:
        yield from _defaults({key for key, _ in chosen}, command or "run")


def _order(key: Key) -> tuple[int, str]:
    names = list(file_options())
    return names.index(key[0]), key[1]


def _name(key: Key) -> str:
    return ".".join(filter(None, key))


def _value(entry: Entry) -> str:
    if looks_secret(entry.part or entry.key, entry.value):
        return HIDDEN
    return json.dumps(entry.value, ensure_ascii=False)


def _from_variables(
    some: Sequence[Level], shown: str, command: str | None, environment: Mapping[str, str]
) -> Iterator[tuple[Key, Row]]:
    """The settings that variables decide, with what they beat in the file."""
    for name, variables in VARIABLES.items():
        variable = next((one for one in variables if environment.get(one)), None)
        if variable is None or name == "keep_state" or (command and not takes(command, name)):
            continue
        own = [(level.entries[name, ""], level.title) for level in some if (name, "") in level.entries]
        beaten = " and ".join(f"{_value(entry)} ({shown}:{entry.line}, {title})" for entry, title in own)
        if variable in _SHOWN or beaten:
            value = json.dumps(environment[variable]) if variable in _SHOWN else "(not used)"
            instead = f", instead of {beaten}" if beaten else ""
            yield (name, ""), Row(name, value, f"the variable {variable}{instead}")


def _why_engine(engine: str, machine: str, environment: Mapping[str, str]) -> str:
    if engine != "aws" and machine.startswith("local"):
        return f"instance_type {machine}"
    return "the variable SSM_ENGINE" if environment.get("SSM_ENGINE") else "the default"


def _defaults(known: set[str], command: str) -> Iterator[Row]:
    options: Mapping[str, Any] = {option.name: option for option in by_flag(command).values()}
    for key in file_options():
        option = options.get(key)
        if option is not None and option.default and key not in known and command in JOBS:
            value = option.default if kind_of(key) == "number" else json.dumps(option.default)
            yield Row(key, value, f"the default of ssm {command}")


def _columns(rows: Sequence[Row]) -> list[str]:
    """The rows as columns; a long value does not move those of the others."""
    widths = [max((len(row[i]) for row in rows if len(row[i]) <= _WIDEST), default=0) for i in range(2)]
    return [f"{row.name:{widths[0]}}  {row.value:{widths[1]}}  {row.origin}".rstrip() for row in rows]
