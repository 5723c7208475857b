"""The environment and boto3's default session, which an emulated AWS takes over while it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

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


MISLEADING = {
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL_SAGEMAKER": "http://127.0.0.1:1",
    "AWS_SESSION_TOKEN": "of other keys",
    "AWS_SECURITY_TOKEN": "of other keys",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "HTTP_PROXY": "http://127.0.0.1:1",
    "NO_PROXY": "example.com",
}


@pytest.mark.parametrize("is_set_before", [True, False])
def test_what_a_company_sets_for_aws_does_not_lead_elsewhere(
    is_set_before: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("[default]\nignore_configured_endpoint_urls = true\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("no_proxy", raising=False)

    def mislead() -> None:
        for name, value in MISLEADING.items():
            monkeypatch.setenv(name, value)

    if is_set_before:
        mislead()
    with emulator(set_environment=False) as aws:
        mislead()
        assert aws.client("s3").list_buckets()["Buckets"] == []
        with aws.environment():
            assert boto3.client("s3").list_buckets()["Buckets"] == []
            assert boto3.client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []
        assert {name: os.environ[name] for name in MISLEADING} == MISLEADING
        assert "no_proxy" not in os.environ


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
