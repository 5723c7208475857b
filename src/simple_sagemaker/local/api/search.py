"""Lists, searches and their pages, over descriptions of jobs."""

from __future__ import annotations

import base64
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ..job.kinds import Kind
from .errors import invalid

Record = dict[str, Any]


def listed(
    found: list[Record], kind: Kind, request: Mapping[str, Any], *, operation: str
) -> tuple[list[Record], Record]:
    """The page of summaries of jobs of a kind, and its NextToken when there is more."""
    kept = [record for record in found if _listed(record, kind, request)]
    key = {"Name": kind.name, "CreationTime": "CreationTime", "Status": kind.status}[
        request.get("SortBy", "CreationTime")
    ]
    kept.sort(key=lambda record: (record[key], record[kind.name]))
    if request.get("SortOrder", "Ascending") == "Descending":
        kept.reverse()
    return page(kept, request, default=10, operation=operation)


def _listed(record: Record, kind: Kind, request: Mapping[str, Any]) -> bool:
    text = request.get("NameContains", "")
    status = request.get("StatusEquals")
    return (
        text.lower() in record[kind.name].lower()
        and status in (None, record[kind.status])
        and _between(record["CreationTime"], request, "CreationTime")
        and _between(record["LastModifiedTime"], request, "LastModifiedTime")
    )


def _between(when: datetime, request: Mapping[str, Any], name: str) -> bool:
    after, before = _moment(request.get(f"{name}After")), _moment(request.get(f"{name}Before"))
    return (after is None or when > after) and (before is None or when < before)


def searched(records: list[Record], request: Mapping[str, Any], *, operation: str) -> tuple[list[Record], Record]:
    """The page of records that Search gives, latest change first unless the request sorts otherwise."""
    expression = request.get("SearchExpression", {})
    kept = [record for record in records if _matches(record, expression, operation)]
    key = request.get("SortBy", "LastModifiedTime")
    kept.sort(key=lambda record: (value(record, key) is not None, value(record, key), record["TrainingJobName"]))
    if request.get("SortOrder", "Descending") == "Descending":
        kept.reverse()
    return page(kept, request, default=10, operation=operation)


def _matches(record: Record, expression: Mapping[str, Any], operation: str) -> bool:
    if expression.get("NestedFilters"):
        raise invalid("NestedFilters are not supported on this machine.", operation)
    verdicts = [_filter(record, one, operation) for one in expression.get("Filters", ())]
    verdicts += [_matches(record, one, operation) for one in expression.get("SubExpressions", ())]
    return any(verdicts) if expression.get("Operator") == "Or" and verdicts else all(verdicts)


def _filter(record: Record, condition: Mapping[str, Any], operation: str) -> bool:
    found = value(record, condition["Name"])
    how: str = condition.get("Operator", "Equals")
    if how in {"Exists", "NotExists"}:
        return (found is not None) == (how == "Exists")
    if "Value" not in condition:
        raise invalid(f"Filter {condition['Name']} needs a Value for operator {how}.", operation)
    try:
        return _COMPARE[how](found, str(condition["Value"]))
    except ValueError as error:
        raise invalid(f"Filter {condition['Name']} cannot compare with {condition['Value']!r}.", operation) from error


def _text(found: Any) -> str:
    if isinstance(found, datetime):
        return found.isoformat()
    return str(found).lower() if isinstance(found, bool) else str(found)


def _ordered(test: Callable[[Any, Any], object]) -> Callable[[Any, str], bool]:
    def compare(found: Any, wanted: str) -> bool:
        if found is None:
            return False
        if isinstance(found, datetime):
            return bool(test(found, datetime.fromisoformat(wanted.replace("Z", "+00:00"))))
        if isinstance(found, (int, float)):
            return bool(test(found, float(wanted)))
        return bool(test(str(found), wanted))

    return compare


def _time(text: str) -> datetime:
    return _zoned(datetime.fromisoformat(text.replace("Z", "+00:00")))


def _moment(given: datetime | float | None) -> datetime | None:
    """A time of a request: seconds since the epoch are as good as a datetime, and one without a zone is UTC."""
    if isinstance(given, (int, float)):
        return datetime.fromtimestamp(given, tz=timezone.utc)
    return _zoned(given) if given else None


def _zoned(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


_COMPARE: dict[str, Callable[[Any, str], bool]] = {
    "Equals": lambda found, wanted: found is not None and _text(found) == wanted,
    "NotEquals": lambda found, wanted: found is None or _text(found) != wanted,
    "Contains": lambda found, wanted: found is not None and wanted in _text(found),
    "In": lambda found, wanted: found is not None and _text(found) in wanted.split(","),
    "GreaterThan": _ordered(operator.gt),
    "GreaterThanOrEqualTo": _ordered(operator.ge),
    "LessThan": _ordered(operator.lt),
    "LessThanOrEqualTo": _ordered(operator.le),
}


def value(record: Record, name: str) -> Any:
    """A property of a record by its dotted name; ``Tags.<key>`` is the value of that tag. None when absent."""
    if name.startswith("Tags."):
        key = name[len("Tags.") :]
        return next((tag["Value"] for tag in record["Tags"] if tag["Key"] == key), None)
    found: Any = record
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def page(
    found: Sequence[Record], request: Mapping[str, Any], *, default: int, operation: str
) -> tuple[list[Record], Record]:
    """The part of ``found`` that a request asks for, and ``{"NextToken": …}`` when there is more."""
    start = _start(request.get("NextToken"), operation)
    end = start + request.get("MaxResults", default)
    token = {"NextToken": base64.b64encode(json.dumps(end).encode()).decode()} if end < len(found) else {}
    return list(found[start:end]), token


def _start(token: str | None, operation: str) -> int:
    if token is None:
        return 0
    try:
        start = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        start = None
    if not isinstance(start, int) or start < 0:
        raise invalid("Invalid NextToken.", operation)
    return start
