"""The first records of what is no table: JSON lines, sentences, pairs of an entity and an address, lists of images."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from shlex import quote
from typing import Any, Final

from ..errors import UsageError
from .algorithms import Algorithm
from .formats import delimiter_of, other_name
from .sample import FileSample, Sample

_SERIES_ENDINGS: Final = (".json", ".json.gz", ".parquet")
_START: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?)?")
_ADDRESS: Final = re.compile(r"(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})(\.(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})){3}")
_LABEL: Final = "__label__"

Checked = Mapping[str, str]


def check_series(facts: Algorithm, channel: str, sample: Sample, values: Checked, *, is_said: bool) -> None:
    """Refuse what DeepAR takes for no time series. It reads files by their endings, unless it is said what they are."""
    data = [name for name in sample.names if not name.rpartition("/")[2].startswith("_")]
    other = next((name for name in data if not name.lower().endswith(_SERIES_ENDINGS)), None)
    if other is not None and not is_said:
        stem = other.rpartition(".")[0] or other
        raise UsageError(
            f"channel {channel}: {other} ends in none of .json, .json.gz and .parquet, by which {facts.name} knows "
            f"what to read.\nIf it has JSON lines: mv {quote(other)} {quote(stem)}.json"
        )
    for file in sample.files:
        if not file.path.lower().endswith(".parquet"):
            _check_json_lines(facts, channel, file, lambda record: _series_objection(record, values))


def check_token_pairs(facts: Algorithm, channel: str, file: FileSample, values: Checked) -> None:
    """Refuse what is no pair of token sequences for Object2Vec."""
    _check_json_lines(facts, channel, file, lambda record: _pair_objection(record, values))


def _check_json_lines(
    facts: Algorithm, channel: str, file: FileSample, objection: Callable[[dict[str, Any]], str | None]
) -> None:
    for number, line in enumerate(file.lines, 1):
        if not line.strip():
            continue
        where = f"channel {channel}: {file.path} line {number}"
        one_each = f"jq -c '.[]' {quote(file.path)} > {other_name(file.path, 'lines')}"
        if line.lstrip().startswith("["):
            raise UsageError(f"{where} begins a list, and {facts.name} reads an object a line.\nRun: {one_each}")
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise UsageError(
                f"{where} is no whole JSON object, and {facts.name} reads one a line.\n"
                f"If objects go over several lines: jq -c . {quote(file.path)} > {other_name(file.path, 'lines')}"
            ) from None
        if not isinstance(record, dict):
            raise UsageError(f"{where} is no JSON object. Write one a line, such as: {_example(facts)}")
        if why := objection(record):
            raise UsageError(f"{where} {why}. Write each line as: {_example(facts)}")


def _example(facts: Algorithm) -> str:
    if facts.name == "object2vec":
        return '{"label": 1, "in0": [774, 14], "in1": [21, 366]}'
    return '{"start": "2030-01-01 00:00:00", "target": [5.2, 6.1]}'


def _series_objection(record: dict[str, Any], values: Checked) -> str | None:
    for name in ("start", "target"):
        if name not in record:
            return f"has no {name!r}"
    if not isinstance(record["start"], str) or not _START.match(record["start"]):
        return f"has the start {record['start']!r}, which is no time"
    target = record["target"]
    if not isinstance(target, list) or not target:
        return "has a target that is no list of numbers"
    odd = next((one for one in target if not _is_target(one)), None)
    if odd is not None:
        return f"has {odd!r} in its target, which is no number"
    if "cat" in record and not _are_whole(record["cat"] if isinstance(record["cat"], list) else [record["cat"]]):
        return f"has the cat {record['cat']!r}; categories are numbers from 0 on"
    ahead = values.get("prediction_length", "")
    for feature in record.get("dynamic_feat") or ():
        least = len(target)
        if not isinstance(feature, list) or len(feature) < least:
            return f"has a dynamic_feat shorter than its target of {least} values and the {ahead} ahead"
    return None


def _is_target(one: object) -> bool:
    return one is None or one == "NaN" or (isinstance(one, (int, float)) and not isinstance(one, bool))


def _are_whole(values: object) -> bool:
    return isinstance(values, list) and all(type(one) is int and one >= 0 for one in values)


def _pair_objection(record: dict[str, Any], values: Checked) -> str | None:
    for name in ("label", "in0", "in1"):
        if name not in record:
            return f"has no {name!r}"
    label = record["label"]
    if isinstance(label, bool) or not isinstance(label, (int, float)):
        return f"has the label {label!r}, which is no number"
    classes = values.get("num_classes", "2")
    is_class = values.get("output_layer", "softmax") == "softmax" and classes.isdigit()
    if is_class and (label != int(label) or not 0 <= label < int(classes)):
        return f"has the label {label}; with num_classes {classes} it is a whole number from 0 to {int(classes) - 1}"
    for name in ("in0", "in1"):
        if not _are_whole(record[name]) or not record[name]:
            return f"has an {name} that is no list of tokens (whole numbers from 0 on)"
        size = values.get("enc0_vocab_size", "") if name == "in0" else values.get("enc1_vocab_size", "")
        if size.isdigit() and max(record[name]) >= int(size):
            return f"has the token {max(record[name])} in {name}, which a vocabulary of {size} does not have"
    return None


def check_pairs(facts: Algorithm, channel: str, file: FileSample) -> None:
    """Refuse what is no pair of an entity and an IPv4 address for IP Insights."""
    for number, line in enumerate(file.lines, 1):
        if not line.strip():
            continue
        where = f"channel {channel}: {file.path} line {number}"
        cells = [cell.strip() for cell in line.split(",")]
        to = other_name(file.path, "mended")
        if len(cells) != 2:
            delimiter = delimiter_of(line)
            if delimiter not in {"", ","} and len(line.split(delimiter)) == 2:
                mark = "\\t" if delimiter == "\t" else delimiter
                raise UsageError(f"{where} has no comma.\nRun: tr '{mark}' ',' < {quote(file.path)} > {to}")
            raise UsageError(
                f"{where} has {len(cells)} columns; {facts.name} reads two, an entity and an IPv4 address.\n"
                f"If they are the first two: cut -d, -f1,2 {quote(file.path)} > {to}"
            )
        if _ADDRESS.fullmatch(cells[1]):
            continue
        if _ADDRESS.fullmatch(cells[0]):
            mend = f"awk -F, -v OFS=, '{{print $2, $1}}' {quote(file.path)} > {to}"
            raise UsageError(f"{where} has the address first, and {facts.name} reads it second.\nRun: {mend}")
        rest = [one.split(",") for one in file.lines[number : number + 1]]
        if number == 1 and rest and len(rest[0]) == 2 and _ADDRESS.fullmatch(rest[0][1].strip()):
            raise UsageError(f"{where} is a header.\nRun: tail -n +2 {quote(file.path)} > {to}")
        raise UsageError(
            f"{where} has {cells[1][:40]!r} where an IPv4 address belongs.\n"
            f"Leave such lines out: grep -E ',([0-9]{{1,3}}\\.){{3}}[0-9]{{1,3}}$' {quote(file.path)} > {to}"
        )


def check_sentences(facts: Algorithm, channel: str, file: FileSample, values: Checked) -> None:
    """Refuse lines that BlazingText's mode does not read: with labels where it learns none, without where it does."""
    if values.get("mode") != "supervised" and not any(line.startswith(_LABEL) for line in file.lines):
        return
    for number, line in enumerate(file.lines, 1):
        if not line.strip() or line.lstrip().startswith("{"):
            continue
        where, has_label = f"channel {channel}: {file.path} line {number}", line.lstrip().startswith(_LABEL)
        if values.get("mode") != "supervised":
            name = "mode"
            raise UsageError.naming("{where} has a label. Write: {hp:name} supervised", where=where, name=name)
        if not has_label:
            to = other_name(file.path, "labeled")
            mend = f"sed 's/^\\([^,]*\\),/{_LABEL}\\1 /' {quote(file.path)} > {to}"
            raise UsageError(
                f"{where} does not begin with {_LABEL}, and {facts.name} of mode supervised needs a label there.\n"
                f"Write each line as: {_LABEL}NAME word word …; from csv with the label first: {mend}"
            )
        if len(line.split()) < 2:
            raise UsageError(f"{where} has a label and no word.\nWrite each line as: {_LABEL}NAME word word …")


