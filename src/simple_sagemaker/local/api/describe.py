"""Builds the answers of DescribeTrainingJob and DescribeProcessingJob from a job's request and journal."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from ...storage.private import read_plain
from ..job import log_stream
from ..job.folder import FINAL, Entry, JobFolder
from ..job.home import REGION
from ..job.kinds import TRAINING, kind_of
from ..supervisor import recovery
from .filled_in import fill_in

_NOT_DESCRIBED = {"Tags", "SessionChainingConfig"}  # the members of a request that Describe does not have
_MOST_METRICS = 1 << 30  # bytes of metrics.jsonl


def arn_of(job: JobFolder) -> str:
    """The ARN of a job, in the region in which it was created."""
    return kind_of(job.request()).arn(job.name, job.settings().get("region", REGION))


def describe(job: JobFolder) -> dict[str, Any]:
    """Return the Describe answer for the job's kind; all times have time zones, as boto3's."""
    request = job.request()
    entries = recovery.settle(job)
    return (
        _describe_training(job, request, entries)
        if kind_of(request) == TRAINING
        else _describe_processing(job, request, entries)
    )


def _describe_processing(job: JobFolder, request: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    answer = {key: value for key, value in fill_in(request).items() if key != "Tags"}
    answer |= {"ProcessingJobArn": arn_of(job), "ProcessingJobStatus": _job_status(job, entries)}
    answer |= {"CreationTime": _time(entries[0]["at"]), "LastModifiedTime": _time(entries[-1]["at"])}
    started, final = _first_at(entries, "Processing"), _final_entry(entries)
    if started is not None:
        answer["ProcessingStartTime"] = _time(started)
    if final:
        answer["ProcessingEndTime"] = _time(final["at"])
        texts = {"FailureReason": final.get("reason"), "ExitMessage": final.get("said")}
        answer |= {key: text[:1024] for key, text in texts.items() if text}
    return answer


def _final_entry(entries: list[Entry]) -> Entry | None:
    """The entry that ends the journal."""
    return next((entry for entry in entries if entry.get("status") in FINAL), None)


def _job_status(job: JobFolder, entries: list[Entry]) -> str:
    """The status of a job."""
    final = _final_entry(entries)
    if final:
        return str(final["status"])
    stops = job.stop_mark.exists() or any(entry.get("secondary") == "Stopping" for entry in entries)
    return "Stopping" if stops else "InProgress"


def _describe_training(job: JobFolder, request: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    answer = {key: value for key, value in fill_in(request).items() if key not in _NOT_DESCRIBED}
    answer |= job.updates()
    answer["TrainingJobArn"] = arn_of(job)
    answer["ModelArtifacts"] = {"S3ModelArtifacts": model_uri(request)}
    answer |= _status(job, entries) | _times(entries)
    return answer


def model_uri(request: dict[str, Any]) -> str:
    """The address of the model, which the service answers from the start, whether there will be a model or not."""
    base = request["OutputDataConfig"]["S3OutputPath"].rstrip("/")
    return f"{base}/{request['TrainingJobName']}/output/model.tar.gz"


def _status(job: JobFolder, entries: list[Entry]) -> dict[str, Any]:
    transitions = _transitions(entries)
    final = _final_entry(entries)
    if final:
        status = {"TrainingJobStatus": final["status"], "SecondaryStatus": final["secondary"]}
        if final.get("reason"):
            status["FailureReason"] = final["reason"][:1024]
        if final.get("metrics"):
            status["FinalMetricDataList"] = [
                _metric(metric) for metric in final["metrics"] if abs(metric["value"]) <= log_stream.LARGEST_VALUE
            ]
    elif job.stop_mark.exists():
        status = {"TrainingJobStatus": "Stopping", "SecondaryStatus": "Stopping"}
    else:
        status = {"TrainingJobStatus": "InProgress", "SecondaryStatus": transitions[-1]["Status"]}
        if status["SecondaryStatus"] == "Stopping":
            status["TrainingJobStatus"] = "Stopping"
    return {**status, "SecondaryStatusTransitions": transitions}


def _metric(metric: dict[str, Any]) -> dict[str, Any]:
    return {"MetricName": metric["name"], "Value": metric["value"], "Timestamp": _time(metric["at"])}


def _transitions(entries: list[Entry]) -> list[dict[str, Any]]:
    transitions: list[dict[str, Any]] = []
    for entry in (entry for entry in entries if "secondary" in entry):
        when = _time(entry["at"])
        if transitions and transitions[-1]["Status"] == entry["secondary"]:
            transitions[-1]["StatusMessage"] = entry["message"]  # the message changes in place while the status stays
            continue
        if transitions:
            transitions[-1]["EndTime"] = when
        transitions.append({"Status": entry["secondary"], "StartTime": when, "StatusMessage": entry["message"]})
    if entries[-1].get("status") in FINAL:
        transitions[-1]["EndTime"] = transitions[-1]["StartTime"]
    return transitions


def _times(entries: list[Entry]) -> dict[str, Any]:
    created, last = entries[0]["at"], entries[-1]["at"]
    times: dict[str, Any] = {"CreationTime": _time(created), "LastModifiedTime": _time(last)}
    started = _first_at(entries, "Downloading")
    if started is None:
        return times
    times["TrainingStartTime"] = _time(started)
    final = _final_entry(entries)
    if final:
        end: float = final["detected" if final["status"] == "Failed" and "detected" in final else "at"]
        seconds = max(1, round(end - started))
        times |= {
            "TrainingEndTime": _time(end),
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": max(1, min(seconds, round(end - started - _interrupted_s(entries, end)))),
        }
    return times


def _interrupted_s(entries: list[Entry], end: float) -> float:
    """Seconds between each interruption and the next start: there was no machine, so nothing is billed."""
    total, since = 0.0, None
    for entry in entries:
        if entry.get("secondary") == "Interrupted":
            since = float(entry["at"])
        elif entry.get("secondary") == "Downloading" and since is not None:
            total, since = total + float(entry["at"]) - since, None
    return total + (max(0.0, end - since) if since is not None else 0.0)


def _first_at(entries: list[Entry], secondary: str) -> float | None:
    return next((float(entry["at"]) for entry in entries if entry.get("secondary") == secondary), None)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=timezone.utc)


def summary(description: dict[str, Any]) -> dict[str, Any]:
    """The members of a description that a listing shows."""
    prefix = kind_of(description).prefix
    names = [f"{prefix}{name}" for name in ("JobName", "JobArn", "EndTime", "JobStatus")]
    if prefix == TRAINING.prefix:
        names.append("SecondaryStatus")
    else:
        names += ["FailureReason", "ExitMessage"]
    shown = ("CreationTime", "LastModifiedTime", *names)
    return {name: description[name] for name in shown if name in description}


def metric_lines(job: JobFolder, *, after: int = 0) -> list[dict[str, Any]]:
    """The metric values found in the logs, without the first ``after``: ``name``, ``value``, ``at``, ``host``.

    A last line that is not complete yet is left for the next time.
    """
    path = job.path / "metrics.jsonl"
    if not path.exists():
        return []
    return [json.loads(line) for line in read_plain(path, _MOST_METRICS).split(b"\n")[:-1][after:]]
