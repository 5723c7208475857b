"""What was asked for, sorted out by the names of options, before anything is given a meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..errors import UsageError
from .option import JOBS, Option
from .table import by_flag

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from typing import Any


class Given:
    """One use of an option: the spelling typed, and the words it took."""

    __slots__ = ("flag", "words")

    def __init__(self, flag: str, words: tuple[str, ...]) -> None:
        self.flag = flag
        self.words = words


class Words:
    """What was asked for, sorted out: options by name, hyperparameters in order, and the script's arguments.

    Typed hyperparameters are texts; from Python they are what JSON can say.
    """

    __slots__ = ("arguments", "command", "given", "hyperparameters", "options")

    def __init__(self, command: str, arguments: Sequence[str]) -> None:
        self.command = command
        self.options: Mapping[str, Option] = by_flag(command)
        self.given: dict[str, list[Given]] = {}
        self.hyperparameters: list[tuple[str, Any]] = []
        self.arguments = tuple(arguments)

    @property
    def for_code(self) -> bool:
        """Whether the command runs code, which can have words of its own."""
        return "--hp" in self.options

    @property
    def takes_arguments(self) -> bool:
        """Whether words can follow a lone ``--``."""
        return self.command in JOBS

    def has(self, name: str) -> bool:
        """Whether the option was given at all."""
        return name in self.given

    def each(self, name: str) -> list[Given]:
        """Every use of a repeatable option, in order."""
        return self.given.get(name, [])

    def one(self, name: str) -> str | None:
        """The word of an option that takes one, else its default. Raises UsageError when the word is empty."""
        if not self.has(name):
            return self._default(name)
        (word,) = self.given[name][0].words
        if not word and self._default(name) != "":
            raise UsageError(f"{self.flag(name)} is empty: leave it out, or give it a value.")
        return word

    def must(self, name: str) -> str:
        """The word of an option that is required or has a default."""
        word = self.one(name)
        if word is None:
            raise UsageError(f"{self.flag(name)} is missing.")
        return word

    def flag(self, name: str) -> str:
        """The option as it was typed, or as the help page spells it."""
        return self.given[name][0].flag if self.has(name) else f"--{name}"

    def _default(self, name: str) -> str | None:
        option = self.options.get(f"--{name}")
        return option.default if option else None


def own_name(flag: str, *values: str) -> str:
    """The way out for someone whose script has a hyperparameter named like our option; empty for short flags."""
    if not flag.startswith("--"):
        return ""
    from shlex import quote

    value = quote(values[0]) if len(values) == 1 else "VALUE"
    return f"\nIf it is a hyperparameter of your script, write: --hp {flag[2:]} {value}"


def plain_name(name: str, typed: str) -> str:
    """``name`` as it is, when it can name a hyperparameter; ``typed`` is how it was said, for the error."""
    if name and not name.startswith("-"):
        return name
    raise UsageError(f"{typed} {name!r}: a hyperparameter's name has at least one letter and begins with no dash.")
