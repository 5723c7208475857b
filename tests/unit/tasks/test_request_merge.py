"""Members of a person's own in a request: what is merged, what is refused, and that no option's member is theirs."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Any

import pytest

from simple_sagemaker.core import layout
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.rules import Metric
from simple_sagemaker.core.specs import Code, Instances, Place, ProcessSpec, RequestMerge, Security, Spec, TaskSpec
from simple_sagemaker.errors import EngineUnavailable, UsageError
from simple_sagemaker.local.api.model import read_installed
from simple_sagemaker.tasks.processing_request import processing_request
from simple_sagemaker.tasks.protected_members import NOT_HERE, protected
from simple_sagemaker.tasks.request_merge import group_hosts, merge
from simple_sagemaker.tasks.training_request import ChannelSource, Setting, training_request

SETTING = Setting(
    job="j-2026-01-01-00-00-00-abcdefgh",
    place=TaskPlace(bucket="bucket", project="p", task="t"),
    role_arn="arn:aws:iam::123456789012:role/r",
    region="eu-west-1",
    image_uri="i",
)
SECURITY = Security(
    vpc_subnets=("subnet-1",),
    vpc_security_groups=("sg-1",),
    kms_key_id="1234abcd-12ab-34cd-56ef-1234567890ab",
    network_isolation=True,
    encrypt_traffic=True,
)
NONE_OF_IT = {"InstanceGroupName": "a", "InstanceType": "ml.m5.large", "InstanceCount": 0}


def is_member(model: Any, operation: str, path: str) -> bool:
    shape = model.shapes[model.inputs[operation]]
    for part in path.split("."):
        name, _, inside = part.partition("[")
        if name not in shape.get("members", {}):
            return False
        shape = model.shapes[shape["members"][name]["shape"]]
        if inside:
            shape = model.shapes[shape["member"]["shape"]]
    return True


KNOWN = f"as botocore {version('botocore')} knows them"
newer = pytest.mark.skipif(
    not is_member(read_installed(), "CreateTrainingJob", "ResourceConfig.InstancePreferences"),
    reason="members that this botocore does not know",
)
SECOND_SOURCE = {"ChannelName": "data", "DataSource": {"DatasetSource": {"DatasetArn": "arn:aws:x"}}}
DATA = ChannelSource(name="data", uri="s3://bucket/data")


def train_spec(members: Mapping[str, Any], **changes: Any) -> TaskSpec:
    code = Code(entry_point="train.py")
    return TaskSpec(
        kind=changes.pop("kind", "run"),
        place=Place(project="p", task="t"),
        code=code,
        request_merge=RequestMerge(file="add.json", members=members),
        **changes,
    )


def merged(members: Mapping[str, Any], *, engine: str = "aws", **changes: Any) -> dict[str, Any]:
    spec = train_spec(members, **changes)
    return merge(training_request(spec, SETTING, [DATA]), spec, engine=engine)


def whole() -> list[tuple[Spec, Mapping[str, Any]]]:
    """A training and a processing task with every option that has a member in the request, and these requests."""
    machines = Instances(count=2, keep_alive_mins=5, spot=False, retry_attempts=2)
    train = train_spec(
        {},
        instances=machines,
        security=SECURITY,
        metrics=(Metric(name="loss", regex="(.)"),),
        hyperparameters={"lr": 1},
        environment={"A": "b"},
    )
    process = ProcessSpec(
        place=Place(project="p", task="t"),
        code=Code(entry_point="x.py"),
        security=SECURITY,
        environment={"A": "b"},
        request_merge=RequestMerge(file="add.json", members={}),
    )
    spot = train_spec({}, instances=Instances(max_wait_mins=9))
    return [
        (train, training_request(train, SETTING, [DATA])),
        (spot, training_request(spot, SETTING, [DATA])),
        (process, processing_request(process, SETTING, [DATA], earlier_state=True)),
    ]


def test_a_new_member_is_added_and_the_rest_stays() -> None:
    hook = {"S3OutputPath": "s3://bucket/debug", "CollectionConfigurations": [{"CollectionName": "losses"}]}
    plain = merged({})
    assert merged({"DebugHookConfig": hook}) == {**plain, "DebugHookConfig": hook}


def test_members_of_a_list_are_merged_by_what_names_them() -> None:
    request = merged({"InputDataConfig": [{"ChannelName": "data", "ShuffleConfig": {"Seed": 7}}]})
    before = merged({})["InputDataConfig"]
    assert request["InputDataConfig"] == [{**before[0], "ShuffleConfig": {"Seed": 7}}, *before[1:]]


def test_a_file_system_is_a_channel_beside_the_others() -> None:
    source = {
        "FileSystemId": "fs-12345678",
        "FileSystemAccessMode": "ro",
        "FileSystemType": "FSxLustre",
        "DirectoryPath": "/fsx",
    }
    channel = {"ChannelName": "fsx", "DataSource": {"FileSystemDataSource": source}}
    security = Security(vpc_subnets=("subnet-1",), vpc_security_groups=("sg-1",))
    assert merged({"InputDataConfig": [channel]}, security=security)["InputDataConfig"][-1] == channel
    with pytest.raises(UsageError, match="Add --vpc_subnets and --vpc_security_groups"):
        merged({"InputDataConfig": [channel]})


def test_groups_of_machines_are_in_the_place_of_one_kind() -> None:
    groups = [
        {"InstanceGroupName": "a", "InstanceType": "ml.c5.xlarge", "InstanceCount": 2},
        {"InstanceGroupName": "b", "InstanceType": "ml.p3.2xlarge", "InstanceCount": 1},
    ]
    members = {"ResourceConfig": {"InstanceGroups": groups}}
    assert merged(members)["ResourceConfig"] == {"InstanceGroups": groups, "VolumeSizeInGB": 30}
    assert group_hosts(train_spec(members)) == 3
    assert group_hosts(train_spec({"DebugHookConfig": {}})) is None


@newer
def test_preferred_machines_are_in_the_place_of_one_kind() -> None:
    preferred = [{"InstanceType": "ml.c5.xlarge"}, {"InstanceType": "ml.m5.large"}]
    on_demand = Instances(count=2, spot=False)
    request = merged({"ResourceConfig": {"InstancePreferences": preferred}}, instances=on_demand)
    assert request["ResourceConfig"] == {"InstancePreferences": preferred, "InstanceCount": 2, "VolumeSizeInGB": 30}
    counted = [{**one, "InstanceCount": 3} for one in preferred]
    request = merged({"ResourceConfig": {"InstancePreferences": counted}}, instances=on_demand)
    assert request["ResourceConfig"] == {"InstancePreferences": counted, "VolumeSizeInGB": 30}
    with pytest.raises(UsageError, match=r"InstancePreferences: .* Add --no_spot"):
        merged({"ResourceConfig": {"InstancePreferences": preferred}})
    members = {"ProcessingResources": {"ClusterConfig": {"InstancePreferences": counted}}}
    spec = ProcessSpec(
        place=Place(project="p", task="t"),
        code=Code(entry_point="x.py"),
        request_merge=RequestMerge(file="add.json", members=members),
    )
    plain = processing_request(spec, SETTING, [DATA], earlier_state=True)
    cluster = merge(plain, spec, engine="aws")["ProcessingResources"]["ClusterConfig"]
    assert cluster == {"InstancePreferences": counted, "VolumeSizeInGB": 30}
    with pytest.raises(EngineUnavailable, match="InstancePreferences: this machine has nothing for it"):
        merge(plain, spec, engine="local")


def test_many_members_take_no_long_time() -> None:
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(20_000)]
    began = time.process_time()
    with pytest.raises(UsageError, match="length less than or equal to 50"):
        merged({"Tags": tags})
    assert time.process_time() - began < 10  # a second; 36 where each is looked for among all


def test_an_algorithm_may_be_started_by_other_words() -> None:
    members = {"AlgorithmSpecification": {"ContainerEntrypoint": ["train"]}}
    assert merged(members, kind="algorithm")["AlgorithmSpecification"]["ContainerEntrypoint"] == ["train"]


def test_what_the_request_has_already_may_be_said_again() -> None:
    for spec, request in whole():
        again = spec.request_merge
        assert again is not None
        copied: Any = copy.copy(spec)
        object.__setattr__(copied, "request_merge", RequestMerge(file="all.json", members=dict(request)))
        assert merge(request, copied, engine="aws") == request


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, Mapping):
        for name, one in value.items():
            yield from leaves(one, (*path, name))
    elif isinstance(value, list) and value and isinstance(value[0], Mapping):
        for number, one in enumerate(value):
            yield from leaves(one, (*path, number))
    else:
        yield path


def other_than(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else ["other"] if isinstance(value, list) else f"{value}x"


KEYS = ("ChannelName", "InputName", "OutputName", "Key", "Name")
# Members of ours that a person may set: how one channel is read, and content types.
FREE = {"InputMode", "S3DataType", "S3InputMode", "S3UploadMode"}


def changed(request: Mapping[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The members that set one leaf of a request to something else; list members are named as they are."""
    value: Any = request
    for step in path:
        value = value[step]
    result: Any = other_than(value)
    for depth in range(len(path) - 1, -1, -1):
        if isinstance(path[depth], int):
            holder: Any = request
            for step in path[: depth + 1]:
                holder = holder[step]
            names = {name: holder[name] for name in KEYS if name in holder}
            result = [{**names, **result}]
        else:
            result = {path[depth]: result}
    return dict(result)


