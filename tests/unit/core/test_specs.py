"""What holds where nothing is said: the defaults of every value, as the pages tell them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core import layout
from simple_sagemaker.core.services import Reading, no_price
from simple_sagemaker.core.specs import (
    Code,
    Download,
    Image,
    Instances,
    LocalInput,
    Place,
    ProcessSpec,
    Rerun,
    S3Input,
    Security,
    TaskInput,
    TaskSpec,
)

PLACE = Place(project="p", task="t")
DEFAULTS: list[tuple[Any, dict[str, Any]]] = [
    (PLACE, {"prefix": "", "bucket": None, "bucket_owner": None, "data_store": None, "aws_region": None}),
    (PLACE, {"aws_profile": None, "is_local": False}),
    (Code(), {"entry_point": None, "source_dir": None, "source_uri": None, "entry_file": None, "entry_uri": None}),
    (Code(), {"dependencies": (), "command": None, "use_gitignore": False}),
    (Instances(), {"type": "ml.m5.large", "count": 1, "volume_gb": 30, "spot": True, "max_wait_mins": 0}),
    (Instances(), {"max_run_mins": 1440, "keep_alive_mins": 0, "retry_attempts": 0, "wait_mins": 1440}),
    (Instances(max_wait_mins=9, max_run_mins=5), {"wait_mins": 9}),
    (Image(), {"framework": "pytorch", "framework_version": None, "py_version": None, "docker_file": None}),
    (Image(), {"aws_repo_name": None, "repo_name": None, "image_tag": "latest", "uri": None, "built_in": None}),
    (Security(), {"role_name": None, "read_buckets": (), "vpc_subnets": (), "vpc_security_groups": ()}),
    (Security(), {"kms_key_id": None, "network_isolation": False, "encrypt_traffic": False}),
    (LocalInput(path=Path()), {"distribution": "FullyReplicated", "subdir": "", "name": "data", "is_main": True}),
    (S3Input(name="x", uri="s3://b"), {"distribution": "FullyReplicated", "subdir": "", "content_type": None}),
    (TaskInput(name="x", task="t", type="model"), {"distribution": "FullyReplicated", "subdir": ""}),
    (Rerun(), {"force_running": False, "clean_state": False, "if_changed": False, "skip_status": 0}),
    (Download(), {"path": None, "logs": True, "state": False, "model": False, "output": False, "source": False}),
    (TaskSpec(kind="run", place=PLACE, code=Code()), {"instances": Instances(), "image": Image(), "inputs": ()}),
    (TaskSpec(kind="run", place=PLACE, code=Code()), {"hyperparameters": {}, "arguments": (), "tags": {}}),
    (TaskSpec(kind="run", place=PLACE, code=Code()), {"input_mode": "File", "launched_by": None, "dry_run": False}),
    (TaskSpec(kind="run", place=PLACE, code=Code()), {"wait": True, "shows": "everything", "keeps_state": True}),
    (TaskSpec(kind="run", place=PLACE, code=Code()), {"rerun": Rerun(), "download": Download(), "environment": {}}),
    (ProcessSpec(place=PLACE), {"code": Code(), "instances": Instances(type="ml.t3.medium", spot=False)}),
    (ProcessSpec(place=PLACE), {"image": Image(framework="sklearn", framework_version="0.20.0"), "command": ()}),
    (ProcessSpec(place=PLACE), {"dry_run": False, "wait": True, "shows": "everything", "kind": "process"}),
    (ProcessSpec(place=PLACE), {"input_paths": {}, "output_paths": {}, "rerun": Rerun(), "security": Security()}),
    (Reading(), {"pages": sys.maxsize, "breath_s": 0.0, "listing": 1, "settle_s": ()}),
]


@pytest.mark.parametrize(("value", "defaults"), DEFAULTS)
def test_the_defaults_are_these(value: Any, defaults: dict[str, Any]) -> None:
    assert {name: getattr(value, name) for name in defaults} == defaults


def test_without_a_price_list_nothing_is_known() -> None:
    assert no_price("ml.m5.large", "training") is None
    assert Reading().pace(9) == 0.02


@pytest.mark.parametrize(
    ("address", "parts"),
    [("s3://b/k/x", ("b", "k/x")), ("s3://b", ("b", "")), ("s3://b/", ("b", "")), ("s3://b//k", ("b", "/k"))],
)
def test_an_address_has_a_bucket_and_a_key(address: str, parts: tuple[str, str]) -> None:
    assert layout.split_uri(address) == parts


@pytest.mark.parametrize("address", ["s3", "s3:b/k", "s3:///k", "https://b/k", "b/k", ""])
def test_another_address_is_none(address: str) -> None:
    with pytest.raises(ValueError, match="not an s3://bucket/key address"):
        layout.split_uri(address)


@pytest.mark.parametrize(
    ("key", "number"), [("trials/003/x", 3), ("trials/1000/x", 1000), ("trials/03/x", None), ("x/trials/003/", None)]
)
def test_a_trial_is_known_by_its_key(key: str, number: int | None) -> None:
    assert layout.trial_number(key) == number


@pytest.mark.parametrize(("job", "number"), [("x-003-0a1b2c3d", 3), ("x-003-0A1B2C3D", None), ("x-3-0a1b2c3d", None)])
def test_a_trial_of_a_tuning_job_is_known_by_its_name(job: str, number: int | None) -> None:
    assert layout.tuning_trial(job) == number


def test_where_everything_of_a_task_lies() -> None:
    place = layout.TaskPlace(bucket="b", project="p", task="t", prefix="x/")
    assert [place.folder, place.project_folder, place.claim, place.state, place.input, place.named_input("c")] == [
        *("x/p/t/", "x/p/", "x/p/t/claim.json", "x/p/t/state/", "x/p/t/input/", "x/p/t/inputs/c/"),
    ]
    assert [place.source("j"), place.model("j"), place.output("j"), place.study, place.best_trial, place.trials] == [
        *("x/p/t/j/source/", "x/p/t/j/model/", "x/p/t/j/output/", "x/p/t/study/", "x/p/t/study/best.json"),
        "x/p/t/trials/",
    ]
    assert (place.trial(7).folder, place.trial(7).trial_number, place.trial_number) == ("x/p/t/trials/007/", 7, None)
    assert layout.is_directory_bucket("b--x-s3")
    assert not layout.is_directory_bucket("b-x-s3")
