"""The commands for jobs that there are, on an account in memory: what they print, where, and as which status."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from simple_sagemaker.cli.living import perform
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.cli.run import naming
from simple_sagemaker.core.job_specs import JobsSpec
from simple_sagemaker.core.names import job_name
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Services
from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import InputNotFound, UsageError
from tests.unit.jobs.account import NOON, Account

Ssm = Callable[..., tuple[int, str, str]]


def named(number: int, task: str = "task") -> str:
    return job_name(task, started=NOON, token=f"{number:08}")


class Stoppable(Account):
    """An account whose jobs can be stopped."""

    def stop_training_job(self, *, TrainingJobName: str) -> Any:  # noqa: N803 - the service's name
        self.requests.append(("stop", {"name": TrainingJobName}))
        self.jobs[f"arn:training/{TrainingJobName}"][1]["TrainingJobStatus"] = "Stopping"


@pytest.fixture
def account() -> Account:
    return Stoppable(page=100)


@pytest.fixture
def ssm(account: Account, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ssm:
    """Does what a command line says; gives its status, output and messages. ``typed`` is what a person answers."""

    def run(*words: str, typed: str | None = None, **changes: Any) -> tuple[int, str, str]:
        class Keyboard(io.StringIO):
            def isatty(self) -> bool:
                return typed is not None

        monkeypatch.setattr(sys, "stdin", Keyboard(typed or ""))
        spec = parse(words)
        assert isinstance(spec, JobsSpec)
        services: Services = replace(account.services(), **changes)
        status = perform(spec, services)
        out, err = capsys.readouterr()
        return status, out, err

    return run


def stopped(account: Account) -> list[str]:
    return [request["name"] for what, request in account.requests if what == "stop"]


class TestLs:
    def test_as_many_as_were_asked_for_are_listed_and_that_there_are_more_is_said(
        self, account: Account, ssm: Ssm
    ) -> None:
        for number in range(4):
            account.add("training", named(number), number)
        status, out, err = ssm("ls", "-p", "p", "--limit", "3")
        assert status == 0
        assert [line.split()[1] for line in out.splitlines()] == ["JOB", "00000003", "00000002", "00000001"]
        assert err == "The 3 newest; --limit 15 shows more\n"
        assert ssm("ls", "-p", "p", "--limit", "3", "--quiet")[2] == ""
        assert ssm("ls", "-p", "p", "--limit", "4")[2] == ""

    def test_for_programs_jobs_are_json(self, account: Account, ssm: Ssm) -> None:
        assert ssm("ls", "--all_projects", "--json")[:2] == (0, "[]\n")
        account.add("training", named(1), 0, "Failed")
        (row,) = json.loads(ssm("ls", "--all_projects", "--json")[1])
        assert (row["project"], row["task"], row["job"], row["status"]) == ("p", "task", named(1), "Failed")

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (("--all_projects",), "There is no job."),
            (("-p", "p"), "There is no job of project 'p'."),
            (("-p", "p", "-t", "t"), "There is no job of task 't' of project 'p'."),
            (("--all_projects", "--running"), "There is no running job."),
            (("--failed", "-p", "p"), "There is no failed job of project 'p'."),
            (("--all_projects", "--since", "2026-01-30"), "There is no job since 2026-01-30 00:00 UTC."),
        ],
    )
    def test_where_there_is_none_it_is_said_of_what(self, ssm: Ssm, words: tuple[str, ...], says: str) -> None:
        assert ssm("ls", *words) == (0, "", f"{says}\n")

    def test_the_project_is_a_column_where_none_was_named(self, account: Account, ssm: Ssm) -> None:
        account.add("training", named(1), 0)
        assert ssm("ls", "--all_projects")[1].split()[:2] == ["PROJECT", "TASK"]
        assert ssm("ls", "-p", "p")[1].split()[:2] == ["TASK", "JOB"]

    def test_it_is_shown_on_what_jobs_run(self, account: Account, ssm: Ssm, tmp_path: Any) -> None:
        two: dict[str, Any] = {"ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2}}
        for number, members in enumerate((two, {"EnableManagedSpotTraining": True})):
            account.add("training", named(number), number)
            account.jobs[f"arn:training/{named(number)}"][1].update(members)
        out = ssm("ls", "-p", "p")[1].splitlines()
        assert "ml.m5.large spot  " in out[1]
        assert "2 ml.g5.xlarge  " in out[2]
        here = ssm("ls", "-p", "p", jobs=tmp_path)[1].splitlines()
        assert [" local " in here[1], " 2 local " in here[2]] == [True, True]

    def test_those_that_were_chosen_are_listed(self, account: Account, ssm: Ssm) -> None:
        for number, status in enumerate(("Completed", "InProgress", "Failed")):
            account.add("training", named(number), 60 * number, status)
        account.jobs[f"arn:training/{named(0)}"][1]["CreationTime"] = NOON.replace(year=2020)
        since = "2021-01-01"
        listed = {
            words: [line.split()[1] for line in ssm("ls", "-p", "p", *words)[1].splitlines()[1:]]
            for words in ((), ("--since", since), ("--running",), ("--failed",))
        }
        assert listed == {
            (): ["00000002", "00000001", "00000000"],
            ("--since", since): ["00000002", "00000001"],
            ("--running",): ["00000001"],
            ("--failed",): ["00000002"],
        }

    def test_watching_is_for_terminals(self, ssm: Ssm) -> None:
        with pytest.raises(UsageError, match="--watch redraws a terminal"):
            ssm("ls", "--all_projects", "--watch")


class TestStop:
    def test_the_running_job_of_a_task_is_stopped(self, account: Account, ssm: Ssm) -> None:
        account.add("training", named(1), 0, "InProgress")
        account.add("training", named(2), 1)
        account.add("training", named(3, "other"), 2, "InProgress", task="other")
        assert ssm("stop", "-p", "p", "-t", "task") == (0, f"Stopping: {named(1)}\n", "")
        assert stopped(account) == [named(1)]

    def test_a_job_by_its_name_is_the_only_one_that_is_stopped(self, account: Account, ssm: Ssm) -> None:
        for number in (1, 2):
            account.add("training", named(number), number, "InProgress")
        assert ssm("stop", "-p", "p", "--job", named(1))[0] == 0
        assert stopped(account) == [named(1)]

    def test_where_nothing_runs_it_is_said(self, account: Account, ssm: Ssm) -> None:
        account.add("training", named(1), 0)
        with pytest.raises(
            InputNotFound, match=r"No job of task 'task' of project 'p' is running: nothing was stopped"
        ):
            ssm("stop", "-p", "p", "-t", "task")
        with pytest.raises(InputNotFound, match=r"No job of project 'p' is running: nothing was stopped"):
            ssm("stop", "-p", "p", "--all_tasks")

    def test_several_are_stopped_after_a_yes_alone(self, account: Account, ssm: Ssm) -> None:
        for number in (1, 2):
            account.add("training", named(number), number, "InProgress")
        with pytest.raises(
            UsageError, match=r"2 jobs would stop \(00000002, 00000001\); without a terminal, add --yes"
        ):
            ssm("stop", "-p", "p", "--all_tasks")
        for answer in ("n\n", "\n", "", "yes please\n"):
            status, out, err = ssm("stop", "-p", "p", "--all_tasks", typed=answer)
            assert (status, out) == (1, "")
            assert "Stop these 2 jobs? [y/N]" in err
            assert err.endswith("Nothing was stopped.\n")
            assert f"task  {named(1)}  InProgress" in err
        assert stopped(account) == []
        assert ssm("stop", "-p", "p", "--all_tasks", typed="Yes\n")[0] == 0
        assert stopped(account) == [named(2), named(1)]

    def test_with_yes_nobody_is_asked(self, account: Account, ssm: Ssm) -> None:
        for number in (1, 2):
            account.add("training", named(number), number, "InProgress")
        status, out, err = ssm("stop", "-p", "p", "--all_tasks", "--yes", "--json")
        assert (status, err) == (0, "")
        assert [(one["job"], one["status"], one["trial"]) for one in json.loads(out)] == [
            *((named(2), "Stopping", None), (named(1), "Stopping", None))
        ]


class TestCost:
    def test_tasks_are_added_up_with_a_total_where_there_are_several(self, account: Account, ssm: Ssm) -> None:
        hour = {"TrainingTimeInSeconds": 3600, "BillableTimeInSeconds": 1800}
        for number, task in enumerate(("task", "task", "other")):
            account.add("training", named(number, task), number, task=task)
            times = {"TrainingStartTime": NOON, "TrainingEndTime": NOON + timedelta(hours=1), **hour}
            account.jobs[f"arn:training/{named(number, task)}"][1].update(times)
        status, out, err = ssm("cost", "-p", "p", price=lambda *_: 2.0)
        lines = [line.split() for line in out.splitlines()]
        assert status == 0
        assert lines[0][:2] == ["TASK", "JOBS"]
        assert [line[:2] for line in lines[1:3]] == [["task", "2"], ["other", "1"]]
        assert len(lines) == 4
        assert "list prices in dollars" in err
        rows = {row["name"]: row for row in json.loads(ssm("cost", "-p", "p", "--json", price=lambda *_: 2.0)[1])}
        assert {name: row["cost_usd"] for name, row in rows.items()} == {"p/task": 2.0, "p/other": 1.0}
        one = ssm("cost", "-p", "p", "-t", "other", price=lambda *_: 2.0)[1]
        assert len(one.splitlines()) == 2  # a total would say the same again
        assert ssm("cost", "-p", "p")[2].startswith("Without a price: AWS's price list did not answer")

    def test_jobs_of_this_machine_cost_nothing(self, account: Account, ssm: Ssm, tmp_path: Any) -> None:
        account.add("training", named(1), 0)
        times = {"TrainingStartTime": NOON, "TrainingEndTime": NOON + timedelta(hours=1)}
        seconds = {"TrainingTimeInSeconds": 3600, "BillableTimeInSeconds": 1800}
        account.jobs[f"arn:training/{named(1)}"][1].update({**times, **seconds})
        status, out, err = ssm("cost", "-p", "p", jobs=tmp_path)
        assert (status, err) == (0, "Times of all hosts together; jobs on this machine cost nothing\n")
        assert "BILLED" not in out
        assert "SAVED" not in out
        assert "TRAINED" in out

    def test_where_there_is_nothing_to_add_up_it_is_said(self, ssm: Ssm) -> None:
        assert ssm("cost", "-p", "p") == (0, "", "There is no job whose cost could be added up.\n")
        assert ssm("cost", "-p", "p", "--json") == (0, "[]\n", "")


class TestStatus:
    def test_a_page_has_what_one_does_next(self, account: Account, ssm: Ssm) -> None:
        account.add("training", named(1), 0, "InProgress")
        page = ssm("status", "-p", "p", "-t", "task")[1]
        assert page.splitlines()[0] == named(1)
        assert "ssm attach -p p -t task --job 00000001" in page
        assert "ssm stop -p p -t task --job 00000001" in page
        account.add("training", named(2), 1)
        account.jobs[f"arn:training/{named(2)}"][1]["TrainingEndTime"] = NOON + timedelta(minutes=9)
        page = ssm("status", "-p", "p", "-t", "task")[1]
        assert "ssm logs -p p -t task --job 00000002" in page
        assert "ssm data -p p -t task --job 00000002 -o FOLDER" in page
        assert "ssm stop" not in page

    def test_a_failure_has_its_reason(self, account: Account, ssm: Ssm) -> None:
        account.add("training", named(1), 0, "Failed")
        account.jobs[f"arn:training/{named(1)}"][1]["FailureReason"] = "AlgorithmError: it broke\n\nat line 7"
        page = ssm("status", "-p", "p", "-t", "task")[1]
        lines = [" ".join(line.split()) for line in page.splitlines()]
        assert lines[2:5] == ["Status Failed: AlgorithmError: it broke", "Reason AlgorithmError: it broke", "at line 7"]
        assert ssm("status", "-p", "p", "-t", "task", "--json")[0] == 0

    def test_of_a_study_it_is_said_which_trial_is_shown(self, account: Account, ssm: Ssm) -> None:
        for number in (1, 2):
            account.add("training", named(number, f"task-00{number}"), number, folder=f"p/task/trials/00{number}/")
        assert ssm("logs", "-p", "p", "-t", "task")[2].splitlines()[0] == (
            "Trial 2 of task task, the newest; --trial NUMBER chooses another"
        )

    def test_its_times_and_what_is_billed_are_on_the_page(self, account: Account, ssm: Ssm) -> None:
        account.add("training", named(1), 0)
        assert "\nRan " not in ssm("status", "-p", "p", "-t", "task")[1]
        times = {"TrainingStartTime": NOON, "TrainingEndTime": NOON + timedelta(hours=1)}
        seconds = {"TrainingTimeInSeconds": 3600, "BillableTimeInSeconds": 1800}
        account.jobs[f"arn:training/{named(1)}"][1].update({**times, **seconds})
        lines = [
            " ".join(line.split())
            for line in ssm("status", "-p", "p", "-t", "task", price=lambda *_: 2.0)[1].splitlines()
        ]
        assert "Ran 1h00m, 30m00s billed" in lines
        assert "Cost $1.00 (list price of the machines)" in lines

    def test_where_it_runs_is_said_in_the_engines_words(self, account: Account, ssm: Ssm, tmp_path: Any) -> None:
        account.add("training", named(1), 0)
        config = {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2}
        account.jobs[f"arn:training/{named(1)}"][1].update(ResourceConfig=config, EnableManagedSpotTraining=True)
        assert "2 hosts, ml.g5.xlarge spot in eu-west-1" in ssm("status", "-p", "p", "-t", "task")[1]
        assert "this machine, 2 hosts" in ssm("status", "-p", "p", "-t", "task", jobs=tmp_path)[1]


def test_ages_count_from_the_making_of_a_job(account: Account, ssm: Ssm) -> None:
    account.add("training", named(1), 0)
    now = datetime(2030, 1, 31, 13, 30, tzinfo=timezone.utc)
    line = ssm("ls", "-p", "p", now=lambda: now)[1].splitlines()[1]
    assert line.split()[-1] == "1h"
    assert ssm("ls", "-p", "p", now=lambda: NOON + timedelta(minutes=59))[1].split()[-1] == "59m"


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (Place(project="p", task="t"), "-p p -t t"),
        (Place(project="", task=""), "-p of-job -t of-task"),
        (Place(project="p", task="a b", is_local=True), "-p p -t 'a b' --it local"),
        (
            Place(project="p", task="t", bucket="b", bucket_owner="1", prefix="x/y", data_store="s3"),
            "-p p -t t --bucket_name b --bucket_owner 1 --prefix x/y --data_store s3",
        ),
        (Place(project="p", task="t", aws_region="r", aws_profile="w"), "-p p -t t --aws_region r --aws_profile w"),
    ],
)
def test_what_one_does_next_names_the_task_as_it_was_typed(place: Place, words: str) -> None:
    assert naming(place, project="of-job", task="of-task") == words
