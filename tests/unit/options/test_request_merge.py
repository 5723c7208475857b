"""A file of members for the request: what is read of it, and what is refused in the words that were typed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.specs import RequestMerge
from simple_sagemaker.errors import UsageError
from tests.unit.options.test_rules import read


@pytest.fixture
def worker(tmp_path: Path) -> str:
    file = tmp_path / "worker.py"
    file.touch()
    return str(file)


def members(worker: str, path: Path) -> RequestMerge | None:
    spec: Any = read(worker, "--request_merge", str(path))
    merge: RequestMerge | None = spec.request_merge
    return merge


def test_json_and_toml_say_the_same(worker: str, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"ResourceConfig": {"TrainingPlanArn": "arn"}, "Tags": [{"Key": "a"}]}')
    (tmp_path / "a.toml").write_text('[ResourceConfig]\nTrainingPlanArn = "arn"\n[[Tags]]\nKey = "a"\n')
    of_json, of_toml = (members(worker, tmp_path / name) for name in ("a.json", "a.toml"))
    assert of_json is not None
    assert of_toml is not None
    assert of_json.members == of_toml.members == {"ResourceConfig": {"TrainingPlanArn": "arn"}, "Tags": [{"Key": "a"}]}
    assert of_json.file == str(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.json", b"{'a': 1}", "is not JSON"),
        ("a.json", b"{'a': 1}", "double quotes, not single ones"),
        ("a.json", b"[1]", "a request is an object"),
        ("a.json", b"", "is not JSON"),
        ("a.json", b'{"a": 1, "a": 2}', "'a' is given twice"),
        ("a.json", b'{"a": NaN}', "NaN is no number"),
        ("a.json", b"\xff\xfe", "is not UTF-8 text"),
        ("a.json", b"[" * 100_000, "nested too deeply"),
        ("a.json", b" " * (1 << 21), "more than 1 MiB"),
        ("a.toml", b"a = ", "is not TOML"),
        ("a.toml", b"a = nan", "is not TOML"),
        ("a.toml", b"a = 1\na = 2", "is not TOML"),
    ],
)
def test_a_file_that_is_none_is_refused_by_its_name(
    worker: str, tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError) as refused:
        members(worker, tmp_path / name)
    assert str(refused.value).startswith(f"ssm run: --request_merge {str(tmp_path / name)!r}")
    assert message in str(refused.value)


def test_what_is_no_file_is_not_waited_for(worker: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    for name, message in (("pipe.json", "no file"), (".", "no file"), ("x", "cannot be read")):
        with pytest.raises(UsageError, match=message):
            members(worker, tmp_path / name)
