"""Options with a name and a value: hyperparameters, variables, tags and metrics, within the service's limits.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from ..core.late_regex import compile_late
from ..core.rules import Metric
from ..errors import UsageError
from .arguments import Arguments
from .reserved import TOOLKIT_PREFIX, is_reserved_by_toolkit, is_set_by_platform

HYPERPARAMETER_LIMIT: Final = 100
HYPERPARAMETER_ROOM: Final = 93  # of those: up to seven of ours are sent beside them
_SCRIPT_MODE: Final = 5  # those of script mode
_NAME_LIMIT: Final = 256
_VALUE_LIMIT: Final = 2500

VARIABLE_LIMIT: Final = 100
_VARIABLE_LENGTH: Final = 512
_VARIABLE: Final = compile_late(r"[A-Za-z_][A-Za-z0-9_]*")

TAG_ROOM: Final = 48  # of SageMaker's 50: two are ours
OUR_TAGS: Final = frozenset({"SimpleSagemakerProject", "SimpleSagemakerTask"})
_TAG_KEY_LIMIT: Final = 128
_TAG_VALUE_LIMIT: Final = 256

METRIC_LIMIT: Final = 40
_METRIC_NAME_LIMIT: Final = 255
_METRIC_REGEX_LIMIT: Final = 500


def hyperparameters(
    arguments: Arguments, *, plain: bool = False, reserved: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The hyperparameters in order, values as they came. Raises UsageError for what SageMaker would refuse.

    ``plain`` ones are sent as plain text and can be as many as SageMaker allows; otherwise the ``reserved`` ones, which
    ``--distribution`` sets, are sent beside them.
    """
    reserved = reserved or {}
    values: dict[str, Any] = {}
    for name, value in arguments.hyperparameters:
        flag = arguments.hyperparameter(name)
        if name in values:
            raise UsageError(f"{flag} is given twice, as {values[name]!r} and as {value!r}: keep one.")
        if name in reserved:
            raise UsageError(f"{flag}: {arguments.flag('distribution')} sets this hyperparameter. Choose another name.")
        check_hyperparameter(arguments, name, value, plain=plain)
        values[name] = value
    room = (
        HYPERPARAMETER_LIMIT if plain else min(HYPERPARAMETER_ROOM, HYPERPARAMETER_LIMIT - _SCRIPT_MODE - len(reserved))
    )
    if len(values) > room:
        other = f"\nPut them in a file beside the code, or pass them on {arguments.as_script_arguments}."
        raise UsageError(f"{len(values)} hyperparameters; a job has room for {room}.{'' if plain else other}")
    for name, value in reserved.items():
        _check_length(f"{arguments.flag('distribution')}: {name}", json.dumps(value))
    return values


def check_hyperparameter(arguments: Arguments, name: str, value: object, *, plain: bool) -> None:
    """Raise UsageError for a hyperparameter that SageMaker, or its toolkit, would refuse."""
    flag = arguments.hyperparameter(name)
    if is_reserved_by_toolkit(name):
        raise UsageError(
            f"{flag}: SageMaker's toolkit reserves this name, and all of {TOOLKIT_PREFIX}….\n"
            f"Choose another name, or pass it on {arguments.as_script_arguments}."
        )
    if len(name) > _NAME_LIMIT:
        cut = arguments.hyperparameter(f"{name[:20]}…")
        raise UsageError(f"{cut}: a name of {len(name)} characters; SageMaker takes at most {_NAME_LIMIT}.")
    if plain:
        _check_text(flag, str(value))
        _check_length(flag, str(value))
    else:
        where = arguments.as_script_arguments
        _check_length(
            flag, json.dumps(value), f"Pass it on {where}, where there is no such limit, or put it in a file."
        )


def _check_length(what: str, encoded: str, advice: str = "Make it shorter.") -> None:
    if len(encoded) > _VALUE_LIMIT:
        raise UsageError(
            f"{what}: its value takes {len(encoded)} characters in the request; SageMaker takes at most "
            f"{_VALUE_LIMIT}.\n{advice}"
        )


def _check_text(what: str, value: str) -> None:
    """Refuse bytes that are not UTF-8: a request cannot contain them."""
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{what}: its value is not UTF-8 text, which SageMaker requires.") from error


def _pairs(arguments: Arguments, option: str, check: Callable[[str, str, str], None]) -> dict[str, str]:
    """The names and values of a repeatable option; ``check`` is called with its flag, a name and the value."""
    pairs: dict[str, str] = {}
    for use in arguments.each(option):
        name, value = use.texts()
        if name in pairs:
            raise UsageError(f"{use.flag} {name!r} is given twice, as {pairs[name]!r} and as {value!r}: keep one.")
        check(use.flag, name, value)
        pairs[name] = value
    return pairs


