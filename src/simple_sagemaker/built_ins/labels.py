"""Whether the labels in the first rows are such as a job's objective has them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from shlex import quote
from typing import Final

from ..core.records import dataclass
from ..errors import UsageError
from .algorithms import Algorithm
from .csv_rows import Row
from .formats import other_name
from .sample import FileSample

_MOST_CLASSES: Final = 50
_NAMES: Final = "{hp:"  # in advice that names hyperparameters, which each door spells its own way
_NAMED: Final = {
    one: one for one in ("objective", "num_class", "num_classes", "predictor_type", "eval_metric")
}  # by their fields


@dataclass(frozen=True, kw_only=True)
class LabelRule:
    """What labels can be: in words, whether one is, and for classes their number."""

    said_by: str
    words: str
    fits: Callable[[float], bool]
    classes: int = 0


def rule_of(facts: Algorithm, channel: str, values: Mapping[str, str]) -> LabelRule | None:
    """The rule for the labels of a channel; None where any number is one."""
    if facts.name == "xgboost":
        return _of_xgboost(values)
    if facts.name == "randomcutforest":
        return _classes("the channel test", 2) if channel == "test" else None
    kind = values.get("predictor_type", "")
    said_by = f"predictor_type {kind}"
    if kind == "binary_classifier":
        return _classes(said_by, 2)
    if kind == "multiclass_classifier":
        return _classes(said_by, _whole(values.get("num_classes", "")))
    if kind == "classifier":
        return LabelRule(said_by=said_by, words="a whole number", fits=lambda label: label == int(label))
    return None


def _of_xgboost(values: Mapping[str, str]) -> LabelRule | None:
    objective = values.get("objective", "")
    said_by = f"objective {objective}"
    if objective.startswith("multi:"):
        return _classes(said_by, _whole(values.get("num_class", "")))
    if objective.startswith("binary:"):
        return LabelRule(said_by=said_by, words="from 0 to 1", fits=lambda label: 0 <= label <= 1, classes=2)
    if objective == "reg:logistic":
        return LabelRule(said_by=said_by, words="from 0 to 1", fits=lambda label: 0 <= label <= 1)
    if objective == "reg:gamma":
        return LabelRule(said_by=said_by, words="above 0", fits=lambda label: label > 0)
    if objective in {"count:poisson", "reg:tweedie"}:
        return LabelRule(said_by=said_by, words="0 or more", fits=lambda label: label >= 0)
    if objective == "reg:squaredlogerror":
        return LabelRule(said_by=said_by, words="above -1", fits=lambda label: label > -1)
    if objective.startswith("rank:"):
        if objective == "rank:map" or "map" in [
            one.partition("@")[0] for one in values.get("eval_metric", "").split(",")
        ]:
            return LabelRule(
                said_by=f"{said_by} with map", words="0 or 1", fits=lambda label: label in {0.0, 1.0}, classes=2
            )
        return LabelRule(said_by=said_by, words="0 or more", fits=lambda label: label >= 0)
    return None


def _classes(said_by: str, count: int) -> LabelRule | None:
    if not count:
        return None
    words = "0 or 1" if count == 2 else f"a whole number from 0 to {count - 1}"
    return LabelRule(
        said_by=said_by, words=words, fits=lambda label: label == int(label) and 0 <= label < count, classes=count
    )


def _whole(text: str) -> int:
    return int(text) if text.isdigit() else 0


@dataclass(frozen=True, kw_only=True)
class Labeled:
    """Rows with labels, and the file that they are from; without a ``delimiter`` they are libsvm's."""

    channel: str
    file: FileSample
    rows: Sequence[Row]
    delimiter: str

    @property
    def path(self) -> str:
        """The file's path as a word of a shell."""
        return quote(self.file.path)

    @property
    def awk(self) -> str:
        """How awk is called for such rows."""
        mark = "\\t" if self.delimiter == "\t" else self.delimiter or " "
        return f"awk -F'{mark}' -v OFS='{mark}'"

    def other(self, word: str) -> str:
        """The name of a mended file."""
        return other_name(self.file.path, word)


