"""The one pass over the arguments of a command, before anything is given a meaning.

In: what follows ``ssm run``, ``shell`` or ``data``, and the option table. Out: which options were used with which
values, the hyperparameters, and the script's own arguments. Nothing is looked up on disk.

The rules: the first ``--`` ends the pass. An option takes exactly as many values as the table says, also ones that
begin with a dash, but a single value is not ``--name=value``. An unknown ``--key`` is a hyperparameter and takes
exactly the next argument, unless that begins with ``--``. An argument that fits nowhere is refused; for ``ssm data``,
which runs nothing, and ``ssm process``, which has no hyperparameters, an unknown ``--key`` is one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from ..core.spelling import distance
from ..errors import UsageError
from ..options.arguments import Arguments, Use, check_hyperparameter_name
from ..options.commands import COMMANDS
from ..options.option import EXEC, MANY, PLACED, Option
from ..options.reserved import close_to
from ..options.table import by_flag, owner

_ATTACHED = re.compile(r"--[A-Za-z][\w-]*=")
_CODE = {"run": "-e", "shell": "--cmd_line", "process": "--code"}
_PATHS_OF_SERVERS = frozenset({"home", "env_file"})
# Whose values are anybody's text, which may have such quotation marks.
_FREE_TEXTS = frozenset({"hp", "job_env", "tag", "metric_definitions", "cmd_line", "docker_file_path_or_content"})
_COMMAND_OPTIONS = frozenset({"command", "entrypoint", "arguments"})  # whose values may begin with a dash


def read(command: str, argv: Sequence[str]) -> Arguments:
    """Sort out what follows the command. Raises UsageError for an argument that fits nowhere."""
    end = argv.index("--") if "--" in argv else len(argv)
    reader = _Reader(Arguments(command, argv[end + 1 :]), list(argv[:end]))
    if end < len(argv) and not reader.arguments.takes_script_arguments:
        raise UsageError(f"'ssm {command}' runs no code, so nothing can follow --: leave it out.")
    while reader.rest:
        reader.step()
    reader.note_slips()
    return reader.arguments


class _Reader:
    """What is still to be read, and what the last step read (to say why an argument fits nowhere)."""

    def __init__(self, arguments: Arguments, rest: list[str]) -> None:
        self.arguments = arguments
        self.rest = rest
        self.last: Use | None = None
        self._by_name: list[Use] = []  # hyperparameters that were not given by --hp

    def _advise_hp(self, flag: str, *values: str) -> str:
        return self.arguments.advice(flag, *values)

    def step(self) -> None:
        """Read one option or hyperparameter, with its values."""
        argument = self.rest.pop(0)
        flag, equals, attached = argument.partition("=")
        option = self.arguments.options.get(flag)
        if option:
            self._read_option(option, flag, attached if equals else None)
        elif argument.startswith("--"):
            self._read_hyperparameter(flag, attached if equals else None)
        else:
            raise UsageError(self._why_unexpected(argument))

    def _read_option(self, option: Option, flag: str, attached: str | None) -> None:
        if attached is not None:
            values = self._check_attached(option, flag, attached)
        elif option.value_count == MANY:
            values = self._take_several(option, flag)
        else:
            values = self._take_exactly(option, flag)
        self._record(option, Use(flag, values))

    def _check_attached(self, option: Option, flag: str, value: str) -> tuple[str, ...]:
        if option.value_count in {1, MANY}:
            return (value,)
        raise UsageError(f"{flag}={value}: {_takes(option, flag)}.{self._advise_hp(flag, value)}")

    def _take_several(self, option: Option, flag: str) -> tuple[str, ...]:
        count = 0
        while count < len(self.rest) and not _has_dash(self.rest[count]):
            count += 1
        if not count:
            raise UsageError(f"{_takes(option, flag)}, and none follows.{self._advise_hp(flag)}")
        return self._take(count)

    def _take_exactly(self, option: Option, flag: str) -> tuple[str, ...]:
        values = self._take(option.value_count)
        if len(values) < option.value_count:
            got = " ".join(map(repr, values)) or "nothing"
            raise UsageError(f"{_takes(option, flag)}, and got {got}.{self._advise_hp(flag, *values)}")
        if option.value_count == 2 and "=" in values[0] and values[1].startswith("--"):
            first = shlex.join([flag, *values[0].split("=", 1)])
            raise UsageError(f"{_takes(option, flag)}, and got {values[0]!r} and {values[1]!r}. Write: {first}")
        attached = [value for value in values if option.value_count == 1 and _ATTACHED.match(value)]
        swallowed = attached or [value for value in values if value in self.arguments.options]
        if swallowed and option.name != "hp":
            advice = f"\nIf it is meant as the value, write: {flag}={swallowed[0]}" if option.value_count == 1 else ""
            why = f"{swallowed[0]} {'reads as a hyperparameter' if attached else 'is an option'}"
            raise UsageError(f"{_takes(option, flag)}, but {why}.{advice}{self._advise_hp(flag)}")
        return values

    def _take(self, count: int) -> tuple[str, ...]:
        values = tuple(self.rest[:count])
        del self.rest[:count]
        return values

    def _record(self, option: Option, use: Use) -> None:
        self._look_at_marks(use, is_free=option.name in _FREE_TEXTS | _COMMAND_OPTIONS)
        if any(value[:1] == "~" for value in use.values):
            use = _at_home(option, use)
        earlier = self.arguments.uses.setdefault(option.name, [])
        if earlier and option.value_count and not option.repeatable:
            both = " and ".join(" ".join([one.flag, *map(repr, one.values)]) for one in (earlier[0], use))
            raise UsageError(f"{use.flag} can be given once, not as {both}.")
        earlier.append(use)
        self.last = use
        if option.name == "hp":
            name, value = use.values
            self.arguments.hyperparameters.append((check_hyperparameter_name(name, use.flag), value))

    def _read_hyperparameter(self, key: str, attached: str | None) -> None:
        from ..options.misspelled import meant_by_value, misspelled
        from ..options.sdk_names import needs_none

        command = self.arguments.command
        if not self.arguments.takes_hyperparameters:
            raise UsageError(_no_option(key, self.arguments) + self._advise_attaching(key))
        name = check_hyperparameter_name(key[2:], key)
        other = owner(key, not_of=command)
        if other:
            raise UsageError(f"{key} is an option of 'ssm {other}', not of 'ssm {command}'.{self._advise_hp(key)}")
        with_underscores = f"--{name.replace('-', '_')}"
        if with_underscores != key and with_underscores in self.arguments.options:
            raise UsageError(f"{key} is not an option; did you mean {with_underscores}?{self._advise_hp(key)}")
        close, instead = misspelled(name, command), needs_none(with_underscores[2:].lower())
        if close or instead:
            value = attached if attached is not None else next(iter(self.rest), "VALUE")
            value = "VALUE" if value.startswith("--") else value
            why = _where(close, self.arguments) if close else f"{instead}."
            raise UsageError(f"there is no option {key}: {why}{self._advise_hp(key, value)}")
        value = self._take_value(key) if attached is None else attached
        if option := meant_by_value(name, value, command):
            raise UsageError(
                f"{key} {value}: there is no such option; did you mean {option}?{self._advise_hp(key, value)}"
            )
        self.arguments.hyperparameters.append((name, value))
        self.last = Use(key, (value,))
        self._by_name.append(self.last)
        self._look_at_marks(self.last, is_free=True)

    def _look_at_marks(self, use: Use, *, is_free: bool) -> None:
        """Refuse a value in quotation marks that the shell left there; where it is anybody's text, note it."""
        if all(map(str.isascii, use.values)):
            return
        from .typeset import look_at_marks

        self.arguments.notes.extend(look_at_marks(use, is_free=is_free))

    def note_slips(self) -> None:
        """Note the hyperparameters that may have been meant as an option that was not used."""
        if not self._by_name:
            return
        from ..options.misspelled import perhaps_meant

        for use in self._by_name:
            (value,) = use.values
            if option := perhaps_meant(use.flag[2:], value, self.arguments.uses):
                self.arguments.notes.append(
                    f"Note: {use.flag} {value} is a hyperparameter of your code. Was {option} meant? "
                    f"If not, --hp {use.flag[2:]} {value} says so."
                )

    def _take_value(self, key: str) -> str:
        if self.rest and not self.rest[0].startswith("--"):
            return self.rest.pop(0)
        close = "help" if distance(key[2:].lower(), "help") == 1 else close_to(key[2:])
        guess = f"Did you mean --{close}? Otherwise give" if close else "Give"
        raise UsageError(
            f"{key} is not an option, so it is a hyperparameter and needs a value.\n"
            f"{guess} it one ({key}=true), or pass it on to your script as it is, at the end: -- {key}"
        )

    def _advise_attaching(self, argument: str) -> str:
        """How an argument with a dash becomes a value of the option before it, where that can have such values."""
        option = self.arguments.options.get(self.last.flag) if self.last else None
        if option is None or option.name not in _COMMAND_OPTIONS:
            return ""
        return f"\nAs a word of {option.flags[0]} it is attached: {option.flags[0]}={argument}"

    def _why_unexpected(self, argument: str) -> str:
        if _has_dash(argument) and argument.isascii():
            return _why_no_option(argument, self.arguments) + self._advise_attaching(argument)
        if not argument.isascii():
            from .typeset import why_unexpected

            if why := why_unexpected(argument, self.last):
                return why
        if _has_dash(argument):
            return _why_no_option(argument, self.arguments) + self._advise_attaching(argument)
        if self.last is None:
            return f"unexpected argument {argument!r}.{_advise_flag(argument, self.arguments)}"
        option = self.arguments.options.get(self.last.flag)
        values = " ".join(map(repr, self.last.values))
        takes = _takes(option, self.last.flag) if option else f"{self.last.flag} is a hyperparameter with one value"
        why = f"unexpected argument {argument!r}: {takes}" + (f", and got {values}." if values else ".")
        if self.arguments.command in EXEC:
            return f"{why}\nThe command to run in the job goes after --: -- {shlex.quote(argument)} …"
        if not option:
            return f"{why}\nQuote a value that has spaces in it."
        advice = self._advise_hp(self.last.flag) if option.value_count else self._advise_hp(self.last.flag, argument)
        return why + advice