def test_no_member_that_an_option_sets_can_be_replaced() -> None:
    count = 0
    for spec, request in whole():
        for path in leaves(request):
            if path[-1] in {*KEYS, *FREE}:
                continue
            asked: Any = copy.copy(spec)
            object.__setattr__(asked, "request_merge", RequestMerge(file="f", members=changed(request, path)))
            with pytest.raises(UsageError, match="is not for a file"):
                merge(request, asked, engine="aws")
            count += 1
    assert count > 50


@newer
def test_every_path_of_the_tables_is_a_member_of_the_service() -> None:
    model = read_installed()
    for operation, paths in (
        ("CreateTrainingJob", {*protected("run")}),
        ("CreateProcessingJob", {*protected("process")}),
    ):
        for path in paths:
            assert is_member(model, operation, path), path
    for path in NOT_HERE:
        assert any(is_member(model, one, path) for one in ("CreateTrainingJob", "CreateProcessingJob")), path


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"DebugHookConfg": {}}, f"SageMaker's requests have no such member, {KNOWN}. Did you mean DebugHookConfig"),
        ({"debughookconfig": {}}, "Did you mean DebugHookConfig"),
        ({"DebugHookConfig": {"Path": "x"}}, "DebugHookConfig.Path: SageMaker's requests have no such member"),
        ({"DebugHookConfig": []}, "DebugHookConfig: it is an object"),
        ({"DebugHookConfig": None}, "DebugHookConfig: it has no value"),
        ({"DebugHookConfig": {}}, "debugHookConfig.s3OutputPath"),
        ({"DebugHookConfig": {"S3OutputPath": "here"}}, "regular expression pattern"),
        ({"DebugRuleConfigurations": {}}, "DebugRuleConfigurations: it is a list"),
        ({"DebugRuleConfigurations": ["x"]}, "each of the list is an object with a RuleConfigurationName"),
        ({"Tags": [{"Key": "a", "Value": "b"}, {"Key": "a", "Value": "c"}]}, "Key 'a' is there twice"),
        ({"Tags": [{"Key": layout.TASK_TAG, "Value": "x"}]}, "jobs are found by this tag"),
        ({"RoleArn": "x"}, "RoleArn is not for a file: --role_name sets it"),
        ({"HyperParameters": {"lr": "1"}}, "hyperparameters are given by their names"),
        ({"InputDataConfig": [{"ChannelName": layout.SOURCE_CHANNEL, "InputMode": "Pipe"}]}, "the code is in this"),
        (
            {
                "InputDataConfig": [
                    {"ChannelName": "n", "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix"}}},
                ]
            },
            "--input_s3 makes one",
        ),
        ({"ProfilerConfig": {"ProfilingIntervalInMilliseconds": "fast"}}, "Member must be a"),
        ({"ResourceConfig": {"InstanceGroups": []}}, "ResourceConfig.InstanceGroups: it is empty"),
        ({"ResourceConfig": {"InstanceGroups": {}}}, "ResourceConfig.InstanceGroups: it is a list"),
        ({"ResourceConfig": {"InstanceGroups": [NONE_OF_IT]}}, "each InstanceCount is at least 1"),
        ({"ResourceConfig": {"InstancePreferences": [5]}}, "Add --no_spot"),
        ({"ResourceConfig": {"InstancePreferences": []}}, "ResourceConfig.InstancePreferences: it is empty"),
        pytest.param(
            {"ResourceConfig": {"SelectedInstanceType": "ml.m5.large"}},
            "is not for a file: SageMaker answers with it",
            marks=newer,
        ),
        ({"ExperimentConfig": {"ExperimentName": "other"}}, "is not for a file: --in_experiment sets it"),
        ({"InputDataConfig": [{"ChannelName": "n", "DataSource": {}}]}, "one DataSource: none is given"),
        pytest.param(
            {"InputDataConfig": [SECOND_SOURCE]},
            "one DataSource: not both S3DataSource and DatasetSource",
            marks=newer,
        ),
        ({"Environment": {"A": "{b}"}}, "--job_env sets variables"),
        ({"{x}": 1}, "{x}: SageMaker's requests have no such member"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_its_path(members: Mapping[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        merged(members)
    assert str(refused.value).startswith("--request_merge add.json: ")
    assert message in str(refused.value)


@pytest.mark.parametrize("engine", ["local", "docker"])
def test_what_this_machine_cannot_run_is_refused_here_alone(engine: str) -> None:
    members = {"DebugHookConfig": {"S3OutputPath": "s3://bucket/debug"}}
    with pytest.raises(EngineUnavailable, match="DebugHookConfig: this machine has nothing for it"):
        merged(members, engine=engine)
    assert "RemoteDebugConfig" in merged({"RemoteDebugConfig": {"EnableRemoteDebug": True}}, engine=engine)
