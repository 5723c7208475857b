# ruff: noqa: E501 - a row a line
"""Rows of tables, files and channels of built-in algorithms: what is taken, and what is refused in which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.built_ins.algorithms import Algorithm, algorithm
from simple_sagemaker.built_ins.csv_rows import Row, Shape, csv_rows
from simple_sagemaker.built_ins.data import LocalChannel, check_data
from simple_sagemaker.built_ins.sample import FileSample, Sample, take_sample
from simple_sagemaker.errors import UsageError

XGBOOST, KMEANS, LINEAR, LDA = (algorithm(name) for name in ("xgboost", "kmeans", "linear-learner", "lda"))
LABELED = Shape(has_label=True, may_miss=True, any_delimiter=True)
WEIGHTED = Shape(has_label=True, has_weight=True, may_miss=True, any_delimiter=True)
STRICT = Shape(has_label=False)


def file(*lines: str, head: bytes | None = None, path: str = "a.csv", is_whole: bool = True) -> FileSample:
    text = "".join(f"{line}\n" for line in lines)
    return FileSample(path=path, head=head or text.encode()[:512], lines=lines, is_whole=is_whole, size=len(text))


def rows(*lines: str, shape: Shape = LABELED, facts: Algorithm = XGBOOST, is_whole: bool = True) -> list[Row]:
    return csv_rows(facts, "train", file(*lines, is_whole=is_whole), shape)


def refusal(*lines: str, shape: Shape = LABELED, facts: Algorithm = XGBOOST, is_whole: bool = True) -> str:
    with pytest.raises(UsageError) as refused:
        rows(*lines, shape=shape, facts=facts, is_whole=is_whole)
    return str(refused.value)


def test_a_row_has_its_line_its_label_its_weight_and_its_features() -> None:
    assert rows("1,2.5,3", "", "0, 1 ,2") == [
        Row(line=1, label=1.0, features=("2.5", "3"), highest=2),
        Row(line=3, label=0.0, features=("1", "2"), highest=2),
    ]
    assert rows("1,0.5,3", shape=WEIGHTED) == [Row(line=1, label=1.0, weight=0.5, features=("3",), highest=1)]
    assert rows("1,2", "3,4", shape=STRICT) == [
        Row(line=1, label=None, features=("1", "2"), highest=2),
        Row(line=2, label=None, features=("3", "4"), highest=2),
    ]
    assert rows() == rows(shape=STRICT) == []
    assert [row.features for row in rows("1  2   3", "0 4 5")] == [("2", "3"), ("4", "5")]


@pytest.mark.parametrize(
    ("lines", "is_header"),
    [
        (("label,x", "1,2"), True),
        (("label,1", "1,2"), True),  # half of it
        (("label,1,2", "1,2,3"), False),
        (("a,b", "c,d"), True),  # words alone
        (("y,1", "n,2"), False),  # a column of words
        (("0,1,2", "1.5,2.5,3.5", "1.5,2.5,3.5"), True),  # as pandas names columns
        (("0,1,2", "1.5,2.5,3.5"), False),  # of one row nothing is known
        (("0,1,2", "1,2,3", "3,4,5"), False),
        (("1,2,3", "1.5,2.5,3.5", "1.5,2.5,3.5"), False),
        (("0,1", "1.5,2.5", "2.5,3.5"), False),
        (("?,nan", "1,2"), False),  # no words: nothing is there
        (("$5,7%", "1,2"), False),
    ],
)
def test_a_header_is_told_from_data(lines: tuple[str, ...], is_header: bool) -> None:
    try:
        rows(*lines)
        said = ""
    except UsageError as error:
        said = str(error)
    assert ("line 1 is a header (" in said) == is_header
    assert not is_header or "Run: tail -n +2 a.csv > a-no-header.csv" in said


def test_the_beginning_of_a_header_is_shown() -> None:
    assert "is a header (a, b, c, …), and" in refusal("a,b,c,d", "1,2,3,4")
    assert "is a header (a, b, c), and" in refusal("a,b,c", "1,2,3")
    assert "line 1 has words (a, b), and no row follows" in refusal("a,b")
    assert "is a header" in refusal("a,b", is_whole=False)  # of a file with more rows


@pytest.mark.parametrize(
    ("lines", "shape", "says"),
    [
        (("1",), LABELED, "line 1 has 1 column, and xgboost reads a label and features"),
        (("1,2",), WEIGHTED, "line 1 has 2 columns, and xgboost reads a label, a weight and features"),
        (("1,2,3", "1,2"), LABELED, "line 2 has 2 columns, and line 1 has 3.\nMend it; this keeps the rows of 3: awk -F',' -v OFS=',' 'NF==3' a.csv > a-even.csv"),
        (("", "1,2", "1"), STRICT, "line 3 has 1 columns, and line 2 has 2"),
        (("1,-0.5,3",), WEIGHTED, "has the weight -0.5 in its second column; a weight is 0 or more"),
        (("1,nan,3",), WEIGHTED, "has the weight nan"),
        (("1,2", ",3"), LABELED, "line 2 has a label that is missing (nothing)"),
        (("1,2", "inf,3"), LABELED, "line 2 has a label that is infinite (inf)"),
        (("1,2", "NaN,3"), LABELED, "line 2 has a label that is missing (NaN)"),
        (("1,2", "x,3"), LABELED, "line 2 has the label 'x', and a label is a number"),
        (("1,2", "0,-inf"), LABELED, "line 2 column 2 is infinite (-inf), which xgboost refuses"),
        (("1,2", "0,x"), LABELED, "line 2 column 2 is 'x', and xgboost reads numbers alone.\nNumber its values, or leave the column out: awk -F',' -v OFS=',' '!($2 in n){n[$2]=c++} {$2=n[$2]}1' a.csv > a-numbered.csv"),
        (("1,2", "0,"), STRICT, "line 2 column 2 has no value (nothing), and"),
        (("1,nan",), STRICT, "line 1 column 2 has no value (nan), and"),
        (("1,2,", "3,4,"), LABELED, "each line of a.csv ends in ',': one column more.\nRun: sed 's/,$//' a.csv > a-trimmed.csv"),
        (("1\t2\t", "3\t4\t"), LABELED, "ends in '\\\\t'"),
        (("1,2,,3", '1,"2",3'), LABELED, "line 2 has quotes"),
        (("1;2",), STRICT, "has semicolons between its columns, and"),
        (("1 2",), STRICT, "has blanks between its columns"),
        (("1|2",), STRICT, "has bars between its columns"),
        (("1,5;2,5",), LABELED, "has decimals with a comma, which are no numbers to xgboost.\nRun: tr ',;' '.,' < a.csv > a-commas.csv"),
        (("1,5;2,5",), STRICT, "has decimals with a comma"),
        (("", "1,2"), LABELED, "begins with an empty line, where xgboost looks for the delimiter"),
        (("1,2", "0,€5"), LABELED, "column 2 is '€5', and xgboost reads plain numbers, as 5.\nRun: sed -e"),
        (("1,2", "5%,3"), LABELED, "has the label '5%', and xgboost reads plain numbers, as 5"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_row_is_said_with_its_place(lines: tuple[str, ...], shape: Shape, says: str) -> None:
    facts = KMEANS if shape is STRICT else XGBOOST
    said = refusal(*lines, shape=shape, facts=facts)
    assert says.replace("\\\\t", "\\t") in said.replace("\\\\t", "\\t")


@pytest.mark.parametrize("cell", ["1", "-1.5", "+.5", "1e-5", "2E+3", "1.", "nan", "-inf", "Infinity"])
def test_what_a_number_is(cell: str) -> None:
    from simple_sagemaker.built_ins.csv_rows import is_number

    assert is_number(cell)
    for odd in (f"{cell}x", f" {cell}", "", ".", "1e", "1_0"):
        assert not is_number(odd)


def local(folder: Path, name: str = "train", kind: str = "text/csv", **files: str) -> LocalChannel:
    """A channel of files by name; ``__`` is a slash, ``_dot_`` a dot."""
    for given, text in files.items():
        path = folder / name / given.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / name).mkdir(exist_ok=True)
    return LocalChannel(name=name, path=folder / name, sample=take_sample(folder / name), content_type=kind)


def data_refusal(facts: Algorithm, *channels: LocalChannel, **values: str) -> str | None:
    try:
        check_data(facts, values, channels)
    except UsageError as error:
        return str(error)
    return None


class TestData:
    def test_rows_of_all_files_and_channels_have_the_same_columns(self, tmp_path: Path) -> None:
        train = local(tmp_path, a_dot_csv="0,1,2\n", b_dot_csv="1,2,3\n")
        assert data_refusal(XGBOOST, train) is None
        wide = local(tmp_path, "validation", c_dot_csv="0,1,2,3\n")
        said = data_refusal(XGBOOST, wide, train)  # train is looked at first
        assert said
        assert f"{tmp_path}/validation/c.csv has 3 features in a row, and {tmp_path}/train/a.csv has 2" in said
        assert f"the first 3 are: cut -d, -f1-3 {tmp_path}/validation/c.csv" in said
        slim = local(tmp_path, "slim", c_dot_csv="0,1\n")
        assert "a column that is missing would be taken for no value" in (data_refusal(XGBOOST, train, slim) or "")
        unlabeled = local(tmp_path, "k", a_dot_csv="1,2\n"), local(tmp_path, "l", a_dot_csv="1,2,3\n")
        assert "cut -d, -f1-2 " in (data_refusal(KMEANS, *unlabeled) or "")

    @pytest.mark.parametrize(
        ("facts", "values", "says"),
        [
            (KMEANS, {"feature_dim": "2"}, None),
            (KMEANS, {"feature_dim": "3"}, "has 2 columns, and --feature_dim says 3.\nWrite: --feature_dim 2"),
            (KMEANS, {"feature_dim": "auto"}, None),
            (LINEAR, {"feature_dim": "1"}, None),
            (LINEAR, {"feature_dim": "2"}, "has 1 columns beside its label, and --feature_dim says 2"),
            (XGBOOST, {"monotone_constraints": "(1)"}, None),
            (XGBOOST, {"monotone_constraints": "(1,)"}, None),
            (
                XGBOOST,
                {"monotone_constraints": "(1,0)"},
                "has 1 features, and --monotone_constraints has 2: one for each feature.\nWrite 0 for a feature without one, as in: --monotone_constraints (1)",
            ),
        ],
    )
    def test_the_number_of_features_is_what_was_said(
        self, tmp_path: Path, facts: Algorithm, values: dict[str, str], says: str | None
    ) -> None:
        said = data_refusal(facts, local(tmp_path, a_dot_csv="0,1\n1,2\n"), **values)
        assert (said is None) == (says is None), said
        assert says is None or says in str(said)

    @pytest.mark.parametrize(
        ("text", "metric", "more", "is_refused"),
        [
            ("1,1\n1,2\n", "auc", {}, True),
            ("1,1\n1,2\n", "error,auc", {}, True),
            ("1,1\n0,2\n", "auc", {}, False),
            ("1,1\n1,2\n", "aucpr", {}, False),
            ("1,1\n1,2\n", "auc", {"b_dot_csv": "0,1\n"}, False),  # another file has the other class
        ],
    )
    def test_one_class_alone_has_no_auc(
        self, tmp_path: Path, text: str, metric: str, more: dict[str, str], is_refused: bool
    ) -> None:
        channel = local(tmp_path, a_dot_csv=text, **more)
        said = data_refusal(XGBOOST, channel, eval_metric=metric, objective="binary:logistic")
        assert ("have the label 1, so --eval_metric auc has no value" in str(said)) == is_refused
        assert is_refused or said is None

    def test_counts_of_words_are_not_below_nothing(self, tmp_path: Path) -> None:
        assert data_refusal(LDA, local(tmp_path, a_dot_csv="0,1\n2,0\n")) is None
        assert "line 2 has -0.5, and lda reads counts of words" in str(
            data_refusal(LDA, local(tmp_path, "b", a_dot_csv="0,1\n2,-0.5\n"))
        )
        assert data_refusal(KMEANS, local(tmp_path, "c", a_dot_csv="0,1\n2,-0.5\n")) is None

    def test_files_of_a_channel_have_one_delimiter(self, tmp_path: Path) -> None:
        mixed = local(tmp_path, a_dot_csv="0,1\n", b_dot_csv="0;1\n")
        assert f"tr ';' ',' < {tmp_path}/train/b.csv" in str(data_refusal(XGBOOST, mixed))
        apart = local(tmp_path, "t", a_dot_csv="0,1\n"), local(tmp_path, "validation", a_dot_csv="0;1\n")
        assert data_refusal(XGBOOST, *apart) is None

    def test_files_that_are_no_data_are_refused_by_name(self, tmp_path: Path) -> None:
        assert "has no file with anything in it" in str(data_refusal(XGBOOST, local(tmp_path, "none")))
        empty = local(tmp_path, "e", a_dot_csv="")
        assert "has no file with anything in it" in str(data_refusal(XGBOOST, empty))
        one = LocalChannel(
            name="train", path=tmp_path / "e/a.csv", sample=take_sample(tmp_path / "e/a.csv"), content_type=""
        )
        assert "a.csv is empty.\nWrite the data there, or say where it is: --input_local train PATH" in str(
            data_refusal(XGBOOST, one)
        )
        hidden = local(tmp_path, "h", a_dot_csv="0,1\n", _dot_git__x="")
        assert f"Run: rm -r {tmp_path}/h/.git" in str(data_refusal(KMEANS, hidden))
        hidden = local(tmp_path, "i", a_dot_csv="0,1\n", _dot_x="")
        assert f"Run: rm {tmp_path}/i/.x" in str(data_refusal(KMEANS, hidden))
        hollow = {"a_dot_csv": "0,1\n", "_SUCCESS": ""}
        assert data_refusal(XGBOOST, local(tmp_path, "s", **hollow)) is None
        assert f"Run: rm {tmp_path}/p/_SUCCESS" in str(data_refusal(XGBOOST, local(tmp_path, "p", "parquet", **hollow)))

    def test_deep_files_are_no_trouble_but_to_xgboost(self, tmp_path: Path) -> None:
        deep = local(tmp_path, "d", x__y__z__a_dot_csv="0,1\n")
        assert f"Write: --input_local d {tmp_path}/d/x/y" in str(data_refusal(XGBOOST, deep))
        assert data_refusal(KMEANS, deep) is None
        both = local(tmp_path, "b", x__y__z__a_dot_csv="0,1\n", a_dot_csv="0,1\n")
        assert f"mv {tmp_path}/b/x/y/z/a.csv {tmp_path}/b" in str(data_refusal(XGBOOST, both))
        assert data_refusal(XGBOOST, local(tmp_path, "o", x__y__a_dot_csv="0,1\n")) is None

    @pytest.mark.parametrize(
        ("images", "masks", "lone"),
        [
            (("a.jpg", "b.jpg"), ("a.png", "b.png"), None),
            (("a.jpg", "b.jpg"), ("a.png",), "b.jpg"),
            ((".DS_Store", "a.jpg"), ("a.png",), None),
        ],
    )
    def test_each_image_has_its_mask(
        self, tmp_path: Path, images: tuple[str, ...], masks: tuple[str, ...], lone: str | None
    ) -> None:
        facts = algorithm("semantic-segmentation")
        for part in ("train", "validation"):
            made = {
                name: LocalChannel(
                    name=name,
                    path=tmp_path / name,
                    sample=Sample(files=(), names=names, sizes=dict.fromkeys(names, 5)),
                    content_type="",
                )
                for name, names in ((part, images), (f"{part}_annotation", masks))
            }
            said = data_refusal(facts, *made.values())
            assert (said is None) == (lone is None), said
            assert lone is None or f"channel {part}: {lone} has no mask b.png in channel {part}_annotation" in str(said)
            assert data_refusal(facts, made[part]) is None
