"""The machines of a job that is run again: several kinds of them stay, and members of answers alone are left out."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.job_specs import ReplaySpec
from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks.replay import request_again

GROUPS = [
    {"InstanceGroupName": "a", "InstanceType": "ml.c5.xlarge", "InstanceCount": 2},
    {"InstanceGroupName": "b", "InstanceType": "ml.g5.xlarge", "InstanceCount": 1},
]
PREFERENCES = [{"InstanceType": "ml.g5.xlarge"}, {"InstanceType": "ml.g6.xlarge"}]


def machines_again(machines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    now = datetime(2026, 1, 1, tzinfo=timezone.utc)
    answer: Any = {
        "TrainingJobName": "j1",
        "TrainingJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:training-job/j1",
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "CreationTime": now,
        "ResourceConfig": machines,
    }
    spec = ReplaySpec(place=Place(project="p", task="t"), **changes)
    return dict(request_again(of_training(answer), "j2", {}, spec)["ResourceConfig"])


@pytest.mark.parametrize("changed_type", [None, "local", "ml.g5.xlarge"])
def test_groups_of_machines_are_used_again(changed_type: str | None) -> None:
    again = machines_again({"InstanceGroups": GROUPS, "VolumeSizeInGB": 30}, changed_type=changed_type, volume_gb=50)
    assert again == {"InstanceGroups": GROUPS, "VolumeSizeInGB": 50}


def test_the_machine_that_sagemaker_chose_is_no_member_of_a_request() -> None:
    chosen = {"SelectedInstanceType": "ml.g6.xlarge", "SelectedInstanceCount": 2}
    again = machines_again({"InstancePreferences": PREFERENCES, "InstanceCount": 2, "VolumeSizeInGB": 30, **chosen})
    assert again == {"InstancePreferences": PREFERENCES, "InstanceCount": 2, "VolumeSizeInGB": 30}


@pytest.mark.parametrize("changes", [{"instance_count": 3}, {"changed_type": "ml.m5.large"}])
def test_one_kind_of_machine_cannot_take_the_place_of_several(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"--instance_type and --instance_count .*: ml\.c5\.xlarge, ml\.g5\.xlarge"):
        machines_again({"InstanceGroups": GROUPS, "VolumeSizeInGB": 30}, **changes)
