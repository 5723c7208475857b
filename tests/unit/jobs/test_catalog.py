"""Jobs by a Search that lags behind, as an index does, and whose pages may be empty."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.cli.cost import cost
from simple_sagemaker.core.aws_api import SageMaker
from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.job_specs import CostSpec, ReplaySpec
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Reading
from simple_sagemaker.core.specs import Place
from simple_sagemaker.jobs import catalog
from simple_sagemaker.jobs.catalog import Listed, Query
from simple_sagemaker.jobs.rows import rows
from simple_sagemaker.tasks import job_report, replay
from tests.unit.jobs.watching import Watch, described

NOON = datetime(2030, 1, 31, 12, 0, tzinfo=timezone.utc)
TAGS = [{"Key": "SimpleSagemakerProject", "Value": "p"}, {"Key": "SimpleSagemakerTask", "Value": "task"}]


class Lagging:
    """Knows jobs by number, newest last; Search answers for those below ``indexed``, in pages of one after an empty."""

    def __init__(self, count: int, indexed: int) -> None:
        self.jobs = [self._job(number) for number in range(count)]
        self.indexed = indexed
        self.described = 0

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

    def list_training_jobs(self, **request: Any) -> Any:
        assert (request["SortBy"], request["SortOrder"]) == ("CreationTime", "Descending")
        members = ("TrainingJobName", "TrainingJobArn", "TrainingJobStatus", "CreationTime")
        return {"TrainingJobSummaries": [{name: job[name] for name in members} for job in reversed(self.jobs)]}

    def list_processing_jobs(self, **_: Any) -> Any:
        return {"ProcessingJobSummaries": []}

    def describe_training_job(self, **request: Any) -> Any:
        self.described += 1
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
        assert service.described == len(service.jobs) - service.indexed  # the others came with the search


def refusing(code: str) -> Any:
    answer: Any = {"Error": {"Code": code, "Message": "not found"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, "DescribeTrainingJob")


@pytest.mark.parametrize("code", ["ValidationException", "AccessDeniedException"])
def test_other_jobs_of_the_account_that_are_gone_or_hidden_are_left_out(code: str) -> None:
    class Hiding(Lagging):
        def describe_training_job(self, **request: Any) -> Any:
            if request["TrainingJobName"] == self.jobs[2]["TrainingJobName"]:
                raise refusing(code)
            return super().describe_training_job(**request)

    service = Hiding(4, 0)
    services = replace(Watch().services(lambda _: 0.0, Reading(), NOON), sagemaker=cast("SageMaker", service))
    listed = catalog.newest(Query(place=Place(project="p", task="")), services)
    assert [one.job.name[-1] for one in listed] == ["3", "1", "0"]


@pytest.mark.parametrize("missing", ["ResourceConfig", "ModelArtifacts", "SecondaryStatus", "StoppingCondition"])
def test_a_job_without_some_members_is_listed(missing: str) -> None:
    service = Lagging(1, 1)
    del service.jobs[0][missing]
    services = replace(Watch().services(lambda _: 0.0, Reading(), NOON), sagemaker=cast("SageMaker", service))
    (listed,) = catalog.newest(Query(place=Place(project="p", task="")), services)
    (row,) = rows([listed], services)
    assert row.status == "Completed"
    report = job_report.report(listed, None, services, pytest.fail)
    again = replay.request_again(listed.job, "new", {}, ReplaySpec(place=Place(project="p", task=""), max_run_mins=5))
    assert again["TrainingJobName"] == "new"
    assert report.status == "Completed"


@pytest.mark.parametrize("address", ["https://s3.amazonaws.com/b/p/task/x/output/model.tar.gz", "", "s3"])
def test_outputs_at_other_addresses_are_no_place(address: str) -> None:
    job = of_training({**Lagging(1, 1).jobs[0], "ModelArtifacts": {"S3ModelArtifacts": address}})
    assert Listed(job, "p", "task").place is None


@pytest.mark.parametrize(
    ("outputs", "place"),
    [
        pytest.param(
            {"model": "x/p/task/JOB/output/"}, TaskPlace(bucket="b", project="p", task="task", prefix="x/"), id="task"
        ),
        pytest.param({"state": "p/task/state"}, TaskPlace(bucket="b", project="p", task="task"), id="state alone"),
        pytest.param(
            {"model": "p/task/p/task/JOB/output/"},
            TaskPlace(bucket="b", project="p", task="task", prefix="p/task/"),
            id="a prefix like a task",
        ),
        pytest.param(
            {"model": "x/p/task/trials/007/JOB/output/", "state": "x/p/task/trials/007/state"},
            TaskPlace(bucket="b", project="p", task="task/trials/007", prefix="x/"),
            id="trial",
        ),
        pytest.param(
            {"model": "x/p/task/trials/007/JOB/output/"},
            TaskPlace(bucket="b", project="p", task="task/trials/007", prefix="x/"),
            id="trial that keeps no state",
        ),
        pytest.param(
            {"model": "x/p/task/trials/JOB/output/"},
            TaskPlace(bucket="b", project="p", task="task/trials", prefix="x/"),
            id="trial of a tuning job",
        ),
        pytest.param({"model": "p/other/JOB/output/"}, None, id="another task"),
        pytest.param({"model": "p/task/another-job/output/"}, None, id="another job"),
        pytest.param({"model": "p/task/trials/007/another-job/output/"}, None, id="another job of a trial"),
        pytest.param({"model": "p/task/trials/another-job/output/"}, None, id="another tuning job's"),
    ],
)
def test_where_a_jobs_task_lies_is_told_by_its_outputs(outputs: dict[str, str], place: TaskPlace | None) -> None:
    answer: dict[str, Any] = {**Lagging(1, 1).jobs[0], "ModelArtifacts": {}}
    name = answer["TrainingJobName"]
    if "model" in outputs:
        address = f"s3://b/{outputs['model']}model.tar.gz".replace("JOB", name)
        answer["ModelArtifacts"] = {"S3ModelArtifacts": address}
    if "state" in outputs:
        answer["CheckpointConfig"] = {"S3Uri": f"s3://b/{outputs['state']}"}
    listed = Listed(of_training(answer), "p", "task")
    assert listed.place == place
    assert listed.trial == (7 if place and "007" in place.task else None)


def test_a_job_that_is_being_deleted_is_not_running() -> None:
    service = Lagging(2, 0)
    service.jobs[0]["TrainingJobStatus"] = "Deleting"
    service.jobs[1]["TrainingJobStatus"] = "Stopping"
    services = replace(Watch().services(lambda _: 0.0, Reading(), NOON), sagemaker=cast("SageMaker", service))
    place = Place(project="p", task="")
    running = catalog.newest(Query(place=place, chosen="running"), services)
    assert [one.job.status for one in running] == ["Stopping"]
    assert len(catalog.newest(Query(place=place), services)) == 2


@pytest.mark.parametrize(
    ("price", "part"), [(0.1, "list prices in dollars"), (None, "Without a price: AWS's price list did not answer")]
)
def test_what_jobs_cost_says_where_it_comes_from(
    capsys: pytest.CaptureFixture[str], price: float | None, part: str
) -> None:
    services = Watch().services(lambda _: 0.0, Reading(), NOON)
    service = Lagging(2, 2)
    for job in service.jobs:
        job.update(TrainingTimeInSeconds=90, BillableTimeInSeconds=90)
    services = replace(services, sagemaker=cast("SageMaker", service), price=lambda *_: price)
    assert cost(CostSpec(place=Place(project="p", task="")), services) == 0
    shown = capsys.readouterr()
    assert part in shown.err
    assert ("list prices" in shown.err) is (price is not None)
    assert shown.out.splitlines()[1].split()[:2] == ["task", "2"]