def _at_home(option: Option, use: Use) -> Use:
    """The use with the home for ``~``, which a shell leaves where it is quoted or stands behind ``=``."""
    import os

    from ..options.project_file.keys import PATHS

    if option.name not in PATHS | _PATHS_OF_SERVERS:
        return use
    expanded = (os.path.expanduser(value) if value == "~" or value.startswith("~/") else value for value in use.values)
    return Use(use.flag, tuple(expanded))


def _advise_flag(argument: str, arguments: Arguments) -> str:
    """The option that an argument without one was probably meant for: the code of a job, a job or a task."""
    command, word = arguments.command, shlex.quote(argument)
    if command in _CODE:
        is_meant = command == "shell" or argument.endswith((".py", ".sh"))
        return f"\nDid you mean {_CODE[command]} {word}?" if is_meant else ""
    if "--job" in arguments.options:
        return f"\nName a job: --job {word} (its name, or the 8 letters at its end); or a task: -p PROJECT -t TASK."
    return f"\nName a task: -p PROJECT -t {word}" if command in PLACED else ""


def _has_dash(argument: str) -> bool:
    return len(argument) > 1 and argument.startswith("-")


def _takes(option: Option, flag: str) -> str:
    if not option.value_count:
        return f"{flag} takes no value"
    count = {1: "one value", 2: "two values", 3: "three values"}.get(option.value_count, "values")
    return f"{flag} takes {count} ({option.shape})"


