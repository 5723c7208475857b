"""Times and tags of a request at the service's bounds."""

from __future__ import annotations

from typing import Any

import pytest

from simple_sagemaker.local.api.validation import _check_limits, check_tags
from simple_sagemaker.local.requests import transform

LONGEST = 28 * 24 * 3600
WAIT = "Invalid MaxWaitTimeInSeconds. It "


@pytest.mark.parametrize(
    ("run", "wait", "spot", "objection"),
    [
        (LONGEST, None, False, None),
        (LONGEST + 1, None, False, f"MaxRuntimeInSeconds can be at most {LONGEST} (28 days), not {LONGEST + 1}."),
        (60, 60, False, f"{WAIT}is only supported when EnableManagedSpotTraining is set to true"),
        (60, 60, True, None),
        (60, 59, True, f"{WAIT}must be present and be greater than or equal to MaxRuntimeInSeconds"),
        (60, None, True, f"{WAIT}must be present and be greater than or equal to MaxRuntimeInSeconds"),
        (None, 86_400, True, None),
        (None, 86_399, True, f"{WAIT}must be present and be greater than or equal to MaxRuntimeInSeconds"),
        (None, None, False, None),
    ],
)
def test_a_job_may_run_for_28_days_and_a_spot_job_wait_at_least_as_long_as_it_runs(
    run: int | None, wait: int | None, spot: bool, objection: str | None
) -> None:
    limits = {"MaxRuntimeInSeconds": run, "MaxWaitTimeInSeconds": wait}
    condition = {name: value for name, value in limits.items() if value is not None}
    request: dict[str, Any] = {"StoppingCondition": condition, "EnableManagedSpotTraining": spot}
    assert _check_limits(request) == objection


def test_machines_of_spot_jobs_are_not_kept_alive() -> None:
    kept = {"ResourceConfig": {"KeepAlivePeriodInSeconds": 60}}
    assert _check_limits(kept) is None
    condition = {"StoppingCondition": {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}}
    assert "KeepAlivePeriodInSeconds cannot be set" in str(
        _check_limits({**kept, **condition, "EnableManagedSpotTraining": True})
    )


def test_a_resource_has_fifty_tags_at_most_each_of_its_own_key() -> None:
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(51)]
    assert check_tags(tags[:50]) is None
    assert check_tags(tags) == "A resource can have at most 50 tags."
    assert check_tags([*tags[:2], *tags[:2]]) == "Duplicate tag keys: k0, k1."
    reserved = [{"Key": "AWS:x", "Value": ""}, {"Key": "aws:y", "Value": ""}, {"Key": "awsome", "Value": ""}]
    assert check_tags(reserved) == "Tag keys that begin with aws: are reserved for AWS: AWS:x, aws:y."


def test_a_transform_job_has_the_services_defaults() -> None:
    assert (transform.PAYLOAD_MB, transform.CONCURRENT, transform.TIMEOUT_S, transform.RETRIES) == (6, 1, 600, 3)
