"""Filters, sorts and pages descriptions of jobs, for List and Search."""

from __future__ import annotations

import base64
import json
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ..job.kinds import Kind
from .errors import validation_error

Record = dict[str, Any]


def list_page(
    records: list[Record], kind: Kind, request: Mapping[str, Any], *, operation: str
) -> tuple[list[Record], Record]:
    """The page of job summaries that a List request asks for, and its NextToken when there is more."""
    matching = [record for record in records if _is_listed(record, kind, request)]
    key = {"Name": kind.name, "CreationTime": "CreationTime", "Status": kind.status}[
        request.get("SortBy", "CreationTime")
    ]
    matching.sort(key=lambda record: (record[key], record[kind.name]))
    if request.get("SortOrder", "Ascending") == "Descending":
        matching.reverse()
    return page(matching, request, default=10, operation=operation)


def _is_listed(record: Record, kind: Kind, request: Mapping[str, Any]) -> bool:
    text = request.get("NameContains", "")
    status = request.get("StatusEquals")
    return (
        text.lower() in record[kind.name].lower()
        and status in (None, record[kind.status])
        and _between(record["CreationTime"], request, "CreationTime")
        and _between(record["LastModifiedTime"], request, "LastModifiedTime")
    )


def _between(when: datetime, request: Mapping[str, Any], name: str) -> bool:
    after, before = _parse_moment(request.get(f"{name}After")), _parse_moment(request.get(f"{name}Before"))
    return (after is None or when > after) and (before is None or when < before)


def search_page(records: list[Record], request: Mapping[str, Any], *, operation: str) -> tuple[list[Record], Record]:
    """The page of records that a Search request asks for, latest change first unless the request sorts otherwise."""
    expression = request.get("SearchExpression", {})
    matching = [record for record in records if _matches(record, expression, operation)]
    key = request.get("SortBy", "LastModifiedTime")
    matching.sort(
        key=lambda record: (property_of(record, key) is not None, property_of(record, key), record["TrainingJobName"])
    )
    if request.get("SortOrder", "Descending") == "Descending":
        matching.reverse()
    return page(matching, request, default=10, operation=operation)


def _matches(record: Record, expression: Mapping[str, Any], operation: str) -> bool:
    if expression.get("NestedFilters"):
        raise validation_error("NestedFilters are not supported on this machine.", operation)
    verdicts = [_filter(record, one, operation) for one in expression.get("Filters", ())]
    verdicts += [_matches(record, one, operation) for one in expression.get("SubExpressions", ())]
    return any(verdicts) if expression.get("Operator") == "Or" and verdicts else all(verdicts)


def _filter(record: Record, condition: Mapping[str, Any], operation: str) -> bool:
    property_value = property_of(record, condition["Name"])
    comparison: str = condition.get("Operator", "Equals")
    if comparison in {"Exists", "NotExists"}:
        return (property_value is not None) == (comparison == "Exists")
    if "Value" not in condition:
        raise validation_error(f"Filter {condition['Name']} needs a Value for operator {comparison}.", operation)
    try:
        return _COMPARE[comparison](property_value, str(condition["Value"]))
    except ValueError as error:
        raise validation_error(
            f"Filter {condition['Name']} cannot compare with {condition['Value']!r}.", operation
        ) from error


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).lower() if isinstance(value, bool) else str(value)


def _comparison(test: Callable[[Any, Any], object]) -> Callable[[Any, str], bool]:
    def compare(value: Any, operand: str) -> bool:
        if value is None:
            return False
        if isinstance(value, datetime):
            return bool(test(value, datetime.fromisoformat(operand.replace("Z", "+00:00"))))
        if isinstance(value, (int, float)):
            return bool(test(value, float(operand)))
        return bool(test(str(value), operand))

    return compare


def _parse_time(text: str) -> datetime:
    return _with_zone(datetime.fromisoformat(text.replace("Z", "+00:00")))


def _parse_moment(moment: datetime | float | None) -> datetime | None:
    """A time of a request, as a datetime or in seconds since the epoch; without a time zone it is UTC."""
    if isinstance(moment, (int, float)):
        return datetime.fromtimestamp(moment, tz=timezone.utc)
    return _with_zone(moment) if moment else None


def _with_zone(when: datetime) -> datetime:
    return when if when.tzinfo else when.replace(tzinfo=timezone.utc)


_COMPARE: dict[str, Callable[[Any, str], bool]] = {
    "Equals": lambda value, operand: value is not None and _text(value) == operand,
    "NotEquals": lambda value, operand: value is None or _text(value) != operand,
    "Contains": lambda value, operand: value is not None and operand in _text(value),
    "In": lambda value, operand: value is not None and _text(value) in operand.split(","),
    "GreaterThan": _comparison(operator.gt),
    "GreaterThanOrEqualTo": _comparison(operator.ge),
    "LessThan": _comparison(operator.lt),
    "LessThanOrEqualTo": _comparison(operator.le),
}


def property_of(record: Record, name: str) -> Any:
    """A property of a record by its dotted name; ``Tags.<key>`` is the value of that tag. None if absent."""
    if name.startswith("Tags."):
        key = name[len("Tags.") :]
        return next((tag["Value"] for tag in record["Tags"] if tag["Key"] == key), None)
    member: Any = record
    for part in name.split("."):
        member = member.get(part) if isinstance(member, dict) else None
    return member


def page(
    records: Sequence[Record], request: Mapping[str, Any], *, default: int, operation: str
) -> tuple[list[Record], Record]:
    """The part of ``records`` that a request asks for, and ``{"NextToken": …}`` when there is more."""
    start = _parse_token(request.get("NextToken"), operation)
    end = start + request.get("MaxResults", default)
    token = {"NextToken": base64.b64encode(json.dumps(end).encode()).decode()} if end < len(records) else {}
    return list(records[start:end]), token


def _parse_token(token: str | None, operation: str) -> int:
    if token is None:
        return 0
    try:
        start = json.loads(base64.b64decode(token, validate=True))
    except ValueError:
        start = None
    if not isinstance(start, int) or start < 0:
        raise validation_error("Invalid NextToken.", operation)
    return start
