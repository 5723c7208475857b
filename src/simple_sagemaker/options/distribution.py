"""How the machines train together, and who starts the code on them.

A distribution has the form of the SageMaker SDK, with the members that SDK 2 reads: JSON on the command line, a
dictionary from Python.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..core.distribution import AWS_RUNNERS, is_enabled, runners_needed
from ..core.specs import Code, LaunchedBy
from ..core.spelling import nearest
from ..errors import UsageError
from .arguments import Arguments, hyperparameter_advice

_TORCH = "torch_distributed"
_WAYS = frozenset({_TORCH, *AWS_RUNNERS})
_MODEL_PARALLEL = "modelparallel"
_MEMBERS: Mapping[str, frozenset[str]] = {
    "mpi": frozenset({"enabled", "processes_per_host", "custom_mpi_options"}),
    "dataparallel": frozenset({"enabled", "custom_mpi_options"}),
    _MODEL_PARALLEL: frozenset({"enabled", "parameters"}),
}
_PARTS = ("dataparallel", _MODEL_PARALLEL)
_EXAMPLE = '{"torch_distributed": {"enabled": true}}'


def launch_distribution(arguments: Arguments, code: Code) -> Mapping[str, Any] | None:
    """The distribution to train with, including ways that only AWS can start. Raises UsageError."""
    value, flag = arguments.value("distribution"), arguments.flag("distribution")
    if value is None:
        return None
    ways = _ways(flag, value)
    for name, way in ways.items():
        _check_way(flag, name, way)
    _check_together(flag, ways)
    for way in (_TORCH, "pytorchxla"):
        if is_enabled(ways, way) and not (code.entry_point or "").endswith(".py"):
            runs = "a shell command" if code.command is not None else repr(code.entry_point)
            raise UsageError(f"{flag} {way} starts a Python file on every machine, and this task runs {runs}.")
    return ways


def launch_method(arguments: Arguments, distribution: Mapping[str, Any] | None) -> LaunchedBy | None:
    """Who starts the code, if chosen. Raises UsageError for our launcher where only AWS's toolkit can start it."""
    flag, choice = arguments.flag("launch_by"), arguments.text("launch_by")
    needed = runners_needed(distribution)
    match choice:
        case None | "toolkit":
            return choice
        case "direct" if needed:
            raise UsageError(f"{flag} direct: {needed[0]} can only be started by AWS's toolkit. Drop the option.")
        case "direct":
            return choice
    raise UsageError(f"{flag} {choice!r}: choose direct or toolkit.{hyperparameter_advice(flag, choice)}")


def _from_json(flag: str, text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError as error:
        raise UsageError(f"{flag}: its values are nested too deeply.") from error
    except ValueError as error:
        raise UsageError(f"{flag} {text!r} is not JSON ({error}).{_as_json(text) or _advice(flag, text)}") from error


def _as_json(text: str) -> str:
    """What is wrong with the text, and the same as JSON; empty where that cannot be told."""
    from shlex import quote

    from .json_text import mend

    mended = mend(text)
    if mended is None:
        return ""
    return f"\nJSON has {', and '.join(mended[1])}. Write: {quote(mended[0])}"


def _copy(flag: str, value: object) -> Any:
    """Copy a dictionary through JSON, so that later changes by the caller have no effect."""
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"{flag} cannot be written as JSON: {error}.") from error


def _ways(flag: str, value: object) -> dict[str, Any]:
    ways = _from_json(flag, value) if isinstance(value, str) else _copy(flag, value)
    if not isinstance(ways, dict) or not ways:
        advice = _advice(flag, value) if isinstance(value, str) else f" An example: {_EXAMPLE}"
        raise UsageError(f"{flag} {value!r} is not a JSON object with at least one member.{advice}")
    unknown = sorted(set(ways) - _WAYS)
    if unknown:
        near = nearest(unknown[0], _WAYS)
        guess = f" Did you mean {near}?" if near else ""
        raise UsageError(f"{flag}: unknown: {', '.join(unknown)}; choose from {', '.join(sorted(_WAYS))}.{guess}")
    return ways


def _check_way(flag: str, name: str, way: object) -> None:
    """Check one way: an object with "enabled"; smdistributed has two parts, each such an object."""
    if not isinstance(way, dict):
        raise UsageError(f'{flag}: {name} must be an object, as in {{"{name}": {{"enabled": true}}}}.')
    if name != "smdistributed":
        _check_members(flag, name, way)
        return
    if not way or set(way) - set(_PARTS):
        raise UsageError(f'{flag}: {name} has two parts, as in {{"{name}": {{"dataparallel": {{"enabled": true}}}}}}.')
    for part, members in way.items():
        if not isinstance(members, dict):
            raise UsageError(f'{flag}: {name}: {part} must be an object, as in {{"enabled": true}}.')
        _check_members(flag, part, members)


def _check_members(flag: str, name: str, way: dict[str, Any]) -> None:
    """Check that the members of a way are known, and of the right types."""
    if not isinstance(way.get("enabled", False), bool):
        raise UsageError(f"{flag}: {name}: 'enabled' must be true or false, without quotes.")
    if "enabled" not in way:
        raise UsageError(f'{flag}: {name} is neither enabled nor disabled: add "enabled": true.')
    known = _MEMBERS.get(name, frozenset({"enabled"}))
    unknown = sorted(set(way) - known)
    if unknown:
        raise UsageError(f"{flag}: {name} has no {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    processes = way.get("processes_per_host", 1)
    if isinstance(processes, bool) or not isinstance(processes, int) or processes < 1:
        raise UsageError(f"{flag}: {name}: 'processes_per_host' must be a whole number, 1 or more.")
    if not isinstance(way.get("custom_mpi_options", ""), str):
        raise UsageError(f"{flag}: {name}: 'custom_mpi_options' must be a string of mpirun's options.")
    if not isinstance(way.get("parameters", {}), dict):
        raise UsageError(f"{flag}: {name}: 'parameters' must be an object.")


def _check_together(flag: str, ways: Mapping[str, Any]) -> None:
    """Check that exactly one way starts the processes; the model-parallel library starts none, so it needs another."""
    splits = ways.get("smdistributed", {}).get(_MODEL_PARALLEL, {}).get("enabled", False)
    in_data = ways.get("smdistributed", {}).get("dataparallel", {}).get("enabled", False)
    starting = [way for way in sorted(_WAYS - {"smdistributed"}) if is_enabled(ways, way)]
    starting += ["smdistributed dataparallel"] if in_data else []
    if len(starting) > 1:
        raise UsageError(f"{flag}: {' and '.join(starting)} would both start the processes: enable one.")
    if splits and not starting:
        raise UsageError(f"{flag}: {_MODEL_PARALLEL} is started by mpi or {_TORCH}: enable one of them too.")


def _advice(flag: str, text: str) -> str:
    return f"\nWrite it in single quotes, as in '{_EXAMPLE}'.{hyperparameter_advice(flag, text)}"
