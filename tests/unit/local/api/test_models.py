"""The operations on models: what is refused in which words, what is kept, found, listed and shown."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.store import Store
from simple_sagemaker.local.api import resource_tags
from simple_sagemaker.local.api.models import LocalModels
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.local.job.kinds import TRAINING
from simple_sagemaker.storage.folder_store import FolderStore
from tests.unit.local.made_jobs import make

ROLE = "arn:aws:iam::000000000000:role/role"
ARN = "arn:aws:sagemaker:us-east-1:000000000000:model/"
IMAGE = {"Image": "i"}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def home(tmp_path: Path, cache: Path) -> Home:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    home.cache.symlink_to(cache)  # the service's model is read once for all tests
    return home


@pytest.fixture
def store(home: Home) -> FolderStore:
    store = FolderStore(home.buckets)
    store.make_bucket("b")
    store.write("b", "m/model.tar.gz", b"model")
    return store


@pytest.fixture
def models(home: Home, store: FolderStore) -> LocalModels:
    return LocalModels(home, store_for=lambda _: store)


def create(models: LocalModels, name: str = "m", **members: Any) -> str:
    """Create a model; the default has the least that it needs."""
    container = {} if {"PrimaryContainer", "Containers"} & members.keys() else {"PrimaryContainer": IMAGE}
    arn: str = models.create_model(ModelName=name, **container, **members)["ModelArn"]
    return arn


def error_of(act: Callable[..., Any], *arguments: Any, **members: Any) -> tuple[str, str, str]:
    """The operation, the code and the message of an act that is refused."""
    with pytest.raises(ClientError) as caught:
        act(*arguments, **members)
    error = caught.value.response["Error"]
    return caught.value.operation_name, error["Code"], error["Message"]


def refusal(models: LocalModels, **members: Any) -> str:
    operation, code, message = error_of(create, models, **members)
    assert (operation, code) == ("CreateModel", "ValidationException")
    assert models.list_models()["Models"] == []
    return message


def test_a_model_is_described_as_it_was_created(models: LocalModels) -> None:
    before = datetime.now(timezone.utc)
    assert create(models, "My-Model", ExecutionRoleArn=ROLE, Tags=[{"Key": "k", "Value": "v"}]) == f"{ARN}my-model"
    described = models.describe_model(ModelName="My-Model")
    created = described.pop("CreationTime")
    assert before <= created <= datetime.now(timezone.utc)
    assert described.pop("ResponseMetadata") == {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
    assert described == {
        "ModelName": "My-Model",
        "ModelArn": f"{ARN}my-model",
        "PrimaryContainer": IMAGE,
        "ExecutionRoleArn": ROLE,
        "EnableNetworkIsolation": False,
    }
    assert models.read("My-Model", "X")["Tags"] == models.tags("My-Model", "X") == [{"Key": "k", "Value": "v"}]


def test_network_isolation_that_was_asked_for_is_described(models: LocalModels) -> None:
    create(models, EnableNetworkIsolation=True)
    assert models.describe_model(ModelName="m")["EnableNetworkIsolation"] is True


def test_a_model_is_in_its_region(home: Home, store: FolderStore) -> None:
    elsewhere = LocalModels(home, store_for=lambda _: store, region="eu-west-1")
    assert create(elsewhere) == "arn:aws:sagemaker:eu-west-1:000000000000:model/m"


def test_a_name_is_taken_once(models: LocalModels) -> None:
    create(models, PrimaryContainer={"Image": "first"})
    assert error_of(create, models) == (
        "CreateModel",
        "ValidationException",
        f'Cannot create already existing model "{ARN}m".',
    )
    assert models.describe_model(ModelName="m")["PrimaryContainer"] == {"Image": "first"}


def test_a_deleted_model_is_gone_and_its_name_free(models: LocalModels) -> None:
    create(models)
    models.delete_model(ModelName="m")
    for act, operation in ((models.describe_model, "DescribeModel"), (models.delete_model, "DeleteModel")):
        absent = f'Could not find model "{ARN}m".'
        assert error_of(act, ModelName="m") == (operation, "ValidationException", absent)
    assert models.list_models()["Models"] == []
    create(models)


@pytest.mark.parametrize(
    ("members", "why"),
    [
        (
            {"PrimaryContainer": IMAGE, "Containers": [IMAGE]},
            "A model has a PrimaryContainer or Containers, not both.",
        ),
        ({"Containers": []}, "A model needs a PrimaryContainer or Containers."),
        (
            {"Containers": [IMAGE, {"ModelDataUrl": "s3://b/m"}]},
            "Every container of a model needs an Image or a ModelPackageName.",
        ),
        (
            {
                "PrimaryContainer": {
                    **IMAGE,
                    "ModelDataUrl": "s3://b/m",
                    "ModelDataSource": {
                        "S3DataSource": {"S3Uri": "s3://b/m/", "S3DataType": "S3Prefix", "CompressionType": "None"}
                    },
                }
            },
            "A container has a ModelDataUrl or a ModelDataSource, not both.",
        ),
        ({"Tags": [{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}]}, "Duplicate tag keys: k."),
    ],
)
def test_what_no_model_can_be(models: LocalModels, members: dict[str, Any], why: str) -> None:
    assert refusal(models, **members) == why
    assert refusal(models, ExecutionRoleArn=ROLE, **members) == why


def test_what_the_services_model_does_not_allow_is_refused_of_every_operation(models: LocalModels) -> None:
    long = "m" * 64
    acts = {
        "CreateModel": models.create_model,
        "DescribeModel": models.describe_model,
        "DeleteModel": models.delete_model,
    }
    for operation, act in acts.items():
        found, code, message = error_of(act, ModelName=long)
        assert (found, code) == (operation, "ValidationException")
        assert long in message
    assert error_of(models.list_models, MaxResults=101)[:2] == ("ListModels", "ValidationException")


def test_a_package_is_as_good_as_an_image_and_containers_as_a_container(models: LocalModels) -> None:
    create(models, "package", PrimaryContainer={"ModelPackageName": "p"})
    create(models, "pipeline", Containers=[IMAGE, IMAGE])
    assert models.describe_model(ModelName="pipeline")["Containers"] == [IMAGE, IMAGE]


def archive(uri: str) -> dict[str, Any]:
    return {**IMAGE, "ModelDataUrl": uri}


def folder(uri: str) -> dict[str, Any]:
    source = {"S3Uri": uri, "S3DataType": "S3Prefix", "CompressionType": "None"}
    return {**IMAGE, "ModelDataSource": {"S3DataSource": source}}


@pytest.mark.parametrize(
    ("container", "is_there"),
    [
        (archive("s3://b/m/model.tar.gz"), True),
        (archive("s3://b/m/model"), False),
        (archive("s3://b/m/"), False),
        (archive("s3://none/model.tar.gz"), False),
        (folder("s3://b/m/"), True),
        (folder("s3://b/n/"), False),
        (folder("s3://none/m/"), False),
    ],
)
def test_with_a_role_the_models_data_must_be_there(
    models: LocalModels, container: dict[str, Any], is_there: bool
) -> None:
    create(models, "unchecked", PrimaryContainer=container)
    models.delete_model(ModelName="unchecked")
    if is_there:
        create(models, PrimaryContainer=container, ExecutionRoleArn=ROLE)
        return
    uri = container.get("ModelDataUrl") or container["ModelDataSource"]["S3DataSource"]["S3Uri"]
    why = f"Could not find model data at {uri}."
    assert refusal(models, PrimaryContainer=container, ExecutionRoleArn=ROLE) == why
    assert refusal(models, Containers=[IMAGE, container], ExecutionRoleArn=ROLE) == why


def test_data_are_looked_at_as_the_models_role_sees_them(home: Home, store: FolderStore) -> None:
    asked = []

    def store_for(role: str) -> Store:
        asked.append(role)
        raise PermissionError("AccessDenied")

    models = LocalModels(home, store_for=store_for, region="eu-west-1")
    uri = "s3://b/m/model.tar.gz"
    assert refusal(models, PrimaryContainer=archive(uri), ExecutionRoleArn=ROLE) == (
        f'Could not access model data at {uri}. Please ensure that the role "{ROLE}" exists and that its trust '
        'relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". '
        'Also ensure that the role has "s3:GetObject" permissions and that the object is located in eu-west-1.'
    )
    assert asked == [ROLE]


def test_a_role_that_cannot_be_used_is_refused(home: Home, store: FolderStore) -> None:
    models = LocalModels(home, store_for=lambda _: store, admit=lambda role: f"No {role}." if "bad" in role else None)
    assert refusal(models, ExecutionRoleArn=f"{ROLE}bad") == f"No {ROLE}bad."
    create(models, ExecutionRoleArn=ROLE)


def listed(models: LocalModels, **request: Any) -> str:
    return "".join(one["ModelName"][-1] for one in models.list_models(**request)["Models"])


@pytest.fixture
def three(home: Home, models: LocalModels) -> LocalModels:
    """Models named b, c and a, created in this order, at 100, 200 and 300 seconds."""
    for at, name in enumerate("bca", 1):
        create(models, f"Model-{name}")
        path = home.models / f"Model-{name}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "created": at * 100.0}))
    return models


@pytest.mark.parametrize(
    ("request_members", "names"),
    [
        ({}, "acb"),
        ({"SortOrder": "Ascending"}, "bca"),
        ({"SortOrder": "Descending"}, "acb"),
        ({"SortBy": "CreationTime"}, "acb"),
        ({"SortBy": "Name"}, "cba"),
        ({"SortBy": "Name", "SortOrder": "Ascending"}, "abc"),
        ({"NameContains": "MODEL"}, "acb"),
        ({"NameContains": "-B"}, "b"),
        ({"NameContains": "x"}, ""),
        ({"CreationTimeAfter": 100.0}, "ac"),
        ({"CreationTimeAfter": 99}, "acb"),
        ({"CreationTimeBefore": 300}, "cb"),
        ({"CreationTimeBefore": datetime.fromtimestamp(200.5, timezone.utc)}, "cb"),
        ({"CreationTimeAfter": datetime.fromtimestamp(200, timezone(timedelta(hours=3)))}, "a"),
    ],
)
def test_models_are_listed_newest_first_unless_the_request_says_otherwise(
    three: LocalModels, request_members: dict[str, Any], names: str
) -> None:
    assert listed(three, **request_members) == names


def test_models_of_one_moment_are_listed_by_name(home: Home, three: LocalModels) -> None:
    for path in home.models.glob("*.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "created": 1.0}))
    assert listed(three) == "cba"
    assert listed(three, SortOrder="Ascending") == "abc"


def test_a_page_has_ten_models(models: LocalModels) -> None:
    for number in range(11):
        create(models, f"m{number}")
    first = models.list_models(SortBy="Name", SortOrder="Ascending")
    assert len(first["Models"]) == 10
    assert {*first["Models"][0]} == {"ModelName", "ModelArn", "CreationTime"}
    rest = models.list_models(SortBy="Name", SortOrder="Ascending", NextToken=first["NextToken"])
    assert [one["ModelName"] for one in rest["Models"]] == ["m9"]
    assert "NextToken" not in rest
    for token in ("x", base64.b64encode(b"[" * 3000).decode()):
        assert error_of(models.list_models, NextToken=token)[0] == "ListModels"


@pytest.mark.parametrize(
    "changes",
    [
        {"request": []},
        {"created": "today"},
        {"tags": None},
        {"request": {"ModelName": "other", "PrimaryContainer": IMAGE}},
        {"request": {"ModelName": "m", "PrimaryContainer": {"Image": 1}}},
        {"request": {"PrimaryContainer": IMAGE}},
    ],
)
def test_a_file_that_is_no_models_is_passed_over(home: Home, models: LocalModels, changes: dict[str, Any]) -> None:
    create(models)
    create(models, "n")
    path = home.models / "m.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    assert listed(models) == "n"
    assert error_of(models.describe_model, ModelName="m")[2] == f'Could not find model "{ARN}m".'


def test_a_half_written_or_hidden_file_is_passed_over(home: Home, models: LocalModels) -> None:
    create(models)
    (home.models / "n.json").write_text("{half")
    (home.models / ".m-1.json").write_text((home.models / "m.json").read_text())
    assert listed(models) == "m"


def test_operations_are_found_by_the_apis_names(models: LocalModels) -> None:
    operations = models.operations()
    assert {*operations} == {"CreateModel", "DescribeModel", "ListModels", "DeleteModel"}
    operations["CreateModel"](ModelName="m", PrimaryContainer=IMAGE)
    assert listed(models) == "m"


def test_a_models_tags_are_listed_added_and_removed_by_its_arn(home: Home, models: LocalModels) -> None:
    arn = create(models, "Mine", Tags=[{"Key": "k", "Value": "v"}])
    create(models, "other")

    def act(operation: str, **members: Any) -> dict[str, Any]:
        return resource_tags.answer(home, models, operation, {"ResourceArn": arn, **members})

    added = [{"Key": "k", "Value": "w"}, {"Key": "l", "Value": "x"}]
    assert act("ListTags") == {"Tags": [{"Key": "k", "Value": "v"}]}
    assert act("AddTags", Tags=added) == {"Tags": added}
    assert act("ListTags") == {"Tags": added}
    assert act("DeleteTags", TagKeys=["k", "nobodys"]) == {}
    assert models.tags("Mine", "X") == [{"Key": "l", "Value": "x"}]
    assert models.tags("other", "X") == []
    assert models.find_by_arn(arn) == "Mine"
    assert [path.name for path in sorted(home.models.iterdir())] == ["Mine.json", "other.json"]


def test_tags_of_what_there_is_not_are_refused_and_a_jobs_are_its_own(home: Home, models: LocalModels) -> None:
    make(home, "job", team="red")
    arn = TRAINING.arn("job")
    assert resource_tags.answer(home, models, "ListTags", {"ResourceArn": arn})["Tags"] == [
        {"Key": "team", "Value": "red"}
    ]
    absent = error_of(resource_tags.answer, home, models, "ListTags", {"ResourceArn": f"{ARN}none"})
    assert absent == ("ListTags", "ValidationException", "Requested resource not found.")
    malformed = error_of(resource_tags.answer, home, models, "AddTags", {"ResourceArn": arn})
    assert malformed[:2] == ("AddTags", "ValidationException")
    assert models.find_by_arn(f"{ARN}none") is None
