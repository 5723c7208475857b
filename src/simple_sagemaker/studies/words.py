"""The search that a study was begun with, read back from the words in its ``study.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import SsmError
from ..tuning.ranges import Categorical, Continuous, Integer
from .spec import Resource

if TYPE_CHECKING:
    from ..tuning.ranges import Range

_RANGES = {one.__name__: one for one in (Continuous, Integer, Categorical)}


def space_of(words: Mapping[str, Any]) -> tuple[Range, ...]:
    """The ranges of the hyperparameters. Raises SsmError for words that are damaged."""
    try:
        return tuple(_range(kind, dict(values)) for kind, values in words["space"])
    except (KeyError, TypeError, ValueError) as error:
        raise SsmError(f"The study is damaged: its space cannot be read ({error}).") from error


def _range(kind: str, values: dict[str, Any]) -> Range:
    if "values" in values:
        values["values"] = tuple(values["values"])
    made: Range = _RANGES[kind](**values)
    return made


def resource_of(words: Mapping[str, Any]) -> Resource | None:
    """The resource of a search that has one. Raises SsmError for words that are damaged."""
    values = words.get("resource")
    try:
        return None if values is None else Resource(**values)
    except TypeError as error:
        raise SsmError(f"The study is damaged: its resource cannot be read ({error}).") from error


def range_text(one: Range) -> str:
    """A range as it is typed: ``a|b``, ``1..8/2``, ``1e-5..1e-1@log``."""
    if isinstance(one, Categorical):
        return "|".join(one.values)
    step = f"/{one.step}" if one.step not in {None, 1} else ""
    return f"{one.low}..{one.high}{step}{'' if one.scale == 'linear' else f'@{one.scale}'}"
