"""How a job ended, in words: an error for every end but Completed."""

from __future__ import annotations

from ..core.late_regex import compile_late
from ..core.printable import cells, clean, pad
from ..errors import JobFailed, JobStopped
from .follow import JobResult

_MISSING = compile_late(r"No module named '?([\w.]+)")
_OF_IMAGES = {  # what AWS's images have, and no package index
    "sagemaker_xgboost_container",
    "sagemaker_sklearn_container",
    "smdistributed",
}
_LONGEST_NAME = 40  # of a metric, in its table


def check(result: JobResult, *more: str) -> None:
    """Raise JobFailed or JobStopped unless the job completed; ``more`` are further lines of the message."""
    after = duration(result)
    if result.status == "Failed":
        raise JobFailed("\n".join([f"Failed{after}: {result.job}", *_failure_reasons(result), *more]))
    if result.status != "Completed":
        raise JobStopped("\n".join([f"Stopped{after}: {result.job} ({_stop_reason(result)})", *more]))


def advise(result: JobResult, engine: str) -> list[str]:
    """What to do about a failure whose reason tells: a module that is missing where the job ran."""
    missing = _MISSING.search(result.reason or "") or _MISSING.search(result.message or "")
    if result.status != "Failed" or missing is None:
        return []
    module = missing.group(1)
    ways = [] if module.split(".")[0] in _OF_IMAGES else ["-d requirements.txt installs what that file names"]
    if engine == "local":
        ways += ["SSM_PYTHON=… names an interpreter that has it", "SSM_ENGINE=docker runs in the framework's image"]
    else:
        ways += ["--df 'RUN pip install …' builds an image that has it"]
    return [f"There is no module {module} where the job ran: {'; '.join(ways)}."]


def metrics_lines(result: JobResult) -> list[str]:
    """The last value of each metric, and the best where there were several; empty for a job without any."""
    last = {one["MetricName"]: one["Value"] for one in result.described.answer.get("FinalMetricDataList") or []}
    last |= {name: summary.last for name, summary in result.metrics.items()}
    if not last:
        return []
    if all(summary.count < 2 for summary in result.metrics.values()):
        return ["Metrics: " + ", ".join(f"{clean(name)} {value:.6g}" for name, value in last.items())]
    from .metrics import best

    rows = [("Metrics", "last", "best")]
    for name, value in last.items():
        summary = result.metrics.get(name)
        rows.append((f"  {clean(name)}", f"{value:.6g}", best(name, summary) if summary else ""))
    # a longer name makes its own row longer, not all of them
    widths = [max(min(cells(row[column]), _LONGEST_NAME) for row in rows) for column in (0, 1)]
    return [f"{pad(name, widths[0])}  {pad(value, widths[1])}  {how_good}".rstrip() for name, value, how_good in rows]


def duration(result: JobResult) -> str:
    """The text " after N s", or "" for a job that took no longer than a second."""
    return f" after {result.seconds} s" if (result.seconds or 0) > 1 else ""


def _failure_reasons(result: JobResult) -> list[str]:
    """The service's reason, and the code's own message about it, fit for a terminal."""
    return [clean(result.reason or "no reason was given"), *([clean(result.message)] if result.message else [])]


def _stop_reason(result: JobResult) -> str:
    limits = result.described.answer.get("StoppingCondition", {})
    run_mins = limits.get("MaxRuntimeInSeconds", 0) // 60
    wait_mins = limits.get("MaxWaitTimeInSeconds", 0) // 60
    if result.secondary == "MaxRuntimeExceeded":
        return f"it ran longer than --max_run_mins {run_mins}"
    if result.secondary == "MaxWaitTimeExceeded":
        if wait_mins == run_mins:
            return f"it waited and ran longer than --max_run_mins {run_mins} (--max_wait_mins is for both)"
        return f"it waited and ran longer than --max_wait_mins {wait_mins}"
    return "asked to stop"