def check_labels(facts: Algorithm, labeled: Labeled, rule: LabelRule) -> None:
    """Raise UsageError for the first label that the rule refuses, with what it probably is."""
    bad = next((row for row in labeled.rows if row.label is not None and not rule.fits(row.label)), None)
    if bad is None:
        return
    mend = _mend(facts, labeled, rule)
    raise UsageError.naming(
        "channel {channel}: {path} line {line} has the label {label:.15g}; with {rule} it is {words}.\n"
        + (mend if _NAMES in mend else "{mend}"),
        channel=labeled.channel,
        path=labeled.file.path,
        line=bad.line,
        label=bad.label,
        rule=rule.said_by,
        words=rule.words,
        mend=mend,
        **_NAMED,
    )


def _mend(facts: Algorithm, labeled: Labeled, rule: LabelRule) -> str:
    """The line that mends it: what the labels, and the other columns, look like tells which."""
    awk, path, rows = labeled.awk, labeled.path, labeled.rows
    labels = {row.label for row in rows if row.label is not None}
    if rule.said_by.endswith("map"):
        return "For graded labels write: " + (
            "{hp:eval_metric} ndcg" if "eval_metric" in rule.said_by else "{hp:objective} rank:ndcg"
        )
    if rule.classes and labeled.delimiter:
        if _fits_column(rows, -1, rule):
            moved = f"{awk} '{{l=$NF; NF--; print l, $0}}' {path} > {labeled.other('label-first')}"
            return f"The last column could be the label: {moved}"
        steps = {row.label - number for number, row in enumerate(rows) if row.label is not None}
        if len(rows) > max(2, rule.classes) and steps in ({0.0}, {1.0}):
            cut = f"cut -d'{labeled.delimiter}' -f2- {path} > {labeled.other('no-index')}"
            return f"The first column counts the rows: {cut}"
    if rule.classes == 2 and labels <= {-1.0, 1.0}:
        return f"Run: {awk} '{{$1=($1>0)}}1' {path} > {labeled.other('01')}"
    whole = {label for label in labels if label == int(label)}
    if rule.classes and whole == labels and len(labels) <= _MOST_CLASSES:
        low, high = int(min(whole)), int(max(whole))
        if low == 1 and high <= rule.classes:
            return f"Count from 0 on: {awk} '{{$1-=1}}1' {path} > {labeled.other('from-0')}"
        numbered = f"{awk} '!($1 in n){{n[$1]=c++}} {{$1=n[$1]}}1' {path} > {labeled.other('numbered')}"
        return _mend_classes(facts, high, rule) if low >= 0 else f"Number the classes from 0 on: {numbered}"
    if rule.classes:
        return _mend_regression(facts)
    if facts.name == "xgboost":
        return "Leave such rows out, or write: {hp:objective} reg:squarederror"
    return "Leave such rows out, or write: {hp:predictor_type} regressor"


def _mend_classes(facts: Algorithm, high: int, rule: LabelRule) -> str:
    count = high + 1
    if facts.name == "xgboost":
        more = "{hp:objective} multi:softprob " if rule.classes == 2 and "multi" not in rule.said_by else ""
        return f"If there are that many classes, write: {more}{{hp:num_class}} {count}"
    if facts.name == "linear-learner":
        more = "{hp:predictor_type} multiclass_classifier " if rule.classes == 2 else ""
        return f"If there are that many classes, write: {more}{{hp:num_classes}} {max(count, 3)}"
    return "Write 1 for an anomaly, and 0 for any other row."


def _mend_regression(facts: Algorithm) -> str:
    if facts.name == "xgboost":
        return "If the label is no class but a number, write: {hp:objective} reg:squarederror"
    if facts.name in {"linear-learner", "knn"}:
        return "If the label is no class but a number, write: {hp:predictor_type} regressor"
    return "Write 1 for an anomaly, and 0 for any other row."


def _fits_column(rows: Sequence[Row], column: int, rule: LabelRule) -> bool:
    """Whether a column of features would do as the labels of all rows, and has more than one value."""
    try:
        cells = [float(row.features[column]) for row in rows]
    except (ValueError, IndexError):
        return False
    return len({*cells}) > 1 and all(math.isfinite(cell) and cell == int(cell) and rule.fits(cell) for cell in cells)
