# ruff: noqa: E501 - a row a line
"""Machines, hyperparameters and their values beside each other, at the bounds of what an algorithm takes."""

from __future__ import annotations

import pytest

from simple_sagemaker.built_ins.algorithms import Algorithm, algorithm
from simple_sagemaker.built_ins.hyperparameters import read_hyperparameter
from simple_sagemaker.built_ins.machines import check_machines
from simple_sagemaker.built_ins.values import check_values, example_of
from simple_sagemaker.built_ins.xgboost import check_together, usual_metric
from simple_sagemaker.core.specs import Instances
from simple_sagemaker.errors import UsageError

XGBOOST, KMEANS, LDA, BLAZING = (algorithm(name) for name in ("xgboost", "kmeans", "lda", "blazingtext"))
LINEAR = {"num_round": "9", "objective": "reg:squarederror"}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"updater": "grow_colmaker,prune"}, None),
        ({"updater": "grow_colmaker,grow_histmaker"}, "Write: --updater grow_colmaker"),
        ({"updater": "shotgun"}, "shotgun is for --booster gblinear alone. Drop --updater."),
        ({"updater": "shotgun", "booster": "gblinear"}, None),
        ({"updater": "shotgun,coord_descent", "booster": "gblinear"}, "Write: --updater coord_descent"),
        ({"updater": "prune", "booster": "gblinear"}, "it is shotgun or coord_descent"),
        ({"updater": "refresh,prune", "process_type": "update"}, None),
        ({"updater": "grow_colmaker", "process_type": "update"}, "Write: --updater refresh,prune"),
        ({"num_class": "3"}, "Drop --num_class, or write: --objective multi:softprob"),
        ({"num_class": "3", "objective": "multi:softmax"}, None),
        ({"monotone_constraints": "(1)"}, "Add: --tree_method hist"),
        ({"monotone_constraints": "(1)", "tree_method": "exact"}, None),
        ({"monotone_constraints": "(1)", "tree_method": "approx"}, "needs --tree_method exact or hist beside it"),
        ({"interaction_constraints": "[[0]]"}, "Drop --interaction_constraints"),
        ({"base_score": "1.5"}, None),
        ({"base_score": "1", "objective": "binary:logistic"}, "Write, for example: --base_score 0.5"),
        ({"base_score": "0", "objective": "reg:logistic"}, "it is between 0 and 1"),
        ({"base_score": "0.5", "objective": "binary:logitraw"}, None),
        ({"eval_metric": "auc", "objective": "binary:logistic"}, None),
        ({"eval_metric": "auc", "objective": "rank:ndcg"}, None),
        ({"eval_metric": "auc"}, "--eval_metric"),
        ({"eval_metric": "mlogloss", "objective": "multi:softprob"}, None),
        ({"eval_metric": "mlogloss"}, "Write: --eval_metric rmse"),
        ({"eval_metric": "logloss", "objective": "multi:softprob"}, "Write: --eval_metric mlogloss"),
        ({"eval_metric": "f1_binary", "objective": "binary:hinge"}, None),
        ({"eval_metric": "f1_binary"}, "Write: --eval_metric"),
        ({"eval_metric": "aft-nloglik", "objective": "survival:aft"}, None),
        ({"eval_metric": "aft-nloglik"}, "Write: --eval_metric"),
        ({"eval_metric": "error@0.7", "objective": "binary:logistic"}, None),
        ({"eval_metric": "rmse,mae,"}, None),
        ({"tree_method": "gpu_hist"}, "Write: --tree_method hist"),
    ],
)
def test_what_xgboost_demands_of_values_beside_each_other(values: dict[str, str], says: str | None) -> None:
    together = {"objective": "reg:squarederror", **values}
    if says is None:
        check_together(together, "3.2-0")
        return
    with pytest.raises(UsageError) as refused:
        check_together(together, "3.2-0")
    assert says in str(refused.value)


def test_what_a_search_gives_values_to_is_there() -> None:
    for name in ("eval_metric", "_kfold"):
        with pytest.raises(UsageError, match=f"{name} needs --objective beside it"):
            check_together({name: "2"}, "3.2-0")
        check_together({name: "rmse"}, "3.2-0", frozenset({"objective"}))
    check_together({**LINEAR, "monotone_constraints": "(1)"}, "3.2-0", frozenset({"tree_method"}))
    check_together({**LINEAR, "tree_method": "gpu_hist"}, "1.7-1")  # which still has it
    check_together({}, "3.2-0")


@pytest.mark.parametrize(
    ("objective", "metric"),
    [("binary:logistic", "logloss"), ("rank:pairwise", "ndcg"), ("reg:squarederror", "rmse"), ("", "rmse")],
)
def test_an_objective_has_its_usual_metric(objective: str, metric: str) -> None:
    assert usual_metric(objective) == metric


def machines(kind: str = "ml.m5.large", count: int = 1, *, wait_mins: int = 0) -> Instances:
    return Instances(type=kind, count=count, spot=bool(wait_mins), max_run_mins=wait_mins or 1440)


