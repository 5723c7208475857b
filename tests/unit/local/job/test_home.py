"""The engine's folder, and the variables that lead a job's AWS clients to its endpoints."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.job.home import Home, Settings

EMULATOR, OTHER = "http://127.0.0.1:5555", "http://127.0.0.1:9000"


@pytest.mark.parametrize(
    ("settings", "variables"),
    [
        ({}, {"AWS_REGION": "us-east-1"}),
        (
            {"aws_endpoint": EMULATOR, "s3_endpoint": EMULATOR, "region": "eu-west-1"},
            {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": EMULATOR},
        ),
        (
            {"aws_endpoint": EMULATOR, "s3_endpoint": OTHER},
            {
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": EMULATOR,
                "AWS_ENDPOINT_URL_S3": OTHER,
            },
        ),
        ({"s3_endpoint": OTHER}, {"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_S3": OTHER}),
        (
            {"credentials_uri": f"{EMULATOR}/role"},
            {"AWS_REGION": "us-east-1", "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{EMULATOR}/role"},
        ),
    ],
)
def test_a_jobs_clients_go_where_its_engine_has_its_services(
    settings: dict[str, Any], variables: dict[str, str]
) -> None:
    assert Settings(python="python", **settings).variables() == variables


def test_settings_come_back_from_their_file_and_have_sagemakers_defaults() -> None:
    settings = Settings(python="python", interrupt_after_s=(1.0, 2.0), docker=["docker"], region="eu-west-1")
    assert Settings.from_json({**asdict(settings), "home": "/home"}) == settings
    defaults = Settings(python="python")
    assert (defaults.isolation, defaults.stop_grace_s, defaults.clock_speed) == ("auto", 120.0, 1.0)
    assert (defaults.log_limit_mb, defaults.spot_wait_s, defaults.callers_s3) == (1024, 0.0, False)


def test_what_can_be_made_again_is_in_the_cache_and_nothing_else_is(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert home.cache not in home.of_jobs
    assert all(path.parent == home.cache for path in (home.environments, home.upload_index))
    kept = {home.jobs, home.buckets, home.experiments, home.models, home.mlflow, home.regions}
    assert set(home.of_jobs) == kept
    assert len(kept | {home.cache, home.locks}) == 8
    assert all(path.parent == tmp_path for path in kept)
