"""Many records as Python has them: a sequence, a table in a notebook, and a DataFrame."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from simple_sagemaker.project.records import Records


@dataclass(frozen=True)
class Row:
    name: str
    value: float | None = None
    ended: datetime | None = None
    metrics: Mapping[str, Any] = field(default_factory=dict)
    empty: str = ""


NOON = datetime(2026, 1, 2, 12, tzinfo=timezone(timedelta(hours=2)))


def test_records_are_a_sequence_whose_parts_are_records_too() -> None:
    records = Records(Row(name) for name in "abc")
    assert [row.name for row in records] == ["a", "b", "c"]
    assert records[-1].name == "c"
    assert isinstance(records[1:], Records)
    assert [row.name for row in records[1:]] == ["b", "c"]
    assert [repr(records[:count]) for count in range(3)] == ["<0 records>", "<1 record>", "<2 records>"]


def test_a_notebook_shows_the_columns_in_which_something_is() -> None:
    records = Records([Row("<a>", None, NOON, {"loss": 1 / 3}), Row("b", None, None, {"loss": None, "n": 7})])
    assert records._repr_html_() == (
        "<table><tr><th>name</th><th>ended</th><th>metrics.loss</th><th>metrics.n</th></tr>"
        "<tr><td>&lt;a&gt;</td><td>2026-01-02T10:00:00.000Z</td><td>0.333333</td><td></td></tr>"
        "<tr><td>b</td><td></td><td></td><td>7</td></tr></table>"
    )


def test_a_dataframe_has_a_row_a_record_and_a_column_for_each_key(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pandas:  # which our tests do without: only what it is given is looked at
        @staticmethod
        def DataFrame(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:  # noqa: N802 - pandas' name
            return rows

    monkeypatch.setitem(sys.modules, "pandas", Pandas)
    assert Records([Row("a", 2.0, None, {"loss": 0.5})]).to_dataframe() == [
        {"name": "a", "value": 2.0, "ended": None, "metrics.loss": 0.5, "empty": ""}
    ]
