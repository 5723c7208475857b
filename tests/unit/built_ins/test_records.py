# ruff: noqa: E501 - a row a line
"""Records that are no table's rows: what an algorithm takes of them, at the bounds, and what it is said to refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simple_sagemaker.built_ins.algorithms import algorithm
from simple_sagemaker.built_ins.records import (
    check_list,
    check_pairs,
    check_sentences,
    check_series,
    check_token_pairs,
    check_vocabulary,
)
from simple_sagemaker.built_ins.sample import FileSample, Sample
from simple_sagemaker.errors import UsageError

DEEPAR, OBJECT2VEC, INSIGHTS = algorithm("forecasting-deepar"), algorithm("object2vec"), algorithm("ipinsights")
BLAZING = algorithm("blazingtext")


def file(*lines: str, path: str = "a.json") -> FileSample:
    text = "".join(f"{line}\n" for line in lines)
    return FileSample(path=path, head=text.encode()[:512], lines=lines, is_whole=True, size=len(text))


def sample(*names: str, files: tuple[FileSample, ...] = (), is_all: bool = True) -> Sample:
    return Sample(files=files, names=names, is_all=is_all)


def series(record: dict[str, Any], **values: str) -> None:
    whole = {"start": "2030-01-01 00:00:00", "target": [1, 2.5], **record}
    line = json.dumps({name: value for name, value in whole.items() if value != "absent"})
    check_series(DEEPAR, "train", sample("a.json", files=(file("", line),)), values, is_said=False)


@pytest.mark.parametrize(
    ("record", "says"),
    [
        ({}, None),
        ({"target": [1, None, "NaN", 0.5]}, None),
        ({"target": [True]}, "has True in its target, which is no number"),
        ({"target": ["1"]}, "has '1' in its target"),
        ({"target": []}, "has a target that is no list of numbers"),
        ({"target": 3}, "has a target that is no list of numbers"),
        ({"target": "absent"}, "has no 'target'"),
        ({"start": "absent"}, "has no 'start'"),
        ({"start": "2030-01-01"}, None),
        ({"start": "01.01.2030"}, "has the start '01.01.2030', which is no time"),
        ({"start": 2030}, "has the start 2030, which is no time"),
        ({"cat": [0, 3]}, None),
        ({"cat": 0}, None),
        ({"cat": [-1]}, "has the cat [-1]; categories are numbers from 0 on"),
        ({"cat": [1.5]}, "has the cat [1.5]"),
        ({"cat": "a"}, "has the cat 'a'"),
        ({"dynamic_feat": [[1, 2]]}, None),
        ({"dynamic_feat": [[1, 2, 3]]}, None),
        ({"dynamic_feat": [[1, 2], [1]]}, "has a dynamic_feat shorter than its target of 2 values and the 7 ahead"),
        ({"dynamic_feat": [3]}, "has a dynamic_feat shorter"),
    ],
)
def test_a_time_series_has_a_start_and_numbers(record: dict[str, Any], says: str | None) -> None:
    if says is None:
        series(record, prediction_length="7")
        return
    with pytest.raises(UsageError) as refused:
        series(record, prediction_length="7")
    assert str(refused.value).startswith(f"channel train: a.json line 2 {says}")
    assert 'Write each line as: {"start": ' in str(refused.value)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (
            ("{",),
            "line 1 is no whole JSON object, and forecasting-deepar reads one a line.\nIf objects go over several lines: jq -c . a.json > a-lines.json",
        ),
        (
            ("  [1]",),
            "line 1 begins a list, and forecasting-deepar reads an object a line.\nRun: jq -c '.[]' a.json > a-lines.json",
        ),
        (("", "3"), "line 2 is no JSON object. Write one a line, such as: {"),
    ],
)
def test_each_line_is_an_object(lines: tuple[str, ...], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_series(DEEPAR, "train", sample("a.json", files=(file(*lines),)), {}, is_said=False)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("names", "is_said", "mend"),
    [
        (("a.json", "b.json.gz", "c.PARQUET"), False, None),
        (("_SUCCESS", "x/_meta", "a.json"), False, None),
        (("a.json", "b.jsonl"), False, "mv b.jsonl b.json"),
        (("my data",), False, "mv 'my data' 'my data'.json"),
        (("b.jsonl",), True, None),
    ],
)
def test_files_of_series_are_known_by_their_endings(names: tuple[str, ...], is_said: bool, mend: str | None) -> None:
    if mend is None:
        check_series(DEEPAR, "train", sample(*names), {}, is_said=is_said)
        return
    with pytest.raises(UsageError) as refused:
        check_series(DEEPAR, "train", sample(*names), {}, is_said=is_said)
    assert str(refused.value).endswith(f"If it has JSON lines: {mend}")


def test_what_is_parquet_is_not_read_as_lines() -> None:
    check_series(DEEPAR, "train", sample("a.parquet", files=(file("PAR1", path="a.PARQUET"),)), {}, is_said=False)


@pytest.mark.parametrize(
    ("record", "values", "says"),
    [
        ({}, {}, None),
        ({"label": 0}, {}, None),
        ({"label": 1.0}, {}, None),
        ({"label": 2}, {}, "has the label 2; with num_classes 2 it is a whole number from 0 to 1"),
        ({"label": -1}, {}, "has the label -1"),
        ({"label": 0.5}, {}, "has the label 0.5"),
        ({"label": 2}, {"num_classes": "3"}, None),
        ({"label": 3}, {"num_classes": "3"}, "has the label 3; with num_classes 3 it is a whole number from 0 to 2"),
        ({"label": 7.5}, {"output_layer": "mean_squared_error"}, None),
        ({"label": True}, {}, "has the label True, which is no number"),
        ({"label": "1"}, {}, "has the label '1', which is no number"),
        ({"in0": []}, {}, "has an in0 that is no list of tokens"),
        ({"in1": [1.5]}, {}, "has an in1 that is no list of tokens"),
        ({"in1": [-1]}, {}, "has an in1 that is no list of tokens"),
        ({"in0": [9]}, {"enc0_vocab_size": "10"}, None),
        (
            {"in0": [3, 10, 4]},
            {"enc0_vocab_size": "10"},
            "has the token 10 in in0, which a vocabulary of 10 does not have",
        ),
        ({"in1": [10]}, {"enc0_vocab_size": "10"}, None),
        ({"in1": [5]}, {"enc1_vocab_size": "5"}, "has the token 5 in in1"),
    ],
)
def test_a_pair_has_a_label_and_two_lists_of_tokens(
    record: dict[str, Any], values: dict[str, str], says: str | None
) -> None:
    one = file(json.dumps({"label": 1, "in0": [1, 2], "in1": [3], **record}))
    if says is None:
        check_token_pairs(OBJECT2VEC, "train", one, values)
        return
    with pytest.raises(UsageError) as refused:
        check_token_pairs(OBJECT2VEC, "train", one, values)
    assert f"line 1 {says}" in str(refused.value)
    assert '"in0": [774, 14]' in str(refused.value)


@pytest.mark.parametrize("name", ["label", "in0", "in1"])
def test_a_pair_without_a_part_is_refused(name: str) -> None:
    record = {"label": 1, "in0": [1], "in1": [3]}
    del record[name]
    with pytest.raises(UsageError, match=f"has no '{name}'"):
        check_token_pairs(OBJECT2VEC, "train", file(json.dumps(record)), {})


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("me,10.0.0.1", "", "you, 255.255.255.255 "), None),
        (("me,10.0.0.256",), "has '10.0.0.256' where an IPv4 address belongs.\nLeave such lines out: grep -E"),
        (("me,10.0.0",), "has '10.0.0' where"),
        (("me;10.0.0.1",), "has no comma.\nRun: tr ';' ',' < a.csv > a-mended.csv"),
        (("me\t10.0.0.1",), "has no comma.\nRun: tr '\\t' ',' < a.csv"),
        (
            ("me,10.0.0.1,x",),
            "has 3 columns; ipinsights reads two, an entity and an IPv4 address.\nIf they are the first two: cut -d, -f1,2 a.csv",
        ),
        (("me",), "has 1 columns;"),
        (("10.0.0.1,me",), "has the address first, and ipinsights reads it second.\nRun: awk"),
        (("user,ip", "me,10.0.0.1"), "is a header.\nRun: tail -n +2 a.csv > a-mended.csv"),
        (("user,ip", "me,you"), "has 'ip' where"),
        (("user,ip", "me,10.0.0.1,x"), "has 'ip' where"),
        (("user,ip",), "has 'ip' where"),
        (("me,10.0.0.1", "user,ip", "me,10.0.0.1"), "has 'ip' where"),
    ],
)
def test_a_pair_of_an_entity_and_an_address_is_told_from_others(lines: tuple[str, ...], says: str | None) -> None:
    if says is None:
        check_pairs(INSIGHTS, "train", file(*lines, path="a.csv"))
        return
    with pytest.raises(UsageError) as refused:
        check_pairs(INSIGHTS, "train", file(*lines, path="a.csv"))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "lines", "says"),
    [
        ("supervised", ("__label__a some words", "", '{"source": "x"}', " __label__b c"), None),
        ("supervised", ("__label__a",), "line 1 has a label and no word.\nWrite each line as: __label__NAME word word"),
        ("supervised", ("__label__a b", "some words"), "line 2 does not begin with __label__"),
        ("skipgram", ("some words", "more"), None),
        ("skipgram", ("__label__a b",), "line 1 has a label. Write: --mode supervised"),
        ("skipgram", ("some words", "__label__a b"), "has a label. Write: --mode supervised"),
    ],
)
def test_sentences_have_labels_where_some_are_learned(mode: str, lines: tuple[str, ...], says: str | None) -> None:
    one = file(*lines, path="a.txt")
    if says is None:
        check_sentences(BLAZING, "train", one, {"mode": mode})
        return
    with pytest.raises(UsageError) as refused:
        check_sentences(BLAZING, "train", one, {"mode": mode})
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("line", "classes", "says"),
    [
        ("0\t1\ta.jpg", "2", None),
        ("0\t1.0\ta.jpg", "2", None),
        ("0\t0\ta.jpg\tmore", "2", None),
        ("0\t9\ta.jpg", "", None),
        ("0\t2\ta.jpg", "2", "has the class 2; with --num_classes 2 it is below that.\nWrite: --num_classes 3"),
        ("0\tcat\ta.jpg", "2", "has the class 'cat', and a class is a number from 0 on"),
        ("0\t-1\ta.jpg", "2", "has the class '-1'"),
        ("0\t1.5\ta.jpg", "2", "has the class '1.5'"),
        ("0\t1", "2", "has 2 columns with tabs between, and needs three: number, class, path"),
        ("0 1 a.jpg", "2", "has 1 columns with tabs between"),
    ],
)
def test_a_list_of_images_has_three_columns(line: str, classes: str, says: str | None) -> None:
    one = file("", line, path="a.lst")
    if says is None:
        check_list("train_lst", one, classes)
        return
    with pytest.raises(UsageError) as refused:
        check_list("train_lst", one, classes)
    assert f"channel train_lst: a.lst line 2 {says}" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "names", "is_all", "absent"),
    [
        ("seq2seq", ("vocab.src.json", "x/vocab.trg.json"), True, None),
        ("seq2seq", ("vocab.src.json",), True, "vocab.trg.json"),
        ("seq2seq", ("vocab.trg.json",), True, "vocab.src.json"),
        ("seq2seq", (), False, None),  # which has more than was looked at
        ("ntm", ("vocab.txt",), True, None),
        ("ntm", ("words.txt",), True, "vocab.txt"),
    ],
)
def test_a_vocabulary_is_looked_for_by_its_name(
    name: str, names: tuple[str, ...], is_all: bool, absent: str | None
) -> None:
    made = sample(*names, is_all=is_all)
    if absent is None:
        check_vocabulary(algorithm(name), "vocab", made)
        return
    with pytest.raises(UsageError, match=f"there is no {absent}, which {name} looks for by that name"):
        check_vocabulary(algorithm(name), "vocab", made)