def environment(arguments: Arguments, option: str = "job_env", *, longest: int = _VARIABLE_LENGTH) -> dict[str, str]:
    """The environment variables of the job. Raises UsageError for what SageMaker would refuse or overwrite."""
    variables = _pairs(arguments, option, partial(_check_variable, arguments, longest))
    if len(variables) > VARIABLE_LIMIT:
        flag = arguments.flag(option)
        raise UsageError(f"{len(variables)} variables with {flag}; a job can have {VARIABLE_LIMIT}: use a file.")
    return variables


def _check_variable(arguments: Arguments, longest: int, flag: str, name: str, value: str) -> None:
    if not _VARIABLE.fullmatch(name):
        advice = " Put a space between name and value." if "=" in name else ""
        raise UsageError(
            f"{flag} {name!r}: a variable's name has letters, digits and _, and does not begin with a digit.{advice}"
        )
    if len(name) > longest or len(value) > longest:
        raise UsageError(
            f"{flag} {name[:40]!r}: a variable's name and value are limited to {longest} characters each.\n"
            f"Pass a longer value on {arguments.as_script_arguments}, or in a file."
        )
    _check_text(f"{flag} {name!r}", value)
    if is_set_by_platform(name):
        raise UsageError(f"{flag} {name!r}: the job sets this variable itself. Choose another name.")


def tags(arguments: Arguments) -> dict[str, str]:
    """The person's tags. Raises UsageError for what SageMaker would refuse, and for our two tags."""
    pairs = _pairs(arguments, "tag", _check_tag)
    if len(pairs) > TAG_ROOM:
        raise UsageError(f"{len(pairs)} tags; a job has room for {TAG_ROOM}: leave some out.")
    return pairs


def _check_tag(flag: str, key: str, value: str) -> None:
    if not 1 <= len(key) <= _TAG_KEY_LIMIT or len(value) > _TAG_VALUE_LIMIT:
        raise UsageError(
            f"{flag} {key!r} {value!r}: a tag's key has 1 to {_TAG_KEY_LIMIT} characters, its value at most "
            f"{_TAG_VALUE_LIMIT}."
        )
    odd = [letter for letter in key + value if not _fits_a_tag(letter)]
    if odd:
        raise UsageError(
            f"{flag} {key!r} {value!r}: {odd[0]!r} cannot be in a tag.\n"
            "Use letters, digits, spaces and _ . : / = + - @."
        )
    if key.lower().startswith("aws:") or key in OUR_TAGS:
        reserved_by = "ssm, to find its jobs" if key in OUR_TAGS else "AWS"
        raise UsageError(f"{flag} {key!r} is reserved by {reserved_by}: choose another key.")


def _fits_a_tag(letter: str) -> bool:
    return letter in "_.:/=+-@" or unicodedata.category(letter)[0] in "LZN"


def metrics(arguments: Arguments) -> tuple[Metric, ...]:
    """The metrics to find in the logs. Raises UsageError for a regular expression that is invalid or has no group."""
    pairs = _pairs(arguments, "metric_definitions", _check_metric)
    if len(pairs) > METRIC_LIMIT:
        raise UsageError(f"{len(pairs)} metrics; a job can have {METRIC_LIMIT}: leave some out.")
    return tuple(Metric(name=name, regex=regex) for name, regex in pairs.items())


def _check_metric(flag: str, name: str, regex: str) -> None:
    if not 1 <= len(name) <= _METRIC_NAME_LIMIT or not 1 <= len(regex) <= _METRIC_REGEX_LIMIT:
        raise UsageError(
            f"{flag} {name!r} {regex!r}: a metric's name has 1 to {_METRIC_NAME_LIMIT} characters, its regular "
            f"expression 1 to {_METRIC_REGEX_LIMIT}."
        )
    from ..core.cpu_limit import compile_regex  # costs what few commands need

    try:
        groups = compile_regex(regex).groups
    except re.error as error:
        raise UsageError(f"{flag} {name!r}: {regex!r} is not a regular expression: {error}.") from error
    if not groups:
        raise UsageError(
            f"{flag} {name!r}: {regex!r} has no group that captures the value.\n"
            f"Put the number in parentheses, as in {name + '=([0-9.]+)'!r}."
        )


def define_metric(arguments: Arguments, metric: str) -> str:
    """How a metric of that name is defined, for advice, as the person would spell it."""
    flag, regex = arguments.spelled("metric_definitions"), f"{metric}=(\\S+)"
    return f"{flag} {metric} '{regex}'" if flag.startswith("-") else f"{flag}={ {metric: regex}!r}"
