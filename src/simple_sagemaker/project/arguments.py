"""From what is said in Python to the arguments of a command: names to options, values with their own types.

Every check of a value is in ``options/``, which also serves the command line. Nothing of the caller's is changed, and
nothing of it is kept: what is changed later has no effect on a task.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

from ..errors import SsmError, UsageError
from ..options.arguments import Arguments, Use, check_hyperparameter_name, text_of
from ..options.option import MANY
from .options import Data, Outcome

DATA = "data"
# What options are called in Python, where that is not their name on the command line.
_NAMES = {
    "hp": "hyperparameters",
    "input_path": "inputs",
    "input_local": "inputs",
    "input_s3": "inputs",
    "input_task": "inputs",
    "no_spot": "use_spot_instances=False",
    "no_wait": "wait=False",
    "tag": "tags",
}


def spell(name: str, value: str = "") -> str:
    """An option as Python spells it: ``name``, or ``name['VALUE']``."""
    python_name = _NAMES.get(name, name)
    return f"{python_name}[{value!r}]" if value else python_name


# How templates of errors give an option its value, as typed; and how Python does.
_ASSIGNED = (
    (re.compile(r"(\{hp:\w+\}) \{(\w+)(?:!r)?\}"), r"\1 = {\2!r}"),
    (re.compile(r"([Ww]rite:? |Add: |example: )(\{hp:\w+\}) (\w[\w:.@,-]*)"), r"\1\2 = '\3'"),
    (re.compile(r"' (\{hp:\w+\}) (\w+)"), r"', \1 = '\2'"),
    (re.compile(r"\{channel_type\} \{(\w+)\} \{(\w+)(?:!r)?\}"), r"{channel_type}={{{\1!r}: {\2!r}}}"),
    (re.compile(r"\{(input_\w+)\} \{(\w+)\} \{(\w+)\}"), r"{\1}={{{\2!r}: '{\3}'}}"),
    (re.compile(r"\{(input_\w+)\} \{(\w+)\} (PATH|s3://BUCKET/KEY)"), r"{\1}={{{\2!r}: '\3'}}"),
    (re.compile(r"\{(max_run_mins|instance_count)\} (\{\w+\}|[0-9]+)"), r"{\1}=\2"),
    (re.compile(r"\{(instance_type|input_mode)\} \{(\w+)\}"), r"{\1}='{\2}'"),
    (re.compile(r"\{(instance_type|input_mode)\} (File)"), r"{\1}='\2'"),
)


def assign(template: str) -> str:
    """The template of an error with values given to options as Python does: ``hyperparameters['eta'] = '0.1'``."""
    if "{how}" in template:  # how hosts share a channel has no short form here
        return template
    for typed, python in _ASSIGNED:
        template = typed.sub(python, template)
    return template


@contextmanager
def python_spelling() -> Iterator[None]:
    """Within, errors that name options spell them as Python does."""
    try:
        yield
    except SsmError as error:
        error.respell(spell, assign)
        raise


def arguments_of(command: str, options: Mapping[str, object], *, known: frozenset[str]) -> Arguments:
    """The arguments for options by name; None is the same as leaving one out. Raises UsageError for an unknown name."""
    unknown = sorted(set(options) - known)
    if unknown:
        close = [_NAMES[unknown[0]]] if unknown[0] in _NAMES else get_close_matches(unknown[0], sorted(known), n=1)
        guess = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(sorted(known))}."
        raise UsageError(f"There is no {unknown[0]}. {guess}")
    script_arguments = _texts("arguments", options.get("arguments") or ())
    arguments = Arguments(command, script_arguments, spell=spell)
    for name, value in options.items():
        if value is not None and name != "arguments":
            _READERS.get(name, _read_option)(arguments, name, value)
    return arguments


def _read_option(arguments: Arguments, name: str, value: object) -> None:
    """An option that Python names as the command line does: with one value, or several."""
    if arguments.options[f"--{name}"].value_count == MANY:
        _read_several(arguments, name, value)
    else:
        _add(arguments, name, name, value)


def _read_several(arguments: Arguments, name: str, value: object) -> None:
    if values := _several(name, value):
        _add(arguments, name, name, *values)


def _read_command(arguments: Arguments, name: str, value: object) -> None:
    """A command: a text is split as a shell would, and a list is its words as they are."""
    if isinstance(value, str):
        _add(arguments, name, name, value)
    elif words := list(_several(name, value)):
        _add(arguments, name, name, words)


def _read_distribution(arguments: Arguments, name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} is a dictionary in the form of the SageMaker SDK, not {value!r}.")
    _add(arguments, name, name, value)


def _read_hyperparameters(arguments: Arguments, name: str, value: object) -> None:
    """Values keep their types; they are copied by way of the very text that the job gets."""
    for key, one in _pairs(name, value):
        try:
            copied = json.loads(json.dumps(one, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(
                f"{name}[{key!r}]: {one!r} cannot be written as JSON ({error}).\n"
                "Use texts, numbers, True, False, None, and lists and dictionaries of them."
            ) from error
        arguments.hyperparameters.append((check_hyperparameter_name(key, name), copied))


def _read_inputs(arguments: Arguments, name: str, value: object) -> None:
    for channel, one in _pairs(name, value):
        flag = f"{name}[{channel!r}]"
        data = one if isinstance(one, (Data, Outcome)) else Data(text_of(flag, one))
        how = [data.distribution, *([data.subdir] if data.subdir else [])]
        if isinstance(data, Outcome):
            _add(arguments, "input_task", flag, channel, data.task_name, data.kind, *how)
        elif (source := text_of(flag, data.source)).startswith("s3://"):
            _add(arguments, "input_s3", flag, channel, source, *how)
        elif channel == DATA:
            _add(arguments, "input_path", flag, source, *how)
        else:
            _add(arguments, "input_local", flag, channel, source, *how)


def _read_paths(arguments: Arguments, name: str, value: object) -> None:
    """Paths in the container, by the names of inputs or outputs."""
    for key, path in _pairs(name, value):
        flag = f"{name}[{key!r}]"
        _add(arguments, name, flag, key, text_of(flag, path))


def _pairs_of(option: str) -> Callable[[Arguments, str, object], None]:
    """Read a mapping as uses of an option that takes a name and a value."""

    def read(arguments: Arguments, name: str, value: object) -> None:
        for key, one in _pairs(name, value):
            _add(arguments, option, name, key, text_of(f"{name}[{key!r}]", one))

    return read


def _read_space(arguments: Arguments, name: str, value: object) -> None:
    """Ranges by the hyperparameters' names: as on the command line, or a list of values."""
    for key, one in _pairs(name, value):
        _add(arguments, name, f"{name}[{key!r}]", key, one)


