"""What there is to complete, from the option table: for each option of each command, what its values may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ...core.aws_instance_types import names_of_types
from ...core.specs import DISTRIBUTIONS, TASK_OUTPUTS
from ...options.commands import COMMANDS
from ...options.machines import FRAMEWORKS, PROCESSING_FRAMEWORKS
from ...options.option import MANY, Option
from ...options.project_file.keys import choices_of
from ...options.table import flags_on, options_of

SHELLS = ("bash", "zsh", "fish", "powershell")
POSITIONAL = {"completion": "shells", "built_ins": "built_in", "explain": "messages"}  # what a command's first word is
DYNAMIC = ("tasks", "jobs", "trials", "profiles", "projects")  # asked of ``ssm --complete`` when they are needed

_BY_OPTION = {
    "project_name": "projects",
    "task_name": "tasks",
    "job": "jobs",
    "trial": "trials",
    "use_profile": "profiles",
}
_BY_WORD = {
    **dict.fromkeys(("FILE", "PATH", "FILE|URI", "PATH|TEXT"), "files"),
    "DIR": "dirs",
    "TASK": "tasks",
    "DISTRIBUTION": "@distribution",
}
_FILE_OPTIONS = frozenset({"model_uri"})
_IN_CONTAINER = frozenset({"input_at", "output_from"})


class Spelling(NamedTuple):
    """One spelling of an option on a command.

    ``value_count`` is how many values it takes, ``M`` for any number. ``kinds`` are what they may be, one by one, and
    the last for all further ones: ``-`` anything, ``files``, ``dirs``, ``@NAME`` one of the choices of that name, or
    one of DYNAMIC.
    """

    command: str
    flag: str
    value_count: str
    kinds: tuple[str, ...]
    help: str


def spellings() -> list[Spelling]:
    """All spellings of all options of all commands."""
    return [
        Spelling(command, flag, _count(option), kinds_of(option, command), _first_sentence(option.help))
        for command in COMMANDS
        for option in options_of(command)
        for flag in flags_on(command, option)
        if flag != option.early
    ]


def choices() -> Mapping[str, tuple[str, ...]]:
    """The lists of choices by their names."""
    lists: dict[str, tuple[str, ...]] = {
        "commands": tuple(COMMANDS),
        "shells": SHELLS,
        "distribution": DISTRIBUTIONS,
        "output": TASK_OUTPUTS,
        "training_type": ("local", "local_gpu", *names_of_types(processing=False)),
        "processing_type": ("local", "local_gpu", *names_of_types(processing=True)),
    }
    for command in COMMANDS:
        for option in options_of(command):
            if some := choices_of(option):
                lists[option.name] = some
    from ...built_ins.algorithms import names
    from ..troubleshooting.table import ENTRIES

    lists["built_in"], lists["messages"] = names(), tuple(entry.word for entry in ENTRIES)
    return {**lists, "framework": FRAMEWORKS, "processing_framework": PROCESSING_FRAMEWORKS}


def kinds_of(option: Option, command: str) -> tuple[str, ...]:
    """What the values of an option may be, one by one."""
    if option.name in _BY_OPTION:
        return (_BY_OPTION[option.name],)
    if option.name == "instance_type":
        return ("@processing_type" if command == "process" else "@training_type",)
    if option.name == "framework":
        return ("@framework" if command in {"run", "shell", "tune"} else "@processing_framework",)
    if option.name == "built_in":
        return ("@built_in",)
    if choices_of(option):
        return (f"@{option.name}",)
    if option.name in _FILE_OPTIONS:
        return ("files",)
    if option.name in _IN_CONTAINER:
        return ("-", "-")
    words = [word.strip("[]") for word in option.shape.split() if "..." not in word]
    return tuple("@output" if word == "TYPE" else _BY_WORD.get(word, "-") for word in words) or ("-",)


def help_of_commands() -> Mapping[str, str]:
    """What each command does."""
    return COMMANDS


def _count(option: Option) -> str:
    return "M" if option.value_count == MANY else str(option.value_count)


def _first_sentence(text: str) -> str:
    """The beginning of a help text, in characters that need no quotes in any shell."""
    sentence = re.split(r"(?<=[.:;]) ", text, maxsplit=1)[0].rstrip(".:;")
    return re.sub(r"[^A-Za-z0-9 ,._/()=+-]", "", sentence)
