"""Runs the script of a training job with what watches it, and writes its success or failure file.

In: the argument vector, the environment, and what ``run.json`` has of rules and MLflow. Out: the status to end with.
"""

import os

from . import command, empty_folders, failure, process, values

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

    from . import environment, rules, tracking


def run(
    job: "environment.Job",
    argv: "list[bytes]",
    env: "dict[bytes, bytes]",
    described: "dict[str, Any]",
    host: "str | None",
) -> int:
    """Run the script, write the success or failure file, and return the status to end with.

    A rule of those ``described`` that is met decides how the job ends, whatever the script made of the signal.

    ``host`` is None for jobs of other clients, which end with 1 however their script fails, as AWS's ``train`` does.
    """
    watch = _judge(job, described)
    tracker = _track(job, described, env, watch)
    show(argv)
    ended = process.run(argv, env, os.fsencode(job.places.code), tracker or watch)
    if watch is not None:
        watch.finish()
    empty_folders.tell(job.state, job.hosts)
    hit = None if watch is None else watch.hit
    status = _write_outcome(job, argv, ended, hit, host)
    if tracker is not None:
        tracker.end(status, is_stopped=bool(ended.stop_signal))
    return status


def _judge(job: "environment.Job", described: "dict[str, Any]") -> "rules.Watch | None":
    """What judges the job's rules; None without rules."""
    if not described.get("rules"):
        return None
    from . import rules

    return rules.Watch(described["rules"], described.get("metrics") or {}, job.places.base, note)


def _track(
    job: "environment.Job", described: "dict[str, Any]", env: "dict[bytes, bytes]", watch: "rules.Watch | None"
) -> "tracking.Tracker | None":
    """What keeps the job's run in MLflow; None without one. On the first host it adds variables to ``env``."""
    if not described.get("mlflow"):
        return None
    from . import tracking

    return tracking.begin(job, described, env, watch, note)


def _write_outcome(
    job: "environment.Job",
    argv: "list[bytes]",
    ended: "process.Ended",
    hit: "rules.Hit | None",
    host: "str | None",
) -> int:
    """Write the success or failure file, and return the status to end with."""
    if hit is not None and hit.action == "fail":
        failure.write_failure(job.places, hit.text)
        return process.exit_status(ended.status) or 1
    if hit is not None:
        failure.write_success(job.places)
        return 0
    if ended.status == 0:
        failure.write_success(job.places)
    else:
        text = failure.script_failure(ended.status, ended.tail, command.format_for_log(argv), host)
        failure.write_failure(job.places, text)
        if host is None:
            return 1
    return process.exit_status(ended.status)


def show(argv: "list[bytes]") -> None:
    """Log the command that is about to start."""
    process.write(b"Invoking script with the following command:\n\n" + command.format_for_log(argv) + b"\n\n")


def note(text: str) -> None:
    """Log a line of ours."""
    process.write(values.to_bytes("simple-sagemaker: {}\n".format(text)))
