# ruff: noqa: E501 - lines as people type them
"""What is wrong with a built-in algorithm's options or data is refused before anything is sent, with what mends it.

And what is right passes: wrong and right lines, each with the files that it names.
"""

from __future__ import annotations

import gzip
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.specs import TaskSpec
from simple_sagemaker.errors import UsageError

BINARY = "0,1.5,2\n1,2.5,3\n1,0.5,1\n0,1,1\n"
THREE = "0,1.5,2\n1,2.5,3\n2,0.5,1\n0,1,1\n"
NUMBERS = "1.5,2\n2.5,3\n0.5,1\n"
LIBSVM = "0 0:1.5 1:2\n1 0:2.5 3:3\n"
RECORDIO = b"\x0a\x23\xd7\xce" + bytes(60)
PNG, JPEG = b"\x89PNG\r\n\x1a\n" + bytes(20), b"\xff\xd8\xff\xe0" + bytes(20)
SERIES = '{"start": "2030-01-01 00:00:00", "target": [1, 2.5, "NaN", null]}\n'
PAIR = '{"label": 1, "in0": [1, 2], "in1": [3]}\n'
FILES: dict[str, str | bytes] = {
    "train.csv": BINARY,
    "val.csv": BINARY,
    "three.csv": THREE,
    "numbers.csv": NUMBERS,
    "train.libsvm": LIBSVM,
    "data.pbr": RECORDIO,
    "img/a.rec": RECORDIO,
    "jpg/a.jpg": JPEG,
    "png/a.png": PNG,
    "lst/a.lst": "0\t1\ta.jpg\n",
    "ip.csv": "user,10.0.0.1\n",
    "series.json": SERIES,
    "series/a.json.gz": gzip.compress(SERIES.encode()),
    "pairs.jsonl": PAIR,
    "text.txt": "some words here\n",
    "labels.txt": "__label__a some words\n",
    "vocab/vocab.src.json": "{}",
    "vocab/vocab.trg.json": "{}",
    "words/vocab.txt": "a\nb\n",
    "part.parquet": b"PAR1" + bytes(20),
}
XGB = "xgboost:3.2-0 --no_spot --input_local train {} --num_round 9"
CLASS = XGB + " --objective binary:logistic"
MULTI = XGB + " --objective multi:softprob --num_class 3"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write(FILES)
    return tmp_path


def write(files: dict[str, Any]) -> None:
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def built_in(line: str) -> TaskSpec:
    spec = parse(["run", "-p", "p", "-t", "t", "--built_in", *shlex.split(line)])
    assert isinstance(spec, TaskSpec)
    return spec


def xgb(data: str | bytes, more: str = "", *, base: str = CLASS, name: str = "bad.csv") -> tuple[str, dict[str, Any]]:
    """A line about a file of this content."""
    return f"{base.format(name)} {more}", {name: data}


