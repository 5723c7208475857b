"""Which jobs GetResources finds by their tags, and its pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.local.api.job_index import JobIndex
from simple_sagemaker.local.api.tagging import LocalTagging, matching
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.local.job.kinds import PROCESSING
from tests.unit.local.made_jobs import make

ARN = "arn:aws:sagemaker:us-east-1:000000000000:"


def tags(**values: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


JOBS = [
    (f"{ARN}training-job/a", tags(team="red", stage="one")),
    (f"{ARN}processing-job/b", tags(team="blue")),
    (f"{ARN}training-job/c", tags(stage="one")),
    (f"{ARN}training-job/d", []),
]


def found(**request: Any) -> str:
    return "".join(arn[-1] for arn, _ in matching(JOBS, request))


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([], "abc"),
        ([{"Key": "team"}], "ab"),
        ([{"Key": "team", "Values": []}], "ab"),
        ([{"Key": "team", "Values": ["red"]}], "a"),
        ([{"Key": "team", "Values": ["green", "blue"]}], "b"),
        ([{"Key": "team", "Values": ["green"]}], ""),
        ([{"Key": "team"}, {"Key": "stage", "Values": ["one"]}], "a"),
        ([{"Key": "team"}, {"Key": "stage", "Values": ["two"]}], ""),
        ([{"Key": "Team"}], ""),
    ],
)
def test_a_job_has_each_key_with_one_of_its_values_if_it_names_any(filters: list[dict[str, Any]], names: str) -> None:
    assert found(TagFilters=filters) == names


@pytest.mark.parametrize(
    ("types", "names"),
    [
        ([], "abc"),
        (["sagemaker"], "abc"),
        (["sagemaker:training-job"], "ac"),
        (["sagemaker:processing-job"], "b"),
        (["s3", "sagemaker:processing-job"], "b"),
        (["sagemaker:training"], ""),
        (["s3"], ""),
    ],
)
def test_resources_are_of_one_of_the_types(types: list[str], names: str) -> None:
    assert found(ResourceTypeFilters=types) == names
    assert found(ResourceTypeFilters=types, TagFilters=[{"Key": "nobodys"}]) == ""


def test_without_filters_every_job_with_tags_is_found() -> None:
    assert found() == found(TagFilters=None, ResourceTypeFilters=None) == "abc"


def test_pages_are_in_the_order_of_arns_and_have_all_tags_of_each_job(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for name in ("c", "a", "b"):
        make(home, name, team="red", of=name)
    make(home, "z", kind=PROCESSING, team="red")
    make(home, "untagged")
    tagging = LocalTagging(JobIndex(home).jobs)
    first = tagging.get_resources(TagFilters=[{"Key": "team"}], ResourcesPerPage=3)
    assert first["ResourceTagMappingList"] == [
        {"ResourceARN": f"{ARN}processing-job/z", "Tags": tags(team="red")},
        {"ResourceARN": f"{ARN}training-job/a", "Tags": tags(team="red", of="a")},
        {"ResourceARN": f"{ARN}training-job/b", "Tags": tags(team="red", of="b")},
    ]
    rest = tagging.get_resources(
        TagFilters=[{"Key": "team"}], ResourcesPerPage=3, PaginationToken=first["PaginationToken"]
    )
    assert rest == {
        "ResourceTagMappingList": [{"ResourceARN": f"{ARN}training-job/c", "Tags": tags(team="red", of="c")}],
        "PaginationToken": "",
    }
    assert len(tagging.get_resources(PaginationToken="")["ResourceTagMappingList"]) == 4
    with pytest.raises(ClientError) as caught:
        tagging.get_resources(PaginationToken="no token")
    assert caught.value.operation_name == "GetResources"
    assert caught.value.response["Error"] == {"Code": "ValidationException", "Message": "Invalid NextToken."}


class Job:
    """A job as the index has it, as far as tagging looks."""

    def __init__(self, number: int) -> None:
        self.arn = f"{ARN}training-job/j{number:03}"

    def tag_members(self) -> list[dict[str, str]]:
        return tags(team="red")


def test_a_page_has_a_hundred_jobs_unless_the_request_says_otherwise() -> None:
    tagging = LocalTagging(lambda: [Job(number) for number in range(101)])  # type: ignore[misc]
    answer = tagging.get_resources()
    assert len(answer["ResourceTagMappingList"]) == 100
    assert len(tagging.get_resources(PaginationToken=answer["PaginationToken"])["ResourceTagMappingList"]) == 1
