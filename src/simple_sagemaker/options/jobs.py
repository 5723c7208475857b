"""From the arguments of a command for jobs that there are to its spec."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from ..core.job_specs import AttachSpec, Chosen, ExecSpec, JobsSpec, ListSpec, LogsSpec, StatusSpec, StopSpec
from ..core.names import check_name
from ..errors import UsageError
from .arguments import Arguments
from .task import download, job_name, place_named

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOST_LISTED = 10_000
_MOST_HOSTS = 10_000
_MOST_LINES = 10_000_000


def jobs_spec(arguments: Arguments) -> JobsSpec:
    """Build the spec of a command for jobs that there are. Raises UsageError."""
    return _SPECS[arguments.command](arguments)


def _list_spec(arguments: Arguments) -> ListSpec:
    everywhere = arguments.has("all_projects")
    if everywhere and arguments.flag("project_name").startswith("-") and arguments.has("project_name"):
        raise arguments.contradiction("project_name", "all_projects")
    if not everywhere and not arguments.has("project_name"):
        project, every = arguments.advise("project_name"), arguments.flag("all_projects")
        raise UsageError(f"missing: {project}; or {every}, for the jobs of all projects.")
    if arguments.has("running") and arguments.has("failed"):
        raise arguments.contradiction("running", "failed")
    if arguments.has("watch") and arguments.has("json"):
        raise arguments.contradiction("watch", "json")
    chosen: Chosen = "running" if arguments.has("running") else "failed" if arguments.has("failed") else "all"
    if everywhere:  # a project file's does not count
        arguments.uses.pop("project_name", None)
        arguments.uses.pop("task_name", None)
    return ListSpec(
        **_common(arguments, needs_project=False),
        chosen=chosen,
        since=_moment(arguments),
        limit=arguments.number("limit", least=1, most=_MOST_LISTED),
        watch=arguments.has("watch"),
    )


def _status_spec(arguments: Arguments) -> StatusSpec:
    return StatusSpec(**_common(arguments))


def _logs_spec(arguments: Arguments) -> LogsSpec:
    if arguments.has("tail") and arguments.has("since"):
        raise arguments.contradiction("tail", "since")
    return LogsSpec(
        **_common(arguments),
        follow=arguments.has("follow"),
        host=arguments.number("host", least=1, most=_MOST_HOSTS) if arguments.has("host") else None,
        tail=arguments.number("tail", least=0, most=_MOST_LINES) if arguments.has("tail") else None,
        since=_moment(arguments),
        pattern=_pattern(arguments),
        times=arguments.has("times"),
    )


def _attach_spec(arguments: Arguments) -> AttachSpec:
    return AttachSpec(**_common(arguments), download=download(arguments))


def _exec_spec(arguments: Arguments) -> ExecSpec:
    words = arguments.script_arguments
    if words and not words[0]:
        raise UsageError("the command after -- is empty: leave out -- for a shell.")
    host = arguments.number("host", least=1, most=_MOST_HOSTS)
    return ExecSpec(**_common(arguments), host=host, program=words)


def _stop_spec(arguments: Arguments) -> StopSpec:
    chosen = [name for name in ("task_name", "job", "all_tasks") if arguments.has(name)]
    if {"job", "all_tasks"} <= {*chosen} or {"task_name", "all_tasks"} <= {*chosen}:
        raise arguments.contradiction(chosen[0], chosen[1])
    if not chosen:
        every = arguments.flag("all_tasks")
        task, job = arguments.advise("task_name"), arguments.advise("job")
        raise UsageError(f"say what to stop: {task}, {job}, or {every} for all of the project.")
    return StopSpec(
        **_common(arguments),
        all_tasks=arguments.has("all_tasks"),
        yes=arguments.has("yes"),
        wait=arguments.has("wait"),
    )


_SPECS: dict[str, Callable[[Arguments], JobsSpec]] = {
    "ls": _list_spec,
    "status": _status_spec,
    "logs": _logs_spec,
    "attach": _attach_spec,
    "exec": _exec_spec,
    "stop": _stop_spec,
}


def _common(arguments: Arguments, *, needs_project: bool = True) -> dict[str, Any]:
    """What every spec has. Raises UsageError where no project and no job is named."""
    project, task, job = arguments.text("project_name"), arguments.text("task_name"), job_name(arguments)
    if needs_project and project is None and job is None:
        raise UsageError(f"missing: {arguments.advise('project_name')}, or {arguments.advise('job')}.")
    if task is not None and project is None:
        flag = arguments.flag("task_name")
        raise UsageError(f"{flag} {task}: name the task's project with {arguments.advise('project_name')}.")
    return {
        "place": place_named(
            arguments,
            project="" if project is None else check_name(arguments.flag("project_name"), project),
            task="" if task is None else check_name(arguments.flag("task_name"), task),
        ),
        "job": job,
        "json": arguments.has("json"),
        "quiet": arguments.has("quiet"),
    }


def _moment(arguments: Arguments) -> datetime | None:
    """When ``--since`` is: so long ago, or a date or time of UTC. Raises UsageError for what is neither, or to come."""
    text = arguments.text("since")
    if text is None:
        return None
    flag, now = arguments.flag("since"), datetime.now(timezone.utc)
    ago = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
    except (ValueError, OverflowError):
        raise UsageError(
            f"{flag} {text!r} is no time: write 30s, 10m, 12h, 7d or 2w for so long ago, or 2030-01-31T12:00 (UTC)."
        ) from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    if moment > now:
        raise UsageError(f"{flag} {text}: that is still to come (it is {now:%Y-%m-%dT%H:%M} UTC).")
    return moment


def _pattern(arguments: Arguments) -> str | None:
    text = arguments.text("grep")
    if text is not None:
        try:
            re.compile(text)
        except re.error as error:
            raise UsageError(f"{arguments.flag('grep')} {text!r} is no regular expression: {error}.") from None
    return text
