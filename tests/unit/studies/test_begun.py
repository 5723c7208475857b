"""What a study was begun with: read back, held against other words, and learned from by another search."""

from __future__ import annotations

import json
from typing import Any

import pytest

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.rules import Metric
from simple_sagemaker.core.services import Services
from simple_sagemaker.errors import InputNotFound, SsmError, UsageError
from simple_sagemaker.studies.begun import differences, read_study, study_file, words
from simple_sagemaker.studies.earlier import earlier_trials
from simple_sagemaker.studies.journal import Journal
from simple_sagemaker.studies.spec import Resource
from simple_sagemaker.tuning.ranges import Categorical, Continuous, Integer
from tests.unit.memory import MemoryStore
from tests.unit.studies.test_study import SPACE, end, limits, spec, start
from tests.unit.tasks.service import World

PLACE = TaskPlace(bucket="b", project="P", task="T")
DIGESTS = {"code": "1", "inputs": "2"}
WHOLE: dict[str, Any] = {"version": 1, "seed": 7, "words": words(spec()), "fingerprint": DIGESTS, "request": {}}


def services(store: MemoryStore | None = None) -> Services:
    return World(store or MemoryStore()).services()


@pytest.mark.parametrize(
    ("changes", "digests", "differing"),
    [
        ({}, {}, []),
        ({"seed": 7}, {}, []),
        ({"seed": 8}, {}, ["seed: 7 -> 8"]),
        ({"goal": "max"}, {}, ["goal: min -> max"]),
        ({"strategy": "grid"}, {}, ["strategy: random -> grid"]),
        ({"stops_early": True}, {}, ["early stopping: False -> True"]),
        ({"learn_from": "other"}, {}, ["study to learn from: none -> other"]),
        ({"resource": Resource(name="epochs", least=1, most=9)}, {}, ["resource: none -> epochs 1 9"]),
        ({"tuned_on": "aws"}, {}, ["driven by: client -> aws"]),
        ({}, {"code": "9"}, ["code"]),
        ({}, {"image": "x"}, ["image"]),
        ({}, {"image": ""}, []),
        ({"space": SPACE[::-1]}, {}, ["space: rate, kind -> kind, rate"]),
        ({"space": SPACE[:1]}, {}, ["space: kind a|b -> not searched"]),
        (
            {"space": (Continuous(name="rate", low="0", high="2", scale="log"), *SPACE[1:])},
            {},
            ["space: rate 0..1 -> 0..2@log"],
        ),
        (
            {"space": (*SPACE, Integer(name="n", low=2, high=8, step=2))},
            {},
            ["space: n not searched -> 2..8/2"],
        ),
        ({"goal": "max", "strategy": "grid"}, {"code": "9"}, ["goal: min -> max", "strategy: random -> grid", "code"]),
    ],
)
def test_what_differs_is_named_with_both_values(
    changes: dict[str, Any], digests: dict[str, str], differing: list[str]
) -> None:
    assert differences(spec(**changes), WHOLE, {**DIGESTS, **digests}) == differing


def test_another_regex_of_the_metric_is_another_search() -> None:
    known = {**WHOLE, "words": {**WHOLE["words"], "metric": {"name": "loss", "regex": "(y)"}}}
    assert differences(spec(), known, DIGESTS) == ["metric: loss (y) -> loss (x)"]
    damaged = {**WHOLE, "words": {**WHOLE["words"], "space": [["Continuous"]]}}
    assert differences(spec(), damaged, DIGESTS) == ["space: damaged"]


def kept(content: Any) -> MemoryStore:
    store = MemoryStore()
    store.write("b", study_file(PLACE), content if isinstance(content, bytes) else json.dumps(content).encode())
    return store


