"""Builds the answers of Describe for jobs that have hosts from a job's request and journal."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ..job import log_stream
from ..job.folder import FINAL, JobFolder
from ..job.home import REGION
from ..job.kinds import ADDED, PROCESSING, TRAINING, kind_of
from ..job.stored import DamagedJob, Entry
from .filled_in import fill_in

_NOT_DESCRIBED = {"Tags", "SessionChainingConfig"}  # the members of a request that Describe does not have


def arn_of(job: JobFolder) -> str:
    """The ARN of a job, in the region in which it was created."""
    return kind_of(job.request()).arn(job.name, job.settings().get("region", REGION))


def describe_job(job: JobFolder, request: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    """Return the Describe answer of a training, processing or transform job; all times have time zones, as boto3's.

    ``request`` has what was changed since. Raises DamagedJob.
    """
    if not any(entry.get("secondary") for entry in entries):
        raise DamagedJob(f"{job.journal.name} has no status of the job")
    kind = kind_of(request)
    if kind == TRAINING:
        return _describe_training(job, request, entries)
    return (_describe_processing if kind == PROCESSING else _describe_transform)(job, request, entries)


def _describe_processing(job: JobFolder, request: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    answer = {key: value for key, value in fill_in(request).items() if key != "Tags"}
    answer |= {"ProcessingJobArn": arn_of(job), "ProcessingJobStatus": _job_status(job, entries)}
    answer |= {"CreationTime": as_time(entries[0]["at"]), "LastModifiedTime": as_time(entries[-1]["at"])}
    started, final = _first_at(entries, "Processing"), _final_entry(entries)
    if started is not None:
        answer["ProcessingStartTime"] = as_time(started)
    if final:
        answer["ProcessingEndTime"] = as_time(final["at"])
        texts = {"FailureReason": final.get("reason"), "ExitMessage": final.get("said")}
        answer |= {key: text[:1024] for key, text in texts.items() if text}
    return answer


def _describe_transform(job: JobFolder, request: dict[str, Any], entries: list[Entry]) -> dict[str, Any]:
    answer = {key: value for key, value in fill_in(request).items() if key not in ADDED and key != "Tags"}
    answer |= {"TransformJobArn": arn_of(job), "TransformJobStatus": _job_status(job, entries)}
    answer |= {"CreationTime": as_time(entries[0]["at"]), "LastModifiedTime": as_time(entries[-1]["at"])}
    started, final = _first_at(entries, "Downloading"), _final_entry(entries)
    if started is not None:
        answer["TransformStartTime"] = as_time(started)
    if final:
        answer["TransformEndTime"] = as_time(final["at"])
        if final.get("reason"):
            answer["FailureReason"] = final["reason"][:1024]
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
    return {"MetricName": metric["name"], "Value": metric["value"], "Timestamp": as_time(metric["at"])}


def _transitions(entries: list[Entry]) -> list[dict[str, Any]]:
    transitions: list[dict[str, Any]] = []
    for entry in (entry for entry in entries if "secondary" in entry):
        when = as_time(entry["at"])
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
    times: dict[str, Any] = {"CreationTime": as_time(created), "LastModifiedTime": as_time(last)}
    started = _first_at(entries, "Downloading")
    if started is None:
        return times
    times["TrainingStartTime"] = as_time(started)
    final = _final_entry(entries)
    if final:
        end: float = final["detected" if final["status"] == "Failed" and "detected" in final else "at"]
        speed = final.get("clock_speed") or 1
        seconds = max(1, round(speed * (end - started)))
        billed = round(speed * (end - started - _interrupted_s(entries, end)))
        times |= {
            "TrainingEndTime": as_time(end),
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": max(1, min(seconds, billed)),
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


def as_time(seconds: float) -> datetime:
    """A time of a journal as answers have it."""
    return datetime.fromtimestamp(seconds, tz=timezone.utc)
