"""The environment and boto3's default session, which an emulated AWS takes over while it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator

import boto3
import pytest

from simple_sagemaker.testing import emulator


def test_the_environment_is_set_and_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    before = dict(os.environ)
    with emulator(region="eu-central-1") as aws:
        assert os.environ["AWS_ENDPOINT_URL"] == aws.url
        assert os.environ["AWS_REGION"] == aws.region == "eu-central-1"
        assert "AWS_PROFILE" not in os.environ
    assert dict(os.environ) == before
    with emulator(own_process=True, set_environment=False) as aws:
        assert dict(os.environ) == before
        with aws.environment():
            assert os.environ["AWS_ENDPOINT_URL"] == aws.url
    assert dict(os.environ) == before


@pytest.fixture
def kept_default_session() -> Iterator[None]:
    before = boto3.DEFAULT_SESSION
    yield
    boto3.DEFAULT_SESSION = before


@pytest.mark.usefixtures("kept_default_session")
def test_code_that_uses_the_default_session_is_led_there_each_time() -> None:
    boto3.setup_default_session(aws_access_key_id="mine", aws_secret_access_key="mine", region_name="us-west-2")
    mine = boto3.DEFAULT_SESSION
    for region in ("eu-central-1", "eu-west-1"):
        with emulator(region=region):
            client = boto3.client("s3")
            assert client.list_buckets()["Buckets"] == []
            assert client.meta.region_name == region
        assert boto3.DEFAULT_SESSION is mine
