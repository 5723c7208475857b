"""What counts of a trial, and journals of trials that the engine did not write."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.local.api.job_description import as_time
from simple_sagemaker.local.api.tuning.trials import Trial, facts_of, trial_entry
from tests.unit.local.api.tuning.machine import NAME, Machine, facts

BEGUN = trial_entry(Trial(number=1, name="search-1", definition=0, values={"n": "1"}))


@pytest.mark.parametrize(
    ("status", "objective"), [("Completed", 2.0), ("Stopped", 2.0), ("Failed", None), ("InProgress", None)]
)
def test_only_a_job_that_completed_or_was_stopped_has_its_objective(status: str, objective: float | None) -> None:
    metrics = [{"MetricName": "other", "Value": 1.0}, {"MetricName": "loss", "Value": 2.0}]
    created = as_time(5.0)
    description = {"TrainingJobStatus": status, "FinalMetricDataList": metrics, "CreationTime": created}
    assert facts_of(description, "loss") == {"status": status, "objective": objective, "created": 5.0}
    assert facts_of(description, "none")["objective"] is None
    more = {"FailureReason": "why", "TrainingStartTime": as_time(6.0), "TrainingEndTime": as_time(7.0)}
    known = facts_of({**description, **more}, "loss")
    assert (known["reason"], known["started"], known["finished"]) == ("why", 6.0, 7.0)


DAMAGE: list[dict[str, Any]] = [
    {"trial": {**BEGUN["trial"], "number": "1"}},
    {"trial": {**BEGUN["trial"], "number": True}},
    {"trial": {**BEGUN["trial"], "name": "../x"}},
    {"trial": {**BEGUN["trial"], "name": 1}},
    {"trial": {**BEGUN["trial"], "values": {"n": 1}}},
    {"trial": {"number": 1}},
    {"ended": 2, "facts": facts()},
    {"ended": 1, "facts": {"status": "Completed", "objective": None}},
    {"ended": 1, "facts": {"status": "Completed", "created": 1.0}},
    {"ended": 1, "facts": facts() | {"objective": "1"}},
    {"ended": 1, "facts": facts() | {"started": "1"}},
    {"ended": 1, "facts": facts() | {"finished": 1e300}},
    {"ended": 1, "facts": facts() | {"reason": 1}},
    {"ended": 1, "facts": facts() | {"status": 1}},
]


@pytest.mark.parametrize("entry", DAMAGE)
def test_a_journal_that_the_engine_did_not_write_is_damage(machine: Machine, entry: dict[str, Any]) -> None:
    machine.create()
    machine.job().append(**BEGUN)
    machine.job().append(**entry)
    for operation in ("DescribeHyperParameterTuningJob", "ListTrainingJobsForHyperParameterTuningJob"):
        with pytest.raises(ClientError) as caught:
            machine.operations.answer(operation, {NAME: "search"})
        assert caught.value.operation_name == operation
        assert caught.value.response["Error"] == {
            "Code": "DamagedJob",
            "Message": "Job search is damaged: its files are not those of a tuning job.\nIts folder can be deleted.",
        }
