"""The JSON files of a job's folder, read with care: they may be torn, edited, or another program's.

What is not what the engine writes is a DamagedJob, whose message names the file. The members of a request are checked
where it is described, by the service's model (``api.describe``).
"""

from __future__ import annotations

import errno
import json
import math
from pathlib import Path
from typing import Any

from ...core.regular_files import read_plain

Entry = dict[str, Any]
FASTEST_CLOCK = 1_000_000  # times this machine's
_LATEST = 253_402_300_800  # seconds since the epoch; what is later is no date
_MOST_BYTES = 1 << 26
# A folder, a link, a pipe or a socket, or too large a file. A shortage of this machine's is no damage.
_NO_FILE_OF_OURS = {errno.EISDIR, errno.ELOOP, errno.EINVAL, errno.ENXIO, errno.EFBIG, errno.EACCES, errno.ENOTDIR}
_TEXTS = ("secondary", "message", "status", "reason", "said")


class DamagedJob(ValueError):
    """A file of a job that is not what the engine wrote. The message names the file."""


def read_object(path: Path) -> dict[str, Any]:
    """Read a file that holds one JSON object. Raises DamagedJob, and OSError where there is no such file."""
    loaded: dict[str, Any] = _read(path, dict)
    return loaded


def read_settings(path: Path) -> dict[str, Any]:
    """Read a job's settings. Raises DamagedJob, and OSError where there is no such file."""
    settings = read_object(path)
    variables = settings.get("docker_environment", {})
    texts = [settings.get(name, "") for name in ("home", "python", "region", "isolation")]
    command = settings.get("docker", [])
    if isinstance(command, list) and isinstance(variables, dict):
        texts += [*command, *variables.values()]
    else:
        texts.append(None)
    if not all(isinstance(text, str) for text in texts):
        raise DamagedJob(f"{path.name} has something else where a text belongs")
    return settings


def read_tags(path: Path) -> list[dict[str, str]]:
    """Read a file of tags. Raises DamagedJob, and OSError where there is no such file."""
    loaded: list[Any] = _read(path, list)
    for tag in loaded:
        if not isinstance(tag, dict) or not all(isinstance(tag.get(name), str) for name in ("Key", "Value")):
            raise DamagedJob(f"{path.name} has a tag without a text for Key and for Value")
    return loaded


def read_entries(path: Path) -> list[Entry]:
    """Read a journal, without a last line that is not complete yet. Raises DamagedJob, and OSError."""
    return [_check_entry(_parse(line, path), path) for line in _content(path).split(b"\n")[:-1] if line]


def read_points(path: Path, most_bytes: int, after: int) -> list[dict[str, Any]]:
    """Read the values of metrics in a file, without the first ``after`` and a last line that is not complete.

    Raises DamagedJob, and OSError where there is no such file.
    """
    lines = _content(path, most_bytes).split(b"\n")[:-1][after:]
    points = [_parse(line, path) for line in lines]
    if not all(is_point(point) for point in points):
        raise DamagedJob(f"{path.name} has a line that is no value of a metric")
    return points


def is_point(point: object) -> bool:
    """Whether this is a value of a metric, as the supervisor writes it."""
    return (
        isinstance(point, dict)
        and isinstance(point.get("name"), str)
        and _is_number(point.get("value"))
        and _is_moment(point.get("at"))
    )


def _read(path: Path, kind: type) -> Any:
    loaded = _parse(_content(path), path)
    if not isinstance(loaded, kind):
        raise DamagedJob(f"{path.name} is no JSON {'object' if kind is dict else 'list'}")
    return loaded


def _content(path: Path, most_bytes: int = _MOST_BYTES) -> bytes:
    """Read a file. Raises DamagedJob for a folder, a pipe or a link in its place, or a file that is too large."""
    try:
        return read_plain(path, most_bytes)
    except OSError as error:
        if error.errno not in _NO_FILE_OF_OURS:
            raise
        raise DamagedJob(f"{path.name} cannot be read: {error.strerror}") from error


def _parse(data: bytes, path: Path) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise DamagedJob(f"{path.name} is no JSON: {error}") from error


def _check_entry(entry: Any, path: Path) -> Entry:
    is_whole = (
        isinstance(entry, dict)
        and _is_moment(entry.get("at"))
        and (entry.get("detected") is None or _is_moment(entry["detected"]))
        and (entry.get("clock_speed") is None or is_clock_speed(entry["clock_speed"]))
        and all(entry.get(name) is None or isinstance(entry[name], str) for name in _TEXTS)
        and (entry.get("secondary") is None or entry.get("message") is not None)
        and (entry.get("status") is None or entry.get("secondary") is not None)
        and _is_list_of_points(entry.get("metrics"))
    )
    if not is_whole:
        raise DamagedJob(f"{path.name} has a line that is no entry of a journal")
    checked: Entry = entry
    return checked


def _is_list_of_points(metrics: object) -> bool:
    return metrics is None or (isinstance(metrics, list) and all(is_point(one) for one in metrics))


def is_clock_speed(value: object) -> bool:
    """Whether SageMaker's clock can go so many times as fast as this machine's."""
    return _is_number(value) and 1 <= value <= FASTEST_CLOCK  # type: ignore[operator]


def _is_moment(value: object) -> bool:
    return _is_number(value) and 0 <= value < _LATEST  # type: ignore[operator]


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an integer larger than any float
        return False
