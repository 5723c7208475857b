"""The one pass over the words of a command, before anything is given a meaning.

In: the words after ``ssm run``, ``shell`` or ``data``, and the option table. Out: which options were given with which
words, the hyperparameters, and the script's own arguments. Nothing is looked up on disk.

The rules: the first ``--`` ends the pass. An option takes exactly as many words as the table says, also words that
begin with a dash. An unknown ``--key`` is a hyperparameter and takes exactly the next word, unless that begins with
``--``. A word that belongs to nothing is refused; for ``ssm data``, which runs nothing, and ``ssm process``, which has
no hyperparameters, an unknown ``--key`` is one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from ..options.option import MANY, Option
from ..options.parsed import Given, Words, own_name, plain_name
from ..options.reserved import close_to
from ..options.table import COMMANDS, by_flag, owner


def read(command: str, argv: Sequence[str]) -> Words:
    """Sort out the words after the command. Raises UsageError for words that cannot be meant."""
    words = list(argv)
    end = words.index("--") if "--" in words else len(words)
    taken = _Pass(Words(command, words[end + 1 :]), words[:end])
    if end < len(words) and not taken.words.takes_arguments:
        raise UsageError(f"'ssm {command}' runs no code, so nothing can follow --: leave it out.")
    while taken.left:
        taken.step()
    return taken.words


class _Pass:
    """The words still to be read, and what the last step read (for saying why a word fits nowhere)."""

    def __init__(self, words: Words, left: list[str]) -> None:
        self.words = words
        self.left = left
        self.last: Given | None = None

    def _own_name(self, flag: str, *values: str) -> str:
        return own_name(flag, *values) if self.words.for_code else ""

    def step(self) -> None:
        """Read one option or hyperparameter, with the words that belong to it."""
        word = self.left.pop(0)
        flag, equals, attached = word.partition("=")
        option = self.words.options.get(flag)
        if option:
            self._option(option, flag, attached if equals else None)
        elif word.startswith("--"):
            self._hyperparameter(flag, attached if equals else None)
        else:
            raise UsageError(self._why_stray(word))

    def _option(self, option: Option, flag: str, attached: str | None) -> None:
        if attached is not None:
            taken = self._attached(option, flag, attached)
        elif option.words == MANY:
            taken = self._several(option, flag)
        else:
            taken = self._exactly(option, flag)
        self._record(option, Given(flag, taken))

    def _attached(self, option: Option, flag: str, value: str) -> tuple[str, ...]:
        if option.words in {1, MANY}:
            return (value,)
        raise UsageError(f"{flag}={value}: {_wants(option, flag)}.{self._own_name(flag, value)}")

    def _several(self, option: Option, flag: str) -> tuple[str, ...]:
        count = 0
        while count < len(self.left) and not _dashed(self.left[count]):
            count += 1
        if not count:
            raise UsageError(f"{_wants(option, flag)}, and none follows.{self._own_name(flag)}")
        return self._take(count)

    def _exactly(self, option: Option, flag: str) -> tuple[str, ...]:
        words = self._take(option.words)
        if len(words) < option.words:
            given = " ".join(map(repr, words)) or "nothing"
            raise UsageError(f"{_wants(option, flag)}, and got {given}.{self._own_name(flag, *words)}")
        swallowed = [word for word in words if word in self.words.options]
        if swallowed and option.name != "hp":
            advice = f"\nIf it is meant as the value, write: {flag}={swallowed[0]}" if option.words == 1 else ""
            raise UsageError(f"{_wants(option, flag)}, but {swallowed[0]} is an option.{advice}{self._own_name(flag)}")
        return words

    def _take(self, count: int) -> tuple[str, ...]:
        words = tuple(self.left[:count])
        del self.left[:count]
        return words

    def _record(self, option: Option, given: Given) -> None:
        earlier = self.words.given.setdefault(option.name, [])
        if earlier and option.words and not option.repeatable:
            both = " and ".join(" ".join([use.flag, *map(repr, use.words)]) for use in (earlier[0], given))
            raise UsageError(f"{given.flag} can be given once, not as {both}.")
        earlier.append(given)
        self.last = given
        if option.name == "hp":
            name, value = given.words
            self.words.hyperparameters.append((plain_name(name, given.flag), value))

    def _hyperparameter(self, key: str, attached: str | None) -> None:
        if not self.words.for_code:
            raise UsageError(_no_option(key, self.words) + self._as_a_word(key))
        name = plain_name(key[2:], key)
        other = owner(key, not_of=self.words.command)
        if other:
            raise UsageError(
                f"{key} is an option of 'ssm {other}', not of 'ssm {self.words.command}'.{self._own_name(key)}"
            )
        meant = f"--{name.replace('-', '_')}"
        if meant != key and meant in self.words.options:
            raise UsageError(f"{key} is no option; did you mean {meant}?{self._own_name(key)}")
        value = self._next_word(key) if attached is None else attached
        self.words.hyperparameters.append((name, value))
        self.last = Given(key, (value,))

    def _next_word(self, key: str) -> str:
        if self.left and not self.left[0].startswith("--"):
            return self.left.pop(0)
        close = close_to(key[2:])
        guess = f"Did you mean --{close}? Otherwise give" if close else "Give"
        raise UsageError(
            f"{key} is no option, so it is a hyperparameter and needs a value.\n"
            f"{guess} it one ({key}=true), or pass it on to your script as it is, at the end: -- {key}"
        )

    def _as_a_word(self, word: str) -> str:
        """How a word with a dash is made one of the option before it, where that can have such words."""
        option = self.words.options.get(self.last.flag) if self.last else None
        if option is None or option.name not in _COMMANDS:
            return ""
        return f"\nAs a word of {option.flags[0]} it is attached: {option.flags[0]}={word}"

    def _why_stray(self, word: str) -> str:
        if _dashed(word):
            return _why_no_option(word, self.words) + self._as_a_word(word)
        if self.last is None:
            return f"{word!r} belongs to no option."
        option = self.words.options.get(self.last.flag)
        took = " ".join(map(repr, self.last.words))
        why = _wants(option, self.last.flag) if option else f"{self.last.flag} is a hyperparameter with one value"
        after = f"{word!r} belongs to no option: {why}" + (f", and got {took}." if took else ".")
        if not option:
            return f"{after}\nQuote a value that has blanks in it."
        return after + (self._own_name(self.last.flag) if option.words else self._own_name(self.last.flag, word))


_COMMANDS = frozenset({"command", "entrypoint", "arguments"})  # whose words may begin with a dash


def _dashed(word: str) -> bool:
    return len(word) > 1 and word.startswith("-")


def _wants(option: Option, flag: str) -> str:
    if not option.words:
        return f"{flag} takes no value"
    count = {1: "one value", 2: "two values"}.get(option.words, "values")
    return f"{flag} takes {count} ({option.shape})"


def _why_no_option(word: str, words: Words) -> str:
    """Why a word with a single dash means nothing, and what its writer may have meant."""
    name = word.lstrip("-").partition("=")[0]
    option = words.options.get(word[:2])
    if option and option.words and len(word) > 2:
        glued = f"There is no option {word}. If {word[:2]} is meant, put a blank after it: {word[:2]} {word[2:]}"
        return f"{glued}\nA hyperparameter has two dashes: -{word} VALUE" if words.for_code else glued
    if not words.for_code:
        return _no_option(word, words)
    return f"There is no option {word}.\nA hyperparameter has two dashes: --{name} VALUE (or: --hp {name} VALUE)"


def _no_option(flag: str, words: Words) -> str:
    """That a command without hyperparameters has no such option, and what it may have been meant for."""
    from difflib import get_close_matches

    other = next((other for other in COMMANDS if flag in by_flag(other)), None)
    close = get_close_matches(flag, list(words.options), n=1, cutoff=0.7)
    said = f"There is no option {flag}"
    alike = get_close_matches(flag, close, cutoff=0.9)
    if other and not alike:
        return f"{said} here: it is one of 'ssm {other}'."
    if close:
        return f"{said}. Did you mean {close[0]}?"
    can = "a word of your script goes after --" if words.takes_arguments else "nothing runs that could have one"
    return f"{said}, and {can}."