@pytest.mark.parametrize(
    ("facts", "asked", "mode", "says"),
    [
        (XGBOOST, machines(), "", None),
        (XGBOOST, machines(count=3), "", None),
        (XGBOOST, machines("ml.g5.xlarge"), "", None),
        (XGBOOST, machines("ml.p5.48xlarge"), "", "is of a family that xgboost is not made for"),
        (XGBOOST, machines("ml.c7g.xlarge"), "", "has ARM processors"),
        (XGBOOST, machines("ml.trn1.2xlarge"), "", "has AWS's own accelerators"),
        (XGBOOST, machines("ml.inf1.xlarge"), "", "has AWS's own accelerators"),
        (XGBOOST, machines("no type"), "", None),  # which is said elsewhere
        (LDA, machines(), "", None),
        (
            LDA,
            machines("ml.g5.xlarge"),
            "",
            "has GPUs, and lda trains on CPUs alone.\nWrite, for example: --instance_type ml.m5.xlarge",
        ),
        (LDA, machines(count=2), "", "--instance_count 2: lda trains on one machine"),
        (LDA, machines("local", 2), "", "--instance_count 2: lda trains on one machine"),
        (
            algorithm("semantic-segmentation"),
            machines(),
            "",
            "has no GPU, and semantic-segmentation trains on GPUs alone.\nWrite, for example: --instance_type ml.g5.xlarge",
        ),
        (algorithm("semantic-segmentation"), machines("local"), "", None),
        (BLAZING, machines(count=2), "batch_skipgram", None),
        (BLAZING, machines(count=2), "skipgram", "Write: --instance_count 1"),
        (BLAZING, machines("ml.p3.2xlarge", 2), "batch_skipgram", "Write: --instance_count 1"),
        (BLAZING, machines("local_gpu", 2), "batch_skipgram", "Write: --instance_count 1"),
        (BLAZING, machines("local", 2), "batch_skipgram", None),
        (KMEANS, machines(wait_mins=60), "", None),
        (KMEANS, machines(wait_mins=61), "", "this one could for 61.\nAdd --no_spot, or --max_run_mins 60."),
        (KMEANS, machines("local", wait_mins=61), "", None),
        (XGBOOST, machines(wait_mins=1000), "", None),  # which writes checkpoints
    ],
)
def test_on_which_machines_an_algorithm_runs(facts: Algorithm, asked: Instances, mode: str, says: str | None) -> None:
    if says is None:
        check_machines(facts, asked, mode)
        return
    with pytest.raises(UsageError) as refused:
        check_machines(facts, asked, mode)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("int [1, inf)", ("1", "7"), ("0", "1.0", "x", "", " 1", "1_0", "nan")),
        ("int (0, 5]", ("1", "5"), ("0", "6")),
        ("int [0, 5)", ("0", "4"), ("5", "-1")),
        ("float (0, 1]", ("1", "0.5", "1e-9"), ("0", "1.1", "inf", "nan", "a")),
        ("float [0, 1] or auto", ("auto", "0", "1"), ("Auto",)),
        ("float", ("-5", "1e10", "inf"), ("nan", "x")),
        ("bool", ("true", "False", "1", "0"), ("yes", "2", "")),
        ("bool or auto", ("auto", "true"), ("no",)),
        ("one of a|b", ("a", "b"), ("c", " a", "a,b", "")),
        ("list of a|b", ("a", "a,b", "b,b", '["a", "b"]'), ("a, b", "c", "", '["c"]', "[a")),
        ("spaced of a|b", ("a, b", "a,b"), ("a,c",)),
        ("metrics of a|b", ("a@3", "a@0.7,b"), ("c@1",)),
        ("ints", ("1", "1,2", "[1,2]"), ("1.5", "", "a", "1,,2")),
        ("floats", ("1.5", "1,2.5"), ("a", "inf", "nan", "")),
        ("tuple of -1|0|1", ("(1,0,-1)", "(1,)", "1", "()"), ("(2,)", "[1]", "a", "(1.0,)", "(True,)", "")),
        ("match [0-9]+[DH]", ("2D", "10H"), ("D", "2DD", "")),
        ("text", ("x", " "), ("",)),
    ],
)
def test_a_hyperparameter_takes_what_its_words_say(text: str, good: tuple[str, ...], bad: tuple[str, ...]) -> None:
    one = read_hyperparameter("x", text)
    assert [value for value in (*good, *bad) if one.objection(value) is None] == [*good]


@pytest.mark.parametrize(
    ("text", "value", "mended"),
    [
        ("int [1, inf)", "3.0", "3"),
        ("int [1, inf)", "0.0", None),
        ("int [1, inf)", "3.5", None),
        ("float [0, 1]", "3", None),
        ("float [0, 1] or auto", "aut", "auto"),
        ("one of adam|sgd", "adan", "adam"),
        ("one of adam|sgd", " sgd", "sgd"),
        ("one of adam|sgd", "x", None),
        ("one of regressor|classifier", "reg", "regressor"),
        ("one of regressor|classifier", "re", None),
        ("list of rmse|auc", "rmse, auc", "rmse,auc"),
        ("list of rmse|auc", "rmse,nothing", None),
        ("bool", "yes", None),
        ("tuple of -1|0|1", "(2,)", None),
    ],
)
def test_what_a_refused_value_was_meant_as(text: str, value: str, mended: str | None) -> None:
    assert read_hyperparameter("x", text).mended(value) == mended


