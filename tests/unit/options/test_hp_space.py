from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.errors import UsageError
from simple_sagemaker.studies.begun import differences, words
from simple_sagemaker.studies.spec import Resource, TuneSpec
from simple_sagemaker.tuning.ranges import Categorical, Continuous, Integer, Range


@pytest.fixture
def worker(tmp_path: Path) -> str:
    path = tmp_path / "w.py"
    path.write_text("print('loss=1')\n", encoding="utf-8")
    return str(path)


def spec(worker: str, *words: str, space: tuple[str, ...] = ("--hp_space", "lr", "0.0..1.0")) -> TuneSpec:
    base = ("tune", "-p", "P", "-t", "T", "-e", worker, "--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min")
    parsed = parse([*base, *space, *words])
    assert isinstance(parsed, TuneSpec)
    return parsed


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("1e-5..1e-1@log", Continuous(name="x", low="1e-5", high="1e-1", scale="log")),
        ("2..8", Integer(name="x", low=2, high=8)),
        ("-5..10", Integer(name="x", low=-5, high=10)),
        ("-5.0..10", Continuous(name="x", low="-5.0", high="10")),
        ("2..8@log", Integer(name="x", low=2, high=8, scale="log")),
        ("0.5..0.999@reverselog", Continuous(name="x", low="0.5", high="0.999", scale="reverselog")),
        ("0..1@linear", Integer(name="x", low=0, high=1)),
        ("16..64/16", Integer(name="x", low=16, high=64, step=16)),
        ("0..1/0.25", Continuous(name="x", low="0", high="1", step="0.25")),
        ("0.0..1.0/0.1@linear", Continuous(name="x", low="0.0", high="1.0", step="0.1")),
        ("0.0..1.0/1e-15", Continuous(name="x", low="0.0", high="1.0", step="1e-15")),
        (".1...5", Continuous(name="x", low=".1", high=".5")),
        ("adam|sgd", Categorical(name="x", values=("adam", "sgd"))),
        ("1..2|3..4", Categorical(name="x", values=("1..2", "3..4"))),
        ("--a|-b", Categorical(name="x", values=("--a", "-b"))),
    ],
)
def test_words_become_a_range(worker: str, words: str, expected: Range) -> None:
    assert spec(worker, space=("--hp_space", "x", words)).space == (expected,)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("5..2", "reversed: write 2..5"),
        ("2..2", "the same"),
        ("1.0..1", "the same"),
        ("adam", "--x adam"),
        ("adam|", "empty value"),
        ("a|b|a", "'a' twice"),
        ("1..10@log/2", "steps are for a linear scale"),
        ("1..10/2@log", "steps are for a linear scale"),
        ("0..1@log", "begins above 0"),
        ("0.5..1.0@reverselog", "below 1"),
        ("0..1@reverselog", "not for whole numbers"),
        ("1..10@lgo", "did you mean @log?"),
        ("1..10@cubic", "linear, log, reverselog"),
        ("1..10/20", "has one value"),
        ("1..10/0", "no number above 0"),
        ("1..10/x", "no number above 0"),
        ("0.0..1.0/9e-16", "cannot tell its values apart. Make the step larger"),
        ("-1.0..0.5/9e-16", "cannot tell its values apart. Make the step larger"),
        ("1..nan", "is no range"),
        ("1..1e999", "that a computer can hold"),
        ("1.. 2", "is no range"),
        ("1-10", "is no range"),
        ("1..10@log@log", "has @ twice"),
    ],
)
def test_what_is_no_range_is_refused_with_the_way_out(worker: str, words: str, why: str) -> None:
    with pytest.raises(UsageError, match="--hp_space x") as error:
        spec(worker, space=("--hp_space", "x", words))
    assert why in str(error.value)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--tune_by", "hyperband"), "--tune_resource"),
        (("--tune_by", "bayes"), "Did you mean bayesian?"),
        (("--tune_by", "grid"), "infinitely many"),
        (("--tune_resource", "epochs", "1", "27"), "is for hyperband"),
        (("--tune_by", "hyperband", "--tune_resource", "epochs", "27", "1"), "less than MAX"),
        (("--tune_by", "hyperband", "--tune_resource", "epochs", "1", "x"), "whole numbers"),
        (("--tune_by", "hyperband", "--tune_resource", "lr", "1", "9"), "--hp_space searches it"),
        (("--tune_by", "hyperband", "--tune_resource", "e", "1", "9", "--tune_stop", "median"), "drop --tune_stop"),
        (("--tune_stop", "mean"), "off, median"),
        (("--tune_patience", "2"), "minimum is 3"),
        (("--tune_target", "good"), "takes a number"),
        (("--tune_target", "inf"), "no objective"),
        (("--tune_jobs", "0"), "minimum is 1"),
        (("--lr", "0.1"), "drop one of the two"),
        (("--tune_from", "other"), "learns from no earlier trial"),
        (("--no_wait",), "drives the search"),
        (("--clean_state",), "'ssm run'"),
        (("--hp_space", "n", "1..2", "--hp_space", "n", "1..3"), "twice"),
        (("--hp_space", "sagemaker_x", "1..2"), "toolkit reserves"),
        (("--tune_on", "aw"), "Did you mean aws?"),
    ],
)
def test_what_does_not_fit_together_is_refused(worker: str, words: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError) as error:
        spec(worker, *words)
    assert why in str(error.value)


