"""Sessions of a job's process: whose models its clients are made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.local.data.stores import make_session
from simple_sagemaker.local.job.home import Settings

ROLE = Settings(python="", region="eu-west-1", credentials_uri="http://127.0.0.1:1/role")


def test_sessions_share_the_models_that_were_read_once() -> None:
    one, other = make_session(ROLE), make_session(ROLE)
    assert one is not other
    assert one.get_component("data_loader") is other.get_component("data_loader")
    assert one.get_config_variable("region") == "eu-west-1"


def test_models_of_a_persons_own_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert str(tmp_path) in make_session(ROLE).get_component("data_loader").search_paths
