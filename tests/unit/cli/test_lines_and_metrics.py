"""``ssm logs``, ``ssm metrics`` and ``ssm compare`` on an account in memory: what a pipe gets, and a program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from simple_sagemaker.cli.living import perform
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.job_specs import JobsSpec
from simple_sagemaker.core.names import job_name
from simple_sagemaker.core.records import replace
from simple_sagemaker.errors import JobFailed, UsageError
from tests.unit.jobs.account import NOON, Account
from tests.unit.jobs.watching import CloudWatch

Ssm = Callable[..., tuple[int, str, str]]
TASK = ("-p", "p", "-t", "task")


def named(number: int) -> str:
    return job_name("task", started=NOON, token=f"{number:08}")


@pytest.fixture
def account() -> Account:
    made = Account(page=100)
    made.add("training", named(1), 0)
    return made


@pytest.fixture
def cloud() -> CloudWatch:
    return CloudWatch(streams={f"{named(1)}/algo-1-100": ["loss=3;", "hello", "loss=1;"]})


@pytest.fixture
def ssm(account: Account, cloud: CloudWatch, capsys: pytest.CaptureFixture[str]) -> Ssm:
    def run(*words: str) -> tuple[int, str, str]:
        spec = parse(words)
        assert isinstance(spec, JobsSpec)
        status = perform(spec, replace(account.services(), logs=cloud))
        out, err = capsys.readouterr()
        return status, out, err

    return run


def change(account: Account, number: int = 1, **members: Any) -> None:
    account.jobs[f"arn:training/{named(number)}"][1].update(members)


class TestLogs:
    def test_a_pipe_gets_the_lines_as_they_are(self, ssm: Ssm) -> None:
        assert ssm("logs", *TASK) == (0, "loss=3;\nhello\nloss=1;\n", "")

    def test_lines_can_be_chosen_and_have_their_times(self, ssm: Ssm) -> None:
        assert ssm("logs", *TASK, "--grep", "l.ss=1")[1] == "loss=1;\n"
        assert ssm("logs", *TASK, "--times", "--grep", "1")[1] == "1970-01-01T00:00:00.000Z loss=1;\n"

    def test_of_several_hosts_each_line_says_whose_it_is(self, account: Account, cloud: CloudWatch, ssm: Ssm) -> None:
        change(account, ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 10})
        cloud.streams[f"{named(1)}/algo-10-100"] = ["there"]
        out = ssm("logs", *TASK)[1]
        assert "algo-1  | hello\n" in out
        assert "algo-10 | there\n" in out
        assert ssm("logs", *TASK, "--host", "10")[1] == "there\n"
        with pytest.raises(UsageError, match=rf"--host 11: the job {named(1)} has 10 hosts"):
            ssm("logs", *TASK, "--host", "11")

    def test_a_host_that_a_job_of_one_does_not_have(self, ssm: Ssm) -> None:
        with pytest.raises(UsageError, match=r"--host 2: the job .* has 1 host\."):
            ssm("logs", *TASK, "--host", "2")

    def test_for_programs_lines_are_json(self, ssm: Ssm) -> None:
        first, *_ = map(json.loads, ssm("logs", *TASK, "--json")[1].splitlines())
        assert first == {"event": "line", "time": "1970-01-01T00:00:00.000Z", "host": 1, "line": "loss=3;"}

    def test_following_a_job_that_has_ended_gives_its_end(self, account: Account, ssm: Ssm) -> None:
        lines = ssm("logs", *TASK, "-f", "--json")[1].splitlines()
        end = json.loads(lines[-1])
        assert (end["event"], end["status"], end["job"]) == ("end", "Completed", named(1))
        change(account, TrainingJobStatus="Failed", FailureReason="AlgorithmError: broke")
        with pytest.raises(JobFailed, match="broke"):
            ssm("logs", *TASK, "-f")


MD = [{"Name": "loss", "Regex": "loss=(.*?);"}]


class TestMetrics:
    def test_a_metric_has_its_first_newest_and_best_value(self, account: Account, ssm: Ssm) -> None:
        change(account, AlgorithmSpecification={"MetricDefinitions": MD})
        head, line = ssm("metrics", *TASK)[1].splitlines()
        assert head.split() == ["METRIC", "VALUES", "FIRST", "NEWEST", "BEST", "COURSE"]
        assert line.split() == ["loss", "2", "3", "1", "1", "(lowest)", "█▁"]

    def test_for_programs_each_value_is_a_row_or_a_record(self, account: Account, ssm: Ssm) -> None:
        change(account, AlgorithmSpecification={"MetricDefinitions": MD})
        rows = list(csv.reader(io.StringIO(ssm("metrics", *TASK, "--csv")[1])))
        assert rows == [
            ["time", "host", "metric", "number", "step", "value"],
            ["1970-01-01T00:00:00.000Z", "algo-1", "loss", "1", "", "3.0"],
            ["1970-01-01T00:00:00.000Z", "algo-1", "loss", "2", "", "1.0"],
        ]
        assert [one["value"] for one in json.loads(ssm("metrics", *TASK, "--json")[1])] == [3.0, 1.0]

    def test_why_there_is_none_is_said(self, account: Account, ssm: Ssm) -> None:
        status, out, err = ssm("metrics", *TASK)
        assert (status, out) == (0, "")
        assert err == f"{named(1)} defines no metric: --metric_definitions NAME REGEX (--md) does, when it is run.\n"
        many = [{"Name": f"m{number:02}", "Regex": "never(.*)"} for number in range(14)]
        change(account, AlgorithmSpecification={"MetricDefinitions": many})
        names = ", ".join(f"m{number:02}" for number in range(12))
        err = ssm("metrics", *TASK)[2]
        assert err == f"The lines of {named(1)} have no value of a metric yet: {names} and 2 more.\n"
        change(account, AlgorithmSpecification={"MetricDefinitions": many[:12]})
        assert ssm("metrics", *TASK)[2].endswith(f"{names}.\n")


class TestCompare:
    @pytest.fixture(autouse=True)
    def _several(self, account: Account) -> None:
        """Three jobs that differ in a hyperparameter and in what came of it."""
        for number, (lr, loss) in enumerate((("0.1", 3.0), ("0.2", 1.0), ("0.3", 2.0)), 1):
            if number > 1:
                account.add("training", named(number), number)
            change(
                account,
                number,
                HyperParameters={"lr": f'"{lr}"', "epochs": '"5"'},
                FinalMetricDataList=[{"MetricName": "loss", "Value": loss, "Timestamp": NOON + timedelta(minutes=1)}],
            )

    def test_what_differs_is_beside_what_came_of_it(self, ssm: Ssm) -> None:
        head, *lines = ssm("compare", *TASK)[1].splitlines()
        assert head.split() == ["JOB", "STATUS", "lr", "loss", "AGE"]
        assert [line.split()[:4] for line in lines] == [
            ["00000003", "Completed", "0.3", "2"],
            ["00000002", "Completed", "0.2", "1"],
            ["00000001", "Completed", "0.1", "3"],
        ]

    def test_jobs_are_sorted_by_what_was_asked_for(self, ssm: Ssm) -> None:
        lines = ssm("compare", *TASK, "--sort", "loss")[1].splitlines()
        assert [line.split()[3] for line in lines[1:]] == ["1", "2", "3"]
        with pytest.raises(UsageError, match="none of these jobs has a metric or hyperparameter 'f1'") as refused:
            ssm("compare", *TASK, "--sort", "f1")
        assert "They have: loss, lr, epochs." in str(refused.value) or "They have: loss, epochs, lr." in str(
            refused.value
        )

    def test_as_many_as_were_asked_for_are_compared(self, ssm: Ssm) -> None:
        status, out, err = ssm("compare", *TASK, "--limit", "2")
        assert (status, len(out.splitlines())) == (0, 3)
        assert err == "The 2 newest; --limit 10 compares more\n"
        assert ssm("compare", *TASK, "--limit", "3")[2] == ""

    def test_a_table_for_programs_has_what_all_have_alike_too(self, ssm: Ssm) -> None:
        head, *rows = csv.reader(io.StringIO(ssm("compare", *TASK, "--csv")[1]))
        assert head[:5] == ["project", "task", "trial", "job", "status"]
        assert sorted(head[10:]) == ["hp.epochs", "hp.lr", "metric.loss"]
        first = dict(zip(head, rows[0], strict=True))
        assert (first["hp.lr"], first["hp.epochs"], first["metric.loss"], first["trial"]) == ("0.3", "5", "2.0", "")
        records = json.loads(ssm("compare", *TASK, "--json")[1])
        assert [one["metrics"]["loss"] for one in records] == [2.0, 1.0, 3.0]

    def test_nothing_to_compare_is_said(self, ssm: Ssm) -> None:
        assert ssm("compare", "-p", "p", "-t", "other") == (0, "", "There is no job to compare.\n")
        assert ssm("compare", "-p", "p", "-t", "other", "--json")[1] == "[]\n"
