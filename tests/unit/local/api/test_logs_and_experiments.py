"""CloudWatch's two operations on a job's files, and the records of classic experiments: pages, bounds and refusals."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.local.api.cloudwatch_logs import LocalLogs
from simple_sagemaker.local.api.experiments import LocalExperiments
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.local.job.kinds import PROCESSING
from simple_sagemaker.local.job.log_stream import Stream
from tests.unit.local.made_jobs import make

TRAINING, OF_PROCESSING = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs"


def refusal(call: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


class TestLogs:
    @pytest.fixture
    def logs(self, tmp_path: Path) -> LocalLogs:
        """Two training jobs with two hosts each, and a processing job of the name of one of them."""
        home = Home(tmp_path)
        for name in ("job", "job-2"):
            folder = make(home, name)
            for host in ("algo-1", "algo-2"):
                stream = Stream(host=host, folder=folder.logs, patterns=[])
                stream.feed(b"".join(b"%s %s %d\n" % (name.encode(), host.encode(), number) for number in range(5)))
                stream.close()
        stream = Stream(host="algo-1", folder=make(home, "job", kind=PROCESSING).logs, patterns=[])
        stream.feed(b"processing\n")
        stream.close()
        return LocalLogs(home)

    def names(self, logs: LocalLogs, **request: Any) -> list[str]:
        answer = logs.describe_log_streams(**{"logGroupName": TRAINING, **request})
        return [one["logStreamName"].rpartition("-")[0] for one in answer["logStreams"]]

    def test_streams_are_those_whose_names_begin_so(self, logs: LocalLogs) -> None:
        assert self.names(logs, logStreamNamePrefix="job/") == ["job/algo-1", "job/algo-2"]
        assert self.names(logs, logStreamNamePrefix="job/algo-2") == ["job/algo-2"]
        assert self.names(logs, logStreamNamePrefix="job") == [
            "job-2/algo-1",
            "job-2/algo-2",
            "job/algo-1",
            "job/algo-2",
        ]
        assert self.names(logs) == self.names(logs, logStreamNamePrefix="job")
        assert self.names(logs, logStreamNamePrefix="gone/") == []
        assert self.names(logs, logStreamNamePrefix="job/", logGroupName=OF_PROCESSING) == ["job/algo-1"]

    def test_streams_come_in_pages(self, logs: LocalLogs) -> None:
        first = logs.describe_log_streams(logGroupName=TRAINING, limit=3)
        assert (len(first["logStreams"]), first["nextToken"]) == (3, "3")
        last = logs.describe_log_streams(logGroupName=TRAINING, limit=3, nextToken=first["nextToken"])
        assert (len(last["logStreams"]), "nextToken" in last) == (1, False)
        assert "nextToken" not in logs.describe_log_streams(logGroupName=TRAINING, limit=4)
        one = first["logStreams"][0]
        assert one["arn"].endswith(f":log-group:{TRAINING}:log-stream:{one['logStreamName']}")
        assert abs(one["creationTime"] / 1000 - datetime.now(timezone.utc).timestamp()) < 3600

    def events(self, logs: LocalLogs, **request: Any) -> tuple[list[str], dict[str, Any]]:
        stream = next(
            one["logStreamName"]
            for one in logs.describe_log_streams(logGroupName=TRAINING, logStreamNamePrefix="job/algo-1")["logStreams"]
        )
        answer = logs.get_log_events(logGroupName=TRAINING, logStreamName=stream, **request)
        return [one["message"].rpartition(" ")[2] for one in answer["events"]], dict(answer)

    def test_lines_are_read_from_either_end_until_the_token_stays_the_same(self, logs: LocalLogs) -> None:
        lines, answer = self.events(logs, startFromHead=True, limit=2)
        assert lines == ["0", "1"]
        lines, answer = self.events(logs, nextToken=answer["nextForwardToken"])
        assert lines == ["2", "3", "4"]
        lines, again = self.events(logs, nextToken=answer["nextForwardToken"])
        assert (lines, again["nextForwardToken"]) == ([], answer["nextForwardToken"])
        lines, answer = self.events(logs, limit=2)
        assert lines == ["3", "4"]
        lines, answer = self.events(logs, limit=2, nextToken=answer["nextBackwardToken"])
        assert lines == ["1", "2"]
        lines, answer = self.events(logs, limit=2, nextToken=answer["nextBackwardToken"])
        assert lines == ["0"]

    def test_a_start_counts_and_an_end_does_not(self, logs: LocalLogs) -> None:
        _, answer = self.events(logs)
        first = answer["events"][0]["timestamp"]
        assert "0" in self.events(logs, startTime=first)[0]
        assert "0" not in self.events(logs, endTime=first)[0]
        assert self.events(logs, endTime=first + 10**7)[0] == ["0", "1", "2", "3", "4"]
        assert self.events(logs, startTime=first + 10**7)[0] == []

    def test_what_is_not_there_is_refused_as_by_cloudwatch(self, logs: LocalLogs) -> None:
        missing = "ResourceNotFoundException: The specified log group does not exist."
        assert refusal(logs.describe_log_streams, logGroupName="/aws/mine") == missing
        assert refusal(logs.get_log_events, logGroupName="/aws/mine", logStreamName="x") == missing
        for stream in ("job/algo-9-1", "gone/algo-1-1", "job", "job/../journal.jsonl", "job/a/b"):
            assert refusal(logs.get_log_events, logGroupName=TRAINING, logStreamName=stream) == (
                "ResourceNotFoundException: The specified log stream does not exist."
            )
        for token in ("x/1", "f/x", "f", ""):
            with pytest.raises(ClientError, match="The specified nextToken is invalid"):
                self.events(logs, nextToken=token)


class TestExperiments:
    @pytest.fixture
    def made(self, tmp_path: Path) -> LocalExperiments:
        made = LocalExperiments(Home(tmp_path), region="eu-west-1")
        for name in ("One", "two"):
            made.create_experiment(ExperimentName=name, Description="why")
        made.create_trial(TrialName="t", ExperimentName="One")
        return made

    def test_an_experiment_is_described_as_it_was_made(self, made: LocalExperiments) -> None:
        described = made.describe_experiment(ExperimentName="One")
        assert described["ExperimentArn"] == "arn:aws:sagemaker:eu-west-1:000000000000:experiment/one"
        assert (described["DisplayName"], described["Description"]) == ("One", "why")
        trial = made.describe_trial(TrialName="t")
        assert trial["TrialArn"] == "arn:aws:sagemaker:eu-west-1:000000000000:experiment-trial/t"
        assert trial["ExperimentName"] == "One"

    def test_lists_are_newest_first_or_as_they_are_asked_for(self, made: LocalExperiments) -> None:
        def names(**request: Any) -> list[str]:
            return [one["ExperimentName"] for one in made.list_experiments(**request)["ExperimentSummaries"]]

        assert names() == ["two", "One"]
        assert names(SortBy="Name", SortOrder="Ascending") == ["One", "two"]
        assert names(SortBy="CreationTime", SortOrder="Ascending") == ["One", "two"]
        page = made.list_experiments(MaxResults=1)
        assert len(page["ExperimentSummaries"]) == 1
        assert names(MaxResults=1, NextToken=page["NextToken"]) == ["One"]
        later = datetime.now(timezone.utc) + timedelta(hours=1)
        assert names(CreatedAfter=later) == names(CreatedBefore=later - timedelta(hours=2)) == []
        assert len(names(CreatedBefore=later)) == len(names(CreatedAfter=later - timedelta(hours=2))) == 2
        assert len(made.list_trials(ExperimentName="One")["TrialSummaries"]) == 1
        assert made.list_trials(ExperimentName="two")["TrialSummaries"] == []

    def test_what_cannot_be_is_refused(self, made: LocalExperiments) -> None:
        assert "Experiment with name (One) already exists" in refusal(made.create_experiment, ExperimentName="One")
        gone = "ResourceNotFound: Experiment gone does not exist."
        assert refusal(made.describe_experiment, ExperimentName="gone") == gone
        assert refusal(made.create_trial, TrialName="u", ExperimentName="gone") == gone
        assert "has trials: delete them first" in refusal(made.delete_experiment, ExperimentName="One")
        assert "trial components" in refusal(made.list_trials, TrialComponentName="x")
        made.delete_trial(TrialName="t")
        made.delete_experiment(ExperimentName="One")
        assert refusal(made.describe_trial, TrialName="t") == "ResourceNotFound: Trial t does not exist."

    def test_a_damaged_record_is_passed_over(self, made: LocalExperiments, tmp_path: Path) -> None:
        (tmp_path / "experiments/experiments/two.json").write_text("{")
        assert [one["ExperimentName"] for one in made.list_experiments()["ExperimentSummaries"]] == ["One"]
