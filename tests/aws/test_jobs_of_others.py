"""Jobs whose outputs lie in somebody else's bucket: it is not looked at, unless its owner is named."""

from __future__ import annotations

from typing import cast

import pytest

from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.store import Store
from simple_sagemaker.errors import AccessDenied
from simple_sagemaker.jobs import find_job
from simple_sagemaker.jobs.catalog import Listed
from simple_sagemaker.tasks import job_report
from tests.aws.conftest import FOREIGN, Cloud
from tests.unit.tasks.service import World, training


def listed(bucket: str) -> Listed:
    name = "t-2030-01-31-12-00-00-a1B2c3D4"
    answer = {**training(name, "Completed")}
    answer["ModelArtifacts"] = {"S3ModelArtifacts": f"s3://{bucket}/p/t/{name}/output/model.tar.gz"}
    return Listed(of_training(answer), "p", "t")


def test_a_foreign_bucket_is_not_looked_at_and_status_tells_the_rest(cloud: Cloud) -> None:
    cloud.foreign_bucket("theirs")
    services = replace(World(cast("Store", None)).services(), access=cloud.access())  # a store that must not be used
    job, notes = listed("theirs"), list[str]()
    with pytest.raises(AccessDenied, match="--bucket_owner"):
        find_job.check_bucket(job, None, services)
    place = find_job.readable_place(job, None, services, notes.append)
    assert place is None
    assert "--bucket_owner" in notes[0]
    assert job_report.report(job, place, services, notes.append).status == "Completed"
    trusted = find_job.readable_place(job, FOREIGN, services, notes.append)
    assert trusted == job.place
    assert len(notes) == 1


def test_a_bucket_that_is_gone_is_no_mistake(cloud: Cloud) -> None:
    services = replace(World(cast("Store", None)).services(), access=cloud.access())
    assert find_job.readable_place(listed("gone"), None, services, pytest.fail) is None
