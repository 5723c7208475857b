"""How the machines train together: the JSON of ``--distribution``, in the form of the SageMaker SDK."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..errors import UsageError
from ..specs import AWS_RUNNERS, Code, is_enabled
from .words import Words, own_name

_FLAG = "--distribution"
_TORCH = "torch_distributed"
_WAYS = frozenset({_TORCH, *AWS_RUNNERS})
_EXAMPLE = '{"torch_distributed": {"enabled": true}}'


def launch_distribution(words: Words, what: Code) -> Mapping[str, Any] | None:
    """The ways of training together that were asked for, those that only AWS can start included."""
    text = words.one("distribution")
    if text is None:
        return None
    ways = _ways(text)
    for name, way in ways.items():
        _check_way(name, way)
    if is_enabled(ways, _TORCH) and not (what.entry_point or "").endswith(".py"):
        runs = "a shell command" if what.command is not None else repr(what.entry_point)
        raise UsageError(f"{_FLAG} {_TORCH} starts a Python file on every machine, and this task runs {runs}.")
    return ways


def _ways(text: str) -> dict[str, Any]:
    try:
        ways = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{_FLAG} {text!r} is not JSON ({error}).{_advice(text)}") from error
    if not isinstance(ways, dict) or not ways:
        raise UsageError(f"{_FLAG} {text!r} is no JSON object with something in it.{_advice(text)}")
    unknown = sorted(set(ways) - _WAYS)
    if unknown:
        raise UsageError(f"{_FLAG}: there is no {', '.join(unknown)}; there are {', '.join(sorted(_WAYS))}.")
    return ways


def _check_way(name: str, way: object) -> None:
    """Each way is an object; what it says under ``enabled``, itself or in its parts, is true or false."""
    if not isinstance(way, dict):
        raise UsageError(f'{_FLAG}: {name} wants an object, as in {{"{name}": {{"enabled": true}}}}.')
    parts = [part for part in way.values() if isinstance(part, dict)]
    if not all(isinstance(part.get("enabled", False), bool) for part in [way, *parts]):
        raise UsageError(f"{_FLAG}: {name}: 'enabled' is true or false, without quotes.")
    if not any("enabled" in part for part in [way, *parts]):
        raise UsageError(f'{_FLAG}: {name} does not say whether it is on: add "enabled": true.')


def _advice(text: str) -> str:
    return f"\nWrite it in single quotes, as in '{_EXAMPLE}'.{own_name(_FLAG, text)}"
