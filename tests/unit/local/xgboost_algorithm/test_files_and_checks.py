"""A channel's files as the built-in algorithm takes them, and what it says of odd ones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from simple_sagemaker.local.xgboost_algorithm import channels, checks, files, log
from simple_sagemaker.local.xgboost_algorithm.errors import CustomerMistake, advise


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    log.forget_warnings()
    yield
    log.forget_warnings()


def put(folder: Path, **texts: str) -> str:
    """Files below a folder; ``__`` in a name is a slash and ``_dot_`` a dot."""
    for name, text in texts.items():
        file = folder / name.replace("__", "/").replace("_dot_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return str(folder)


def warned() -> dict[str, str]:
    return {one.code: one.text for one in log.warnings()}


class Matrix:
    """As much of a matrix as is looked at."""

    def __init__(self, columns: int = 2, labels: tuple[float, ...] = (0, 1)) -> None:
        self.columns, self.labels = columns, labels

    def num_col(self) -> int:
        return self.columns

    def get_label(self) -> Any:
        import numpy as np

        return np.array(self.labels)


class TestFiles:
    def test_all_files_of_a_channel_count_and_none_may_be_hidden(self, tmp_path: Path) -> None:
        folder = put(tmp_path, a="12345", sub__b="123")
        assert files.total_size(folder) == 8
        assert files.total_size(str(tmp_path / "none")) == 0
        put(tmp_path, sub___dot_hidden="x")
        with pytest.raises(CustomerMistake, match="Hidden file found in the data path!") as refused:
            files.total_size(folder)
        assert refused.value.advice == "The file is sub/.hidden."

    def test_files_are_read_by_path_down_to_two_folders_below(self, tmp_path: Path) -> None:
        put(tmp_path, z="", b__a="", a__b__c="", a__b__c2__d="", a__b__c2__deep__e="")
        assert files.listed(str(tmp_path)) == [str(tmp_path / name) for name in ("a/b/c", "b/a", "z")]
        assert warned() == {
            "files-too-deep": f"{tmp_path}/a/b/c2 is 3 folders below the channel: XGBoost does not read it"
        }

    def test_links_keep_the_order_under_names_of_their_own(self, tmp_path: Path) -> None:
        put(tmp_path, b="of b", a="of a")
        links = files.link([str(tmp_path / "b"), str(tmp_path / "a")], tmp_path / "scratch" / "deep")
        assert [Path(link).name for link in links] == ["part-00000", "part-00001"]
        assert [Path(link).read_text() for link in links] == ["of b", "of a"]

    def test_the_same_file_in_both_channels_is_told(self, tmp_path: Path) -> None:
        put(tmp_path / "train", a="123", b="12", c="1")
        put(tmp_path / "validation", a="456", b="1", d="1")
        both = [files.listed(str(tmp_path / name)) for name in ("train", "validation")]
        files.warn_of_copies(*both)
        assert warned() == {"same-files": "train and validation hold files of the same name and size: a"}

    @pytest.mark.parametrize(
        ("lines", "is_taken"),
        [
            ("1 1:2 2:3\n", True),
            ("1:0.5 1:2 2:3\n", True),  # with a weight
            ("1\n1 1:2 2:3\n", True),
            ("1 1:2\n", True),
            ("1,2,3\n", False),
            ("one 1:2\n", False),
            ("1:2:3 1:2\n", False),
            ("1 a\n", False),
            ("1 1:2:3\n", False),
            ("1 1:2\n1,2\n", False),
            ("1 1:2 2:3\n1,2\n", True),  # no line after the first with two features is looked at
        ],
    )
    def test_libsvm_is_looked_at_up_to_two_features(self, tmp_path: Path, lines: str, is_taken: bool) -> None:
        folder = put(tmp_path, data=lines)
        if is_taken:
            files.check_first_line(folder, "libsvm")
            return
        with pytest.raises(CustomerMistake, match="of file 'data' is not 'LIBSVM' format") as refused:
            files.check_first_line(folder, "libsvm")
        assert "text/csv" in refused.value.advice

    def test_of_the_names_the_first_that_is_data_is_looked_at(self, tmp_path: Path) -> None:
        folder = put(tmp_path, _SUCCESS="no", x_dot_cache_dtrain="no", y_dot_cache_dval="no", z="1 1:2 2:3\n")
        files.check_first_line(folder, "libsvm")
        put(tmp_path, a="no\n")
        with pytest.raises(CustomerMistake, match="First line 'no"):
            files.check_first_line(folder, "libsvm")
        files.check_first_line(folder, "parquet")  # which has no lines
        files.check_first_line(put(tmp_path / "empty" / "..", _only="no"), "parquet")

    @pytest.mark.parametrize(("text", "delimiter"), [("1,2,3", ","), ("1;2;3", ";"), ("1\t2\t3", "\t"), ("1|2|3", "|")])
    def test_the_delimiter_is_that_of_the_first_line_there_is(self, tmp_path: Path, text: str, delimiter: str) -> None:
        put(tmp_path, a="", b=f"{text}\n", c="1:2:3\n")
        assert files.find_delimiter(files.listed(str(tmp_path))) == delimiter

    def test_without_any_line_there_is_no_delimiter(self, tmp_path: Path) -> None:
        folder = put(tmp_path, a="")
        with pytest.raises(CustomerMistake, match="Could not determine delimiter on line :"):
            files.find_delimiter(files.listed(folder))
        with pytest.raises(CustomerMistake, match="Could not determine delimiter on line :"):
            files.check_first_line(folder, "csv")


class TestChecks:
    @pytest.mark.parametrize(
        ("lines", "expected"),
        [
            ("1,2\n0,3\n", {}),
            ("label,x\n0,3\n", {"header-line": "train/data begins with words: a header line"}),
            ("1,x\n0,3\n", {"cell-not-number": "train/data, line 1: 'x' is no number. Leading digits count"}),
            ("1,2\n\n,3\n", {"missing-label": "train/data, line 3: an empty label is read as 0"}),
            ("1,2\nnan,3\n", {"missing-label": "train/data, line 2: an empty"}),
            ("1,2\nyes,3\n", {"label-not-number": "train/data, line 2: the label 'yes' is no number"}),
            ("1,2\n0,NA\n0,?\n0, null\n0,\n", {}),
            ('1,2\n0,"3"\n', {"cell-not-number": "'\"3\"' is no number. Leading digits count, words are missing ("}),
            ("1,2\n0,3,4\n", {"ragged-rows": "train/data has rows of different lengths (line 2): short ones"}),
            ("label,x,y\n0,3\n", {"header-line": "", "ragged-rows": "(line 2)"}),
            ("1,2\r\n0,3\r\n", {}),
        ],
    )
    def test_odd_rows_are_told_with_their_place(self, tmp_path: Path, lines: str, expected: dict[str, str]) -> None:
        (tmp_path / "data").write_bytes(lines.encode())
        checks.look_at("train", [str(tmp_path / "data")], "csv", Matrix(), {})
        found = warned()
        assert set(found) == set(expected)
        for code, part in expected.items():
            assert part in found[code]

    @pytest.mark.parametrize(("line", "delimiter"), [("1 2 3", "' '"), ("1a2a3a4", "'a'"), ("1:2:3", "':'")])
    def test_a_delimiter_that_nobody_chooses_is_told(self, tmp_path: Path, line: str, delimiter: str) -> None:
        folder = put(tmp_path, data=f"{line}\n")
        checks.look_at("train", files.listed(folder), "csv", Matrix(), {})
        assert warned()["odd-delimiter"].startswith(f"train: the delimiter of the csv is guessed to be {delimiter}")
        log.forget_warnings()
        checks.look_at("train", files.listed(folder), "libsvm", Matrix(), {})
        assert warned() == {}

    @pytest.mark.parametrize(
        ("objective", "labels", "is_told"),
        [
            ("binary:logistic", (1, 1), True),
            ("binary:logistic", (1, 0), False),
            ("reg:squarederror", (1, 1), False),
        ],
    )
    def test_labels_of_one_class_are_told(self, objective: str, labels: tuple[float, ...], is_told: bool) -> None:
        checks.look_at("train", [], "libsvm", Matrix(labels=labels), {"objective": objective})
        assert ("one-class" in warned()) == is_told

    @pytest.mark.parametrize(("constraints", "is_told"), [((1, -1), False), ((1,), True), ((), False)])
    def test_constraints_for_a_part_of_the_columns_are_told(self, constraints: tuple[int, ...], is_told: bool) -> None:
        checks.look_at("train", [], "libsvm", Matrix(2), {"monotone_constraints": constraints})
        assert ("short-constraints" in warned()) == is_told

    @pytest.mark.parametrize(("train", "validation", "is_told"), [(3, 2, True), (2, 2, False), (2, 3, False)])
    def test_a_validation_with_fewer_columns_is_told(self, train: int, validation: int, is_told: bool) -> None:
        checks.compare({"train": Matrix(train), "validation": Matrix(validation)})
        said = f"validation has {validation} columns and train {train}: the others count as missing"
        assert warned() == ({"fewer-columns": said} if is_told else {})
        checks.compare({"train": Matrix(3)})

    def test_a_thing_is_told_once_with_the_time_and_its_word(self, capfd: pytest.CaptureFixture[str]) -> None:
        log.warn("a", "text")
        log.warn("a", "text")
        log.warn("a", "another")
        log.note("by the way")
        lines = capfd.readouterr().err.splitlines()
        assert [line.partition(":")[0][:1] for line in lines] == ["["] * 3
        stamp = r"\[\d{4}-\d\d-\d\d:\d\d:\d\d:\d\d:"
        for line, rest in zip(
            lines, (r"WARNING\] text \[a\]", r"WARNING\] another \[a\]", r"INFO\] by the way"), strict=True
        ):
            assert re.fullmatch(stamp + rest, line)


class TestChannels:
    TRAIN: ClassVar[dict[str, Any]] = {"TrainingInputMode": "File", "S3DistributionType": "FullyReplicated"}

    def check(self, name: str = "train", **changes: Any) -> str:
        return channels.check({"train": self.TRAIN, name: {**self.TRAIN, **changes}})

    @pytest.mark.parametrize(
        ("kind", "expected"),
        [
            ("text/csv", "csv"),
            ("csv", "csv"),
            ("text/x-libsvm", "libsvm"),
            ("application/x-parquet", "parquet"),
            ("application/x-recordio-protobuf", "recordio-protobuf"),
        ],
    )
    def test_the_format_is_that_of_the_train_channel(self, kind: str, expected: str) -> None:
        assert self.check(ContentType=kind) == expected
        assert self.check(ContentType=kind, S3DistributionType="ShardedByS3Key") == expected
        assert self.check("validation", ContentType=kind) == "libsvm"  # as without a word

    @pytest.mark.parametrize(
        ("name", "changes", "advice"),
        [
            ("train", {"ContentType": "text/CSV"}, "ContentType is compared letter by letter; use one of csv, "),
            ("train", {"ContentType": "libsvm", "TrainingInputMode": "Pipe"}, "Use input mode File."),
            ("train", {"TrainingInputMode": "FastFile"}, "Use input mode File."),
            ("train", {"S3DistributionType": None}, ""),
            ("code", {}, ""),
            ("code", {"ContentType": "text/python", "TrainingInputMode": "Pipe"}, "Use input mode File."),
            ("code", {"ContentType": "text/python", "S3DistributionType": "ShardedByS3Key"}, ""),
        ],
    )
    def test_what_the_container_does_not_take_is_refused(self, name: str, changes: dict[str, Any], advice: str) -> None:
        with pytest.raises(CustomerMistake, match=f"Channel configuration for '{name}' channel is not supported"):
            self.check(name, **changes)
        with pytest.raises(CustomerMistake) as refused:
            self.check(name, **changes)
        assert refused.value.advice.startswith(advice)
        assert bool(refused.value.advice) == bool(advice)

    def test_pipes_and_other_channels_are_refused_in_words(self) -> None:
        for kind, shown in (("csv", "CSV"), ("parquet", "Parquet"), ("recordio-protobuf", "recordio-protobuf")):
            with pytest.raises(CustomerMistake, match=f"Pipe mode for {shown} is no longer supported"):
                self.check(ContentType=kind, TrainingInputMode="Pipe")
        with pytest.raises(CustomerMistake, match="Extraneous channel found: test"):
            self.check("test")
        assert self.check("code", ContentType="text/python") == "libsvm"


@pytest.mark.parametrize(
    ("message", "advice"),
    [
        ("Check failed: label must be in (0, 1) for logistic regression", "Labels of a binary or logistic objective"),
        ("value isinf(v) in", "A label is infinite"),
        ("something else", ""),
    ],
)
def test_a_message_of_xgboosts_has_advice_where_some_is_known(message: str, advice: str) -> None:
    assert advise(message).startswith(advice)
    assert bool(advise(message)) == bool(advice)
