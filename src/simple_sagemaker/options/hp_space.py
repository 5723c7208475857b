"""The space of a search, from the words for each range: ``1e-5..1e-1@log``, ``2..8``, ``0..1/0.1``, ``adam|sgd``."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, Final, cast

from ..core.spelling import nearest
from ..errors import UsageError
from ..tuning.ranges import SCALES, Categorical, Continuous, Integer, Range, Scale
from .arguments import Arguments, Use, check_hyperparameter_name, text_of

_NUMBER: Final = r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_RANGE: Final = re.compile(rf"({_NUMBER})\.\.({_NUMBER})((?:[@/][^@/]*)*)")
_WHOLE: Final = re.compile(r"[+-]?[0-9]+")
_MOST_STEPS: Final = 10**15  # from 0 to an end: a Python float has 15 digits for sure
_FORMS: Final = "Write a|b|c, or LOW..HIGH, which may be followed by /STEP or @log, @reverselog or @linear."


def space(arguments: Arguments) -> tuple[Range, ...]:
    """The ranges in their order. Raises UsageError for one that is none, or that leaves no choice."""
    ranges: dict[str, Range] = {}
    for use in arguments.each("hp_space"):
        name = check_hyperparameter_name(text_of(use.flag, use.values[0]), use.flag)
        if name in ranges:
            raise UsageError(f"{use.flag} {name!r} is given twice: keep one.")
        ranges[name] = _read(use, name, _recommended(arguments, use, name))
    return tuple(ranges.values())


def _recommended(arguments: Arguments, use: Use, name: str) -> Any:
    """The words of a range; for ``auto`` those of the one that AWS recommends for the built-in algorithm."""
    value = use.values[1]
    if value != "auto" or not arguments.has("built_in"):
        return value
    from .built_in import built_in
    from .built_in_space import recommended  # which few searches have

    return recommended(built_in(arguments) or "", name, use.flag)


def _read(use: Use, name: str, value: Any) -> Range:
    """A range from its words; from Python a list has the values themselves."""
    label = f"{use.flag} {name}" if use.flag.startswith("-") else use.flag
    if isinstance(value, (list, tuple)):
        return _choices(f"{label} {value!r}", name, [_text(label, one) for one in value])
    text = text_of(label, value)
    what = f"{label} {text!r}"
    if "|" in text:
        return _choices(what, name, text.split("|"))
    match = _RANGE.fullmatch(text)
    if match is None:
        raise UsageError(f"{what} is no range.\n{_why_none(use, name, text)}")
    low, high, more = match.groups()
    scale, step = _more(what, more)
    return _numbers(what, name, (low, high), scale, step)


def _text(what: str, value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else text_of(what, value)


def _choices(what: str, name: str, values: list[str]) -> Categorical:
    if len(values) < 2:
        raise UsageError(f"{what} has one value, so there is nothing to search: give it as a hyperparameter.")
    if "" in values:
        raise UsageError(f"{what} has an empty value: leave out the needless |.")
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise UsageError(f"{what} has {twice!r} twice: keep one.")
    return Categorical(name=name, values=tuple(values))


def _why_none(use: Use, name: str, text: str) -> str:
    if ".." not in text:
        as_value = f"--{name} {text}" if use.flag.startswith("-") else "a hyperparameter"
        return f"{_FORMS}\nIf it is meant as the one value of all trials, it is {as_value}."
    return _FORMS


def _more(what: str, text: str) -> tuple[Scale, str | None]:
    """The scale and the step from what follows the two ends."""
    scale: Scale | None = None
    step: str | None = None
    for mark, word in re.findall(r"([@/])([^@/]*)", text):
        if mark == "@" and scale is None:
            if word not in SCALES:
                near = nearest(word, list(SCALES))
                guess = f": did you mean @{near}?" if near else f". Scales are {', '.join(SCALES)}."
                raise UsageError(f"{what}: there is no scale {word!r}{guess}")
            scale = cast("Scale", word)
        elif mark == "/" and step is None:
            step = word
        else:
            raise UsageError(f"{what} has {mark} twice.\n{_FORMS}")
    if step is not None and scale not in {None, "linear"}:
        raise UsageError(f"{what}: steps are for a linear scale; drop /{step} or @{scale}.")
    return scale or "linear", step


def _numbers(what: str, name: str, ends: tuple[str, str], scale: Scale, step: str | None) -> Range:
    low, high = ends
    if not all(math.isfinite(float(end)) for end in ends):
        raise UsageError(f"{what}: its ends must be numbers that a computer can hold.")
    if Decimal(low) >= Decimal(high):
        how = "are the same" if Decimal(low) == Decimal(high) else f"are reversed: write {high}..{low}"
        raise UsageError(f"{what}: its ends {how}.")
    is_whole = bool(_WHOLE.fullmatch(low) and _WHOLE.fullmatch(high)) and (step is None or bool(_WHOLE.fullmatch(step)))
    _check_scale(what, low, high, scale, is_whole=is_whole)
    if step is not None:
        _check_step(what, low, high, step)
        if not is_whole and max(abs(Decimal(low)), abs(Decimal(high))) / Decimal(step) > _MOST_STEPS:
            raise UsageError(f"{what}: a computer cannot tell its values apart. Make the step larger.")
    if is_whole:
        return Integer(name=name, low=int(low), high=int(high), scale=scale, step=int(step or "1"))
    return Continuous(name=name, low=low, high=high, scale=scale, step=step)


def _check_scale(what: str, low: str, high: str, scale: Scale, *, is_whole: bool) -> None:
    if scale == "log" and Decimal(low) <= 0:
        raise UsageError(f"{what}: a logarithmic scale begins above 0.")
    if scale == "reverselog" and is_whole:
        raise UsageError(f"{what}: @reverselog is not for whole numbers; write them with a point, as in 0.0..0.9.")
    if scale == "reverselog" and not (Decimal(low) >= 0 and Decimal(high) < 1):
        raise UsageError(f"{what}: @reverselog is for numbers from 0 to below 1.")


def _check_step(what: str, low: str, high: str, step: str) -> None:
    if not re.fullmatch(_NUMBER, step) or Decimal(step) <= 0:
        raise UsageError(f"{what}: the step {step!r} is no number above 0.")
    if Decimal(low) + Decimal(step) > Decimal(high):
        raise UsageError(f"{what}: with a step of {step} it has one value. Make the step smaller.")
