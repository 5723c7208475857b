"""Records as JSON: what ``--json`` prints, and what the schemas in ``docs/schemas`` are of.

Times are ISO 8601 in UTC, with milliseconds. JSON has no number for NaN and the infinities: they are the texts ``NaN``,
``Infinity`` and ``-Infinity``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import PurePath
from typing import Any


def json_form(value: Any) -> Any:
    """A record, or anything made of records, as what ``json.dumps`` takes."""
    if isinstance(value, float):
        return value if math.isfinite(value) else "NaN" if math.isnan(value) else f"{'-' * (value < 0)}Infinity"
    if value is None or isinstance(value, (str, int)):
        return value
    if isinstance(value, datetime):
        return utc(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): json_form(one) for name, one in value.items()}
    if isinstance(value, Sequence):
        return [json_form(one) for one in value]
    return {name: json_form(getattr(value, name)) for name in value.__dataclass_fields__}


def utc(moment: datetime) -> str:
    """A moment as ``2030-01-31T12:00:00.000Z``."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
