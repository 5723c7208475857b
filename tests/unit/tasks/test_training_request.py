"""What the golden requests do not show: every family of machines, every form of a key, values that are no texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from simple_sagemaker.core.distribution import runner_hyperparameters
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.specs import Code, Image, Instances, Kind, Place, Security, TaskSpec
from simple_sagemaker.tasks.training_request import Setting, hyperparameters, training_request

PLACE = Place(project="p", task="t")
SETTING = Setting(
    job="j",
    place=TaskPlace(bucket="b", project="p", task="t"),
    role_arn="arn:aws:iam::123456789012:role/r",
    region="eu-west-1",
    image_uri="i",
)
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def spec(kind: Kind = "run", **changes: Any) -> TaskSpec:
    return TaskSpec(kind=kind, place=PLACE, code=Code(entry_point="train.py"), **changes)


def resources(machine: str, key: str) -> Mapping[str, Any]:
    asked = spec(instances=Instances(type=machine), security=Security(kms_key_id=key))
    request = training_request(asked, SETTING, [])
    assert request["OutputDataConfig"]["KmsKeyId"] == key
    return request["ResourceConfig"]


@pytest.mark.parametrize(
    "machine", ["ml.m5.large", "ml.p3.2xlarge", "ml.c6i.xlarge", "ml.r5.large", "local", "ml.inf2.xlarge"]
)
def test_a_volume_is_encrypted_with_the_key(machine: str) -> None:
    assert resources(machine, KEY)["VolumeKmsKeyId"] == KEY


@pytest.mark.parametrize(
    "machine",
    [
        *("ml.m5d.large", "ml.c6id.xlarge", "ml.m5dn.large", "ml.g4dn.xlarge", "ml.p3dn.24xlarge", "ml.p4d.24xlarge"),
        *("ml.p4de.24xlarge", "ml.g5.xlarge", "ml.g6.xlarge", "ml.g6e.xlarge", "ml.p5.48xlarge", "ml.p5en.48xlarge"),
        *("ml.p6-b200.48xlarge", "ml.trn1.2xlarge", "ml.trn1n.32xlarge", "ml.trn2.48xlarge"),
    ],
)
def test_disks_that_are_built_in_take_no_key(machine: str) -> None:
    assert "VolumeKmsKeyId" not in resources(machine, KEY)


@pytest.mark.parametrize("alias", ["alias/x", "arn:aws:kms:eu-west-1:123456789012:alias/x"])
def test_a_volume_takes_no_alias(alias: str) -> None:
    assert "VolumeKmsKeyId" not in resources("ml.m5.large", alias)


def test_an_algorithm_reads_plain_text() -> None:
    asked = spec("algorithm", hyperparameters={"rounds": 5, "name": "a b", "on": True}, image=Image(uri="i"))
    assert hyperparameters(asked, SETTING) == {"rounds": "5", "name": "a b", "on": "True"}


def test_the_persons_values_are_json_and_cannot_stand_for_ours() -> None:
    told = hyperparameters(spec(hyperparameters={"n": 5, "sagemaker_program": "x"}), SETTING)
    assert (told["n"], told["sagemaker_program"]) == ("5", '"train.py"')


def test_pytorch_xla_is_told_by_one_word() -> None:
    told = runner_hyperparameters({"pytorchxla": {"enabled": True}}, "ml.p3.2xlarge")
    assert told == {"sagemaker_pytorch_xla_multi_worker_enabled": True}


def test_what_is_switched_off_is_not_told() -> None:
    assert runner_hyperparameters({"mpi": {"enabled": False, "processes_per_host": 2}}, "ml.m5.large") == {}
    assert runner_hyperparameters(None, "ml.m5.large") == {}


def test_a_job_without_channels_and_without_code_has_none() -> None:
    assert "InputDataConfig" not in training_request(spec("algorithm"), SETTING, [])