@pytest.mark.parametrize(
    ("name", "text", "example"),
    [
        ("k", "int [1, inf)", "10"),
        ("k", "int [20, inf)", "21"),
        ("x", "int [1, 5]", "5"),
        ("x", "float (0, 1)", "0.5"),
        ("x", "float [0, inf)", "1"),
        ("x", "int [1, inf); default 7", "7"),
        ("x", "one of a|b", "a"),
        ("x", "tuple of -1|0|1", "(-1,0,1)"),
        ("x", "ints", "10,20"),
        ("x", "text", "VALUE"),
    ],
)
def test_an_example_is_a_value_that_is_taken(name: str, text: str, example: str) -> None:
    one = read_hyperparameter(name, text)
    assert example_of(one) == example
    assert one.objection(example) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("int [1, inf)", "a whole number in [1, +inf)"),
        ("float (-inf, 0.5] or auto", "a number in (-inf, 0.5], or auto"),
        ("bool", "true or false"),
        ("bool or auto", "true or false, or auto"),
        ("one of a|b", "one of: a, b"),
        ("ints or x", "whole numbers with commas between, or x"),
        ("match [a]", "a text of the form [a]"),
    ],
)
def test_a_range_in_words(text: str, words: str) -> None:
    assert read_hyperparameter("x", text).range == words


def test_the_clauses_of_a_line_are_read() -> None:
    one = read_hyperparameter("x", "int [1, inf); default 3; also other; until 1.3; required with mode=a|b")
    assert (one.default, one.other_names, one.until, one.required) == ("3", ("other",), "1.3", False)
    assert one.required_with == ("mode", ("a", "b"))
    assert read_hyperparameter("x", "text; required").required
    assert read_hyperparameter("x", "text; required with mode").required_with == ("mode", ())


@pytest.mark.parametrize(
    ("name", "version", "values", "says"),
    [
        ("xgboost", "3.2-0", LINEAR, None),
        ("xgboost", "3.2-0", {}, "--num_round is missing: xgboost needs it, "),
        ("xgboost", "3.2-0", {**LINEAR, "lr": "0.1"}, "Did you mean --eta?"),
        ("xgboost", "3.2-0", {**LINEAR, "num-parallel-tree": "1"}, "Did you mean --num_parallel_tree?"),
        ("xgboost", "3.2-0", {**LINEAR, "depth": "1"}, "Did you mean --max_depth?"),
        ("xgboost", "3.2-0", {**LINEAR, "zzz": "1"}, "Drop it; 'ssm built_ins xgboost' lists those that there are."),
        ("xgboost", "3.2-0", {**LINEAR, "silent": "1"}, "3.2-0 has it no more"),
        ("xgboost", "1", {**LINEAR, "silent": "1"}, None),
        ("xgboost", "0.72", {**LINEAR, "silent": "1"}, None),
        ("xgboost", "0.90-1", {**LINEAR, "silent": "1"}, "0.90-1 has it no more"),
        ("xgboost", "3.2-0", {**LINEAR, "dept": "1"}, "Did you mean --max_depth?"),  # four letters of its name
        ("xgboost", "3.2-0", {**LINEAR, "dep": "1"}, "Drop it; 'ssm built_ins xgboost' lists those that there are."),
        ("xgboost", "latest", {**LINEAR, "silent": "1"}, None),
        ("xgboost", "3.2-0", {**LINEAR, "eta": "0.1", "learning_rate": "0.1"}, "are two names of one hyperparameter"),
        ("xgboost", "3.2-0", {**LINEAR, "learning_rate": "0.1"}, None),
        ("xgboost", "3.2-0", {**LINEAR, "learning_rate": "1.5"}, "--learning_rate '1.5' is not in [0, 1]"),
        ("kmeans", "1", {"k": "3", "feature_dim": "2"}, None),
        ("kmeans", "1", {"n_clusters": "3", "feature_dim": "2"}, "Did you mean --k?"),
    ],
)  # fmt: skip
def test_the_hyperparameters_of_a_job(name: str, version: str, values: dict[str, str], says: str | None) -> None:
    if says is None:
        check_values(algorithm(name), version, values)
        return
    with pytest.raises(UsageError) as refused:
        check_values(algorithm(name), version, values)
    assert says in str(refused.value)


def test_a_hyperparameter_that_is_searched_is_there() -> None:
    check_values(KMEANS, "1", {"feature_dim": "2"}, frozenset({"k"}))
    with pytest.raises(UsageError, match="Did you mean --k"):
        check_values(KMEANS, "1", {"feature_dim": "2"}, frozenset({"n_clusters"}))
