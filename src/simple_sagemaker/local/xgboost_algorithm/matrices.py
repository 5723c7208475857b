"""The data of channels as matrices of xgboost, read as the container reads it.

Text is read by xgboost itself, whose number parser is lenient: what it makes of words decides what a model learns.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from . import recordio
from .errors import CustomerMistake, Failure, UnforeseenMistake, advise
from .files import find_delimiter
from .log import note

_NO_LABELS = (
    "Got input data without labels. Please check the input data set. If training job is running on multiple "
    "instances, please switch to using single instance if number of records in the data set is less than number of "
    "workers (16 * number of instance) in the cluster."
)


def read(files: Sequence[str], kind: str, *, has_weights: bool) -> Any:
    """Read files into one matrix, row by row in their order. Raises Failure.

    ``has_weights`` is whether the second column of csv is the weight of a row.
    """
    how = _csv_format(files, has_weights=has_weights) if kind == "csv" else "format=libsvm"
    reader: Callable[[], Any] = {
        "csv": lambda: _text(files, how),
        "libsvm": lambda: _text(files, how),
        "parquet": lambda: _parquet(files),
        "recordio-protobuf": lambda: _recordio(files),
    }[kind]
    try:
        matrix = reader()
    except Failure:
        raise
    except Exception as error:
        raise CustomerMistake(f"Failed to load {kind} data with exception:\n{error}", advise(str(error))) from error
    if matrix.get_label().size == 0:
        raise CustomerMistake(_NO_LABELS)
    return matrix


def _csv_format(files: Sequence[str], *, has_weights: bool) -> str:
    """How xgboost is to read csv."""
    if not files:
        raise UnforeseenMistake(
            "IndexError", "list index out of range", "All files lie three or more folders below the channel."
        )
    delimiter = find_delimiter(files)
    note(f"Determined delimiter of CSV input is {delimiter!r}")
    return f"format=csv&label_column=0&delimiter={delimiter}" + ("&weight_column=1" if has_weights else "")


def _text(files: Sequence[str], how: str) -> Any:
    import xgboost

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*Text file input has been deprecated")
        return xgboost.DMatrix(f"{';'.join(files)}?{how}")


def _parquet(files: Sequence[str]) -> Any:
    import numpy as np
    import xgboost

    try:
        from pyarrow import parquet
    except ImportError as error:
        raise CustomerMistake(
            "Failed to load parquet data with exception:\nNo module named 'pyarrow'",
            "Reading parquet on this machine needs pyarrow: pip install pyarrow",
        ) from error
    tables = [parquet.read_table(file) for file in files]
    data = np.vstack([np.column_stack([_column(column) for column in _columns(table)]) for table in tables])
    return xgboost.DMatrix(data[:, 1:], label=data[:, 0])


def _columns(table: Any) -> list[Any]:
    """The columns of a table, without those that pandas wrote for its index: pandas, by which AWS reads, hides them."""
    described = table.schema.pandas_metadata or {}
    index = [name for name in described.get("index_columns", ()) if isinstance(name, str)]
    return [table.column(number) for number, name in enumerate(table.column_names) if name not in index]


def _column(column: Any) -> Any:
    """The values of a column as numbers. Raises ValueError and TypeError for what is none."""
    import numpy as np

    values = column.to_numpy()
    if values.dtype.kind in "mM":
        raise TypeError(f"float() argument must be a string or a real number, not {values.dtype}")
    return values if values.dtype.kind == "f" else np.asarray(values, dtype=float)


def _recordio(files: Sequence[str]) -> Any:
    import numpy as np
    import xgboost

    rows: list[recordio.Tensor] = []
    labels: list[float] = []
    for file in files:
        with open(file, "rb") as data:
            for row in recordio.read(data.read()):
                if row.features is None:
                    continue
                rows.append(row.features)
                labels += row.labels.values if row.labels else []
    if not rows:
        raise ValueError("No records found in RecordIO-Protobuf data")
    features = _dense(rows) if not any(row.keys or not row.values for row in rows) else _sparse(rows)
    return xgboost.DMatrix(features, label=np.array(labels, dtype=np.float32) if labels else None)


def _dense(rows: Sequence[recordio.Tensor]) -> Any:
    import numpy as np

    return np.vstack([np.array(row.values, dtype=np.float32) for row in rows])


def _sparse(rows: Sequence[recordio.Tensor]) -> Any:
    import numpy as np
    from scipy import sparse

    widths = [row.shape[0] if row.shape else max(row.keys, default=len(row.values) - 1) + 1 for row in rows]
    if len({*widths}) > 1:
        raise ValueError(f"rows of {min(widths)} and of {max(widths)} columns")
    keys = [row.keys or list(range(len(row.values))) for row in rows]
    ends = np.cumsum([0, *map(len, keys)])
    values = np.array([value for row in rows for value in row.values], dtype=np.float32)
    columns = np.array([key for one in keys for key in one], dtype=np.int64)
    return sparse.csr_matrix((values, columns, ends), shape=(len(rows), max(widths, default=1)))
