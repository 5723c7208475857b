"""A job's tags: fifty at most, by the ARN of the one job that is meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.local.api.job_description import arn_of
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.job.kinds import PROCESSING, TRAINING
from tests.unit.local.made_jobs import make

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs need Linux or macOS")


def test_a_job_has_fifty_tags_and_no_more(tmp_path: Path) -> None:
    home = Home(tmp_path)
    engine = LocalSageMaker(home, settings=Settings(python=sys.executable))
    arn = arn_of(make(home, "job", t="1"))
    more = [{"Key": f"k{number}", "Value": ""} for number in range(49)]
    assert len(engine.add_tags(ResourceArn=arn, Tags=more)["Tags"]) == 50
    with pytest.raises(ClientError, match="at most 50 tags"):
        engine.add_tags(ResourceArn=arn, Tags=[{"Key": "one more", "Value": ""}])
    engine.add_tags(ResourceArn=arn, Tags=[{"Key": "t", "Value": "2"}])  # which it has
    answer = engine.list_tags(ResourceArn=arn)
    assert answer["Tags"] == [{"Key": "t", "Value": "2"}, *more]
    assert "NextToken" not in answer
    engine.delete_tags(ResourceArn=arn, TagKeys=["t", "none"])
    assert engine.list_tags(ResourceArn=arn)["Tags"] == more


def test_twins_of_both_kinds_have_tags_of_their_own(tmp_path: Path) -> None:
    home = Home(tmp_path)
    engine = LocalSageMaker(home, settings=Settings(python=sys.executable))
    for kind, value in ((TRAINING, "1"), (PROCESSING, "2")):
        make(home, "Twin", kind=kind, t=value)
    for kind, value in ((TRAINING, "1"), (PROCESSING, "2")):
        assert engine.list_tags(ResourceArn=kind.arn("Twin"))["Tags"] == [{"Key": "t", "Value": value}]
    with pytest.raises(ClientError, match="not found"):
        engine.list_tags(ResourceArn=TRAINING.arn("other"))
