"""The command line that runs a trial of a search again, as one job."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from ..options.option import MANY, SINGLE, Option
from ..options.table import by_flag

_RENAMED = frozenset({"task_name", "output_path"})  # so that nothing of the search is replaced


def run_line(argv: Sequence[str], values: Mapping[str, str]) -> str:
    """The line ``ssm run …`` for these values, from the line ``ssm tune …``; task and folder get other names.

    Empty where the line does not name the task itself.
    """
    options = by_flag("tune")
    words = ["run"]
    rest = list(argv[1:])
    has_task = False
    while rest and rest[0] != "--":
        word = rest.pop(0)
        option = options.get(word.partition("=")[0])
        taken = [word, *_values_of(option, word, rest)]
        if option is not None and not set(option.commands) & set(SINGLE):
            continue
        has_task = has_task or (option is not None and option.name == "task_name")
        if option is not None and option.name in _RENAMED:
            taken = [*taken[:-1], f"{taken[-1].rstrip('/')}-best"]
        words += taken
    for name, value in values.items():
        words += ["--hp", name, value]
    return f"ssm {shlex.join([*words, *rest])}" if has_task else ""


def _values_of(option: Option | None, word: str, rest: list[str]) -> list[str]:
    """Take the values of an option, or of a hyperparameter, from the words that follow it."""
    if "=" in word:
        return []
    if option is None:
        count = 1 if word.startswith("--") else 0
    elif option.value_count == MANY:
        count = 0
        while count < len(rest) and not (len(rest[count]) > 1 and rest[count].startswith("-")):
            count += 1
    else:
        count = option.value_count
    taken = rest[:count]
    del rest[:count]
    return taken