WRONG: list[tuple[str, dict[str, Any], str]] = [
    # the algorithm
    ("xgbost", {}, "Did you mean --built_in xgboost?"),
    ("xgbost:3.2-0", {}, "Did you mean --built_in xgboost:3.2-0?"),
    ("XGBoost:9", {}, "Did you mean --built_in xgboost?"),
    ("xgboost:9", {}, "Write: --built_in xgboost:3.2-0"),
    ("xgboost:1.5", {}, "Write: --built_in xgboost:1.5-1"),
    ("deepar", {}, "Did you mean --built_in forecasting-deepar?"),
    ("kmeans:2", {}, "Write: --built_in kmeans:1"),
    ("resnet", {}, "There are: blazingtext, "),
    # options without a meaning beside it
    (CLASS.format("train.csv") + " -e train.py", {}, "drop -e"),
    (CLASS.format("train.csv") + " -s .", {}, "drop -s"),
    (CLASS.format("train.csv") + " -f xgboost", {}, "drop -f"),
    (CLASS.format("train.csv") + " --image_uri a/b:1", {}, "drop --image_uri"),
    (CLASS.format("train.csv") + " --df 'RUN true'", {}, "drop --df"),
    (CLASS.format("train.csv") + " -d lib", {}, "drop -d"),
    (CLASS.format("train.csv") + " --md loss 'loss=(.*)'", {}, "drop --md"),
    (CLASS.format("train.csv") + " --fail_if nan", {}, "drop --fail_if"),
    (CLASS.format("train.csv") + " --end_if 'a > 1'", {}, "drop --end_if"),
    (CLASS.format("train.csv") + " -- words", {}, "drop what is after --"),
    # channels
    ("xgboost --no_spot --num_round 9", {}, "Add: --input_local train PATH"),
    ("xgboost --num_round 9 -i train.csv", {}, "Write: --input_local train train.csv"),
    (CLASS.format("train.csv") + " --input_local val val.csv", {}, "Write: --input_local validation val.csv"),
    (CLASS.format("train.csv") + " --input_local test val.csv", {}, "Write: --input_local validation val.csv"),
    (CLASS.format("train.csv") + " --channel_type tran text/csv", {}, "did you mean train?"),
    (CLASS.format("train.csv") + " --channel_type train text/CSV", {}, "Write: --channel_type train text/csv"),
    (CLASS.format("train.csv") + " --channel_type train csv,", {}, "is not a type of content"),
    (CLASS.format("train.csv") + " --channel_type train application/json", {}, "Write: --channel_type train text/csv"),
    ("xgboost --no_spot --num_round 9 --iis train s3://b/k/", {}, "Say it, for example: --channel_type train text/csv"),
    (CLASS.format("train.csv") + " --input_mode Pipe", {}, "Write: --input_mode File"),
    (CLASS.format("train.csv") + " --model_uri s3://b/m.tar.gz", {}, "Drop --model_uri"),
    # hyperparameters
    ("xgboost --no_spot --input_local train train.csv", {}, "Add it, for example: --num_round 100"),
    (CLASS.format("train.csv") + " --max_dept 3", {}, "Did you mean --max_depth?"),
    (CLASS.format("train.csv") + " --n_estimators 3", {}, "Did you mean --num_round?"),
    (CLASS.format("train.csv") + " --eta 1.5", {}, "--eta '1.5' is not in [0, 1]."),
    (CLASS.format("train.csv") + " --max_depth 3.0", {}, "Write: --max_depth 3"),
    (CLASS.format("train.csv") + " --silent 1", {}, "Drop --silent."),
    (CLASS.format("train.csv") + " --eta 0.1 --learning_rate 0.1", {}, "two names of one"),
    (CLASS.format("train.csv") + " --eval_metric 'auc, error'", {}, "Write: --eval_metric auc,error"),
    (CLASS.format("train.csv") + " --eval_metric mlogloss", {}, "Write: --eval_metric logloss"),
    (CLASS.format("train.csv") + " --eval_metric rmse@2", {}, "Write: --eval_metric rmse"),
    (CLASS.format("train.csv") + " --tree_method gpu_hist", {}, "Write: --tree_method hist"),
    (CLASS.format("train.csv") + " --num_class 3", {}, "Drop --num_class"),
    (CLASS.format("train.csv") + " --base_score 1.5", {}, "--base_score 0.5"),
    (CLASS.format("train.csv") + " --monotone_constraints '(1,0)'", {}, "Add: --tree_method hist"),
    (XGB.format("train.csv") + " --objective reg:square", {}, "Write: --objective reg:squarederror"),
    (XGB.format("train.csv") + " --eval_metric rmse", {}, "--objective reg:squarederror"),
    (XGB.format("three.csv") + " --objective multi:softmax", {}, "Add it, for example: --num_class 3"),
    (XGB.format("train.csv") + " --booster gblinear --updater prune", {}, "Write: --updater coord_descent"),
    (
        "linear-learner --no_spot --input_local train three.csv --predictor_type multiclass_classifier",
        {},
        "--num_classes 3",
    ),
    ("linear-learner --no_spot --input_local train train.csv --predictor_type binary", {}, "binary_classifier"),
    ("kmeans --no_spot --input_local train numbers.csv --k 1 --feature_dim 2", {}, "is not in (1, +inf)"),
    (
        (
            "knn --no_spot --input_local train train.csv --k 2 --feature_dim 2 --sample_size 4 --predictor_type classifier "
            "--dimension_reduction_type sign"
        ),
        {},
        "--dimension_reduction_target",
    ),
    (
        (
            "forecasting-deepar --no_spot --input_local train series.json --context_length 3 --epochs 2 --prediction_length 2 "
            "--time_freq hourly"
        ),
        {},
        "--time_freq D",
    ),
    # machines
    (CLASS.format("train.csv") + " --it ml.p4d.24xlarge", {}, "Write, for example: --instance_type ml.m5.xlarge"),
    (CLASS.format("train.csv") + " --it ml.trn1.2xlarge", {}, "Write, for example: --instance_type ml.m5.xlarge"),
    (
        "lda --no_spot --input_local train numbers.csv --feature_dim 2 --num_topics 2 --mini_batch_size 3 --it ml.g5.xlarge",
        {},
        "Write, for example: --instance_type ml.m5.xlarge",
    ),
    (
        "lda --no_spot --input_local train numbers.csv --feature_dim 2 --num_topics 2 --mini_batch_size 3 --ic 2",
        {},
        "Write: --instance_count 1",
    ),
    (
        (
            "semantic-segmentation --no_spot --input_local train jpg --input_local validation jpg --input_local train_annotation "
            "png --input_local validation_annotation png --num_classes 2 --num_training_samples 9"
        ),
        {},
        "ml.g5.xlarge",
    ),
    ("kmeans --input_local train numbers.csv --k 2 --feature_dim 2", {}, "Add --no_spot, or --max_run_mins 60."),
    ("kmeans --no_spot --input_local train numbers.csv --k 2 --feature_dim 3", {}, "Write: --feature_dim 2"),
    (
        "randomcutforest --no_spot --input_local train numbers.csv --feature_dim 2",
        {},
        "Write: --input_local train numbers.csv ShardedByS3Key",
    ),
    # data
    (*xgb("label,a,b\n" + BINARY), "Run: tail -n +2 bad.csv > bad-no-header.csv"),
    (*xgb(",label,a\n0,1,2\n1,0,2\n"), "Run: tail -n +2 bad.csv"),
    (*xgb("\ufefflabel,a\n1,2\n"), "Run: tail -c +4 bad.csv > bad-plain.csv"),
    (*xgb("0,1\n1,2\n".encode("utf-16")), "iconv -f UTF-16 -t UTF-8"),
    (*xgb(gzip.compress(BINARY.encode()), name="bad.csv.gz"), "Run: gunzip -k bad.csv.gz"),
    (*xgb(b"PK\x03\x04" + bytes(50)), "Run: unzip bad.csv"),
    (*xgb('"0","1"\n"1","2"\n'), """Run: tr -d '"' < bad.csv > bad-plain.csv"""),
    (*xgb("0,1.5,red\n1,2.5,blue\n"), "{n[$3]=c++}"),
    (*xgb("yes,1.5\nno,2.5\n"), "{n[$1]=c++}"),
    (*xgb("0,1.5\n,2.5\n"), "a label that is missing"),
    (*xgb("0,1.5\nnan,2.5\n"), "a label that is missing"),
    (*xgb("0,1.5\ninf,2.5\n"), "a label that is infinite"),
    (*xgb("0,1.5\n1,inf\n"), "column 2 is infinite"),
    (*xgb("-1,1.5\n1,2.5\n"), "{$1=($1>0)}1"),
    (*xgb("2,1.5\n1,2.5\n0,1\n"), "--objective multi:softprob --num_class 3"),
    (*xgb("1.5,2.5,0\n2.5,1.5,1\n3.5,2.5,1\n"), "The last column could be the label"),
    (*xgb("0,1,5\n1,0,5\n2,1,5\n3,1,5\n"), "The first column counts the rows"),
    (*xgb("12.5,1\n13.5,2\n"), "--objective reg:squarederror"),
    (*xgb("1,1.5\n2,2.5\n3,1\n", base=MULTI), "{$1-=1}1"),
    (*xgb("0,1.5\n5,2.5\n", base=MULTI), "--num_class 6"),
    (*xgb("0,1.5,2\n1,2.5\n"), "NF==3"),
    (*xgb("0\n1\n"), "LABEL,FEATURE"),
    (*xgb("1,5;2,5\n0,5;1,5\n"), "tr ',;' '.,'"),
    (*xgb(LIBSVM), "Write: --channel_type train text/libsvm"),
    (*xgb(BINARY, name="bad.libsvm"), "Write: --channel_type train text/csv"),
    (*xgb("0 a:1\n", name="bad.libsvm"), "LABEL INDEX:VALUE"),
    (*xgb("spam 1:2 2:3\n", name="bad.libsvm"), "LABEL INDEX:VALUE"),
    (*xgb(""), "is empty"),
    (*xgb(BINARY, name="bad.parquet"), "Write: --channel_type train text/csv"),
    (*xgb(b"PAR1" + bytes(30)), "Write: --channel_type train application/x-parquet"),
    (*xgb("1,-2\n0,3\n", "--objective count:poisson", base=XGB), ""),
    (*xgb("-1,2\n0,3\n", "--objective count:poisson", base=XGB), "it is 0 or more"),
    (*xgb("1,-0.5,2\n0,1,3\n", "--csv_weights 1"), "awk -F',' -v OFS=',' '$2 >= 0'"),
    (*xgb("1,2,3\n0,1,3\n", "--tree_method hist --monotone_constraints '(1,0,1)'"), "(1,0)"),
    (
        CLASS.format("train.csv") + " --input_local validation wide.csv",
        {"wide.csv": "0,1,2,3\n"},
        "cut -d, -f1-3 wide.csv",
    ),
    (CLASS.format("train.csv") + " --input_local validation slim.csv", {"slim.csv": "0,1\n"}, "has 1 features"),
    (
        CLASS.format("train.csv") + " --input_local validation one.csv --eval_metric auc",
        {"one.csv": "1,1,2\n1,2,3\n"},
        "--eval_metric logloss",
    ),
    (CLASS.format("folder"), {"folder/a.csv": BINARY, "folder/.DS_Store": b"\x00"}, "Run: rm folder/.DS_Store"),
    (CLASS.format("folder"), {"folder/x/y/z/a.csv": BINARY}, "Write: --input_local train folder/x/y"),
    (CLASS.format("folder"), {"folder/_SUCCESS": ""}, "has no file with anything in it"),
    (CLASS.format("folder"), {"folder/a.csv": BINARY, "folder/b.csv": BINARY.replace(",", ";")}, "tr ';' ','"),
    ("kmeans --no_spot --input_local train bad.csv --k 2 --feature_dim 2", {"bad.csv": "1;2\n3;4\n"}, "tr ';' ','"),
    ("kmeans --no_spot --input_local train bad.csv --k 2 --feature_dim 2", {"bad.csv": "1\t2\n3\t4\n"}, "tr '\\t' ','"),
    ("kmeans --no_spot --input_local train bad.csv --k 2 --feature_dim 2", {"bad.csv": "1,\n3,4\n"}, "Fill it in"),
    (
        "lda --no_spot --input_local train bad.csv --feature_dim 2 --num_topics 2 --mini_batch_size 3",
        {"bad.csv": "1,-2\n"},
        "reads counts of words",
    ),
    (
        (
            "factorization-machines --no_spot --input_local train train.csv --feature_dim 2 --num_factors 2 --predictor_type "
            "regressor"
        ),
        {},
        "reads application/x-recordio-protobuf",
    ),
    (
        "ipinsights --no_spot --input_local train bad.csv --num_entity_vectors 9 --vector_dim 8",
        {"bad.csv": "10.0.0.1,me\n"},
        "{print $2, $1}",
    ),
    (
        "ipinsights --no_spot --input_local train bad.csv --num_entity_vectors 9 --vector_dim 8",
        {"bad.csv": "user,ip\nme,10.0.0.1\n"},
        "tail -n +2",
    ),
    ("blazingtext --no_spot --input_local train text.txt --mode supervised", {}, "__label__NAME word"),
    ("blazingtext --no_spot --input_local train labels.txt --mode skipgram", {}, "Write: --mode supervised"),
    (
        (
            "forecasting-deepar --no_spot --input_local train bad.json --context_length 3 --epochs 2 --prediction_length 2 "
            "--time_freq D"
        ),
        {"bad.json": "[" + SERIES.strip() + "]"},
        "jq -c '.[]' bad.json",
    ),
    (
        (
            "forecasting-deepar --no_spot --input_local train bad.json --context_length 3 --epochs 2 --prediction_length 2 "
            "--time_freq D"
        ),
        {"bad.json": '{"target": [1]}\n'},
        "has no 'start'",
    ),
    (
        (
            "forecasting-deepar --no_spot --input_local train train.csv --context_length 3 --epochs 2 --prediction_length 2 "
            "--time_freq D"
        ),
        {},
        "train.json",
    ),
    (
        "object2vec --no_spot --input_local train pairs.jsonl --enc0_max_seq_len 9 --enc0_vocab_size 2",
        {},
        "a vocabulary of 2",
    ),
    (
        (
            "seq2seq --no_spot --it ml.g5.xlarge --input_local train data.pbr --input_local validation data.pbr --input_local "
            "vocab words"
        ),
        {},
        "there is no vocab.src.json",
    ),
    (
        (
            "image-classification --no_spot --it ml.g5.xlarge --input_local train jpg --input_local validation jpg --num_classes "
            "2 --num_training_samples 9"
        ),
        {},
        "Add: --input_local train_lst PATH",
    ),
    (
        (
            "image-classification --no_spot --it ml.g5.xlarge --input_local train jpg --input_local validation jpg --num_classes "
            "2 --num_training_samples 9 --input_local train_lst bad.lst --input_local validation_lst lst"
        ),
        {"bad.lst": "0\t2\ta.jpg\n"},
        "Write: --num_classes 3",
    ),
]
WRONG += [
    ("xgboost:", {}, "Write: --built_in xgboost:3.2-0"),
    ("xgboost-3.2-0", {}, "Did you mean --built_in xgboost?"),
    (CLASS.format("train.csv") + " --num-round 3", {}, "Did you mean --num_round?"),
    (CLASS.format("train.csv") + " --eta ' 0.3'", {}, "is not a number"),
    (
        CLASS.format("train.csv") + " --channel_type train text/csv;label_size=0",
        {},
        "Write: --channel_type train text/csv",
    ),
    (
        (
            "semantic-segmentation --it ml.g5.xlarge --input_local train jpg --input_local validation jpg --input_local "
            "train_annotation more --input_local validation_annotation png --num_classes 2 --num_training_samples 9"
        ),
        {"more/b.png": PNG},
        "rm jpg/a.jpg",
    ),
    (*xgb("0,1.5,\n1,2.5,\n"), "sed 's/,$//' bad.csv > bad-trimmed.csv"),
    (*xgb("0,1e999\n1,2\n"), "column 2 is infinite"),
    (*xgb("0,5%\n1,7%\n"), "reads plain numbers"),
    (*xgb("0,True\n1,False\n"), "reads numbers alone"),
    (*xgb('{"a": 1}\n', name="bad.json"), "holds JSON"),
    ("kmeans --no_spot --input_local train bad.csv --k 2 --feature_dim 2", {"bad.csv": "1 2\n3 4\n"}, "tr ' ' ','"),
    (
        (
            "forecasting-deepar --no_spot --input_local train bad.jsonl --context_length 3 --epochs 2 --prediction_length 2 "
            "--time_freq D"
        ),
        {"bad.jsonl": SERIES},
        "mv bad.jsonl bad.json",
    ),
]
WRONG = [one for one in WRONG if one[2]]


