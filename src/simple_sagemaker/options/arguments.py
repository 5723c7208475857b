"""The arguments of one command by option name, before anything is checked: typed, or from Python.

The command line fills in texts, the Python API its own types; each tells how it spells an option, so that an error
names it as the person did.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence

from ..errors import Spelling, UsageError, spell_typed
from .option import EXEC, JOBS, Option
from .table import by_flag

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from typing import Any


class Use:
    """One use of an option: its spelling there, and its values in order."""

    __slots__ = ("flag", "values")

    def __init__(self, flag: str, values: tuple[Any, ...]) -> None:
        self.flag = flag
        self.values = values

    def texts(self) -> tuple[str, ...]:
        """The values as texts. Raises UsageError for one that is not text, a path or a number."""
        return tuple(text_of(self.flag, value) for value in self.values)


class Arguments:
    """The arguments of one command: uses of options by name, hyperparameters in order, and the script's arguments.

    ``spell`` returns an option's spelling, on the command line or in Python. Typed hyperparameters are texts; from
    Python, and from a project file, they are any JSON values. ``labels`` are spellings of hyperparameters from such a
    file, ``is_local`` is whether a command that runs none is about jobs of this machine, and ``notes`` are lines for
    the person about what was typed.
    """

    __slots__ = (
        "_spell",
        "command",
        "hyperparameters",
        "is_local",
        "labels",
        "notes",
        "options",
        "script_arguments",
        "uses",
    )

    def __init__(self, command: str, script_arguments: Sequence[str], *, spell: Spelling = spell_typed) -> None:
        self.command = command
        self.options: Mapping[str, Option] = by_flag(command)
        self.uses: dict[str, list[Use]] = {}
        self.hyperparameters: list[tuple[str, Any]] = []
        self.script_arguments = tuple(script_arguments)
        self.labels: dict[str, str] = {}
        self.notes: list[str] = []
        self.is_local = False
        self._spell = spell

    @property
    def takes_hyperparameters(self) -> bool:
        """Whether the command runs code, which can have hyperparameters."""
        return "--hp" in self.options and self.command in JOBS

    def advice(self, flag: str, *values: object) -> str:
        """How to pass a hyperparameter that has the name of our option, where the command's code can have some."""
        return hyperparameter_advice(flag, *values) if self.takes_hyperparameters else ""

    @property
    def takes_script_arguments(self) -> bool:
        """Whether the command accepts arguments after a lone ``--``."""
        return self.command in JOBS + EXEC

    def has(self, name: str) -> bool:
        """Whether the option was used at all; an option without a value may also be False in Python.

        Raises UsageError for a value of such an option that is neither True nor False.
        """
        uses = self.uses.get(name)
        if not uses:
            return False
        option = self.options.get(f"--{name}")
        return boolean_of(uses[0]) if option and not option.value_count else True

    def each(self, name: str) -> list[Use]:
        """Every use of a repeatable option, in order."""
        return self.uses.get(name, [])

    def value(self, name: str) -> Any:
        """The one value of an option as it came, else its default, else None."""
        uses = self.uses.get(name)
        return uses[0].values[0] if uses else self._default(name)

    def text(self, name: str) -> str | None:
        """The text of an option that takes one, else its default. Raises UsageError if it is empty or not text."""
        if name not in self.uses:
            return self._default(name)
        text = text_of(self.flag(name), self.value(name))
        if not text and self._default(name) != "":
            raise UsageError(f"{self.flag(name)} is empty: leave it out, or give it a value.")
        return text

    def required_text(self, name: str) -> str:
        """The text of an option that is required or has a default. Raises UsageError."""
        text = self.text(name)
        if text is None:
            raise UsageError(f"{self.flag(name)} is missing.")
        return text

    def number(self, name: str, *, least: int, most: int | None = None) -> int:
        """The whole number of an option, within its limits. Raises UsageError."""
        flag, value = self.flag(name), self.value(name)
        if value == "":
            raise UsageError(f"{flag} is empty: leave it out, or give it a value.")
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole and not (isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value)):
            raise UsageError(f"{flag} takes a whole number, not {value!r}.{self.advice(flag, value)}")
        number = int(value)
        if number < least:
            raise UsageError(f"{flag} {value} is too small: the minimum is {least}.")
        if most is not None and number > most:
            raise UsageError(f"{flag} {value} is too large: the maximum is {most}.")
        return number

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of every use of an option, one after the other. Raises UsageError for what is not text."""
        return tuple(text for use in self.each(name) for text in use.texts())

    def flag(self, name: str) -> str:
        """The option as the person spelled it, or as one would."""
        uses = self.uses.get(name)
        return uses[0].flag if uses else self.spelled(name)

    def spelled(self, name: str) -> str:
        """The option as one would spell it, whatever was typed."""
        return self._spell(name, "")

    def advise(self, name: str) -> str:
        """The option as advice spells it; on the command line, with its value and short spelling."""
        if self._spell is not spell_typed:
            return self._spell(name, "")
        option = self.options[f"--{name}"]
        other = f"({option.flags[1]})" if option.flags[1:] else ""
        return " ".join(filter(None, [option.flags[0], option.shape, other]))

    def hyperparameter(self, name: str) -> str:
        """A hyperparameter as the person spelled it."""
        return self.labels.get(name) or self._spell("hp", name)

    def contradiction(self, one: str, other: str) -> UsageError:
        """The error that two options cannot both be used."""
        return UsageError(f"{self.flag(one)} and {self.flag(other)} contradict each other: drop one.")

    @property
    def as_script_arguments(self) -> str:
        """Where arguments of the script go, for advice."""
        return "after --" if self._spell is spell_typed else "in arguments"

    def _default(self, name: str) -> str | None:
        option = self.options.get(f"--{name}")
        return option.default if option else None


def text_of(flag: str, value: object) -> str:
    """A text, path or number as it would be typed. Raises UsageError for anything else."""
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        return path if isinstance(path, str) else os.fsdecode(path)
    if isinstance(value, (int, float)):
        return str(value)
    raise UsageError(f"{flag}: {value!r} is neither text nor a number.")


def boolean_of(use: Use) -> bool:
    """The value of an on/off option; typed, it has no value and is on. Raises UsageError."""
    value = use.values[0] if use.values else True
    if isinstance(value, bool):
        return value
    raise UsageError(f"{use.flag} must be True or False, not {value!r}.")


def hyperparameter_advice(flag: str, *values: object) -> str:
    """How to pass a hyperparameter that has the name of our option; empty for short flags.

    Only the command line can confuse the two: from Python, where no flag begins with dashes, it is empty.
    """
    if not flag.startswith("--"):
        return ""
    from shlex import quote

    value = quote(str(values[0])) if len(values) == 1 else "VALUE"
    return f"\nIf it is a hyperparameter of your script, write: --hp {flag[2:]} {value}"


def check_hyperparameter_name(name: str, flag: str) -> str:
    """Return ``name`` if it can name a hyperparameter; ``flag`` is the option's spelling, for the error."""
    if name and not name.startswith("-"):
        return name
    raise UsageError(f"{flag} {name!r}: a hyperparameter's name cannot be empty or begin with a dash.")