def _why_no_option(argument: str, arguments: Arguments) -> str:
    """Why an argument with a single dash means nothing, and what may have been meant."""
    name = argument.lstrip("-").partition("=")[0]
    option = arguments.options.get(argument[:2])
    if option and option.value_count and len(argument) > 2:
        short, value = argument[:2], argument[2:]
        why = f"there is no option {argument}. If {short} is meant, put a space after it: {short} {value}"
        return f"{why}\nA hyperparameter has two dashes: -{argument} VALUE" if arguments.takes_hyperparameters else why
    if not arguments.takes_hyperparameters:
        return _no_option(argument, arguments)
    return f"there is no option {argument}.\nA hyperparameter has two dashes: --{name} VALUE (or: --hp {name} VALUE)"


def _where(flag: str, arguments: Arguments) -> str:
    """That a mistyped option may be ``flag``, and of which command that is one."""
    if flag in arguments.options:
        return f"did you mean {flag}?"
    return f"did you mean {flag}, which is one of 'ssm {owner(flag, not_of=arguments.command)}'?"


def _no_option(flag: str, arguments: Arguments) -> str:
    """That a command without hyperparameters has no such option, and which one may have been meant."""
    from difflib import get_close_matches

    from ..options.misspelled import misspelled

    other = next((other for other in COMMANDS if flag in by_flag(other)), None)
    plain = f"--{flag.lstrip('-').lower().replace('-', '_')}"
    close = get_close_matches(plain, [known for known in arguments.options if len(known) > 4], n=1, cutoff=0.7)
    if not close and (meant := misspelled(plain[2:], arguments.command)) in arguments.options:
        close = [str(meant)]
    text = f"there is no option {flag}"
    is_alike = bool(get_close_matches(plain, close, cutoff=0.9))
    if other and not is_alike:
        return f"{text} here: it is one of 'ssm {other}'."
    if close:
        return f"{text}. Did you mean {close[0]}?"
    place = "an argument of your script goes after --"
    return f"{text}, and {place if arguments.takes_script_arguments else 'nothing runs that could have one'}."
