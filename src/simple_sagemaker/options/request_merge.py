"""Members for the request: from a file of JSON or TOML, from Python a dictionary too.

Which of them may be set is not known here: ``tasks/request_merge.py`` holds them against the service's model.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from typing import Any, Final

from ..core.specs import RequestMerge
from ..core.toml_text import read_toml
from ..errors import UsageError
from .arguments import Arguments

_LARGEST: Final = 1 << 20  # bytes; the service takes requests of less
_OPTION: Final = "request_merge"


def request_merge(arguments: Arguments) -> RequestMerge | None:
    """What is to be merged into the request; None where nothing is. Raises UsageError for what cannot be read."""
    flag, value = arguments.flag(_OPTION), arguments.value(_OPTION)
    if value is None:
        return None
    if isinstance(value, Mapping):
        return RequestMerge(file="", members=_copy(flag, value))
    if not isinstance(value, (str, os.PathLike)):
        raise UsageError(f"{flag} is a dictionary or the path of a file, not {value!r}.")
    path = os.fspath(value)
    what = f"{flag} {path!r}"
    members = _parsed(what, path, _text(what, path))
    if not isinstance(members, dict):
        raise UsageError(f'{what}: a request is an object, as in {{"DebugHookConfig": {{…}}}}, not {_kind(members)}.')
    return RequestMerge(file=path, members=members)


def _copy(flag: str, value: Mapping[Any, Any]) -> dict[str, Any]:
    try:
        copied: dict[str, Any] = json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(
            f"{flag}: a request has texts, numbers, True, False, lists and dictionaries ({error})."
        ) from error
    return copied


def _text(what: str, path: str) -> str:
    """The content of a regular file that is no larger than a request could be."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise UsageError(f"{what} is no file. Name a file of JSON or TOML.")
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise UsageError(f"{what} has more than {_LARGEST >> 20} MiB, which no request can have.")
        return data.decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{what} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{what} is not UTF-8 text. Save it as UTF-8.") from error


def _parsed(what: str, path: str, text: str) -> Any:
    """The value of a text: TOML where the file's name says so, else JSON."""
    try:
        if not path.lower().endswith(".toml"):
            return json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
        return _without_times(read_toml(text.replace("\r\n", "\n")))
    except RecursionError as error:
        raise UsageError(f"{what}: its values are nested too deeply.") from error
    except ValueError as error:
        kind = "TOML" if path.lower().endswith(".toml") else "JSON"
        raise UsageError(f"{what} is not {kind}: {error}.{_mended(text) if kind == 'JSON' else ''}") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"{name!r} is given twice in one object")
        members[name] = value
    return members


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number that a request can have")


def _without_times(tables: dict[str, Any]) -> Any:
    """The tables with dates as texts, for no member of a request is one."""
    return json.loads(json.dumps(tables, default=str), parse_constant=_no_number)


def _mended(text: str) -> str:
    """What is wrong with the text, where that can be told."""
    from .json_text import mend

    mended = mend(text)
    return f"\nJSON has {', and '.join(mended[1])}." if mended else ""


def _kind(value: object) -> str:
    return "a list" if isinstance(value, list) else json.dumps(value)
