"""The rows of libsvm files, and what in them is no label, weight, group or feature."""

from __future__ import annotations

import math
import re
from shlex import quote
from typing import Final

from ..errors import UsageError
from .csv_rows import Row, is_number
from .formats import other_name
from .sample import FileSample

_PAIR: Final = re.compile(r"([0-9]+):(\S+)")


def libsvm_rows(channel: str, file: FileSample, *, is_strict: bool) -> list[Row]:
    """The rows of a libsvm file's beginning. Raises UsageError for a line that is none.

    ``is_strict`` is for XGBoost's container, which looks at the lines up to the first of two features, and knows one
    blank between words there: https://github.com/aws/sagemaker-xgboost-container, data_utils.py at cb8df91.
    """
    is_looked_at = is_strict
    rows: list[Row] = []
    groups = _Groups(channel, file)
    for number, line in enumerate(file.lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        where = f"channel {channel}: {file.path} line {number}"
        label, colon, weight = words[0].partition(":")
        if not is_number(label) or (colon and not is_number(weight)):
            raise UsageError(
                f"{where} begins with {words[0][:40]!r}, and a line of libsvm with its label, a number.\n"
                "Write each line as: LABEL INDEX:VALUE INDEX:VALUE …"
            )
        if not math.isfinite(float(label)):
            raise UsageError(
                f"{where} has the label {label}.\nLeave the line out, or give it a label that is a number."
            )
        if colon and not float(weight) >= 0:
            raise UsageError(
                f"{where} has the weight {weight} behind its label; a weight is 0 or more.\n"
                f"Leave such lines out: grep -vE '^[^ ]*:-' {quote(file.path)} > {other_name(file.path, 'weighted')}"
            )
        indexes, group = [], ""
        for word in words[1:]:
            pair = _PAIR.fullmatch(word)
            if word.startswith("qid:") and word[4:].isdigit():
                group = word
                continue
            if pair is None or not is_number(pair[2]):
                raise UsageError(
                    f"{where} has {word[:40]!r} where INDEX:VALUE belongs.\n"
                    "Write each line as: LABEL INDEX:VALUE INDEX:VALUE …"
                )
            indexes.append(int(pair[1]))
        groups.check(number, group)
        if is_looked_at and line != " ".join(words):
            edits = r"s/#.*//; s/[[:space:]]+/ /g; s/^ //; s/ $//"
            raise UsageError(
                f"{where} has a comment, tabs, or blanks at its ends or side by side, and xgboost takes it for "
                f"no libsvm.\nRun: sed -E {quote(edits)} {quote(file.path)} > {other_name(file.path, 'plain')}"
            )
        is_looked_at = is_looked_at and len(words) < 3
        rows.append(
            Row(
                line=number,
                label=float(label),
                weight=float(weight) if colon else None,
                features=tuple(words[1:]),
                highest=max(indexes, default=-1) + 1,
            )
        )
    return rows


class _Groups:
    """The groups of a file's rows, ``qid:3``; XGBoost takes each run of one for a group of its own."""

    def __init__(self, channel: str, file: FileSample) -> None:
        self._file = file
        self._begin = f"channel {channel}: {file.path} line"
        self._last: str | None = None
        self._known: set[str] = set()

    def check(self, line: int, group: str) -> None:
        """Raise UsageError for a row without a group where others have one, and for a group in two places."""
        if self._last is not None and bool(group) != bool(self._last):
            raise UsageError(
                f"{self._begin} {line} has {group or 'no qid'}, and those before have {self._last or 'none'}.\n"
                "Write each line as: LABEL qid:GROUP INDEX:VALUE …, or none of them with a qid."
            )
        if group and group != self._last and group in self._known:
            raise UsageError(
                f"{self._begin} {line} goes on with {group}, of which lines came before: XGBoost would take it for "
                f"another group.\nIf qid is the second word of each line: sort -s -k2,2 {quote(self._file.path)} > "
                f"{other_name(self._file.path, 'grouped')}"
            )
        self._known.add(group)
        self._last = group
