"""Jobs by a Search that lags behind, as an index does, and whose pages may be empty."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, cast

from simple_sagemaker.core.aws_api import SageMaker
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading
from simple_sagemaker.core.specs import Place
from simple_sagemaker.jobs import catalog
from simple_sagemaker.jobs.catalog import Query
from tests.unit.jobs.watching import Watch, described

NOON = datetime(2030, 1, 31, 12, 0, tzinfo=timezone.utc)
TAGS = [{"Key": "SimpleSagemakerProject", "Value": "p"}, {"Key": "SimpleSagemakerTask", "Value": "task"}]


class Lagging:
    """Knows jobs by number, newest last; Search answers for those below ``indexed``, in pages of one after an empty."""

    def __init__(self, count: int, indexed: int) -> None:
        self.jobs = [self._job(number) for number in range(count)]
        self.indexed = indexed

    @staticmethod
    def _job(number: int) -> dict[str, Any]:
        name = f"task-2030-01-31-12-00-0{number}-a1B2c3D{number}"
        return {
            **described(("Completed", ""), status="Completed"),
            "TrainingJobName": name,
            "TrainingJobArn": name,
            "CreationTime": NOON + timedelta(seconds=number),
        }

    def search(self, **request: Any) -> Any:
        page = int(request.get("NextToken", 0))
        known = self.jobs[: self.indexed][::-1]
        results = [{"TrainingJob": {**job, "Tags": TAGS}} for job in known[page - 1 : page]] if page else []
        return {"Results": results, **({"NextToken": str(page + 1)} if page < len(known) else {})}

    def list_training_jobs(self, **_: Any) -> Any:
        return {"TrainingJobSummaries": [{"TrainingJobName": job["TrainingJobName"]} for job in self.jobs]}

    def list_processing_jobs(self, **_: Any) -> Any:
        return {"ProcessingJobSummaries": []}

    def describe_training_job(self, **request: Any) -> Any:
        return next(job for job in self.jobs if job["TrainingJobName"] == request["TrainingJobName"])

    def list_tags(self, **_: Any) -> Any:
        return {"Tags": TAGS}


def test_each_job_is_listed_once_also_those_that_search_does_not_know_yet() -> None:
    for indexed in range(6):
        service = Lagging(5, min(indexed, 5))
        services = replace(Watch().services(lambda _: 0.0, Reading(), NOON), sagemaker=cast("SageMaker", service))
        listed = catalog.newest(Query(place=Place(project="p", task="")), services)
        assert [one.job.name for one in listed] == [job["TrainingJobName"] for job in reversed(service.jobs)]
        assert {(one.project, one.task) for one in listed} == {("p", "task")}