def test_a_metric_without_a_definition_is_refused(worker: str) -> None:
    words = ("tune", "-p", "P", "-t", "T", "-e", worker, "--hp_space", "lr", "0.0..1.0")
    with pytest.raises(UsageError, match=r"(?s)no such metric.*--metric_definitions loss 'loss=\(\\S\+\)'"):
        parse([*words, "--tune_for", "loss", "min"])
    with pytest.raises(UsageError, match="Did you mean loss"):
        parse([*words, "--md", "loss", "(x)", "--tune_for", "los", "min"])
    with pytest.raises(UsageError, match="say min or max"):
        parse([*words, "--md", "loss", "(x)", "--tune_for", "loss", "low"])


def test_a_space_that_is_too_small_is_refused(worker: str) -> None:
    small = ("--hp_space", "n", "1..3", "--hp_space", "o", "a|b")
    with pytest.raises(UsageError, match="only 6 combinations"):
        spec(worker, "--tune_jobs", "7", space=small)
    assert spec(worker, "--tune_jobs", "6", space=small).max_trials == 6
    assert spec(worker, "--tune_by", "grid", space=small).max_trials is None


def test_everything_is_where_it_belongs(worker: str) -> None:
    words = ("--tune_by", "hyperband", "--tune_resource", "epochs", "1", "27", "--tune_jobs", "49", "--tune_seed", "3")
    more = ("--tune_at_once", "4", "--tune_target", "0.1", "--tune_patience", "9", "--tune_mins", "60", "--batch", "8")
    found = spec(worker, *words, *more, "--tune_failures", "0")
    assert found.resource == Resource(name="epochs", least=1, most=27)
    assert (found.max_trials, found.at_once, found.seed, found.target) == (49, 4, 3, 0.1)
    assert (found.patience, found.max_mins, found.failures, found.tuned_on) == (9, 60, 0, "client")
    assert dict(found.task.hyperparameters) == {"batch": "8"}


def test_run_does_not_take_the_words_of_a_search(worker: str) -> None:
    with pytest.raises(UsageError, match="ssm tune"):
        parse(["run", "-p", "P", "-t", "T", "-e", worker, "--tune_jobs", "3"])


def test_another_space_than_a_study_has_is_told_by_the_ranges(worker: str) -> None:
    def of(*ranges: str) -> TuneSpec:
        return spec(worker, space=tuple(word for one in ranges for word in ("--hp_space", *one.split())))

    known = {"words": words(of("lr 0.0..1.0", "n 1..9/2", "opt a|b")), "fingerprint": {}, "seed": 1}
    other = of("lr 0.1..1.0@log", "n 1..9", "opt a|b", "z 1..2")
    assert differences(other, known, {}) == [
        "space: lr 0.0..1.0 -> 0.1..1.0@log",
        "space: n 1..9/2 -> 1..9",
        "space: z not searched -> 1..2",
    ]
    assert differences(of("opt a|b", "n 1..9/2", "lr 0.0..1.0"), known, {}) == ["space: lr, n, opt -> opt, n, lr"]
