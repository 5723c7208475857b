"""Models that are kept without their texts: clients made from them are as botocore's own."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import create_loader
from botocore.session import Session

from simple_sagemaker.aws.models import keeping_loader

SERVICES = ("ecr", "iam", "logs", "pricing", "resourcegroupstaggingapi", "s3", "sagemaker", "ssm", "sts")


def kept(cache: Path) -> Any:
    return keeping_loader(cache, create_loader())


def session(loader: Any = None) -> Session:
    made = Session()
    made.set_credentials("key", "secret")
    if loader is not None:
        made.register_component("data_loader", loader)
    return made


def without_texts(value: Any, within: str = "") -> Any:
    """A model, told from texts by where they are: members and operations have any names."""
    if isinstance(value, list):
        return [without_texts(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = within in {"members", "shapes", "operations"}
    texts = set() if named else {"documentation", "documentationUrl", "examples"}
    return {key: without_texts(item, "" if named else key) for key, item in value.items() if key not in texts}


@pytest.mark.parametrize("service", SERVICES)
def test_a_kept_model_has_all_but_texts(service: str, tmp_path: Path) -> None:
    whole = without_texts(create_loader().load_service_model(service, "service-2"))
    for _ in range(2):  # made, and read again
        assert without_texts(kept(tmp_path).load_service_model(service, "service-2")) == whole


@pytest.mark.parametrize("service", SERVICES)
def test_clients_find_the_same_endpoints_in_every_region(service: str, tmp_path: Path) -> None:
    own, ours = session(create_loader()), session(kept(tmp_path))
    for region in ("us-east-1", "eu-central-1", "cn-north-1", "us-gov-west-1", "xx-new-1"):
        clients = [one.create_client(service, region) for one in (own, ours)]
        assert clients[0].meta.endpoint_url == clients[1].meta.endpoint_url
        assert clients[0].meta.service_model.signing_name == clients[1].meta.service_model.signing_name
        requests = [_signed_for(one) for one in clients]
        assert requests[0] == requests[1]


def _signed_for(client: Any) -> Any:
    return client._ruleset_resolver.construct_endpoint(
        operation_model=client.meta.service_model.operation_model(client.meta.service_model.operation_names[0]),
        call_args={"Bucket": "b"},
        request_context={"client_region": client.meta.region_name, "client_config": client.meta.config, "signing": {}},
    )


def test_pages_and_waiters_are_there(tmp_path: Path) -> None:
    for _ in range(2):
        client = session(kept(tmp_path)).create_client("sagemaker", "us-east-1")
        assert client.can_paginate("list_training_jobs")
        assert "training_job_completed_or_stopped" in client.waiter_names


@pytest.mark.parametrize("damage", [b"[]", b"null", b"{}", b"", b"{", b"\xff", b"[" * 100_000])
def test_a_damaged_model_is_read_anew(tmp_path: Path, damage: bytes) -> None:
    kept(tmp_path).load_service_model("sts", "service-2")
    (file,) = tmp_path.glob(f"models-{botocore.__version__}/sts-service-2.json")
    whole = file.read_bytes()
    file.write_bytes(damage)
    assert kept(tmp_path).load_service_model("sts", "service-2") == json.loads(whole)
    assert file.read_bytes() == whole


def test_where_nothing_can_be_kept_it_works_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    model = kept(tmp_path / "file" / "cache").load_service_model("sts", "service-2")
    assert model["operations"]["GetCallerIdentity"]["documentation"] == ""


def test_what_another_version_kept_is_removed(tmp_path: Path) -> None:
    (tmp_path / "models-0.1").mkdir()
    (tmp_path / "prices").mkdir()
    kept(tmp_path).load_service_model("sts", "service-2")
    assert {path.name for path in tmp_path.iterdir()} == {f"models-{botocore.__version__}", "prices"}


def test_a_persons_own_models_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own" / "sts" / "2099-01-01"
    own.mkdir(parents=True)
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path / "own"))
    core = Session()
    from botocore.loaders import Loader

    theirs = Loader(extra_search_paths=[str(tmp_path / "own")])
    assert keeping_loader(tmp_path / "cache", theirs) is theirs
    assert core.get_config_variable("data_path") == str(tmp_path / "own")
    assert not os.path.exists(tmp_path / "cache")
