"""Mistakes in the data of a job, found in its first lines before anything is sent.

In: an algorithm, its hyperparameters and the channels that lie on this machine. Out: nothing, or a UsageError that says
the file, the line, and what mends it. Data on S3 is not read. Many such mistakes are no errors on AWS: XGBoost trains
on a header, and reads a word as no value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote

from ..core.records import dataclass
from ..errors import UsageError
from .algorithms import Algorithm
from .channels import CSV, LIBSVM, PARQUET
from .csv_rows import Row, Shape, csv_rows
from .foreign import refuse_foreign, refuse_line_ends
from .formats import delimiter_of, other_name, refuse_other_content
from .labels import Labeled, check_labels, rule_of
from .libsvm_rows import libsvm_rows
from .records import (
    check_list,
    check_pairs,
    check_sentences,
    check_series,
    check_token_pairs,
    check_vocabulary,
)
from .sample import FileSample, Sample

_TABLES = {CSV: CSV, "csv": CSV, LIBSVM: LIBSVM, "libsvm": LIBSVM, "text/x-libsvm": LIBSVM}
_BESIDE = frozenset({"auxiliary", "model", "label_map", "train_annotation", "validation_annotation"})
_VOCABULARIES = {"seq2seq": "vocab", "ntm": "auxiliary"}


@dataclass(frozen=True, kw_only=True)
class LocalChannel:
    """A channel of this machine: its path, its sample, and what it is said to hold (empty: nothing is said)."""

    name: str
    path: Path
    sample: Sample
    content_type: str


def check_data(facts: Algorithm, values: Mapping[str, str], channels: Sequence[LocalChannel]) -> None:
    """Raise UsageError for the first mistake."""
    checks = _Checks(facts, values)
    if facts.name == "semantic-segmentation":
        for part in ("train", "validation"):
            _check_masks(part, {one.name: one for one in channels})
    for one in sorted(channels, key=lambda channel: channel.name != "train"):
        _check_files(facts, one)
        if _VOCABULARIES.get(facts.name) == one.name:
            check_vocabulary(facts, one.name, one.sample)
            continue
        if one.name != "model":  # which is a model.tar.gz
            refuse_foreign(facts.name, one.name, one.sample.files)
        if facts.learns == "series":
            check_series(facts, one.name, one.sample, values, is_said=bool(one.content_type))
            continue
        for file in one.sample.files:
            if one.name in {"train_lst", "validation_lst"}:
                check_list(one.name, file, values.get("num_classes", ""))
            elif one.name not in _BESIDE:
                checks.check(one, file)


def _check_masks(part: str, channels: Mapping[str, LocalChannel]) -> None:
    """Refuse an image without a mask of its name, where both are seen whole."""
    images, masks = channels.get(part), channels.get(f"{part}_annotation")
    if images is None or masks is None or not (images.sample.is_all and masks.sample.is_all):
        return
    known = {Path(name).stem for name in masks.sample.names}
    lone = next((name for name in images.sample.names if Path(name).stem not in known), None)
    if lone is not None and not lone.startswith("."):
        raise UsageError(
            f"channel {part}: {lone} has no mask {Path(lone).stem}.png in channel {part}_annotation.\n"
            f"Add the mask, or leave the image out: rm {quote(str(images.path / lone))}"
        )


def _check_files(facts: Algorithm, one: LocalChannel) -> None:
    sample = one.sample
    if sample.is_empty:
        what = "is empty" if not one.path.is_dir() else "has no file with anything in it"
        raise UsageError.naming(
            "channel {channel}: {path} {what}.\nWrite the data there, or say where it is: {input_local} {channel} PATH",
            channel=one.name,
            path=one.path,
            what=what,
        )
    if sample.hidden:
        command = "rm -r" if Path(sample.hidden).is_dir() else "rm"
        raise UsageError(
            f"channel {one.name}: {sample.hidden} begins with a dot, and {facts.name} takes every file for data.\n"
            f"Run: {command} {quote(sample.hidden)}"
        )
    hollow = next((name for name, size in sample.sizes.items() if not size), "")
    if hollow and facts.name == "xgboost" and one.content_type in {PARQUET, "parquet"}:
        raise UsageError(
            f"channel {one.name}: {hollow} is empty, as Spark marks a folder, and XGBoost ends on it among Parquet.\n"
            f"Run: rm {quote(str(one.path / hollow))}"
        )
    if sample.deep and facts.name == "xgboost":
        deepest = sample.deep
        if not sample.is_deep:
            raise UsageError(
                f"channel {one.name}: XGBoost looks no more than two folders below, and does not read {deepest}.\n"
                f"Move it up, or leave it out: mv {quote(str(one.path / deepest))} {quote(str(one.path))}"
            )
        raise UsageError.naming(
            "channel {channel}: its files are three folders or more below ({name}), where XGBoost does not look.\n"
            "Write: {input_local} {channel} {path}",
            channel=one.name,
            name=deepest,
            path=one.path / Path(deepest).parts[0] / Path(deepest).parts[1],
        )


class _Checks:
    """Checks the files of all channels, one after the other, and holds their columns against each other."""

    def __init__(self, facts: Algorithm, values: Mapping[str, str]) -> None:
        self._facts = facts
        self._values = values
        self._widths: dict[str, int] = {}
        self._delimiters: dict[str, str] = {}

    def check(self, one: LocalChannel, file: FileSample) -> None:
        """Raise UsageError for what the algorithm does not read, or reads as something else."""
        facts, values = self._facts, self._values
        if one.content_type:
            refuse_other_content(facts, one.name, one.content_type, file)
        if facts.learns == "pairs":
            check_pairs(facts, one.name, file)
        elif facts.learns == "pairs of tokens":
            check_token_pairs(facts, one.name, file, values)
        elif facts.learns == "text":
            check_sentences(facts, one.name, file, values)
        elif kind := _TABLES.get(one.content_type.partition(";")[0]):
            self._check_table(one, file, kind)

    def _check_table(self, one: LocalChannel, file: FileSample, kind: str) -> None:
        is_xgboost = self._facts.name == "xgboost"
        shape = Shape(
            has_label=self._facts.learns == "supervised" or "label_size=1" in one.content_type,
            has_weight=is_xgboost and self._values.get("csv_weights") == "1",
            may_miss=is_xgboost,
            any_delimiter=is_xgboost,
        )
        is_csv = kind == CSV
        refuse_line_ends(self._facts.name, one.name, file)
        rows = (
            csv_rows(self._facts, one.name, file, shape)
            if is_csv
            else libsvm_rows(one.name, file, is_strict=is_xgboost)
        )
        if not rows:
            return
        delimiter = delimiter_of(file.lines[rows[0].line - 1]) or "," if is_csv else ""
        if rule := rule_of(self._facts, one.name, self._values):
            check_labels(self._facts, Labeled(channel=one.name, file=file, rows=rows, delimiter=delimiter), rule)
            self._check_two_classes(one, file, rows)
        if self._facts.counts:
            self._check_counts(one, file, rows)
        if is_csv:
            self._check_delimiter(one, file, delimiter)
            self._check_width(one, file, len(rows[0].features))

    def _check_two_classes(self, one: LocalChannel, file: FileSample, rows: Sequence[Row]) -> None:
        """Refuse data of one class where the area under its curve is asked for, which is no number then."""
        asks = "auc" in self._values.get("eval_metric", "").split(",")
        if asks and file.is_whole and len(one.sample.names) == 1 and len({row.label for row in rows}) == 1:
            raise UsageError.naming(
                "channel {channel}: all rows of {path} have the label {label:.15g}, so {hp:name} auc has no value.\n"
                "Give it rows of both classes, or write: {hp:name} logloss",
                channel=one.name,
                path=file.path,
                label=rows[0].label,
                name="eval_metric",
            )

    def _check_counts(self, one: LocalChannel, file: FileSample, rows: Sequence[Row]) -> None:
        for row in rows:
            if low := next((cell for cell in row.features if float(cell) < 0), None):
                raise UsageError(
                    f"channel {one.name}: {file.path} line {row.line} has {low}, and {self._facts.name} reads counts "
                    "of words.\nWrite how often each word is in the document: 0 or more in each column."
                )

    def _check_delimiter(self, one: LocalChannel, file: FileSample, delimiter: str) -> None:
        """Files of one channel are read as one."""
        before = self._delimiters.setdefault(one.name, delimiter)
        if before != delimiter:
            other = other_name(file.path, "alike")
            raise UsageError(
                f"channel {one.name}: {file.path} has {delimiter!r} between its columns, and another file {before!r}.\n"
                f"Run: tr {delimiter!a} {before!a} < {quote(file.path)} > {other}"
            )

    def _check_width(self, one: LocalChannel, file: FileSample, width: int) -> None:
        """Hold the number of features against hyperparameters, and against that of the other files."""
        facts, asked = self._facts, self._values.get("feature_dim", "")
        if asked.isdigit() and int(asked) != width:
            label = " beside its label" if facts.learns == "supervised" else ""
            raise UsageError.naming(
                "channel {channel}: {path} has {width} columns{label}, and {hp:name} says {asked}.\n"
                "Write: {hp:name} {width}",
                channel=one.name,
                path=file.path,
                width=width,
                label=label,
                name="feature_dim",
                asked=asked,
            )
        count = len(
            [part for part in self._values.get("monotone_constraints", "").strip("()").split(",") if part.strip()]
        )
        if count and count != width:
            raise UsageError.naming(
                "channel {channel}: {path} has {width} features, and {hp:name} has {count}: one for each feature.\n"
                "Write 0 for a feature without one, as in: {hp:name} {example}",
                channel=one.name,
                path=file.path,
                width=width,
                name="monotone_constraints",
                count=count,
                example=f"({','.join(['1', *['0'] * (min(width, 20) - 1)])})",
            )
        other, before = next(iter(self._widths.items()), (file.path, width))
        self._widths[file.path] = width
        if before == width:
            return
        most = before + 1 if facts.learns == "supervised" else before
        cut = f"the first {most} are: cut -d, -f1-{most} {quote(file.path)} > {other_name(file.path, 'cut')}"
        mend = cut if width > before else "a column that is missing would be taken for no value."
        raise UsageError(
            f"channel {one.name}: {file.path} has {width} features in a row, and {other} has {before}.\n"
            f"Make their columns the same, in the same order: {mend}"
        )
