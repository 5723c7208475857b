"""What a study was begun with, as its ``study.json`` has it, and what the words of a later command differ in.

The bucket may have been written to by others, so that whoever reads gets each member in its type or an error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..core import layout
from ..core.json_form import json_form
from ..errors import SsmError

if TYPE_CHECKING:
    from ..core.layout import TaskPlace
    from ..core.services import Services
    from .spec import TuneSpec

VERSION = 1
_FILE = "study.json"
_MEMBERS: dict[str, type] = {"seed": int, "words": dict, "fingerprint": dict, "request": dict}


def study_file(place: TaskPlace) -> str:
    """The key of the object that says what a study was begun with."""
    return f"{place.study}{_FILE}"


def read_study(place: TaskPlace, services: Services) -> dict[str, Any] | None:
    """What a study was begun with; None where there is none. Raises SsmError for a damaged or a newer one."""
    try:
        content = services.store.read(place.bucket, study_file(place))
    except FileNotFoundError:
        return None
    where = layout.uri(place.bucket, study_file(place))
    try:
        values = json.loads(content)
        version = values["version"]
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise SsmError(f"The study is damaged: {where}: {error}") from error
    if version != VERSION:
        raise SsmError(f"{where} is of another version of ssm ({str(version)[:40]}): use that one.")
    wrong = [name for name, kind in _MEMBERS.items() if type(values.get(name)) is not kind]
    is_on_aws = not wrong and values["words"].get("tuned_on") == "aws"
    if is_on_aws != ("tuning_job" in values) or not isinstance(values.get("tuning_job", ""), str):
        wrong.append("tuning_job")
    if wrong:
        raise SsmError(f"The study is damaged: {where}: it lacks or has wrong: {', '.join(wrong)}")
    return dict(values)


def words(spec: TuneSpec) -> dict[str, Any]:
    """What is the search itself, beside what its trials run: another one of these makes it another search."""
    metric = next(one for one in spec.task.metrics if one.name == spec.metric)
    values = {
        "space": [[type(one).__name__, json_form(one)] for one in spec.space],
        "metric": json_form(metric),
        "goal": spec.goal,
        "strategy": spec.strategy,
        "resource": json_form(spec.resource),
        "stops_early": spec.stops_early,
        "learn_from": spec.learn_from,
        "tuned_on": spec.tuned_on,
    }
    return dict(json_form(values))


def differences(spec: TuneSpec, known: Mapping[str, Any], digests: Mapping[str, str]) -> list[str]:
    """What the words have, or the code is, other than what a study was begun with."""
    before, now = known["words"], words(spec)
    differing = [
        f"{_LABELS[name]}: {_shown(before.get(name))} -> {_shown(value)}"
        for name, value in now.items()
        if before.get(name) != value and name != "space"
    ]
    differing[:0] = _in_space(before.get("space"), now["space"])
    differing += [name for name in digests if (known["fingerprint"].get(name) or "") != digests[name]]
    if spec.seed is not None and spec.seed != known["seed"]:
        differing.append(f"seed: {known['seed']} -> {spec.seed}")
    return differing


_LABELS = {
    "space": "space",
    "metric": "metric",
    "goal": "goal",
    "strategy": "strategy",
    "resource": "resource",
    "stops_early": "early stopping",
    "learn_from": "study to learn from",
    "tuned_on": "driven by",
}


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, dict):
        return " ".join(str(one) for one in value.values())
    return str(value)


def _in_space(before: Any, now: Any) -> list[str]:
    """The hyperparameters that are searched otherwise, with their ranges; the order of the same ones in one line."""
    try:
        old, new = ({str(one["name"]): _range(kind, one) for kind, one in space} for space in (before, now))
    except (TypeError, ValueError, KeyError):
        return ["space: damaged"]
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    lines = [f"space: {name} {old.get(name, 'not searched')} -> {new.get(name, 'not searched')}" for name in names]
    if not lines and before != now:
        lines = [f"space: {', '.join(old)} -> {', '.join(new)}"]
    return lines


def _range(kind: str, one: Mapping[str, Any]) -> str:
    """A range, as it is typed."""
    if kind == "Categorical":
        return "|".join(map(str, one["values"]))
    step = "" if one["step"] in {None, 1} else f"/{one['step']}"
    return f"{one['low']}..{one['high']}{step}{'' if one['scale'] == 'linear' else '@' + str(one['scale'])}"
