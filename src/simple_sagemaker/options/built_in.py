"""``--built_in``: a built-in algorithm in the place of code, with every mistake that shows before anything is sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..built_ins.algorithms import Algorithm, algorithm, names, nearest_name
from ..built_ins.channels import (
    check_channels,
    check_distribution,
    check_mode,
    check_same_type,
    check_type,
    type_by_name,
    with_labels,
)
from ..built_ins.metric_definitions import metric_definitions
from ..core.records import replace
from ..core.rules import Metric
from ..core.specs import Input, LocalInput, S3Input, TaskSpec
from ..errors import UsageError
from ..images.built_in import built_in_versions, is_advised_against
from .arguments import Arguments

# What needs code of the person's, or chooses another image; with --built_in each is refused.
_AGAINST: Final = (
    "entry_point",
    "source_dir",
    "dependencies",
    "use_gitignore",
    "image_uri",
    "framework",
    "framework_version",
    "py_version",
    "docker_file_path_or_content",
    "aws_repo_name",
    "repo_name",
    "image_tag",
    "distribution",
    "launch_by",
    "metric_definitions",
)
_JUDGED: Final = ("fail_if", "end_if", "warn_if")
_NO_TYPE: Final = frozenset({"vocab", "auxiliary", "label_map"})  # channels of files that are known by their names


def check_alone(arguments: Arguments) -> None:
    """Raise UsageError for options that have no meaning beside a built-in algorithm."""
    flag = f"{arguments.flag('built_in')} {arguments.text('built_in')}"
    for name in _AGAINST:
        if arguments.has(name):
            other = arguments.flag(name)
            why = (
                "the service defines its metrics"
                if name == "metric_definitions"
                else "nothing of yours runs in the job"
            )
            raise UsageError(f"{flag} trains the algorithm itself, and {why}: drop {other}.")
    for name in _JUDGED:
        if arguments.has(name):
            other = arguments.flag(name)
            raise UsageError(
                f"{flag} trains the algorithm itself, with nothing of ours beside it that could judge: drop {other}.\n"
                f"For a limit on time: {arguments.spelled('max_run_mins')}."
            )
    if arguments.script_arguments:
        raise UsageError(
            f"{flag} has no script that could get arguments: drop what is {arguments.as_script_arguments}.\n"
            f"Hyperparameters are: {arguments.hyperparameter('NAME')} VALUE"
        )


def built_in(arguments: Arguments) -> str | None:
    """The algorithm and its version, ``NAME:VERSION``; None without one. Raises UsageError for no such one."""
    text = arguments.text("built_in") if "--built_in" in arguments.options else None
    if text is None:
        return None
    flag = arguments.flag("built_in")
    name, colon, version = text.partition(":")
    if name not in names():
        near = nearest_name(name)
        write = f"{flag} {near}{colon}{version if near and version in built_in_versions(near) else ''}".rstrip(":")
        guess = f"Did you mean {write}?" if near else f"There are: {', '.join(names())}."
        raise UsageError(f"{flag} {text!r}: there is no such built-in algorithm.\n{guess}")
    versions = built_in_versions(name)
    if not colon:
        return f"{name}:{versions[-1]}"
    if version in versions:
        return text
    if is_advised_against(name, version):  # of which engine_limits.py warns
        return text
    alike = [one for one in versions if version and one.startswith(version.split("-")[0])]
    near = alike[-1] if alike else versions[-1]
    raise UsageError(
        f"{flag} {text!r}: {name} has no version {version!r}; there are {', '.join(versions)}.\n"
        f"Write: {flag} {name}:{near}"
    )


def with_built_in(arguments: Arguments, spec: TaskSpec) -> TaskSpec:
    """The spec of a built-in algorithm, completed: what channels hold, its metrics; checked as far as that goes here.

    Reads the first lines of local data. Raises UsageError.
    """
    name, _, version = (spec.image.built_in or "").partition(":")
    facts = algorithm(name)
    values = _texts(facts, spec.hyperparameters)
    searched = _searched(arguments)
    check_mode(facts, spec.input_mode)
    inputs = [_with_type(facts, one) for one in spec.inputs]
    types = {one.name: one.content_type or "" for one in inputs}
    check_channels(facts, inputs, has_model=spec.model_uri is not None, types=types)
    check_same_type(facts, types)
    check_distribution(facts, inputs)
    _check_values(facts, version, values, searched)
    from ..built_ins.machines import check_machines

    check_machines(facts, spec.instances, values.get("mode", ""))
    _check_data(facts, values, inputs)
    return replace(
        spec,
        hyperparameters=values,
        inputs=tuple(inputs),
        metrics=tuple(Metric(name=one, regex=regex) for one, regex in metric_definitions(name).items()),
        keeps_state=facts.checkpoints,
    )


def _searched(arguments: Arguments) -> frozenset[str]:
    return frozenset(str(use.values[0]) for use in arguments.each("hp_space"))


def _check_values(facts: Algorithm, version: str, values: Mapping[str, str], searched: frozenset[str]) -> None:
    from ..built_ins.values import check_values

    check_values(facts, version, values, searched)
    if facts.name == "xgboost":
        from ..built_ins.xgboost import check_together

        check_together(values, version, searched)


def _texts(facts: Algorithm, values: Mapping[str, Any]) -> dict[str, str]:
    """Hyperparameters as the algorithm reads them: plain texts, lists with commas between."""
    others = facts.other_names
    texts = {}
    for name, value in values.items():
        known = facts.hyperparameters.get(others.get(name, name))
        form = known.form if known else ""
        if isinstance(value, (list, tuple)):
            plain = ",".join(str(one) for one in value)
            nested = any(isinstance(one, (list, dict)) for one in value)
            texts[name] = json.dumps(value) if nested else f"({plain})" if form == "tuple" else plain
        elif isinstance(value, bool) and form in {"int", "one"}:
            texts[name] = str(int(value)) if form == "int" else str(value).lower()
        else:
            texts[name] = value if isinstance(value, str) else str(value)
    return texts


def _with_type(facts: Algorithm, one: Input) -> Input:
    """The input with what it holds: as was said, as the names of its files say, or as their beginning is."""
    if one.content_type is not None:
        check_type(facts, one.name, one.content_type)
        return replace(one, content_type=with_labels(facts, one.name, one.content_type))
    if one.name not in facts.channels or one.name in _NO_TYPE or facts.learns == "series":
        return one
    found = _type_of(facts, one)
    return replace(one, content_type=with_labels(facts, one.name, found)) if found else one


def _type_of(facts: Algorithm, one: Input) -> str | None:
    names_seen: tuple[str, ...] = ()
    sniffed = None
    if isinstance(one, LocalInput):
        from ..built_ins.formats import sniff
        from ..built_ins.sample import take_sample

        sample = take_sample(_place(one))
        names_seen = tuple(name for name in sample.names if not name.rpartition("/")[2].startswith((".", "_")))
        sniffed = next((kind for file in sample.files if (kind := sniff(file))), None)
    elif isinstance(one, S3Input):
        names_seen = (one.uri,)
    if found := type_by_name(facts, names_seen):
        return found
    if sniffed in facts.content_types:
        return sniffed
    if len(facts.content_types) == 1 or isinstance(one, LocalInput):
        return facts.content_types[0]
    raise UsageError.naming(
        "the channel {channel!r}: nothing says what it holds, and {algorithm} reads {known}.\n"
        "Say it, for example: {channel_type} {channel} {type}",
        channel=one.name,
        algorithm=facts.name,
        known=", ".join(facts.content_types),
        type=with_labels(facts, one.name, facts.content_types[0]),
    )


def _place(one: LocalInput) -> Path:
    return one.path / one.subdir if one.subdir else one.path


def _check_data(facts: Algorithm, values: Mapping[str, str], inputs: list[Input]) -> None:
    local = [one for one in inputs if isinstance(one, LocalInput)]
    if not local:
        return
    from ..built_ins.data import LocalChannel, check_data
    from ..built_ins.sample import take_sample

    channels = [
        LocalChannel(
            name=one.name,
            path=_place(one),
            sample=take_sample(_place(one)),
            content_type=one.content_type or "",
        )
        for one in local
    ]
    check_data(facts, values, channels)
