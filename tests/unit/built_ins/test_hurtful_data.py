# ruff: noqa: E501 - lines as people type them
"""Data that a built-in algorithm would read as something else, or end on, is refused with what mends it."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import TaskSpec
from simple_sagemaker.errors import UsageError

GOOD = "0,1.5,2\n1,2.5,3\n1,0.5,1\n0,1,1\n"
QUERIES = "1 qid:1 0:1\n0 qid:1 1:2\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(path: str, more: str = "") -> TaskSpec:
    line = f"run -p p -t t --built_in xgboost --num_round 9 --no_spot --objective reg:squarederror --input_local train {path} {more}"
    spec = parse(line.split())
    assert isinstance(spec, TaskSpec)
    return spec


def refusal(path: str, more: str = "") -> str:
    with pytest.raises(UsageError) as error:
        checked(path, more)
    return str(error.value)


def write(path: str, content: str | bytes = GOOD) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("wrong", "right", "name"),
    [
        ("\n0,1\n1,2\n", "0,1\n1,2\n", "bad.csv"),
        ("0|0.05|0.60|0.20\n1|2.5|3|4\n", "0,0.05,0.60,0.20\n1,2.5,3,4\n", "bad.csv"),
        ("0,5%\n1,7%\n", "0,5\n1,7\n", "bad.csv"),
        ("0,$5\n1,$7\n", "0,5\n1,7\n", "bad.csv"),
        ("0,1_000\n1,2_000\n", "0,1000\n1,2000\n", "bad.csv"),
        ("0,\N{MINUS SIGN}5\n1,-7\n", "0,-5\n1,-7\n", "bad.csv"),
        ("0,'5'\n1,'7'\n", "0,5\n1,7\n", "bad.csv"),
        ('0,4\n1,"5"\n', "0,4\n1,5\n", "bad.csv"),
        ('0,"1,234"\n1,"2,500.5"\n', "0,1234\n1,2500.5\n", "bad.csv"),
        ("0,5\r1,7\r", "0,5\n1,7\n", "bad.csv"),
        ("0,1,2\n7.5,1.25,3\n8.5,2.25,4\n", "7.5,1.25,3\n8.5,2.25,4\n", "bad.csv"),
        ("1 0:1 2:3 # first\n0 1:.5\n", "1 0:1 2:3\n0 1:.5\n", "bad.libsvm"),
        ("1  0:1\t2:3 \n0 1:.5\n", "1 0:1 2:3\n0 1:.5\n", "bad.libsvm"),
        ("1:-1 0:1 2:3\n0:1 1:2\n", "0:1 1:2\n", "bad.libsvm"),
        (QUERIES + "1 qid:2 0:1\n" + QUERIES, QUERIES * 2 + "1 qid:2 0:1\n", "bad.libsvm"),
    ],
)
def test_the_command_that_a_refusal_advises_makes_data_that_passes(wrong: str, right: str, name: str) -> None:
    message = refusal(write(name, wrong))
    command = next(line for line in message.splitlines() if " > bad-" in line)
    subprocess.run(command[command.index(": ") + 2 :], shell=True, check=True)
    (mended,) = Path().glob("bad-*")
    assert mended.read_text(encoding="utf-8") == right
    checked(str(mended))


@pytest.mark.parametrize(
    ("content", "name", "mend"),
    [
        (bytes(257) + b"ustar\x0000" + bytes(100), "a.csv", "tar -xf a.csv"),
        (b"PK\x03\x04" + bytes(20), "a.xlsx", "read_excel('a.xlsx')"),
        (b"\xd0\xcf\x11\xe0" + bytes(20), "a.xls", "read_excel('a.xls')"),
        (b"\x93NUMPY" + bytes(20), "a.npy", "load('a.npy')"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:a\n", "a.csv", "git lfs pull"),
        ("\n<!DOCTYPE html>\n<html>\n", "a.csv", "a web page"),
        ("y,a,b\n", "a.csv", "no row follows"),
        ("\n  \n", "a.csv", "is empty"),
        ("1 qid:1 0:1\n0 1:2\n", "a.libsvm", "has no qid"),
    ],
)
def test_what_is_no_table_is_called_by_what_it_is(content: str | bytes, name: str, mend: str) -> None:
    assert mend in refusal(write(name, content))


def test_a_hidden_folder_and_files_that_are_too_deep_beside_others_are_refused() -> None:
    write("a/rows.csv")
    write("a/.ipynb_checkpoints/rows-checkpoint.csv")
    assert "rm -r a/.ipynb_checkpoints" in refusal("a")
    write("b/rows.csv")
    write("b/x/y/z/more.csv")
    assert "does not read x/y/z/more.csv" in refusal("b")


def test_the_empty_file_with_which_spark_marks_a_folder_is_refused_among_parquet_alone() -> None:
    write("a/part-0.parquet", b"PAR1" + bytes(20))
    write("a/_SUCCESS", b"")
    assert "Run: rm a/_SUCCESS" in refusal("a")
    write("b/part-0.csv")
    write("b/_SUCCESS", b"")
    checked("b")


def test_validation_of_another_type_than_train_is_refused_where_the_type_of_train_counts() -> None:
    write("train.csv")
    write("val.libsvm", "0 0:1.5 1:2\n1 0:2.5\n")
    assert "reads both as the latter" in refusal("train.csv", "--input_local validation val.libsvm")
    checked("train.csv --channel_type train csv --input_local validation train.csv")


@pytest.mark.parametrize(
    "content",
    [
        "0,1,2\n1,3,2\n2,4,1\n",  # counts of three columns, which pandas would name so
        "0,1,2.0\n1,3,2.5\n2,4,1.5\n",
        "1 0:1 2:3\n0\n1 5:1e-3\n",
        "1\n0 1:2 2:3\n1 5:1e-3 # a comment where nobody looks\n",
        QUERIES + "1 qid:2 0:1\n",
    ],
)
def test_rows_like_them_pass(content: str) -> None:
    checked(write("a.libsvm" if ":" in content else "a.csv", content))


@pytest.mark.parametrize("mark", [",", "\t", ";", " "])
def test_whatever_numbers_a_first_row_has_its_delimiter_is_found(mark: str) -> None:
    draw = random.Random(1)
    for columns in (2, 3, 10, 100):
        cells = [draw.choice(["0", "1", f"{draw.random():.4f}", f"{draw.random():e}", "-2"]) for _ in range(columns)]
        checked(write("a.csv", mark.join(["1", *cells]) + "\n"))


def test_a_machine_newer_than_this_version_is_left_to_aws() -> None:
    write("train.csv")
    for kind in ("ml.g9.xlarge", "ml.p8.48xlarge"):
        assert checked("train.csv", f"--it {kind}").instances.type == kind
    assert "family that xgboost is not made for" in refusal("train.csv", "--it ml.g6.xlarge")
    assert "ARM" in refusal("train.csv", "--it ml.m9g.xlarge")
