"""The ranges of hyperparameters that a search chooses from, and the values in them as texts.

AWS publishes no formulas for its scales: these are the usual ones, of which every point of a range is as likely on its
scale. https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from ..core.records import dataclass

Scale = Literal["linear", "log", "reverselog"]
SCALES: tuple[Scale, ...] = ("linear", "log", "reverselog")


@dataclass(frozen=True, kw_only=True)
class Continuous:
    """Numbers from ``low`` to ``high``, or those of them that are some ``step``s above ``low``.

    Limits and step are decimal texts, so that 0.1 stays 0.1; a scale other than linear has no step.
    """

    name: str
    low: str
    high: str
    scale: Scale = "linear"
    step: str | None = None

    def value_at(self, position: float) -> str:
        """The value at a position on the scale, from 0 to 1."""
        if self.step is not None:
            return self.nth(_index_at(position, self.count or 1))
        low, high = float(self.low), float(self.high)
        return repr(min(max(_from_scale(self.scale, low, high, position), low), high))

    def position_of(self, value: str) -> float:
        """The position of a value on the scale; with a step the middle of its share."""
        if self.step is not None:
            return (self.index_of(value) + 0.5) / (self.count or 1)
        low, high = float(self.low), float(self.high)
        begin, end = _on_scale(self.scale, low), _on_scale(self.scale, high)
        return (_on_scale(self.scale, min(max(float(value), low), high)) - begin) / (end - begin)

    @property
    def count(self) -> int | None:
        """How many values there are; None without a step."""
        if self.step is None:
            return None
        return (Fraction(self.high) - Fraction(self.low)) // Fraction(self.step) + 1

    def nth(self, index: int) -> str:
        """The value of that index, from 0, of a range with a step."""
        return _plain(Fraction(self.low) + index * Fraction(self.step or "1"))

    def index_of(self, value: str) -> int:
        """The index of the value of a range with a step, or of the nearest to it."""
        index = round((Fraction(value) - Fraction(self.low)) / Fraction(self.step or "1"))
        return min(max(index, 0), (self.count or 1) - 1)


@dataclass(frozen=True, kw_only=True)
class Integer:
    """Whole numbers from ``low`` to ``high``, or every ``step``-th of them; other scales than linear have no step."""

    name: str
    low: int
    high: int
    scale: Scale = "linear"
    step: int = 1

    def value_at(self, position: float) -> str:
        """The value at a position on the scale, from 0 to 1: each has its share, those at the ends a whole one."""
        if self.scale == "linear":
            return self.nth(_index_at(position, self.count))
        begin = max(self.low - 0.5, 0.5)
        number = round(_from_scale(self.scale, begin, self.high + 0.5, position))
        return str(min(max(number, self.low), self.high))

    def position_of(self, value: str) -> float:
        """The position of a value on the scale: the middle of its share."""
        number = min(max(int(value), self.low), self.high)
        if self.scale == "linear":
            return (self.index_of(value) + 0.5) / self.count
        begin, end = _on_scale(self.scale, max(self.low - 0.5, 0.5)), _on_scale(self.scale, self.high + 0.5)
        return (_on_scale(self.scale, number) - begin) / (end - begin)

    @property
    def count(self) -> int:
        """How many values there are."""
        return (self.high - self.low) // self.step + 1

    def nth(self, index: int) -> str:
        """The value of that index, from 0."""
        return str(self.low + index * self.step)

    def index_of(self, value: str) -> int:
        """The index of a value, or of the nearest to it."""
        index = (2 * (int(value) - self.low) + self.step) // (2 * self.step)  # exact also beyond a float's digits
        return min(max(index, 0), self.count - 1)


@dataclass(frozen=True, kw_only=True)
class Categorical:
    """Texts, of which each is as likely."""

    name: str
    values: tuple[str, ...]

    def value_at(self, position: float) -> str:
        """The value at a position from 0 to 1."""
        return self.nth(_index_at(position, self.count))

    def position_of(self, value: str) -> float:
        """The position of a value: the middle of its share."""
        return (self.index_of(value) + 0.5) / self.count

    @property
    def count(self) -> int:
        """How many values there are."""
        return len(self.values)

    def nth(self, index: int) -> str:
        """The value of that index, from 0."""
        return self.values[index]

    def index_of(self, value: str) -> int:
        """The index of a value. Raises ValueError for another text."""
        return self.values.index(value)


Range = Continuous | Integer | Categorical
Space = Sequence[Range]
Values = dict[str, str]  # of one trial, by the hyperparameters' names


def holds(one: Range, value: str) -> bool:
    """Whether a value is one that the range has, written as it writes it."""
    try:
        if isinstance(one, Categorical) or one.count is not None:
            return one.nth(one.index_of(value)) == value
        return float(one.low) <= float(value) <= float(one.high)
    except (ValueError, ArithmeticError):
        return False


def covers(one: Range, value: str) -> bool:
    """Whether a value lies in a range, on one of its steps or not: what another search tried can be learned from."""
    if isinstance(one, Categorical):
        return value in one.values
    try:
        number = float(value)
    except ValueError:
        return False
    return float(one.low) <= number <= float(one.high) and (isinstance(one, Continuous) or number.is_integer())


def combinations(space: Space) -> int | None:
    """How many different trials a space has; None for infinitely many."""
    total = 1
    for one in space:
        if one.count is None:
            return None
        total *= one.count
    return total


def combination(space: Space, index: int) -> Values:
    """The trial of that index, from 0, of a finite space: the last range changes quickest."""
    values: Values = {}
    for one in reversed(space):
        index, place = divmod(index, one.count or 1)
        values[one.name] = one.nth(place)
    return {one.name: values[one.name] for one in space}


def _index_at(position: float, count: int) -> int:
    return min(int(position * count), count - 1)


def _on_scale(scale: Scale, value: float) -> float:
    if scale == "log":
        return math.log(value)
    return -math.log1p(-value) if scale == "reverselog" else value


def _from_scale(scale: Scale, low: float, high: float, position: float) -> float:
    begin, end = _on_scale(scale, low), _on_scale(scale, high)
    point = begin + position * (end - begin)
    if scale == "log":
        return math.exp(point)
    return -math.expm1(-point) if scale == "reverselog" else point


def _plain(number: Fraction) -> str:
    """A number as Python writes it: 0.3, 1e-05, 64."""
    is_short = number.denominator == 1 and abs(number) < 10**15
    return str(number.numerator) if is_short else repr(float(number))
