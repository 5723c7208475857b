"""The keys of a project file: the long names of the options of commands that run code, and the kind of value of each.

Whatever is derived from the option table is derived here: what a value must be, which command takes it, which paths it
has, what a key is called where it was mistyped.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from ...core.specs import INPUT_MODES
from ...core.spelling import nearest
from ..commands import COMMANDS
from ..machines import PROCESSING_FRAMEWORKS
from ..option import JOBS, MANY, Option
from ..table import by_flag, options_of

Kind = Literal["flag", "number", "decimal", "text", "list", "words", "table", "values", "inputs", "json"]

# What names a project's place. Every command that has such an option takes it from the file.
PLACE = ("project_name", "prefix", "bucket_name", "bucket_owner", "aws_region", "aws_profile", "data_store")
PROJECT_KEYS = {"name": "project_name", **{name: name for name in (*PLACE[1:], "role_name")}}

_SHARED = frozenset({*PLACE, "task_name", "output_path", "download_state", "download_model", "download_output"})

ARGUMENTS = "arguments"  # on ``run`` and ``shell`` no option, but what follows --
_NEVER = frozenset({"help", "use_profile", "m"})
_NUMBERS = frozenset({"COUNT", "GB", "MINUTES", "STATUS", "NUMBER"})
_CHOICES = {"framework": PROCESSING_FRAMEWORKS, "input_mode": INPUT_MODES}

PATHS = frozenset(
    {"source_dir", "entry_point", "code", "dir_files", "dependencies", "docker_file_path_or_content", "output_path"}
    | {"input_path", "input_local", "model_uri", "request_merge"}
)
# What runs, and so of which command a task is.
_COMMAND_OF = {"entry_point": "run", "built_in": "run", "cmd_line": "shell", "code": "process", "entrypoint": "process"}
_SEARCH = "hp_space"  # with it a task that ``run`` could run is one for ``tune``


@cache
def file_options() -> Mapping[str, Option]:
    """The options that a file can have, by the keys for them."""
    options: dict[str, Option] = {}
    for command in JOBS:
        for option in options_of(command):
            options.setdefault(option.name, option)
    return {name: option for name, option in options.items() if name not in _NEVER}


def kind_of(key: str) -> Kind:
    """What the value of a key is. ``table`` has texts by name, ``values`` anything that JSON can say."""
    option = file_options()[key]
    if key == "hp":
        return "values"
    if key in {ARGUMENTS, "command", "entrypoint"}:
        return "words"
    if option.repeatable and option.value_count == 1:
        return "list"
    if option.value_count == MANY:
        return "inputs" if option.shape.startswith("NAME ") else "list"
    by_count: dict[int, Kind] = {0: "flag", 2: "table", 3: "words"}
    if option.value_count in by_count:
        return by_count[option.value_count]
    if option.shape == "JSON":
        return "json"
    return "number" if option.shape in _NUMBERS else "decimal" if option.shape == "VALUE" else "text"


def choices_of(option: Option) -> tuple[str, ...]:
    """The values that an option can have, where they are few: its shape lists them, or a table of ours has them."""
    if option.name in _CHOICES:
        return _CHOICES[option.name]
    shapes = option.shape.strip("{}").replace(",", "|").split("|")
    return tuple(shapes) if len(shapes) > 1 and not option.shape.isupper() else ()


@cache
def takes(command: str, key: str) -> bool:
    """Whether a command takes a key's value.

    Commands that run code take all that are options of theirs. Others take the place, the task and what to bring, and
    options that they share with those commands; one that they have for themselves under such a name is something else.
    """
    if key == ARGUMENTS:
        return command in JOBS
    option = by_flag(command).get(f"--{key}")
    if option is None or option.name != key:
        return False
    return command in JOBS or key in _SHARED or bool(set(option.commands) & set(JOBS))


def command_of(keys: Mapping[str, object]) -> str | None:
    """The command that a task with these keys is for; None where nothing says."""
    return next(iter(starters(keys).values()), None)


def starters(keys: Mapping[str, object]) -> dict[str, str]:
    """The keys that say what runs, each with the command that it is for."""
    found = {key: command for key, command in _COMMAND_OF.items() if key in keys}
    if _SEARCH not in keys:
        return found
    return {_SEARCH: "tune", **{key: "tune" if command == "run" else command for key, command in found.items()}}


def why_unknown(name: str, *, of_project: bool = False) -> str:
    """That there is no such key, and which one may be right."""
    known = PROJECT_KEYS if of_project else file_options()
    if of_project and name == "project_name":
        return "there it is called name"
    if of_project and name in file_options():
        return f"it is not one of [project]: put {name} into [defaults], a task or a profile"
    plain = name.replace("-", "_")
    for option in file_options().values():
        if f"--{plain}" in option.flags or f"-{plain}" in option.flags or f"--{plain}" == option.early:
            return f"the key is its long name, {option.name}"
    if plain in {"hyperparameters", "hyper_parameters"}:
        return "did you mean hp?"
    for command in COMMANDS:
        if f"--{plain}" in by_flag(command):
            return f"it is an option of 'ssm {command}' that can only be typed"
    near = nearest(plain, known)
    return f"did you mean {near}?" if near else f"there are: {', '.join(sorted(known))}"