@pytest.mark.parametrize(("line", "files", "mend"), WRONG, ids=[f"{n}-{one[2][:30]}" for n, one in enumerate(WRONG)])
def test_a_mistake_is_refused_with_what_mends_it(line: str, files: dict[str, Any], mend: str) -> None:
    write(files)
    with pytest.raises(UsageError) as error:
        built_in(line)
    assert mend in str(error.value), str(error.value)


RIGHT_TOO: list[tuple[str, dict[str, Any], dict[str, str | None]]] = [
    (CLASS.format("a.csv"), {"a.csv": "0 1.5 2\n1 2.5 3\n"}, {"train": "text/csv"}),
    (
        "kmeans --no_spot --input_local train numbers.csv --k 2 --feature_dim 2 --channel_type train text/csv",
        {},
        {"train": "text/csv;label_size=0"},
    ),
]
RIGHT: list[tuple[str, dict[str, Any], dict[str, str | None]]] = [
    (CLASS.format("train.csv"), {}, {"train": "text/csv"}),
    (
        "xgboost --input_local train train.csv --num_round 9 --input_local validation val.csv",
        {},
        {"validation": "text/csv"},
    ),
    (CLASS.format("train.libsvm"), {}, {"train": "text/libsvm"}),
    (CLASS.format("part.parquet"), {}, {"train": "application/x-parquet"}),
    (CLASS.format("data.pbr"), {}, {"train": "application/x-recordio-protobuf"}),
    (CLASS.format("data.txt"), {"data.txt": LIBSVM}, {"train": "text/libsvm"}),
    (CLASS.format("data"), {"data": BINARY}, {"train": "text/csv"}),
    (
        CLASS.format("data.txt") + " --channel_type train text/x-libsvm",
        {"data.txt": LIBSVM},
        {"train": "text/x-libsvm"},
    ),
    (CLASS.format("folder"), {"folder/a.csv": BINARY, "folder/_SUCCESS": ""}, {"train": "text/csv"}),
    (CLASS.format("a.tsv"), {"a.tsv": BINARY.replace(",", "\t")}, {"train": "text/csv"}),
    (CLASS.format("a.csv"), {"a.csv": BINARY.replace(",", ";")}, {"train": "text/csv"}),
    (CLASS.format("a.csv"), {"a.csv": "0,,2\r\n1,nan,3\r\n"}, {"train": "text/csv"}),
    (CLASS.format("a.csv"), {"a.csv": "0.25,1e-5\n1,-2E+3\n"}, {"train": "text/csv"}),
    (CLASS.format("a.csv") + " --csv_weights 1", {"a.csv": "0,0.5,2\n1,1,3\n"}, {"train": "text/csv"}),
    (MULTI.format("three.csv") + " --eval_metric merror,mlogloss", {}, {"train": "text/csv"}),
    (XGB.format("a.csv") + " --objective rank:pairwise", {"a.csv": "4,1\n0,2\n"}, {"train": "text/csv"}),
    (
        XGB.format("a.csv") + " --objective reg:gamma --learning_rate 0.1",
        {"a.csv": "4,1\n1,2\n"},
        {"train": "text/csv"},
    ),
    (
        XGB.format("a.csv") + " --tree_method hist --monotone_constraints '(1,0)'",
        {"a.csv": "4,1,2\n"},
        {"train": "text/csv"},
    ),
    ("xgboost:1 --no_spot --input_local train train.csv --num_round 9 --silent 1", {}, {"train": "text/csv"}),
    (
        "xgboost:1.7-1 --no_spot --input_local train train.csv --num_round 9 --tree_method gpu_hist --it ml.g4dn.xlarge",
        {},
        {},
    ),
    ("xgboost --no_spot --iis train s3://b/k/train.csv --num_round 9", {}, {"train": "text/csv"}),
    ("xgboost --no_spot --iis train s3://b/k/ --channel_type train csv --num_round 9 --ic 2", {}, {"train": "csv"}),
    (
        "linear-learner --no_spot --input_local train train.csv --predictor_type binary_classifier",
        {},
        {"train": "text/csv"},
    ),
    (
        (
            "linear-learner --no_spot --input_local train three.csv --predictor_type multiclass_classifier --num_classes 3 "
            "--wd auto --use_bias True"
        ),
        {},
        {"train": "text/csv"},
    ),
    (
        "linear-learner --max_run_mins 60 --input_local train data.pbr --predictor_type regressor --feature_dim 2",
        {},
        {"train": "application/x-recordio-protobuf"},
    ),
    (
        "kmeans --no_spot --input_local train numbers.csv ShardedByS3Key --k 2 --feature_dim 2 --ic 2",
        {},
        {"train": "text/csv;label_size=0"},
    ),
    (
        "knn --no_spot --input_local train train.csv --k 2 --feature_dim 2 --sample_size 4 --predictor_type classifier",
        {},
        {"train": "text/csv"},
    ),
    (
        "lda --no_spot --input_local train numbers.csv --feature_dim 2 --num_topics 2 --mini_batch_size 3",
        {},
        {"train": "text/csv;label_size=0"},
    ),
    (
        "ntm --no_spot --input_local train numbers.csv --input_local auxiliary words --feature_dim 2 --num_topics 2",
        {},
        {"train": "text/csv;label_size=0", "auxiliary": None},
    ),
    (
        "pca --no_spot --input_local train numbers.csv --feature_dim 2 --num_components 1 --mini_batch_size 3",
        {},
        {"train": "text/csv;label_size=0"},
    ),
    (
        "randomcutforest --no_spot --input_local train numbers.csv ShardedByS3Key --feature_dim 2 --input_local test train.csv",
        {},
        {"train": "text/csv;label_size=0", "test": "text/csv;label_size=1"},
    ),
    (
        (
            "factorization-machines --no_spot --input_local train data.pbr --feature_dim 2 --num_factors 2 --predictor_type "
            "regressor --input_mode Pipe"
        ),
        {},
        {"train": "application/x-recordio-protobuf"},
    ),
    (
        "ipinsights --no_spot --input_local train ip.csv --num_entity_vectors 9 --vector_dim 8",
        {},
        {"train": "text/csv"},
    ),
    ("blazingtext --no_spot --input_local train text.txt --mode batch_skipgram --ic 2", {}, {"train": "text/plain"}),
    ("blazingtext --no_spot --input_local train labels.txt --mode supervised", {}, {"train": "text/plain"}),
    (
        (
            "forecasting-deepar --no_spot --input_local train series.json --input_local test series --context_length 3 --epochs "
            "2 --prediction_length 2 --time_freq 5min"
        ),
        {},
        {"train": None, "test": None},
    ),
    (
        "object2vec --no_spot --input_local train pairs.jsonl --enc0_max_seq_len 9 --enc0_vocab_size 20",
        {},
        {"train": "application/jsonlines"},
    ),
    (
        (
            "seq2seq --no_spot --it ml.p3.2xlarge --input_local train data.pbr --input_local validation data.pbr --input_local "
            "vocab vocab"
        ),
        {},
        {"train": "application/x-recordio-protobuf", "vocab": None},
    ),
    (
        (
            "image-classification --it ml.g5.xlarge --input_local train img --input_local validation img --num_classes 2 "
            "--num_training_samples 9"
        ),
        {},
        {"train": "application/x-recordio"},
    ),
    (
        (
            "image-classification --it ml.g5.xlarge --input_local train jpg --input_local validation jpg --num_classes 2 "
            "--num_training_samples 9 --input_local train_lst lst --input_local validation_lst lst"
        ),
        {},
        {"train": "application/x-image", "train_lst": "application/x-image"},
    ),
    (
        (
            "object-detection --it ml.g5.xlarge --ic 2 --input_local train img --input_local validation img --num_classes 2 "
            "--num_training_samples 9"
        ),
        {},
        {"train": "application/x-recordio"},
    ),
    (
        (
            "semantic-segmentation --it ml.g5.xlarge --input_local train jpg --input_local validation jpg --input_local "
            "train_annotation png --input_local validation_annotation png --num_classes 2 --num_training_samples 9"
        ),
        {},
        {"train": "application/x-image", "train_annotation": "application/x-image"},
    ),
]


