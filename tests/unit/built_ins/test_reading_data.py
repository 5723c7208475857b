# ruff: noqa: E501 - a row a line
"""What is seen in the first lines of a person's data: samples, types, delimiters, labels, at their bounds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simple_sagemaker.built_ins import sample
from simple_sagemaker.built_ins.algorithms import algorithm
from simple_sagemaker.built_ins.csv_rows import Row
from simple_sagemaker.built_ins.formats import delimiter_of, other_name, sniff, without_quotes
from simple_sagemaker.built_ins.labels import Labeled, check_labels, rule_of
from simple_sagemaker.built_ins.records import check_pairs
from simple_sagemaker.built_ins.sample import FileSample, take_sample
from simple_sagemaker.errors import UsageError


def file(*lines: str, head: bytes | None = None, path: str = "train.csv") -> FileSample:
    text = "".join(f"{line}\n" for line in lines)
    return FileSample(path=path, head=head or text.encode()[:512], lines=lines, is_whole=True, size=len(text))


@pytest.mark.parametrize(
    ("head", "lines", "kind"),
    [
        (b"PAR1xx", (), "application/x-parquet"),
        (b"\x0a\x23\xd7\xcexx", (), "application/x-recordio-protobuf"),
        (b"\xff\xd8\xff\xe0", (), "application/x-image"),
        (b"\x89PNG", (), "application/x-image"),
        (b"", ("", "  ", '  {"a": 1}'), "application/jsonlines"),
        (b"", ("[1, 2]",), "application/jsonlines"),
        (b"", ("1 0:1.5 3:2",), "text/libsvm"),
        (b"", ("1 qid:7 3:2",), "text/libsvm"),
        (b"", ("1 0:1,5",), "text/csv"),  # a comma is no libsvm's
        (b"", ("1,2,3",), "text/csv"),
        (b"", ("1;2;3",), "text/csv"),
        (b"", ("1 -2.5 +3",), "text/csv"),
        (b"", ("a b c",), None),
        (b"", ("1",), None),
        (b"", (), None),
    ],
)
def test_the_type_of_a_file_is_seen_in_its_beginning(head: bytes, lines: tuple[str, ...], kind: str | None) -> None:
    assert sniff(file(*lines, head=head or None)) == kind


@pytest.mark.parametrize(
    ("line", "mark"),
    [
        ("1,2", ","), ("1\t2", "\t"), ("1;2", ";"), ("1|2", "|"), ("1 2", " "), ("12", ""), ("", ""),
        ("1,5;2,5", ";"), ("1,5;2,5;x", ";"), ("a,b;c,d", ","), ("1|2|3,4", "|"),
    ],
)  # fmt: skip
def test_the_delimiter_of_a_line_is_the_commonest_and_decimals_have_commas(line: str, mark: str) -> None:
    assert delimiter_of(line) == mark


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.csv", "a-01.csv"),
        ("d.d/a", "d.d/a-01"),
        ("a", "a-01"),
        ("my a.csv", "'my a-01.csv'"),
        ("a.b.csv", "a.b-01.csv"),
    ],
)
def test_a_mended_file_has_a_name_beside_the_first(path: str, name: str) -> None:
    assert other_name(path, "01") == name


@pytest.mark.parametrize(
    ("line", "begin"), [('"1","2"', "tr -d"), ('"1,000",2', "python3 -c"), ('2,"1,000"', "python3 -c")]
)
def test_commas_within_quotes_go_with_them(line: str, begin: str) -> None:
    assert without_quotes(line, "a.csv").startswith(begin)
    assert without_quotes(line, "a.csv").endswith("< a.csv > a-plain.csv")


@pytest.mark.parametrize(
    ("name", "values", "good", "bad", "words"),
    [
        ("xgboost", {"objective": "multi:softmax", "num_class": "3"}, (0, 2), (-1, 3, 1.5), "a whole number from 0 to 2"),
        ("xgboost", {"objective": "binary:logistic"}, (0, 0.5, 1), (-0.1, 1.1), "from 0 to 1"),
        ("xgboost", {"objective": "reg:logistic"}, (0, 1), (-0.1, 1.1), "from 0 to 1"),
        ("xgboost", {"objective": "reg:gamma"}, (0.001,), (0, -1), "above 0"),
        ("xgboost", {"objective": "count:poisson"}, (0, 2.5), (-0.1,), "0 or more"),
        ("xgboost", {"objective": "reg:tweedie"}, (0,), (-0.1,), "0 or more"),
        ("xgboost", {"objective": "reg:squaredlogerror"}, (-0.9,), (-1, -2), "above -1"),
        ("xgboost", {"objective": "rank:map"}, (0, 1), (2, 0.5), "0 or 1"),
        ("xgboost", {"objective": "rank:ndcg", "eval_metric": "auc,map@3"}, (0, 1), (2,), "0 or 1"),
        ("xgboost", {"objective": "rank:ndcg", "eval_metric": "ndcg"}, (0, 2.5), (-1,), "0 or more"),
        ("linear-learner", {"predictor_type": "binary_classifier"}, (0, 1), (2, 0.5, -1), "0 or 1"),
        ("linear-learner", {"predictor_type": "multiclass_classifier", "num_classes": "4"}, (3,), (4,), "a whole number from 0 to 3"),
        ("knn", {"predictor_type": "classifier"}, (7, -2), (0.5,), "a whole number"),
    ],
)  # fmt: skip
def test_labels_are_what_the_objective_takes(
    name: str, values: dict[str, str], good: tuple[float, ...], bad: tuple[float, ...], words: str
) -> None:
    rule = rule_of(algorithm(name), "train", values)
    assert rule
    assert rule.words == words
    assert [label for label in (*good, *bad) if rule.fits(label)] == [*good]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("xgboost", {}),
        ("xgboost", {"objective": "reg:squarederror"}),
        ("xgboost", {"objective": "multi:softmax"}),  # of how many classes is not said
        ("xgboost", {"objective": "multi:softmax", "num_class": "many"}),
        ("linear-learner", {"predictor_type": "regressor"}),
        ("linear-learner", {"predictor_type": "multiclass_classifier"}),
        ("randomcutforest", {}),
    ],
)
def test_any_number_is_a_label_where_nothing_says_otherwise(name: str, values: dict[str, str]) -> None:
    assert rule_of(algorithm(name), "train", values) is None


def test_an_anomaly_is_labelled_in_the_test_channel_alone() -> None:
    rule = rule_of(algorithm("randomcutforest"), "test", {})
    assert rule
    assert rule.words == "0 or 1"


XGB2 = ("xgboost", {"objective": "binary:logistic"})
XGB3 = ("xgboost", {"objective": "multi:softmax", "num_class": "3"})
LINEAR = ("linear-learner", {"predictor_type": "binary_classifier"})


@pytest.mark.parametrize(
    ("searched", "labels", "last", "delimiter", "mend"),
    [
        (XGB2, [5.5, 2.5, 3.5], ["0", "1", "0"], ",", "The last column could be the label: awk -F',' -v OFS=','"),
        (XGB2, [5.5, 2.5, 3.5], ["0", "0", "0"], ",", "If the label is no class but a number, write: {hp:objective} reg:sq"),
        (XGB2, [5.5, 2.5, 3.5], ["0", "1", "x"], ",", "If the label is no class but a number"),
        (XGB2, [0, 1, 2], ["x"] * 3, ",", "The first column counts the rows: cut -d',' -f2-"),
        (XGB2, [1, 2, 3], ["x"] * 3, ",", "The first column counts the rows: cut -d',' -f2-"),
        (XGB2, [0, 1, 2], ["x"] * 3, "", "If there are that many classes, write: {hp:objective} multi:softprob {hp:num_class} 3"),
        (XGB2, [-1, 1, 1], ["x"] * 3, ",", "Run: awk -F',' -v OFS=',' '{$1=($1>0)}1' train.csv > train-01.csv"),
        (XGB3, [1, 3, 2], ["x"] * 3, ",", "Count from 0 on: awk -F',' -v OFS=',' '{$1-=1}1' train.csv > train-from-0.csv"),
        (XGB3, [1, 4, 2], ["x"] * 3, ",", "If there are that many classes, write: {hp:num_class} 5"),
        (XGB3, [-5, 0, 2], ["x"] * 3, ",", "Number the classes from 0 on: awk"),
        (LINEAR, [0, 2, 1], ["x"] * 3, ",", "If there are that many classes, write: {hp:predictor_type} multiclass_classifier {hp:num_classes} 3"),
        (LINEAR, [0.5, 2, 1], ["x"] * 3, ",", "If the label is no class but a number, write: {hp:predictor_type} regressor"),
        (("xgboost", {"objective": "reg:gamma"}), [0, 2], ["x"] * 2, ",", "Leave such rows out, or write: {hp:objective} reg:squarederror"),
        (("xgboost", {"objective": "rank:map"}), [3, 2], ["x"] * 2, ",", "For graded labels write: {hp:objective} rank:ndcg"),
        (("knn", {"predictor_type": "classifier"}), [0.5, 2], ["x"] * 2, ",", "Leave such rows out, or write: {hp:predictor_type} regressor"),
    ],
)  # fmt: skip
def test_a_wrong_label_comes_with_what_it_probably_is(
    searched: tuple[str, dict[str, str]], labels: list[float], last: list[str], delimiter: str, mend: str
) -> None:
    name, values = searched
    rows = [
        Row(line=number, label=label, features=("x", one))
        for number, (label, one) in enumerate(zip(labels, last, strict=True), 1)
    ]
    rule = rule_of(algorithm(name), "train", values)
    assert rule
    labeled = Labeled(channel="train", file=file("x"), rows=rows, delimiter=delimiter)
    with pytest.raises(UsageError) as refused:
        check_labels(algorithm(name), labeled, rule)
    first, line = str(refused.value).splitlines()
    bad = next(row for row in rows if not rule.fits(row.label or 0))
    assert first.startswith(f"channel train: train.csv line {bad.line} has the label {bad.label:.15g}; with ")
    assert line.startswith(re.sub("{hp:(.*?)}", r"--\1", mend)), line


@pytest.mark.parametrize(
    ("lines", "why", "mend"),
    [
        (("u1\t10.0.0.1",), "line 1 has no comma.", r"tr '\t' ',' < train.csv > train-mended.csv"),
        (("u1;10.0.0.1",), "line 1 has no comma.", "tr ';' ',' < train.csv > train-mended.csv"),
        (("u1 10.0.0.1",), "line 1 has no comma.", "tr ' ' ',' < train.csv > train-mended.csv"),
        (("u1,10.0.0.1,x",), "line 1 has 3 columns;", "cut -d, -f1,2 train.csv > train-mended.csv"),
        (("u1;x;10.0.0.1",), "line 1 has 1 columns;", "cut -d, -f1,2 train.csv > train-mended.csv"),
        (("u1",), "line 1 has 1 columns;", "cut -d, -f1,2 train.csv > train-mended.csv"),
        (("10.0.0.1,u1",), "line 1 has the address first,", "awk -F, -v OFS=, '{print $2, $1}' train.csv > train-mended.csv"),
        (("u1,10.0.0.1", "", "10.0.0.2,u2"), "line 3 has the address first,", "awk"),
    ],
)  # fmt: skip
def test_what_is_no_pair_of_an_entity_and_an_address_is_refused(lines: tuple[str, ...], why: str, mend: str) -> None:
    with pytest.raises(UsageError) as refused:
        check_pairs(algorithm("ipinsights"), "train", file(*lines))
    first, last = str(refused.value).splitlines()
    assert first.startswith(f"channel train: train.csv {why}")
    assert mend in last
    check_pairs(algorithm("ipinsights"), "train", file("u1,10.0.0.1", "", "u2, 10.0.0.2"))


class TestSamples:
    def test_the_first_files_of_a_folder_are_read_in_the_order_of_their_names(self, tmp_path: Path) -> None:
        for name in ("c.csv", "a.csv", "b/b.csv", "d.csv", "_SUCCESS", "empty"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text("" if name == "empty" else f"1,{name}\n")
        taken = take_sample(tmp_path)
        assert [Path(one.path).name for one in taken.files] == ["a.csv", "c.csv", "d.csv"]
        assert set(taken.names) == {"_SUCCESS", "a.csv", "c.csv", "d.csv", "empty", "b/b.csv"}
        assert (taken.sizes["empty"], taken.sizes["a.csv"]) == (0, 8)
        assert (taken.hidden, taken.deep, taken.is_deep, taken.is_all, taken.is_empty) == ("", "", False, True, False)

    def test_hidden_and_deep_files_are_named(self, tmp_path: Path) -> None:
        (tmp_path / "a/b/c").mkdir(parents=True)
        (tmp_path / "a/b/c/deep.csv").write_text("1\n")
        taken = take_sample(tmp_path)
        assert (taken.deep, taken.is_deep, taken.hidden) == ("a/b/c/deep.csv", True, "")
        (tmp_path / "a/b/two.csv").write_text("1\n")
        (tmp_path / "a/.git").mkdir()
        (tmp_path / "a/.git/x").write_text("1\n")
        taken = take_sample(tmp_path)
        assert (taken.is_deep, taken.hidden) == (False, f"{tmp_path}/a/.git")

    @pytest.mark.parametrize(
        ("files", "is_empty"),
        [({}, True), ({"a": ""}, True), ({"a": " \n\n"}, True), ({"a": "x\n"}, False), ({"a": "\n", "b": "x"}, False)],
    )
    def test_what_holds_nothing_but_blanks_is_empty(
        self, tmp_path: Path, files: dict[str, str], is_empty: bool
    ) -> None:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        assert take_sample(tmp_path).is_empty is is_empty

    def test_of_many_entries_no_more_than_two_thousand_are_seen(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sample, "_MOST_ENTRIES", 3)
        for number in range(2):
            (tmp_path / f"{number}.csv").write_text("1\n")
        assert (len(take_sample(tmp_path).names), take_sample(tmp_path).is_all) == (2, True)
        for number in range(2, 5):
            (tmp_path / f"{number}.csv").write_text("1\n")
        assert (len(take_sample(tmp_path).names), take_sample(tmp_path).is_all) == (3, False)

    def test_a_file_that_is_none_has_an_empty_sample(self, tmp_path: Path) -> None:
        taken = take_sample(tmp_path / "gone")
        assert (taken.files, taken.is_all, taken.is_empty) == ((), False, False)  # others say that it is not there
