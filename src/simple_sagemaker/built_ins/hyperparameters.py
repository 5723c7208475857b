"""What a built-in algorithm takes as the value of a hyperparameter, from a few words; and whether a value is that.

The words: ``int [1, inf)``, ``float (0, 1]``, ``bool``, ``text``, ``one of a|b``, ``list of a|b``, ``ints``,
``floats``, ``tuple of -1|0|1`` or ``match REGEX``; ``spaced of a|b`` is a list that may have blanks, ``metrics of a|b``
one whose items may end in a threshold (``error@0.7``). ``or auto|ignore`` adds words. After that, each behind a
semicolon: ``default VALUE``, ``required``, ``required with NAME`` or ``NAME=VALUE``, ``also OTHER_NAME``, ``until
VERSION``. Intervals are written as XGBoost's container writes them in its errors.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Mapping
from typing import Final

from ..core.records import dataclass
from ..core.spelling import nearest

_INTERVAL: Final = re.compile(r"([\[(])(\S+), (\S+)([\])])")
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_BOOLEANS: Final = frozenset({"true", "false", "1", "0"})


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """A hyperparameter: the form of its value, and its limits.

    ``form`` is a word of the table. Numbers are within ``interval``, (opening bracket, least, most, closing bracket),
    or one of ``words``, which are also the choices of the other forms. ``required_with`` is another hyperparameter, and
    the values (none: any) with which this one is required. ``until`` is the first version that refuses it.
    """

    name: str
    form: str
    interval: tuple[str, float, float, str] | None = None
    words: tuple[str, ...] = ()
    pattern: str = ""
    default: str | None = None
    required: bool = False
    required_with: tuple[str, tuple[str, ...]] | None = None
    other_names: tuple[str, ...] = ()
    until: str = ""

    @property
    def range(self) -> str:
        """The values that it can have, in words."""
        numbers = {"int": "a whole number", "float": "a number"}.get(self.form, "")
        if self.interval:
            opening, low, high, closing = self.interval
            numbers += f" in {opening}{_number(low)}, {_number(high)}{closing}"
        choices = ", ".join(self.words)
        texts = {
            "one": f"one of: {choices}",
            **dict.fromkeys(("list", "spaced", "metrics"), f"one or more of, with commas between: {choices}"),
            "tuple": f"a tuple of {choices}, such as (0,1,-1)",
            "bool": "true or false" + (f", or {choices}" if choices else ""),
            "ints": "whole numbers with commas between" + (f", or {choices}" if choices else ""),
            "floats": "numbers with commas between",
            "match": f"a text of the form {self.pattern}",
            "text": "a text",
        }
        return texts.get(self.form) or numbers + (f", or {choices}" if choices else "")

    def objection(self, value: str) -> str | None:
        """Why a value is refused, as the end of a sentence that begins with it; None for one that is taken."""
        if self.form in {"int", "float"}:
            return None if value in self.words else self._number_objection(value)
        return None if value in self.words and self.form != "tuple" else self._other_objection(value)

    def _number_objection(self, value: str) -> str | None:
        try:
            number = float(value)
            is_plain = value == value.strip() and "_" not in value
        except ValueError:
            is_plain, number = False, math.nan
        if not is_plain or math.isnan(number):
            return f"is not {'a whole number' if self.form == 'int' else 'a number'}"
        if self.form == "int" and not _WHOLE.fullmatch(value):
            return "is not a whole number"
        if self.interval and not _lies_in(number, self.interval):
            opening, low, high, closing = self.interval
            return f"is not in {opening}{_number(low)}, {_number(high)}{closing}"
        return None

    def _other_objection(self, value: str) -> str | None:
        match self.form:
            case "bool":
                return None if value.lower() in _BOOLEANS else "is neither true nor false"
            case "one":
                return self._choice_objection(value)
            case "list" | "spaced" | "metrics":
                return next((why for one in self._items(value) if (why := self._choice_objection(one))), None)
            case "tuple":
                return self._tuple_objection(value)
            case "ints" | "floats":
                kind = int if self.form == "ints" else float
                return None if _are_numbers(value, kind) else f"is not {self.range}"
            case "match":
                return None if re.fullmatch(self.pattern, value) else f"is not {self.range}"
            case _:
                return None if value else "is empty"

    def _items(self, value: str) -> list[str]:
        """The items of a list: with commas between, or as JSON, which AWS's SDK sends."""
        if value.startswith("["):
            try:
                items = json.loads(value)
            except (ValueError, RecursionError):
                return [value]
            return [str(one) for one in items] if isinstance(items, list) else [value]
        items = value.split(",")
        if self.form == "metrics":
            return [one.partition("@")[0] for one in items]
        return [one.strip() for one in items] if self.form == "spaced" else items

    def _choice_objection(self, value: str) -> str | None:
        if value in self.words:
            return None
        stripped = value.strip()
        if stripped in self.words:
            return f"has a blank in {value!r}"
        return "is not a value of it" if self.form == "one" else f"has {stripped!r}, which is none of it"

    def mended(self, value: str) -> str | None:
        """What a refused value was probably meant as; None where nothing is likely."""
        if self.form in {"int", "float"} or not self.words or self.form == "tuple":
            return self._mended_number(value)
        if self.form in {"one", "bool", "ints"}:
            return self._near(value.strip())
        words = [(one if one in self.words else self._near(one.strip())) for one in value.split(",")]
        return None if None in words else ",".join(filter(None, words))

    def _mended_number(self, value: str) -> str | None:
        try:
            number = float(value)
        except ValueError:
            return self._near(value) if self.form in {"int", "float"} else None
        whole = self.form == "int" and math.isfinite(number) and number == int(number)
        return str(int(number)) if whole and self.objection(str(int(number))) is None else None

    def _near(self, word: str) -> str | None:
        if word in self.words:
            return word
        near = nearest(word, self.words) if self.words else None
        return near or next((one for one in self.words if len(word) > 2 and one.startswith(word)), None)

    def _tuple_objection(self, value: str) -> str | None:
        try:
            parts = ast.literal_eval(value) if len(value) < 100_000 else None
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
            parts = None
        parts = (parts,) if isinstance(parts, int) else parts
        if not isinstance(parts, tuple) or not all(type(one) is int for one in parts):
            return f"is not {self.range}"
        odd = next((one for one in parts if str(one) not in self.words), None)
        return None if odd is None else f"has {odd}, which is none of {', '.join(self.words)}"


