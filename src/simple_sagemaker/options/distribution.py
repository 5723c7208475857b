"""How the machines train together, and who starts the code on them.

``--distribution`` is JSON in the form of the SageMaker SDK, with the members that SDK 2 reads.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..core.distribution import AWS_RUNNERS, is_enabled, runners_needed
from ..core.specs import Code, LaunchedBy
from ..errors import UsageError
from .parsed import Words, own_name

_FLAG = "--distribution"
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


def launch_distribution(words: Words, what: Code) -> Mapping[str, Any] | None:
    """The ways of training together that were asked for, those that only AWS can start included."""
    text = words.one("distribution")
    if text is None:
        return None
    ways = _ways(text)
    for name, way in ways.items():
        _check_way(name, way)
    _check_together(ways)
    for way in (_TORCH, "pytorchxla"):
        if is_enabled(ways, way) and not (what.entry_point or "").endswith(".py"):
            runs = "a shell command" if what.command is not None else repr(what.entry_point)
            raise UsageError(f"{_FLAG} {way} starts a Python file on every machine, and this task runs {runs}.")
    return ways


def launched_by(words: Words, distribution: Mapping[str, Any] | None) -> LaunchedBy | None:
    """Who was chosen to start the code. Raises UsageError for our launcher where only AWS's toolkit can."""
    word = words.one("launch_by")
    needed = runners_needed(distribution)
    match word:
        case None | "toolkit":
            return word
        case "direct" if needed:
            raise UsageError(f"--launch_by direct: {needed[0]} is started by AWS's toolkit alone. Leave it out.")
        case "direct":
            return word
    raise UsageError(f"--launch_by {word!r}: it is direct or toolkit.{own_name(words.flag('launch_by'), word)}")


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
    """Each way is an object that says whether it is on; one is made of two parts that say it each."""
    if not isinstance(way, dict):
        raise UsageError(f'{_FLAG}: {name} wants an object, as in {{"{name}": {{"enabled": true}}}}.')
    if name != "smdistributed":
        _check_members(name, way)
        return
    if not way or set(way) - set(_PARTS):
        raise UsageError(f'{_FLAG}: {name} has two parts, as in {{"{name}": {{"dataparallel": {{"enabled": true}}}}}}.')
    for part, members in way.items():
        if not isinstance(members, dict):
            raise UsageError(f'{_FLAG}: {name}: {part} wants an object, as in {{"enabled": true}}.')
        _check_members(part, members)


def _check_members(name: str, way: dict[str, Any]) -> None:
    """What a way says is known, and of the right kind."""
    if not isinstance(way.get("enabled", False), bool):
        raise UsageError(f"{_FLAG}: {name}: 'enabled' is true or false, without quotes.")
    if "enabled" not in way:
        raise UsageError(f'{_FLAG}: {name} does not say whether it is on: add "enabled": true.')
    known = _MEMBERS.get(name, frozenset({"enabled"}))
    unknown = sorted(set(way) - known)
    if unknown:
        raise UsageError(f"{_FLAG}: {name} has no {', '.join(unknown)}; it has {', '.join(sorted(known))}.")
    processes = way.get("processes_per_host", 1)
    if isinstance(processes, bool) or not isinstance(processes, int) or processes < 1:
        raise UsageError(f"{_FLAG}: {name}: 'processes_per_host' is a whole number, 1 or more.")
    if not isinstance(way.get("custom_mpi_options", ""), str):
        raise UsageError(f"{_FLAG}: {name}: 'custom_mpi_options' is one text, as mpirun takes them.")
    if not isinstance(way.get("parameters", {}), dict):
        raise UsageError(f"{_FLAG}: {name}: 'parameters' is an object.")


def _check_together(ways: Mapping[str, Any]) -> None:
    """One way starts the processes. The model-parallel library starts none itself, so it wants another beside it."""
    splits = ways.get("smdistributed", {}).get(_MODEL_PARALLEL, {}).get("enabled", False)
    in_data = ways.get("smdistributed", {}).get("dataparallel", {}).get("enabled", False)
    starting = [way for way in sorted(_WAYS - {"smdistributed"}) if is_enabled(ways, way)]
    starting += ["smdistributed dataparallel"] if in_data else []
    if len(starting) > 1:
        raise UsageError(f"{_FLAG}: {' and '.join(starting)} would both start the processes: enable one.")
    if splits and not starting:
        raise UsageError(f"{_FLAG}: {_MODEL_PARALLEL} is started by mpi or {_TORCH}: enable one of them beside it.")


def _advice(text: str) -> str:
    return f"\nWrite it in single quotes, as in '{_EXAMPLE}'.{own_name(_FLAG, text)}"