def check_list(channel: str, file: FileSample, classes: str) -> None:
    """Refuse a .lst file that is not of three columns with tabs between: a number, a class, a path."""
    for number, line in enumerate(file.lines, 1):
        if not line.strip():
            continue
        where, cells = f"channel {channel}: {file.path} line {number}", line.split("\t")
        if len(cells) < 3:
            to = other_name(file.path, "tabs")
            raise UsageError(
                f"{where} has {len(cells)} columns with tabs between, and needs three: number, class, path.\n"
                f"Run: awk -v OFS='\\t' '{{$1=$1}}1' {quote(file.path)} > {to}"
            )
        label = cells[1]
        if not re.fullmatch(r"[0-9]+(\.0*)?", label):
            raise UsageError(
                f"{where} has the class {label!r}, and a class is a number from 0 on.\nNumber the classes."
            )
        if classes.isdigit() and float(label) >= int(classes):
            name = "num_classes"
            raise UsageError.naming(
                "{where} has the class {label}; with {hp:name} {classes} it is below that.\nWrite: {hp:name} {more}",
                where=where,
                label=label,
                name=name,
                classes=classes,
                more=int(float(label)) + 1,
            )


def check_vocabulary(facts: Algorithm, channel: str, sample: Sample) -> None:
    """Refuse a channel of vocabularies that lacks a file by its name."""
    wanted = ("vocab.src.json", "vocab.trg.json") if facts.name == "seq2seq" else ("vocab.txt",)
    names = {name.rpartition("/")[2] for name in sample.names}
    for name in wanted:
        if sample.is_all and name not in names:
            raise UsageError(
                f"channel {channel}: there is no {name}, which {facts.name} looks for by that name.\n"
                f"Run: mv VOCABULARY {name}, and name the folder that it lies in."
            )
