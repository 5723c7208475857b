"""What a hyperparameter can be, and the container's words for what it cannot."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .errors import AlgorithmFailure, CustomerMistake, UnforeseenMistake


@dataclass(frozen=True)
class Interval:
    """Numbers from ``low`` to ``high``; None is no limit. The limits belong to it unless they are open."""

    low: float | None = None
    high: float | None = None
    low_is_open: bool = False
    high_is_open: bool = False

    def __contains__(self, value: float) -> bool:
        """As the container compares: what is not a number lies in every interval."""
        below = self.low is not None and (value <= self.low if self.low_is_open else value < self.low)
        above = self.high is not None and (value >= self.high if self.high_is_open else value > self.high)
        return not (below or above)

    def __str__(self) -> str:
        low = "(-inf" if self.low is None else f"{'(' if self.low_is_open else '['}{self.low}"
        high = "+inf)" if self.high is None else f"{self.high}{')' if self.high_is_open else ']'}"
        return f"{low}, {high}"


@dataclass(frozen=True, kw_only=True)
class Hyperparameter:
    """One hyperparameter: how its text is read, and which values are legal.

    ``kind`` is ``Integer``, ``Continuous``, ``Categorical``, ``List`` (separated by commas), ``Tuple`` or
    ``NestedList``. ``tunable`` is the range that AWS recommends for tuning it, if it can be tuned.
    """

    name: str
    kind: str
    legal: Interval | Sequence[object]
    tunable: Interval | None = None
    required: bool = False

    def parse(self, text: str) -> object:
        """The value of a text. Raises Failure."""
        parse = _PARSERS.get(self.kind)
        try:
            return parse(text) if parse else text
        except ValueError as error:
            advice = f"{self.name} is {_EXPECTED[self.kind]}, not {text!r}."
            if self.kind == "Tuple" and text.isidentifier():
                raise UnforeseenMistake("NameError", f"name '{text}' is not defined", advice) from error
            raise CustomerMistake(
                f"Hyperparameter {self.name}: could not parse value (caused by {type(error).__name__})", advice
            ) from error
        except SyntaxError as error:
            message = str(error).replace("<unknown>", "<string>")
            advice = f"{self.name} is {_EXPECTED[self.kind]}, not {text!r}."
            raise UnforeseenMistake("SyntaxError", message, advice) from error

    def check(self, value: object) -> None:
        """Raise CustomerMistake for a value that is not legal."""
        if self.kind not in _SEVERAL:
            if value not in self.legal:  # type: ignore[operator]
                raise CustomerMistake(f"Hyperparameter {self.name}: {value} is not in {self._legal_text()}")
            return
        try:
            members = list(_members(self.kind, value))
            wrong = any(member not in self.legal for member in members)  # type: ignore[operator]
        except TypeError as error:
            raise AlgorithmFailure(
                f"Hyperparameter {self.name}: unexpected failure when validating {value} (caused by TypeError)",
                f"{self.name} is {_EXPECTED[self.kind]}.",
            ) from error
        if wrong:
            raise CustomerMistake(f"Hyperparameter {self.name}: value {value} not in range {self._legal_text()}")

    def _legal_text(self) -> str:
        return str(self.legal if isinstance(self.legal, Interval) else list(self.legal))


def _members(kind: str, value: object) -> Sequence[object]:
    """The parts of a value that are compared one by one. Raises TypeError for a value that has none."""
    if kind == "NestedList":
        return [member for inner in value for member in inner]  # type: ignore[attr-defined]
    return [*value]  # type: ignore[misc]


def _literal(text: str) -> object:
    """A literal of Python. The container evaluates the text as a program; we do not. Raises SyntaxError, ValueError."""
    return ast.literal_eval(text)


_SEVERAL = ("List", "Tuple", "NestedList")
_PARSERS: dict[str, Callable[[str], object]] = {
    "Integer": int,
    "Continuous": float,
    "List": lambda text: text.split(","),
    "Tuple": _literal,
    "NestedList": _literal,
}
_EXPECTED = {
    "Integer": "a whole number",
    "Continuous": "a number",
    "List": "a list separated by commas",
    "Tuple": "a tuple such as (1,-1,0)",
    "NestedList": "a list of lists such as [[1,2],[3,4]]",
}
