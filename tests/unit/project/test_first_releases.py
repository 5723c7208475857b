"""What the first releases' names take, and what they mean now."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from simple_sagemaker import Data
from simple_sagemaker.errors import UsageError
from simple_sagemaker.project import first_releases as first
from simple_sagemaker.project.first_releases import CodeParams, DefaultParams, ImageParams, InstanceParams


def test_tasks_that_name_nothing_have_the_first_releases_defaults() -> None:
    made = DefaultParams()
    assert made.defaultCodeParams == CodeParams(source_dir=None, entry_point=None, dependencies=())
    assert made.defaultInstanceParams == (
        InstanceParams(
            instance_type="ml.m5.large",
            instance_count=1,
            volume_size=30,
            use_spot_instances=True,
            max_run_mins=1440,
            max_wait_mins=0,
        )
    )
    assert made.defaultImageParams._asdict() == {
        **dict.fromkeys(
            ("aws_repo_name", "repo_name", "docker_file_path_or_content", "framework_version", "py_version")
        ),
        "image_tag": "latest",
        "framework": "pytorch",
    }


def test_defaults_are_replaced_by_what_is_given() -> None:
    made = DefaultParams()
    made.setDefaultCodeParams(source_dir="code", entry_point="a.py", dependencies=["lib"])
    assert made.defaultCodeParams == ("code", "a.py", ("lib",))
    made.setDefaultInstanceParams(instance_count=3, use_spot_instances=False)
    assert made.defaultInstanceParams == ("ml.m5.large", 3, 30, False, 1440, 0)
    made.setDefaultImageParams(framework="tensorflow", img_tag="v1", python_version="py39")
    assert made.defaultImageParams[2:] == ("v1", None, "tensorflow", None, "py39")
    made.setDefaultInstanceParams(max_run_mins=5)  # which begins again with the first releases' own
    assert made.defaultInstanceParams == ("ml.m5.large", 1, 30, True, 5, 0)


@pytest.mark.parametrize(
    ("given", "others", "why"),
    [
        ({}, {"memory": 1}, "set has no memory; it has aws_repo_name, repo_name, image_tag, "),
        ({"image_tag": "a"}, {"img_tag": "b"}, "set: img_tag is the earlier name of image_tag: drop one."),
    ],
)
def test_a_parameter_that_there_is_not_or_that_is_given_twice_is_refused(
    given: dict[str, Any], others: dict[str, Any], why: str
) -> None:
    with pytest.raises(UsageError) as refused:
        first.replaced("set", ImageParams(), given, others)
    assert str(refused.value).startswith(why)


def test_an_earlier_name_that_is_none_is_left_out() -> None:
    assert first.replaced("set", ImageParams(), {"image_tag": None}, {"img_tag": None}) == ImageParams()
    assert first.replaced("set", ImageParams(), {"repo_name": None}, {"aws_repo": "r"}).aws_repo_name == "r"


@pytest.mark.parametrize("name", ["model", "output", "state", "source"])
def test_an_address_is_of_one_output(name: str) -> None:
    job: Any = SimpleNamespace(wait=lambda: SimpleNamespace(uri=lambda kind: f"s3://b/{kind}"))
    task = first.SageMakerTask(job)
    assert task.getOutputTargetUri(**{name: True}) == f"s3://b/{name}"
    for several in ({}, {"model": True, "output": True}):
        with pytest.raises(UsageError, match="choose one of model, output, state, source, as in model=True"):
            task.getOutputTargetUri(**several)


def test_a_session_of_the_sdk_says_what_it_was_given() -> None:
    assert first.read_session(None) == first.Session(None, None, is_local=False)
    session = SimpleNamespace(boto_session="boto", _default_bucket_name_override="b", local_mode=True)
    assert first.read_session(session) == first.Session("boto", "b", is_local=True)  # type: ignore[arg-type]
    bare = SimpleNamespace(boto_session="boto")
    assert first.read_session(bare) == first.Session("boto", None, is_local=False)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"smSession is a sagemaker\.Session, not dict"):
        first.read_session({})


def test_arguments_that_something_else_replaces_are_refused_with_it() -> None:
    first.check_replaced("runTask", {"task_type": "Training", "other": 1})
    with pytest.raises(UsageError, match="runTask has no task_type: runProcessing runs processing tasks"):
        first.check_replaced("runTask", {"task_type": "Processing"})
    with pytest.raises(UsageError, match="runTask has no inputs: additional_inputs takes the channels by name"):
        first.check_replaced("runTask", {"inputs": None})


def test_local_data_is_the_channel_called_data() -> None:
    assert first.inputs_of(None, None, "FullyReplicated") == {}
    assert first.inputs_of({"a": "x"}, "d", "ShardedByS3Key") == {
        "data": Data("d", distribution="ShardedByS3Key"),
        "a": "x",
    }
    with pytest.raises(UsageError, match="are the same channel: drop one"):
        first.inputs_of({"data": "x"}, "d", "FullyReplicated")


def test_a_list_in_the_sdks_form_is_by_name() -> None:
    listed = [{"Name": "loss", "Regex": "x"}, {"Name": "f1", "Regex": "y"}]
    assert first.by_name(listed, "Name", "Regex") == {"loss": "x", "f1": "y"}
    assert first.by_name({"loss": "x"}, "Name", "Regex") == {"loss": "x"}
    assert first.by_name(None, "Name", "Regex") is None
