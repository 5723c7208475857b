"""An account's jobs of both kinds, as the service lists, searches, describes and tags them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from simple_sagemaker.core.aws_api import SageMaker, Tagging
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading, Services
from tests.unit.jobs.watching import Watch, described, refused

NOON = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)


@dataclass
class Account:
    """``jobs`` by ARN: each with the kind, the description and the tags. ``page`` is how many are listed at once."""

    page: int = 2
    jobs: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=dict)
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def add(
        self,
        kind: str,
        name: str,
        minute: int,
        status: str = "Completed",
        *,
        project: str = "p",
        task: str = "task",
        folder: str = "",
    ) -> None:
        arn = f"arn:{kind}/{name}"
        answer: dict[str, Any]
        where = f"s3://b/{folder or f'{project}/{task}/'}{name}/output"
        if kind == "training":
            answer = {**described((status, ""), status=status), "TrainingJobName": name, "TrainingJobArn": arn}
            answer["ModelArtifacts"] = {"S3ModelArtifacts": f"{where}/model.tar.gz"}
        else:
            answer = {"ProcessingJobName": name, "ProcessingJobArn": arn, "ProcessingJobStatus": status}
            outputs = [{"OutputName": "output", "S3Output": {"S3Uri": f"{where}/output"}}]
            answer["ProcessingOutputConfig"] = {"Outputs": outputs}
        answer["CreationTime"] = NOON + timedelta(minutes=minute)
        tags = {"SimpleSagemakerProject": project, "SimpleSagemakerTask": task} if project else {}
        self.jobs[arn] = (kind, answer, tags)

    def _newest(self, kind: str) -> list[tuple[dict[str, Any], dict[str, str]]]:
        some = [(answer, tags) for one, answer, tags in self.jobs.values() if one == kind]
        return sorted(some, key=lambda one: one[0]["CreationTime"], reverse=True)

    def _paged(self, some: list[Any], request: dict[str, Any], name: str, token: str = "NextToken") -> Any:
        begin, size = int(request.get(token) or 0), min(self.page, request.get("MaxResults", self.page))
        more = {token: str(begin + size)} if begin + size < len(some) else {}
        return {name: some[begin : begin + size], **more}

    def search(self, **request: Any) -> Any:
        self.requests.append(("search", request))
        some = [(answer, tags) for answer, tags in self._newest("training")]
        for one in request["SearchExpression"]["Filters"]:
            key, value = one["Name"], one.get("Value")
            if key.startswith("Tags."):
                some = [(a, t) for a, t in some if (t.get(key[5:]) == value if value else key[5:] in t)]
            elif key == "TrainingJobStatus":
                some = [(a, t) for a, t in some if a[key] in value.split(",")]
        records = [
            {"TrainingJob": {**answer, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}}
            for answer, tags in some
        ]
        return self._paged(records, request, "Results")

    def _list(self, kind: str, request: dict[str, Any]) -> Any:
        title = kind.capitalize() + "Job"
        self.requests.append((f"list {kind}", request))
        some = [answer for answer, _ in self._newest(kind)]
        if request.get("NameContains"):
            some = [answer for answer in some if request["NameContains"] in answer[f"{title}Name"]]
        if request.get("CreationTimeAfter"):
            some = [answer for answer in some if answer["CreationTime"] >= request["CreationTimeAfter"]]
        members = (f"{title}Name", f"{title}Arn", f"{title}Status", "CreationTime")
        return self._paged([{one: answer[one] for one in members} for answer in some], request, f"{title}Summaries")

    def list_training_jobs(self, **request: Any) -> Any:
        return self._list("training", request)

    def list_processing_jobs(self, **request: Any) -> Any:
        return self._list("processing", request)

    def list_tags(self, *, ResourceArn: str, MaxResults: int) -> Any:  # noqa: N803 - the service's names
        tags = self.jobs[ResourceArn][2]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()][:MaxResults]}

    def get_resources(self, **request: Any) -> Any:
        self.requests.append(("tagged", request))
        some = []
        for arn, (kind, _, tags) in self.jobs.items():
            wanted = {one["Key"]: one["Values"] for one in request["TagFilters"]}
            fits = all(key in tags and (not values or tags[key] in values) for key, values in wanted.items())
            if kind == "processing" and fits:
                listed = [{"Key": key, "Value": value} for key, value in tags.items()]
                some.append({"ResourceARN": arn, "Tags": listed})
        return self._paged(some, request, "ResourceTagMappingList", "PaginationToken")

    def describe_training_job(self, *, TrainingJobName: str) -> Any:  # noqa: N803 - the service's name
        return self._describe("training", TrainingJobName)

    def describe_processing_job(self, *, ProcessingJobName: str) -> Any:  # noqa: N803 - the service's name
        return self._describe("processing", ProcessingJobName)

    def _describe(self, kind: str, name: str) -> Any:
        if f"arn:{kind}/{name}" not in self.jobs:
            error = refused("ValidationException")
            error.args = ("Requested resource not found.",)
            raise error
        return self.jobs[f"arn:{kind}/{name}"][1]

    def services(self, now: datetime = NOON + timedelta(hours=5)) -> Services:
        made = Watch().services(lambda _: 0.0, Reading(), now)
        return replace(made, sagemaker=cast("SageMaker", self), tagging=lambda: cast("Tagging", self))
