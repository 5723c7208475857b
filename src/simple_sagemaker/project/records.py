"""What Python gets of many jobs, and of many values: sequences that become a table in a notebook, or a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar, overload

from ..core.json_form import utc
from ..errors import UsageError

T = TypeVar("T")


class Records(Sequence[T]):
    """Records of one kind, in their order."""

    def __init__(self, records: Iterable[T]) -> None:
        self._records = list(records)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Records[T]: ...
    def __getitem__(self, index: int | slice) -> T | Records[T]:
        return Records(self._records[index]) if isinstance(index, slice) else self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"<{len(self)} records>" if len(self) != 1 else "<1 record>"

    def to_dataframe(self) -> Any:
        """A pandas DataFrame, a row a record. Mappings become a column a key, as ``metrics.loss``.

        Raises UsageError where pandas is not installed.
        """
        from importlib import import_module

        try:
            pandas = import_module("pandas")
        except ImportError as error:
            raise UsageError("to_dataframe needs pandas: pip install pandas") from error
        return pandas.DataFrame([_columns(one) for one in self._records])

    def _repr_html_(self) -> str:
        """A table, for notebooks."""
        from html import escape

        rows = [_columns(one) for one in self._records]
        names = dict.fromkeys(
            name for row in rows for name in row if any(one.get(name) not in {None, ""} for one in rows)
        )
        head = "".join(f"<th>{escape(name)}</th>" for name in names)
        lines = ["".join(f"<td>{escape(_shown(row.get(name)))}</td>" for name in names) for row in rows]
        return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _columns(record: Any) -> dict[str, Any]:
    """The fields of a record by name, those of a mapping each by its own."""
    columns: dict[str, Any] = {}
    for name in record.__dataclass_fields__:
        value = getattr(record, name)
        if isinstance(value, Mapping):
            columns |= {f"{name}.{key}": one for key, one in value.items()}
        else:
            columns[name] = value
    return columns


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if hasattr(value, "astimezone"):
        return utc(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
