"""A look at the data for mistakes that train all the same: they change no outcome, and are warned about."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from .files import find_delimiter
from .log import warn

_MOST_LINES = 2000
_MOST_FILES = 20
_MOST_LABELS = 1_000_000
_MISSING = {"", "nan", "na", "null", "none", "?"}


def look_at(channel: str, files: Sequence[str], kind: str, matrix: Any, values: Mapping[str, Any]) -> None:
    """Warn of odd things in the first lines of a channel's files, and in its labels."""
    if kind == "csv":
        delimiter = find_delimiter(files)
        if delimiter.isalnum() or delimiter in {" ", ":"}:
            warn("odd-delimiter", f"{channel}: the delimiter of the csv is guessed to be {delimiter!r}; is it csv?")
        for file in files[:_MOST_FILES]:
            _look_at_csv(channel, file, delimiter)
    _look_at_labels(channel, matrix, str(values.get("objective", "")))
    _look_at_constraints(matrix, values)


def compare(matrices: Mapping[str, Any]) -> None:
    """Warn where the channels have different columns."""
    if len(matrices) == 2:
        columns = [matrix.num_col() for matrix in matrices.values()]
        if columns[1] < columns[0]:
            warn(
                "fewer-columns",
                f"validation has {columns[1]} columns and train {columns[0]}: the others count as missing",
            )


def _look_at_csv(channel: str, file: str, delimiter: str) -> None:
    place = f"{channel}/{os.path.basename(file)}"
    width = 0
    with open(file, encoding="utf-8", errors="replace", newline="") as lines:
        for number, line in enumerate(islice(lines, _MOST_LINES), start=1):
            cells = [cell.strip() for cell in line.rstrip("\r\n").split(delimiter)]
            if cells == [""]:
                continue
            words = [cell for cell in cells if not _is_cell(cell)]
            if number == 1 and len(words) > len(cells) / 2:
                warn(
                    "header-line",
                    f"{place} begins with words: a header line is read as a row with label 0. Remove it. AWS's "
                    "container reads it so too.",
                )
                width = len(cells)
                continue
            _look_at_cells(place, number, cells, words)
            width = width or len(cells)
            if len(cells) != width:
                warn("ragged-rows", f"{place} has rows of different lengths (line {number}): short ones are filled up")


def _look_at_cells(place: str, number: int, cells: Sequence[str], words: Sequence[str]) -> None:
    if not cells[0] or cells[0].lower() in _MISSING:
        warn("missing-label", f"{place}, line {number}: an empty label is read as 0")
    elif cells[0] in words:
        warn("label-not-number", f"{place}, line {number}: the label {cells[0]!r} is no number, and is read as one")
    elif words:
        quoted = " (numbers in quotes are missing)" if words[0].startswith(('"', "'")) else ""
        warn(
            "cell-not-number",
            f"{place}, line {number}: {words[0]!r} is no number. Leading digits count, words are missing{quoted}",
        )


def _is_cell(text: str) -> bool:
    if text.lower() in _MISSING:
        return True
    try:
        float(text)
    except ValueError:
        return False
    return True


def _look_at_labels(channel: str, matrix: Any, objective: str) -> None:
    import numpy as np

    labels = matrix.get_label()
    if objective.startswith("binary:") and labels.size <= _MOST_LABELS and len(np.unique(labels)) == 1:
        warn("one-class", f"{channel} has labels of one class alone: auc is not a number there")


def _look_at_constraints(matrix: Any, values: Mapping[str, Any]) -> None:
    constraints = values.get("monotone_constraints", ())
    if constraints and len(constraints) < matrix.num_col():
        warn(
            "short-constraints",
            f"monotone_constraints has {len(constraints)} parts for {matrix.num_col()} columns: the others are free",
        )
