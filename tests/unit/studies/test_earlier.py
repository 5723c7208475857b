"""What a search learns from a study that a tuning job of SageMaker drove."""

from __future__ import annotations

import json

from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.records import replace
from simple_sagemaker.studies.begun import study_file, words
from simple_sagemaker.studies.earlier import earlier_trials
from tests.unit.memory import MemoryStore
from tests.unit.studies.test_service_driver import Tuner, ended, services_of, trial
from tests.unit.studies.test_study import spec

HERE = TaskPlace(bucket="b", project="P", task="new")
THERE = replace(HERE, task="old")


def test_a_tuning_jobs_trials_are_those_that_the_service_lists() -> None:
    store = MemoryStore()
    begun = {"version": 1, "seed": 7, "words": words(spec(tuned_on="aws")), "fingerprint": {}, "request": {}}
    store.write("b", study_file(THERE), json.dumps({**begun, "tuning_job": "T-2030"}).encode())
    tuner = Tuner(looks=[("Completed", [ended(1, 0.5), trial(2), ended(3, 0.25)])])
    notes: list[str] = []
    learned = earlier_trials(spec(learn_from="old"), HERE, services_of(tuner, store), notes.append)
    assert [(one.number, one.objective) for one in learned] == [(1 - 1_000_000, 0.5), (3 - 1_000_000, 0.25)]
    assert learned[0].values == {"rate": "0.5", "kind": "a", "odd": '"x'}
    assert notes == ["Learning from 2 trials of old"]
