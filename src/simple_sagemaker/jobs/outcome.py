"""How a job ended, in words: an error for every end but Completed."""

from __future__ import annotations

from ..errors import JobFailed, JobStopped
from .follow import JobResult


def check(ended: JobResult, *more: str) -> None:
    """Raise JobFailed or JobStopped unless the job completed; ``more`` are further lines of the message."""
    if ended.status == "Failed":
        raise JobFailed("\n".join([f"Failed{took(ended)}: {ended.job}", *_why_failed(ended), *more]))
    if ended.status != "Completed":
        raise JobStopped("\n".join([f"Stopped{took(ended)}: {ended.job} ({_why_stopped(ended)})", *more]))


def took(ended: JobResult) -> str:
    """How long it took, where that is worth a word."""
    return f" after {ended.seconds} s" if (ended.seconds or 0) > 1 else ""


def _why_failed(ended: JobResult) -> list[str]:
    """The service's reason, and what the code itself said."""
    return [ended.reason or "no reason was given", *([ended.message] if ended.message else [])]


def _why_stopped(ended: JobResult) -> str:
    limits = ended.described.answer.get("StoppingCondition", {})
    run_mins = limits.get("MaxRuntimeInSeconds", 0) // 60
    wait_mins = limits.get("MaxWaitTimeInSeconds", 0) // 60
    if ended.secondary == "MaxRuntimeExceeded":
        return f"it ran longer than --max_run_mins {run_mins}"
    if ended.secondary == "MaxWaitTimeExceeded":
        return f"it waited longer than --max_wait_mins {wait_mins}"
    return "asked to stop"
