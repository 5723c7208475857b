"""What is said in Python put in the words that would be typed, so that both are checked and understood once.

Nothing of the caller's is changed, and nothing of it is kept: what is changed later has no effect on a task.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches

from ..errors import AccessDenied, EngineUnavailable, InputNotFound, UsageError
from ..options.option import MANY, Option
from ..options.parsed import Given, Words, plain_name
from ..options.table import GROUPS
from .options import Data, Outcome

DATA = "data"
# What the options are called here, where that is not what they are called there.
_SAID = {
    "hp": "hyperparameters",
    "input_path": "inputs",
    "input_s3": "inputs",
    "input_task": "inputs",
    "no_spot": "use_spot_instances=False",
    "no_wait": "wait=False",
    "tag": "tags",
}
_TYPED = {option.name for group in GROUPS.values() for option in group}
_SHORT = {flag: option.name for group in GROUPS.values() for option in group for flag in option.flags if flag[1] != "-"}
_FLAG = re.compile(r"(?<![\w./-])--([a-z][a-z0-9_]*)\b|(?<![\w./(-])(-[a-z])\b(?!-)")
_BESIDE = re.compile(r" \(-[a-z]\)")
# These speak of what was asked for; others may quote commands, whose words are nobody's options here.
_OF_WORDS = (UsageError, InputNotFound, EngineUnavailable, AccessDenied)


def words(command: str, said: Mapping[str, object], *, known: frozenset[str]) -> Words:
    """The words for what is said by name; None is not said. Raises UsageError for what is not ``known`` or no value."""
    unknown = sorted(set(said) - known)
    if unknown:
        close = get_close_matches(unknown[0], sorted(known), n=1)
        guess = f"Did you mean {close[0]}?" if close else f"There are: {', '.join(sorted(known))}."
        raise UsageError(f"There is no {unknown[0]}. {guess}")
    found = Words(command, _texts("arguments", said.get("arguments") or ()))
    for name, value in said.items():
        if value is not None and name != "arguments":
            _OWN.get(name, _option)(found, name, value)
    return found


@contextmanager
def in_python(said: Mapping[str, object]) -> Iterator[None]:
    """Errors raised within that speak of options call them by their names in Python."""
    given = said.get("hyperparameters")
    own = set(given) if isinstance(given, Mapping) else set()

    def renamed(found: re.Match[str]) -> str:
        name = found[1] or _SHORT.get(found[2], "")
        if name in own and name not in _TYPED:
            return f"hyperparameters[{name!r}]"
        return _SAID.get(name, name) if name in _TYPED else found[0]

    try:
        yield
    except _OF_WORDS as error:
        lines = str(error).split("\n")
        error.args = ("\n".join(one if "ssm " in one else _FLAG.sub(renamed, _BESIDE.sub("", one)) for one in lines),)
        raise


def _option(found: Words, name: str, value: object) -> None:
    """An option that is here as it is there: a flag, a word, or several."""
    option: Option = found.options[f"--{name}"]
    if option.words == 0:
        if not isinstance(value, bool):
            raise UsageError(f"{name} is True or False, not {value!r}.")
        if value:
            _add(found, name, name)
    elif option.words == MANY:
        _several(found, name, value)
    else:
        _add(found, name, name, _text(name, value))


def _several(found: Words, name: str, value: object) -> None:
    if texts := _texts(name, value):
        _add(found, name, name, *texts)


def _command(found: Words, name: str, value: object) -> None:
    """A command's words as they are; a text alone is split into words like a typed one."""
    texts = _texts(name, value)
    if len(texts) == 1 and not isinstance(value, str):
        texts = (shlex.quote(texts[0]),)
    if texts:
        _add(found, name, name, *texts)


def _hyperparameters(found: Words, name: str, value: object) -> None:
    """Values keep their types; they are copied through the very text that the job gets."""
    for key, one in _pairs(name, value):
        try:
            copied = json.loads(json.dumps(one, allow_nan=False))
        except (TypeError, ValueError, RecursionError) as error:
            raise UsageError(
                f"{name}[{key!r}]: {one!r} cannot be said in JSON ({error}).\n"
                "Use texts, numbers, True, False, None, and lists and dictionaries of them."
            ) from error
        found.hyperparameters.append((plain_name(key, name), copied))


def _inputs(found: Words, name: str, value: object) -> None:
    for channel, one in _pairs(name, value):
        data = one if isinstance(one, (Data, Outcome)) else Data(_text(f"{name}[{channel!r}]", one))
        flag, more = f"{name}[{channel!r}]", [data.distribution, *([data.subdir] if data.subdir else [])]
        if isinstance(data, Outcome):
            _add(found, "input_task", flag, channel, data.task_name, data.kind, *more)
        elif (source := _text(flag, data.source)).startswith("s3://"):
            _add(found, "input_s3", flag, channel, source, *more)
        elif channel == DATA:
            _add(found, "input_path", flag, source, *more)
        else:
            raise UsageError(
                f"{flag}: {source!r} is no s3:// address; only the channel {DATA!r} takes a file or folder of this "
                "machine.\nPut the folders for several channels into one, and choose with their names inside the job."
            )


def _named(option: str) -> Callable[[Words, str, object], None]:
    """A mapping that is an option given many times, a name and a value each."""

    def put(found: Words, name: str, value: object) -> None:
        for key, one in _pairs(name, value):
            _add(found, option, name, key, _text(f"{name}[{key!r}]", one))

    return put


def _distribution(found: Words, name: str, value: object) -> None:
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} is a dictionary in the form of the SageMaker SDK, not {value!r}.")
    try:
        _add(found, name, name, json.dumps(value))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} cannot be said in JSON: {error}.") from error


def _spot(found: Words, name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise UsageError(f"{name} is True or False, not {value!r}.")
    _add(found, name if value else "no_spot", name)


_OWN: Mapping[str, Callable[[Words, str, object], None]] = {
    "command": _command,
    "distribution": _distribution,
    "entrypoint": _command,
    "env": _named("env"),
    "hyperparameters": _hyperparameters,
    "inputs": _inputs,
    "job_env": _named("job_env"),
    "metric_definitions": _named("metric_definitions"),
    "read_buckets": _several,
    "tags": _named("tag"),
    "use_spot_instances": _spot,
}


def _add(found: Words, option: str, flag: str, *texts: str) -> None:
    found.given.setdefault(option, []).append(Given(flag, texts))


def _pairs(name: str, value: object) -> list[tuple[str, object]]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{name} is a dictionary, not {value!r}.")
    odd = next((key for key in value if not isinstance(key, str)), None)
    if odd is not None:
        raise UsageError(f"{name}: a name in it is a text, not {odd!r}.")
    return list(value.items())


def _texts(name: str, value: object) -> tuple[str, ...]:
    """Several texts; one alone is several too."""
    if isinstance(value, (str, os.PathLike)):
        return (_text(name, value),)
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        raise UsageError(f"{name} is a list, not {value!r}.")
    return tuple(_text(name, one) for one in value)


def _text(name: str, value: object) -> str:
    if isinstance(value, (str, os.PathLike)):
        path = os.fspath(value)
        return path if isinstance(path, str) else os.fsdecode(path)
    if isinstance(value, (int, float)):
        return str(value)
    raise UsageError(f"{name}: {value!r} is neither a text nor a number.")
