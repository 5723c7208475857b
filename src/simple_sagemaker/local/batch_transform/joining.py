"""What DataProcessing does: chooses what of a record the model gets, joins its answer to the record, chooses again.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataProcessing.html
"""

import csv
import io
import json

from .json_path import BadPath, JsonPath
from .splitting import BadInput

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

CSV = "text/csv"
JSON = ("application/json", "application/jsonlines")
csv.field_size_limit(1 << 30)  # of which a request has less
OUTPUT, INPUT = "SageMakerOutput", "SageMakerInput"


class BadOutput(Exception):
    """An answer of the model that cannot be joined to its records; the text says why."""


class Processing:
    """The filters of a job. ``content_type`` is that of input and output: CSV, JSON or JSON Lines. Raises BadPath."""

    def __init__(self, input_filter: str, output_filter: str, *, joins: bool, content_type: str) -> None:
        self._input = JsonPath(input_filter)
        self._output = JsonPath(output_filter)
        self._joins = joins
        self._is_csv = content_type == CSV

    @property
    def changes_output(self) -> bool:
        """Whether the model's answers are not stored as they are."""
        return self._joins or not self._output.is_root

    def choose(self, record: bytes) -> "tuple[bytes, Any]":
        """What the model gets of a record, and the record as it is joined to the answer. Raises BadInput."""
        if self._input.is_root and not self._joins:
            return record, None
        try:
            value = _row(record) if self._is_csv else _value(record)
        except ValueError as error:
            raise BadInput("Failed to parse the record as {}: {}".format(self._kind, error)) from error
        if self._input.is_root:
            return record, value
        try:
            return self._encode(self._input.apply(value)), value
        except BadPath as error:
            raise BadInput("InputFilter {}".format(error)) from error

    def join(self, records: "list[Any]", answer: bytes) -> "list[bytes]":
        """The output's record for each record of a request. Raises BadOutput."""
        values = self._parse(answer, len(records))
        try:
            return [
                self._encode(self._output.apply(self._joined(record, value) if self._joins else value))
                for record, value in zip(records, values)
            ]
        except BadPath as error:
            raise BadOutput("OutputFilter {}".format(error)) from error

    @property
    def _kind(self) -> str:
        return "CSV" if self._is_csv else "JSON"

    def _parse(self, answer: bytes, count: int) -> "list[Any]":
        """The answer's value for each record of a request."""
        lines = answer.split(b"\n")
        if not lines[-1]:
            lines.pop()
        try:
            if self._is_csv:
                values = [_row(line) for line in lines]  # type: list[Any]
            else:
                values = [_value(answer)] if count == 1 else [_value(line) for line in lines]
        except ValueError as error:
            raise BadOutput("Failed to parse output from the algorithm as {}: {}".format(self._kind, error)) from error
        if len(values) != count:
            text = "The algorithm answered {} records with {} lines, which cannot be joined"
            raise BadOutput(text.format(count, len(values)))
        return values

    def _joined(self, record: "Any", value: "Any") -> "Any":
        if self._is_csv:
            return record + value
        if isinstance(record, dict):
            return dict(record, **{OUTPUT: value})
        return {INPUT: record, OUTPUT: value}

    def _encode(self, value: "Any") -> bytes:
        if not self._is_csv:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
        text = io.StringIO()
        csv.writer(text, lineterminator="").writerow(value if isinstance(value, list) else [value])
        return text.getvalue().encode("utf-8", "surrogateescape")


def _row(line: bytes) -> "list[str]":
    """A line of CSV; with what follows a line's end it is none."""
    text = line[:-1] if line.endswith(b"\r") else line
    try:
        rows = list(csv.reader([text.decode("utf-8")], strict=True))
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return rows[0] if rows else []


def _value(text: bytes) -> "Any":
    try:
        return json.loads(text.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
