"""Parquet is read as pandas reads it, by which AWS's container does, without pandas."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.xgboost_algorithm.errors import CustomerMistake

pytestmark = pytest.mark.xgboost


def read(folder: Path, columns: dict[str, list[Any]], index: list[str] | None = None) -> Any:
    """The matrix of a file with these columns, of which pandas has written some for its index."""
    import pyarrow as pa
    from pyarrow import parquet

    from simple_sagemaker.local.xgboost_algorithm import matrices

    table = pa.table(columns)
    if index is not None:
        described = json.dumps({"index_columns": index, "columns": [], "column_indexes": []})
        table = table.replace_schema_metadata({"pandas": described})
    parquet.write_table(table, folder / "a.parquet")
    return matrices.read([str(folder / "a.parquet")], "parquet", has_weights=False)


def test_whole_numbers_truth_values_and_gaps_are_numbers(tmp_path: Path) -> None:
    matrix = read(tmp_path, {"y": [1, 0, 1], "a": [1.5, None, 3.0], "b": [True, False, True], "c": [7, None, 9]})
    assert matrix.get_label().tolist() == [1, 0, 1]
    assert matrix.num_col() == 3
    assert matrix.num_nonmissing() == 7


def test_an_index_that_pandas_wrote_is_no_feature(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {"y": [1.0, 2.0], "a": [0.5, 0.25], "__index_level_0__": [10, 11]}
    assert read(tmp_path, columns, index=["__index_level_0__"]).num_col() == 1
    assert read(tmp_path, columns).num_col() == 2


@pytest.mark.parametrize("value", ["a", datetime(2026, 1, 1)])  # noqa: DTZ001  as a table has it
def test_what_is_no_number_is_refused(tmp_path: Path, value: Any) -> None:
    with pytest.raises(CustomerMistake, match="Failed to load parquet data with exception"):
        read(tmp_path, {"y": [1.0], "a": [value]})