RIGHT += RIGHT_TOO


@pytest.mark.parametrize(("line", "files", "types"), RIGHT, ids=[f"{n}-{one[0][:30]}" for n, one in enumerate(RIGHT)])
def test_what_is_right_passes_and_each_channel_says_what_it_holds(
    line: str, files: dict[str, Any], types: dict[str, str | None]
) -> None:
    write(files)
    spec = built_in(line)
    assert {one.name: one.content_type for one in spec.inputs if one.name in types} == types


def test_a_line_that_mends_a_mistake_mends_it() -> None:
    """The commands that errors advise are run, as a person would."""
    mends = {
        "label,a,b\n" + BINARY: BINARY,
        "-1,1.5\n1,2.5\n": "0,1.5\n1,2.5\n",
        "yes,1.5\nno,2.5\nyes,3\n": "0,1.5\n1,2.5\n0,3\n",
        "1.5,2.5,0\n2.5,1.5,1\n3.5,2.5,1\n": "0,1.5,2.5\n1,2.5,1.5\n1,3.5,2.5\n",
        '"0","1"\n"1","2"\n': "0,1\n1,2\n",
        "\ufeff0,1\n1,2\n": "0,1\n1,2\n",
        "1,5;2,5\n0,5;1,5\n": "1.5,2.5\n0.5,1.5\n",
    }
    for wrong, right in mends.items():
        write({"bad.csv": wrong})
        with pytest.raises(UsageError) as error:
            built_in(CLASS.format("bad.csv"))
        command = next(line for line in str(error.value).splitlines() if " > bad-" in line)
        for before in ("Run: ", "Number the classes", "The last column"):
            if command.startswith(before):
                command = command.partition(": ")[2]
        subprocess.run(command, shell=True, check=True)
        (mended,) = Path().glob("bad-*")
        assert mended.read_text(encoding="utf-8") == right
        mended.unlink()


def test_hostile_files_are_read_within_bounds() -> None:
    os.mkfifo("pipe.csv")
    write({"long.csv": b"1," * 3_000_000, "binary.csv": bytes(range(256)) * 10, "deep/x": b""})
    os.symlink("deep", "deep/loop")
    with pytest.raises(UsageError):
        built_in(CLASS.format("binary.csv"))
    assert built_in(CLASS.format("long.csv")).kind == "algorithm"
    assert built_in(CLASS.format("pipe.csv")).kind == "algorithm"  # refused where inputs are surveyed
    with pytest.raises(UsageError, match="anything in it"):
        built_in(CLASS.format("deep"))


def test_hyperparameters_go_as_plain_texts_and_metrics_are_known() -> None:
    spec = built_in(CLASS.format("train.csv") + " --eval_metric auc,error --eta 0.1")
    assert spec.hyperparameters == {
        "num_round": "9",
        "objective": "binary:logistic",
        "eval_metric": "auc,error",
        "eta": "0.1",
    }
    assert "validation:auc" in {one.name for one in spec.metrics}
    assert spec.image.built_in == "xgboost:3.2-0"
    assert built_in("xgboost --input_local train train.csv --num_round 1").image.built_in == "xgboost:3.2-0"
