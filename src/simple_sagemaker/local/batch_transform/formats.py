"""The formats that AWS's inference toolkit reads and writes by itself: JSON, CSV and NPY.

https://github.com/aws/sagemaker-inference-toolkit (decoder.py, encoder.py): arrays of NumPy. Where the job's Python has
no NumPy, JSON and CSV are lists instead, of the same shape.
"""

import importlib
import io
import json

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"
ANY = "*/*"
TEXTS = (JSON, CSV)  # whose bodies reach input_fn as text


class UnsupportedFormat(Exception):
    """A content type that nothing here reads or writes."""

    status_code = 415

    def __init__(self, content_type: "str | None") -> None:
        super().__init__(
            "Content type {} is not supported: implement input_fn to read the data, or output_fn to write it.".format(
                content_type
            )
        )


def numpy() -> "Any":
    """NumPy; None where it is not installed."""
    try:
        return importlib.import_module("numpy")
    except ImportError:
        return None


def decode(data: "Any", content_type: "str | None") -> "Any":
    """The data of a request. Raises UnsupportedFormat."""
    np = numpy()
    if content_type == JSON:
        value = json.loads(data)
        return value if np is None else np.array(value)
    if content_type == CSV:
        if np is None:
            return _parse_rows(data)
        return np.genfromtxt(io.StringIO(data), dtype=None, delimiter=",", encoding=None)
    if content_type == NPY and np is not None:
        return np.load(io.BytesIO(data), allow_pickle=True)
    raise UnsupportedFormat(content_type)


def encode(prediction: "Any", content_type: "str | None") -> "Any":
    """A prediction as the body of an answer. Raises UnsupportedFormat."""
    np = numpy()
    if content_type == JSON:
        return json.dumps(prediction, default=_plain)
    if content_type == CSV:
        if np is None:
            return _format_rows(prediction)
        text = io.StringIO()
        np.savetxt(text, prediction, delimiter=",", fmt="%s")
        return text.getvalue()
    if content_type == NPY and np is not None:
        data = io.BytesIO()
        np.save(data, prediction)
        return data.getvalue()
    raise UnsupportedFormat(content_type)


def _plain(value: "Any") -> "Any":
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError("Object of type {} is not JSON serializable".format(type(value).__name__))


def _parse_rows(text: str) -> "list[Any]":
    """A table; one row alone is a flat list, as NumPy has it."""
    rows = [[_number(cell) for cell in line.split(",")] for line in text.splitlines() if line.strip()]
    return rows[0] if len(rows) == 1 else rows


def _number(cell: str) -> "float | str":
    try:
        return float(cell)
    except ValueError:
        return cell


def _format_rows(prediction: "Any") -> str:
    rows = list(prediction)
    return "".join(",".join(map(str, row if isinstance(row, (list, tuple)) else [row])) + "\n" for row in rows)
