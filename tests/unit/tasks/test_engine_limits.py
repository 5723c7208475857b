"""What is said before a job starts: values that look like secrets, and more hosts than this machine can bear."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Services
from simple_sagemaker.core.specs import Code, Instances, Place, ProcessSpec, TaskSpec
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks import engine_limits
from tests.unit.tasks.service import World

PLACE = Place(project="p", task="t")
CODE = Code(entry_point="t.py")
TOKEN = "hf_" + "a1" * 17
SECRETS = (TOKEN, "sk-" + "a1" * 20, "AKIA" + "A1" * 8, "https://me:word@host/simple", "aB3/" * 10)
HARMLESS: tuple[object, ...] = (
    "0.1",
    "<pad>",
    "bert-base-uncased",
    "s3://bucket/a/path/that/is/long",
    "2026-12-01-04-49-55",
    "a" * 40,
    7,
)
HARMLESS += ("the secret of a long life", "sk-learn-gradient-boosting", "say the password: word", "token: none at all")


def services(engine: Any) -> Services:
    return replace(World(FolderStore(Path())).services(), engine=engine)


def notes(engine: Any = "aws", **words: Any) -> list[str]:
    said: list[str] = []
    words = {"code": CODE, **words}
    engine_limits.check(TaskSpec(kind="run", place=PLACE, **words), services(engine), said.append)
    return said


@pytest.mark.parametrize("value", SECRETS)
def test_a_value_that_looks_like_a_secret_is_warned_of_and_not_shown(value: str) -> None:
    for words in ({"hyperparameters": {"key": value}}, {"tags": {"key": value}}, {"arguments": ("-x", value)}):
        (note,) = notes(**words)
        assert "looks like a secret" in note
        assert value not in note
    said: list[str] = []
    process = ProcessSpec(place=PLACE, code=CODE, arguments=(value,))
    engine_limits.check(process, services("aws"), said.append)
    assert "argument 1 of the code looks like a secret" in said[0]


@pytest.mark.parametrize("value", HARMLESS)
def test_other_values_are_not_warned_of(value: object) -> None:
    assert notes(hyperparameters={"pad_token": value}) == []


def test_several_secrets_are_one_warning() -> None:
    (note,) = notes(hyperparameters=dict.fromkeys("abcd", TOKEN))
    assert note.startswith("Warning: the hyperparameter a and the hyperparameter b and 2 more look like a secret")


@pytest.mark.parametrize("engine", ["local", "docker"])
def test_many_hosts_on_this_machine_are_warned_of_and_a_few_are_not(engine: Any) -> None:
    most = max(16, 4 * (os.cpu_count() or 1))
    few, many = (notes(engine, instances=Instances(type="local", count=count)) for count in (most, most + 1))
    assert [note for note in many if note not in few] == [note for note in many if "hosts on this one" in note]
    assert [note for note in many if f"{most + 1:,} hosts on this one" in note]


def test_many_machines_on_aws_are_not_warned_of() -> None:
    assert notes(instances=Instances(count=1000)) == []
