"""The one job that is meant, and the jobs of both kinds that are listed: none is missed, none is another's."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

import pytest

from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import AccessDenied, InputNotFound, UsageError
from simple_sagemaker.jobs import catalog, find_job
from simple_sagemaker.jobs.catalog import Query
from tests.unit.jobs.account import NOON, Account

PROJECT, TASK = Place(project="p", task=""), Place(project="p", task="task")
ANY = Place(project="", task="")


def name(number: int, task: str = "task") -> str:
    return f"{task}-2030-01-31-12-{number:02}-00-aaaaaa{number:02}"


@pytest.fixture
def account() -> Account:
    made = Account()
    for number in range(3):
        made.add("training", name(2 * number), 2 * number)
        made.add("processing", name(2 * number + 1), 2 * number + 1)
    made.add("training", name(20, "other"), 20, task="other")
    made.add("processing", name(21, "other"), 21, task="other")
    made.add("training", name(22, "far"), 22, project="far", task="far")
    made.add("processing", name(23, "far"), 23, project="far", task="far")
    made.add("training", "of-nobody", 24, project="")
    made.add("processing", "of-nobody-too", 25, project="")
    return made


def listed(account: Account, query: Query, limit: int | None = None) -> list[str]:
    return [one.job.name for one in catalog.newest(query, account.services(), limit)]


@pytest.mark.parametrize("page", [1, 2, 100])
def test_jobs_of_both_kinds_are_listed_newest_first(account: Account, page: int) -> None:
    account.page = page
    mine = [name(number) for number in range(5, -1, -1)]
    assert listed(account, Query(place=TASK)) == mine
    assert listed(account, Query(place=TASK), 4) == mine[:4]
    assert listed(account, Query(place=PROJECT)) == [name(21, "other"), name(20, "other"), *mine]
    assert listed(account, Query(place=ANY))[:2] == [name(23, "far"), name(22, "far")]
    assert len(listed(account, Query(place=ANY))) == 10


def test_only_those_that_run_or_that_failed_are_listed(account: Account) -> None:
    for number, status in enumerate(("InProgress", "Stopping", "Failed", "Failed", "Stopped", "InProgress")):
        account.add("training" if number % 2 == 0 else "processing", name(number), number, status)
    assert listed(account, Query(place=TASK, chosen="running")) == [name(5), name(1), name(0)]
    assert listed(account, Query(place=TASK, chosen="failed")) == [name(3), name(2)]


def test_jobs_since_a_moment_are_listed_and_the_service_is_asked_for_no_older_ones(account: Account) -> None:
    since = NOON + timedelta(minutes=3)
    assert listed(account, Query(place=TASK, since=since)) == [name(5), name(4), name(3)]
    processing = [request for kind, request in account.requests if kind == "list processing"]
    assert processing[-1]["CreationTimeAfter"] == since
    filters = account.requests[0][1]["SearchExpression"]["Filters"]
    assert filters[-1] == {"Name": "CreationTime", "Operator": "GreaterThanOrEqualTo", "Value": "2030-01-31T12:03:00"}


def test_no_more_is_asked_for_than_is_shown(account: Account) -> None:
    listed(account, Query(place=TASK), 1)
    sizes = {kind: request.get("MaxResults") for kind, request in account.requests}
    assert sizes["search"] == 1
    account.requests.clear()
    listed(account, Query(place=TASK), 1000)
    assert account.requests[0][1]["MaxResults"] == 100


def test_an_account_without_processing_jobs_is_asked_for_no_tags() -> None:
    account = Account()
    account.add("training", name(1), 1)
    assert listed(account, Query(place=TASK)) == [name(1)]
    assert "tagged" not in [kind for kind, _ in account.requests]


def test_the_search_ends_with_the_last_job_that_is_tagged(account: Account) -> None:
    for number in range(30):
        account.add("processing", f"old-{number}", -number - 1, project="")
    listed(account, Query(place=TASK))
    assert len([kind for kind, _ in account.requests if kind == "list processing"]) < 10


def test_a_processing_job_that_was_deleted_meanwhile_is_left_out(account: Account) -> None:
    original = account.describe_processing_job

    def gone(**request: str) -> object:
        return original(ProcessingJobName="gone" if request["ProcessingJobName"] == name(3) else name(1))

    account.describe_processing_job = gone  # type: ignore[method-assign]
    assert name(3) not in listed(account, Query(place=TASK))


@pytest.mark.parametrize(
    ("bucket", "prefix", "found"), [("b", "x/", 1), ("", "x/", 1), ("c", "x/", 0), ("b", "", 6), ("b", "y/", 0)]
)
def test_a_bucket_and_a_prefix_choose_among_jobs_of_one_name(
    account: Account, bucket: str, prefix: str, found: int
) -> None:
    account.add("training", name(9), 9, folder="x/p/task/")
    place = Place(project="p", task="task", bucket=bucket or None, prefix=prefix)
    assert len(listed(account, Query(place=place))) == found


def test_a_job_that_wrote_to_no_place_of_ours_belongs_to_no_bucket(account: Account) -> None:
    account.add("training", name(9), 9)
    account.jobs[f"arn:training/{name(9)}"][1]["ModelArtifacts"] = {}
    assert name(9) in listed(account, Query(place=TASK))
    assert name(9) not in listed(account, Query(place=Place(project="p", task="task", bucket="b")))


def resolve(account: Account, job: str | None = None, place: Place = TASK, **options: bool) -> str:
    return find_job.resolve(place, job, account.services(), **options).job.name


@pytest.mark.parametrize("number", [2, 3])
def test_a_job_is_found_by_its_name_and_by_the_letters_at_its_end(account: Account, number: int) -> None:
    assert resolve(account, name(number)) == name(number)
    assert resolve(account, f"aaaaaa{number:02}") == name(number)
    found = find_job.resolve(ANY, name(number), account.services())
    assert (found.project, found.task) == ("p", "task")


def test_of_jobs_with_the_same_letters_the_newest_is_found_and_no_name_that_has_them_elsewhere(
    account: Account,
) -> None:
    account.add("training", f"{name(1)}-x", 50)
    account.add("training", "task-2030-01-31-12-40-00-aaaaaa02", 40)
    account.page = 1
    assert resolve(account, "aaaaaa02") == "task-2030-01-31-12-40-00-aaaaaa02"
    assert resolve(account, "aaaaaa01") == name(1)


def test_without_a_name_the_newest_job_of_the_task_or_project_is_meant(account: Account) -> None:
    assert resolve(account) == name(5)
    assert resolve(account, place=PROJECT) == name(21, "other")
    account.add("training", name(0), 0, "InProgress")
    assert resolve(account, running=True) == name(0)
    assert resolve(account, prefer_running=True) == name(5), "only among trials"


def test_a_trial_that_runs_is_meant_before_a_newer_one_that_has_ended() -> None:
    account = Account()
    account.add("training", name(1), 1, "InProgress", folder="p/task/trials/001/")
    account.add("training", name(2), 2, folder="p/task/trials/002/")
    assert resolve(account) == name(2)
    assert resolve(account, prefer_running=True) == name(1)
    account.add("training", name(1), 1, folder="p/task/trials/001/")
    assert resolve(account, prefer_running=True) == name(2)


def test_the_newest_job_of_a_trial_is_meant() -> None:
    account = Account()
    for minute, number in enumerate((1, 2, 2, 3, 5)):
        status = "Completed" if minute < 4 else "InProgress"
        account.add("training", name(minute), minute, status, folder=f"p/task/trials/{number:03}/")
    services = account.services()
    assert find_job.resolve(TASK, None, services, trial=2).job.name == name(2)
    assert find_job.resolve(TASK, None, services, trial=5, running=True).job.name == name(4)
    with pytest.raises(InputNotFound, match=r"--trial 2 has ended \(Completed\)"):
        find_job.resolve(TASK, None, services, trial=2, running=True)
    with pytest.raises(InputNotFound, match=r"--trial 4: task 'task' has no such trial.\nIt has the trials 1-3, 5\."):
        find_job.resolve(TASK, None, services, trial=4)


@pytest.mark.parametrize(
    ("numbers", "text"), [([], ""), ([3], "3"), ([1, 2], "1-2"), ([5, 1, 2, 3, 7, 8], "1-3, 5, 7-8")]
)
def test_many_numbers_are_written_as_ranges(numbers: list[int], text: str) -> None:
    assert find_job.number_ranges(numbers) == text


@pytest.mark.parametrize(
    ("place", "job", "running", "parts"),
    [
        (TASK, "aaaaaa99", False, ["--job aaaaaa99", "aaaaaa05 (task), aaaaaa04 (task)"]),
        (TASK, name(20, "other"), False, [f"--job {name(20, 'other')}", "aaaaaa00 (task)"]),
        (TASK, None, True, ["There is no running job of task 'task' of project 'p'.", "has ended ("]),
        (Place(project="p", task="no"), None, False, ["There is no job of task 'no'", "newest jobs: other, task."]),
        (Place(project="q", task="no"), None, False, ["It has no job yet."]),
        (Place(project="q", task=""), None, False, ["no job of project 'q'.", "newest jobs: far, p."]),
    ],
)
def test_what_there_is_is_named_where_nothing_is_found(
    account: Account, place: Place, job: str | None, running: bool, parts: list[str]
) -> None:
    with pytest.raises(InputNotFound) as caught:
        resolve(account, job, place, running=running)
    for part in parts:
        assert part in str(caught.value)


def test_nothing_at_all_is_found_in_an_empty_account() -> None:
    with pytest.raises(InputNotFound, match=r"There is no job of any project.\nNo project has one\."):
        resolve(Account(), place=ANY)


def test_a_named_job_that_has_ended_does_not_run(account: Account) -> None:
    with pytest.raises(InputNotFound, match=r"has ended \(Completed\)"):
        resolve(account, name(2), running=True)
    account.add("training", name(2), 2, "Stopping")
    assert resolve(account, name(2), running=True) == name(2)


def test_all_tags_of_a_job_are_known(account: Account) -> None:
    job = find_job.resolve(TASK, name(3), account.services()).job
    assert catalog.tags_of(job, account.services()) == {"SimpleSagemakerProject": "p", "SimpleSagemakerTask": "task"}


class Buckets:
    """Buckets that are there, those that are closed, and for whom each was asked for."""

    def __init__(self, there: bool = True, error: Exception | None = None) -> None:
        self.there, self.error = there, error
        self.asked: list[tuple[str, str | None]] = []

    def has_bucket(self, bucket: str, *, owner: str | None) -> bool:
        self.asked.append((bucket, owner))
        if self.error is not None:
            raise self.error
        return self.there


@pytest.mark.parametrize(
    ("buckets", "is_read", "told"),
    [
        (Buckets(), True, ""),
        (Buckets(there=False), False, ""),
        (Buckets(error=AccessDenied("s3:ListBucket")), False, "--bucket_owner"),
        (Buckets(error=UsageError("of another account")), False, "in the bucket b, which is not yours"),
    ],
)
def test_a_job_is_read_only_in_a_bucket_of_the_caller_or_of_the_owner_that_was_named(
    account: Account, buckets: Buckets, is_read: bool, told: str
) -> None:
    listed = find_job.resolve(TASK, name(4), account.services())
    services = replace(account.services(), access=cast("Any", buckets))
    notes: list[str] = []
    place = find_job.readable_place(listed, "123456789012", services, notes.append)
    assert (place is not None) is is_read
    assert place in {None, listed.place}
    assert (told in "".join(notes)) if told else not notes
    if buckets.error is None:
        find_job.check_bucket(listed, "123456789012", services)
    else:
        with pytest.raises(type(buckets.error)):
            find_job.check_bucket(listed, "123456789012", services)
    assert buckets.asked == [("b", "123456789012")] * 2


def test_no_bucket_is_asked_for_where_a_jobs_data_lie_in_no_place_of_ours(account: Account) -> None:
    account.add("training", name(50), 50, folder="elsewhere/")
    listed = find_job.resolve(TASK, name(50), account.services())
    assert listed.place is None
    buckets = Buckets()
    services = replace(account.services(), access=cast("Any", buckets))
    assert find_job.readable_place(listed, None, services, pytest.fail) is None
    find_job.check_bucket(listed, None, services)
    assert buckets.asked == []
