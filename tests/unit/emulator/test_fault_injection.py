"""Faults from a seed: the plan as it is typed, how often each fault is drawn, and which jobs exceed a quota."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from simple_sagemaker.emulator.fault_injection import Dice, Plan, parse
from simple_sagemaker.errors import UsageError


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        ("", Plan()),
        (" , ", Plan()),
        ("seed=7,throttle=0.25, error=.5,reset=1", Plan(seed=7, throttle=0.25, error=0.5, reset=1.0)),
        ("slow=0.1", Plan(slow=0.1, slow_s=0.5)),
        ("slow=0.1:3.5", Plan(slow=0.1, slow_s=3.5)),
        ("session=900,empty_page=1,jobs=1", Plan(session=900.0, empty_page=1.0, jobs=True)),
        ("jobs=0,capacity=1,interrupt=0", Plan(capacity=1.0)),
        ("quota=ml.p4d.24xlarge+ml.m5.large+", Plan(quota=("ml.p4d.24xlarge", "ml.m5.large"))),
    ],
)
def test_a_plan_is_what_was_typed(text: str, plan: Plan) -> None:
    assert parse(text) == plan


@pytest.mark.parametrize(
    "text",
    [
        "throttle=1.1",
        "throttle=-1",
        "throttle=",
        "throttle",
        "throttle=x",
        "throttle=0.1:3",
        "slow=0.1:x",
        "seed=x",
        "seed=-1",
        "session=long",
        "jobs=yes",
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(text: str) -> None:
    name, _, value = text.partition("=")
    wanted = {"seed": "a whole number", "session": "a number of seconds", "jobs": "0 or 1"}.get(
        name, "a probability from 0 to 1"
    )
    with pytest.raises(UsageError, match=f"The fault {name}={value!r} is not {wanted}"):
        parse(text)


@pytest.mark.parametrize("name", ["slow_s", "nothing"])
def test_a_fault_that_there_is_not_is_refused_with_those_there_are(name: str) -> None:
    with pytest.raises(
        UsageError, match=f"There is no fault '{name}'; faults are capacity, empty_page, error, interrupt, jobs"
    ):
        parse(f"{name}=1")


def drawn(**plan: Any) -> Counter[Any]:
    dice = Dice(Plan(seed=3, **plan))
    return Counter(dice.request_fault() for _ in range(4000))


def test_each_fault_comes_as_often_as_was_asked_for() -> None:
    counts = drawn(throttle=0.1, error=0.2, reset=0.4, slow=0.05)
    shares = {fault: count / 4000 for fault, count in counts.items()}
    assert shares == {
        "throttle": pytest.approx(0.1, abs=0.03),
        "error": pytest.approx(0.2, abs=0.03),
        "reset": pytest.approx(0.2, abs=0.03),
        "reset_after": pytest.approx(0.2, abs=0.03),
        "slow": pytest.approx(0.05, abs=0.03),
        None: pytest.approx(0.25, abs=0.03),
    }
    assert drawn() == {None: 4000}
    assert drawn(empty_page=1.0) == {"empty_page": 4000}
    assert drawn(throttle=1.0, empty_page=1.0) == {"throttle": 4000}


def test_the_same_seed_gives_the_same_faults_also_after_another_plan() -> None:
    plan = Plan(seed=5, throttle=0.5)
    first, second = Dice(plan), Dice(Plan(seed=9))
    once = [first.request_fault() for _ in range(50)]
    second.request_fault()
    second.replace(plan)
    assert [second.request_fault() for _ in range(50)] == once
    assert second.plan == plan


def test_only_spot_jobs_wait_for_machines_and_are_interrupted() -> None:
    dice = Dice(Plan(capacity=1.0, interrupt=1.0))
    waits, after = dice.job_fault({"EnableManagedSpotTraining": True})
    assert waits == 1.0
    assert len(after) == 1
    assert 0.05 <= after[0] <= 0.5
    assert dice.job_fault({}) == (0.0, ())
    assert Dice(Plan()).job_fault({"EnableManagedSpotTraining": True}) == (0.0, ())


SMALL, LARGE = "ml.m5.large", "ml.p4d.24xlarge"
TRAINING = {"TrainingJobName": "t"}


@pytest.mark.parametrize(
    ("request_", "limit", "delta"),
    [
        ({**TRAINING, "ResourceConfig": {"InstanceType": LARGE, "InstanceCount": 3}}, "training job usage", 3),
        (
            {**TRAINING, "ResourceConfig": {"InstanceType": LARGE}, "EnableManagedSpotTraining": True},
            "spot training job usage",
            1,
        ),
        (
            {
                **TRAINING,
                "ResourceConfig": {
                    "InstanceGroups": [
                        {"InstanceType": SMALL, "InstanceCount": 1},
                        {"InstanceType": LARGE, "InstanceCount": 2},
                    ]
                },
            },
            "training job usage",
            2,
        ),
        (
            {
                "ProcessingJobName": "p",
                "ProcessingResources": {"ClusterConfig": {"InstanceType": LARGE, "InstanceCount": 2}},
            },
            "processing job usage",
            2,
        ),
        (
            {"TransformJobName": "t", "TransformResources": {"InstanceType": LARGE, "InstanceCount": 4}},
            "transform job usage",
            4,
        ),
        (
            {
                "HyperParameterTuningJobName": "h",
                "HyperParameterTuningJobConfig": {"ResourceLimits": {"MaxParallelTrainingJobs": 3}},
                "TrainingJobDefinition": {"ResourceConfig": {"InstanceType": LARGE, "InstanceCount": 2}},
            },
            "training job usage",
            6,
        ),
    ],
)
def test_a_job_on_machines_without_quota_is_refused_in_the_services_words(
    request_: dict[str, Any], limit: str, delta: int
) -> None:
    refusal = Dice(Plan(quota=(LARGE,))).quota_refusal(request_)
    assert refusal
    assert refusal.startswith(f"The account-level service limit '{LARGE} for {limit}' is 0 Instances")
    assert f"a request delta of {delta} Instances." in refusal
    assert Dice(Plan(quota=("ml.c5.large",))).quota_refusal(request_) is None
    assert Dice(Plan()).quota_refusal(request_) is None