def _read_goal(arguments: Arguments, name: str, value: object) -> None:
    """A metric and min or max: two texts, or a dictionary of one entry."""
    if isinstance(value, Mapping) and len(value) == 1:
        value = next(iter(value.items()))
    values = _several(name, value)
    if len(values) != 2:
        raise UsageError(f"{name} is a metric's name and min or max, as in ('loss', 'min'), not {value!r}.")
    _add(arguments, name, name, *values)


def _read_resource(arguments: Arguments, name: str, value: object) -> None:
    values = _several(name, value)
    if len(values) != 3:
        raise UsageError(f"{name} is a name and two numbers, as in ('epochs', 1, 27), not {value!r}.")
    _add(arguments, name, name, *values)


def _read_each(arguments: Arguments, name: str, value: object) -> None:
    """A text, or several, each a use of the option."""
    for one in _several(name, value):
        _add(arguments, name, name, one)


_READERS: Mapping[str, Callable[[Arguments, str, object], None]] = {
    "channel_type": _pairs_of("channel_type"),
    "command": _read_command,
    "distribution": _read_distribution,
    "entrypoint": _read_command,
    "end_if": _read_each,
    "env": _pairs_of("env"),
    "fail_if": _read_each,
    "hp_space": _read_space,
    "hyperparameters": _read_hyperparameters,
    "input_at": _read_paths,
    "inputs": _read_inputs,
    "job_env": _pairs_of("job_env"),
    "metric_definitions": _pairs_of("metric_definitions"),
    "output_from": _read_paths,
    "read_buckets": _read_several,
    "tags": _pairs_of("tag"),
    "tune_for": _read_goal,
    "tune_resource": _read_resource,
    "warn_if": _read_each,
}


def _add(arguments: Arguments, option: str, flag: str, *values: object) -> None:
    arguments.uses.setdefault(option, []).append(Use(flag, values))


def _pairs(name: str, value: object) -> list[tuple[str, object]]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} is a dictionary, not {value!r}.")
    odd = next((key for key in value if not isinstance(key, str)), None)
    if odd is not None:
        raise UsageError(f"{name}: a name in it is a text, not {odd!r}.")
    return list(value.items())


def _several(name: str, value: object) -> tuple[object, ...]:
    """Several values; a text or path alone is one of them."""
    if isinstance(value, (str, os.PathLike)):
        return (value,)
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        raise UsageError(f"{name} is a list, not {value!r}.")
    return tuple(value)


def _texts(name: str, value: object) -> tuple[str, ...]:
    return tuple(text_of(name, one) for one in _several(name, value))