def read_hyperparameter(name: str, text: str) -> Hyperparameter:
    """A hyperparameter from its line in a table."""
    form, *clauses = text.split("; ")
    parts: dict[str, object] = {}
    for clause in clauses:
        word, _, rest = clause.partition(" ")
        if word == "default":
            parts["default"] = rest
        elif word == "also":
            parts["other_names"] = (rest,)
        elif word == "until":
            parts["until"] = rest
        elif rest:
            other, _, values = rest.removeprefix("with ").partition("=")
            parts["required_with"] = (other, tuple(values.split("|")) if values else ())
        else:
            parts["required"] = True
    return Hyperparameter(name=name, **_form(form), **parts)  # type: ignore[arg-type]


def _form(text: str) -> dict[str, object]:
    """The form, with the interval, words or pattern that belong to it."""
    if text.startswith("match "):
        return {"form": "match", "pattern": text.removeprefix("match ")}
    if " of " in text:
        form, _, words = text.partition(" of ")
        return {"form": form, "words": tuple(words.split("|"))}
    form, _, words = text.partition(" or ")
    form, _, limits = form.partition(" ")
    found = _INTERVAL.fullmatch(limits)
    interval = (found[1], float(found[2]), float(found[3]), found[4]) if found else None
    return {"form": form, "interval": interval, "words": tuple(words.split("|")) if words else ()}


def missing(values: Mapping[str, str], known: Mapping[str, Hyperparameter]) -> list[tuple[Hyperparameter, str]]:
    """The hyperparameters that are required beside the values and absent, each with why: empty if it always is."""
    absent = []
    for one in known.values():
        if one.name in values:
            continue
        if one.required:
            absent.append((one, ""))
        elif one.required_with:
            other, choices = one.required_with
            if other in values and (not choices or values[other] in choices):
                absent.append((one, f"{other}={values[other]}"))
    return absent


def _lies_in(number: float, interval: tuple[str, float, float, str]) -> bool:
    opening, low, high, closing = interval
    above = number >= low if opening == "[" else number > low
    below = number <= high if closing == "]" else number < high
    return above and below


def _are_numbers(value: str, kind: type[int | float]) -> bool:
    try:
        numbers = [kind(one) for one in value.strip("[]").split(",")]
    except ValueError:
        return False
    return all(math.isfinite(one) for one in numbers)


def _number(number: float) -> str:
    return "+inf" if number == math.inf else "-inf" if number == -math.inf else f"{number:.15g}"