def test_a_study_is_read_as_it_was_begun() -> None:
    assert read_study(PLACE, services()) is None
    assert read_study(PLACE, services(kept(WHOLE))) == WHOLE
    on_aws = {**WHOLE, "words": words(spec(tuned_on="aws")), "tuning_job": "t"}
    assert read_study(PLACE, services(kept(on_aws))) == on_aws


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"{", "The study is damaged: s3://b/P/T/study/study.json: "),
        ([], "The study is damaged: s3://b/P/T/study/study.json: "),
        ({}, "The study is damaged: s3://b/P/T/study/study.json: 'version'"),
        ({**WHOLE, "version": 2}, r"is of another version of ssm \(2\): use that one"),
        ({**WHOLE, "seed": "7"}, "it lacks or has wrong: seed"),
        ({**WHOLE, "seed": True}, "it lacks or has wrong: seed"),
        ({**WHOLE, "words": [], "request": None}, "it lacks or has wrong: words, request"),
        ({**WHOLE, "tuning_job": "t"}, "it lacks or has wrong: tuning_job"),
        ({**WHOLE, "words": words(spec(tuned_on="aws"))}, "it lacks or has wrong: tuning_job"),
        ({**WHOLE, "words": words(spec(tuned_on="aws")), "tuning_job": 3}, "it lacks or has wrong: tuning_job"),
    ],
)
def test_a_damaged_or_a_newer_study_is_no_study(content: Any, why: str) -> None:
    with pytest.raises(SsmError, match=why):
        read_study(PLACE, services(kept(content)))


class TestLearning:
    @pytest.fixture
    def store(self) -> MemoryStore:
        """A study of another task with three trials: one good, one beyond our space, one that failed."""
        store = MemoryStore()
        where = TaskPlace(bucket="b", project="P", task="other")
        store.write("b", study_file(where), json.dumps(WHOLE).encode())
        journal = Journal(where, store)
        beyond = {**start(2), "values": {"rate": "5", "kind": "a"}}
        events = (limits(), start(1), end(1, 0.5), beyond, end(2, 0.25), start(3), end(3, None, status="Failed"))
        for event in events:
            assert journal.append(event)
        return store

    def test_trials_whose_values_lie_in_the_space_are_learned_from(self, store: MemoryStore) -> None:
        notes: list[str] = []
        (past,) = earlier_trials(spec(learn_from="other"), PLACE, services(store), notes.append)
        assert (past.values, past.objective) == ({"rate": "0.1", "kind": "a"}, 0.5)
        assert past.number < 0  # older than every trial of the search
        assert notes == ["Learning from 1 trials of other; 1 more have values that this search does not"]
        wide = (Continuous(name="rate", low="0", high="9"), Categorical(name="kind", values=("a",)))
        assert len(earlier_trials(spec(learn_from="other", space=wide), PLACE, services(store), notes.append)) == 2
        assert notes[1] == "Learning from 2 trials of other"

    def test_nothing_is_learned_where_nobody_asked_or_sagemaker_does(self, store: MemoryStore) -> None:
        notes: list[str] = []
        assert earlier_trials(spec(), PLACE, services(store), notes.append) == []
        assert earlier_trials(spec(learn_from="other", tuned_on="aws"), PLACE, services(store), notes.append) == []
        assert notes == []

    def test_a_study_that_is_not_there_or_for_another_objective_is_refused(self, store: MemoryStore) -> None:
        with pytest.raises(InputNotFound, match="--tune_from gone: that task has no study in project P"):
            earlier_trials(spec(learn_from="gone"), PLACE, services(store), lambda _: None)
        with pytest.raises(UsageError, match="that study is for loss min, and this one for loss max"):
            earlier_trials(spec(learn_from="other", goal="max"), PLACE, services(store), lambda _: None)
        made = spec(learn_from="other", metric="f1")
        other = Metric(name="f1", regex="(x)")
        made = type(made)(**{**vars(made), "task": type(made.task)(**{**vars(made.task), "metrics": (other,)})})
        with pytest.raises(UsageError, match="that study is for loss min, and this one for f1 min"):
            earlier_trials(made, PLACE, services(store), lambda _: None)
