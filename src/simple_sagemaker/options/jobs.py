"""From the arguments of a command for jobs that there are to its spec."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from ..core.job_specs import (
    AttachSpec,
    BoardSpec,
    Chosen,
    CompareSpec,
    CostBy,
    CostSpec,
    DiffSpec,
    ExecSpec,
    HomeSpec,
    JobsSpec,
    ListSpec,
    LogsSpec,
    MetricsSpec,
    RemoveSpec,
    ReplaySpec,
    StatusSpec,
    StopSpec,
)
from ..core.names import check_name
from ..core.specs import Place
from ..errors import UsageError
from .arguments import Arguments
from .key_values import environment, hyperparameters, tags
from .machines import LONGEST_MINS, instance_type
from .task import check_job, download, job_name, place_named, trial_number, wait

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MOST_LISTED = 10_000
_MOST_HOSTS = 10_000
_MOST_PORTS = 65535
_MOST_LINES = 10_000_000


def jobs_spec(arguments: Arguments) -> JobsSpec:
    """Build the spec of a command for jobs that there are. Raises UsageError."""
    return _SPECS[arguments.command](arguments)


def _list_spec(arguments: Arguments) -> ListSpec:
    if arguments.has("running") and arguments.has("failed"):
        raise arguments.contradiction("running", "failed")
    if arguments.has("watch") and arguments.has("json"):
        raise arguments.contradiction("watch", "json")
    chosen: Chosen = "running" if arguments.has("running") else "failed" if arguments.has("failed") else "all"
    return ListSpec(
        **_of_several(arguments),
        chosen=chosen,
        limit=arguments.number("limit", least=1, most=_MOST_LISTED),
        watch=arguments.has("watch"),
    )


def _compare_spec(arguments: Arguments) -> CompareSpec:
    if arguments.has("csv") and arguments.has("json"):
        raise arguments.contradiction("csv", "json")
    return CompareSpec(
        **_of_several(arguments),
        limit=arguments.number("limit", least=1, most=_MOST_LISTED),
        sort=arguments.text("sort"),
        csv=arguments.has("csv"),
    )


def _cost_spec(arguments: Arguments) -> CostSpec:
    text = arguments.required_text("by")
    if text not in _COST_BY:
        raise UsageError(f"{arguments.flag('by')} {text!r} is not one of: {', '.join(_COST_BY)}.")
    return CostSpec(**_of_several(arguments), by=cast("CostBy", text))


def _of_several(arguments: Arguments) -> dict[str, Any]:
    """What the commands for several jobs have. Raises UsageError where neither a project nor all are named."""
    everywhere = arguments.has("all_projects")
    if everywhere and arguments.flag("project_name").startswith("-") and arguments.has("project_name"):
        raise arguments.contradiction("project_name", "all_projects")
    if not everywhere and not arguments.has("project_name"):
        project, every = arguments.advise("project_name"), arguments.flag("all_projects")
        raise UsageError(f"missing: {project}; or {every}, for the jobs of all projects.")
    if everywhere:  # a project file's does not count
        arguments.uses.pop("project_name", None)
        arguments.uses.pop("task_name", None)
    return {**_common(arguments, needs_project=False), "since": _moment(arguments, "since")}


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
        since=_moment(arguments, "since"),
        pattern=_pattern(arguments, "grep"),
        times=arguments.has("times"),
    )


def _board_spec(arguments: Arguments) -> BoardSpec:
    return BoardSpec(**_common(arguments), port=arguments.number("port", least=1, most=_MOST_PORTS))


def _attach_spec(arguments: Arguments) -> AttachSpec:
    return AttachSpec(**_common(arguments), download=download(arguments))


def _exec_spec(arguments: Arguments) -> ExecSpec:
    words = arguments.script_arguments
    if words and not words[0]:
        raise UsageError("the command after -- is empty: leave out -- for a shell.")
    host = arguments.number("host", least=1, most=_MOST_HOSTS)
    port = arguments.number("forward", least=1, most=_MOST_PORTS) if arguments.has("forward") else None
    if port is not None and words:
        raise UsageError(f"{arguments.flag('forward')} runs nothing: leave out --, or use two commands.")
    return ExecSpec(**_common(arguments), host=host, program=words, port=port, yes=arguments.has("yes"))


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


def _metrics_spec(arguments: Arguments) -> MetricsSpec:
    if arguments.has("csv") and arguments.has("json"):
        raise arguments.contradiction("csv", "json")
    return MetricsSpec(**_common(arguments), csv=arguments.has("csv"), step_regex=_pattern(arguments, "step_regex"))


def _remove_spec(arguments: Arguments) -> RemoveSpec:
    if not arguments.has("job") and not arguments.has("task_name"):
        task, job = arguments.advise("task_name"), arguments.advise("job")
        raise UsageError(f"say what to delete: all that ended of {task}, or {job}.")
    for one, name in (("job", "state"), ("job", "input"), ("job", "older"), ("trial", "input")):
        if arguments.has(one) and arguments.has(name):
            raise arguments.contradiction(one, name)
    return RemoveSpec(
        **_common(arguments),
        state=arguments.has("state"),
        inputs=arguments.has("input"),
        before=_moment(arguments, "older"),
        yes=arguments.has("yes"),
    )


def _home_spec(arguments: Arguments) -> HomeSpec:
    if arguments.has("older") and not arguments.has("clean"):
        older, clean = arguments.flag("older"), arguments.flag("clean")
        raise UsageError(f"{older} says which jobs {clean} deletes: add {clean}.")
    return HomeSpec(
        place=Place(project="", task="", is_local=True),
        json=arguments.has("json"),
        quiet=arguments.has("quiet"),
        clean=arguments.has("clean"),
        before=_moment(arguments, "older"),
        yes=arguments.has("yes"),
    )


def _diff_spec(arguments: Arguments) -> DiffSpec:
    uses = arguments.uses.pop("job", [])
    named = [check_job(use.flag, text) for use in uses for text in use.texts()]
    if len(named) != 2:
        raise UsageError(f"name two jobs to compare: --job A --job B; {len(named) or 'none'} is named.")
    first, second = named
    return DiffSpec(**_common(arguments, needs_project=False), jobs=(first, second))


def _replay_spec(arguments: Arguments) -> ReplaySpec:
    def number(name: str, most: int | None = None) -> int | None:
        return arguments.number(name, least=1, most=most) if arguments.has(name) else None

    machine = instance_type(arguments) if arguments.has("instance_type") else None
    if arguments.has("dry_run") and arguments.has("no_wait"):
        raise arguments.contradiction("dry_run", "no_wait")
    return ReplaySpec(
        **_common(arguments),
        changed_type=machine,
        instance_count=number("instance_count"),
        volume_gb=number("volume_size"),
        max_run_mins=number("max_run_mins", LONGEST_MINS),
        max_wait_mins=number("max_wait_mins", LONGEST_MINS),
        no_spot=arguments.has("no_spot"),
        hyperparameters=hyperparameters(arguments),
        environment=environment(arguments),
        tags=tags(arguments),
        download=download(arguments),
        dry_run=arguments.has("dry_run"),
        wait=wait(arguments),
    )


_COST_BY = ("task", "type", "day")
_SPECS: dict[str, Callable[[Arguments], JobsSpec]] = {
    "ls": _list_spec,
    "status": _status_spec,
    "logs": _logs_spec,
    "attach": _attach_spec,
    "exec": _exec_spec,
    "stop": _stop_spec,
    "metrics": _metrics_spec,
    "compare": _compare_spec,
    "board": _board_spec,
    "cost": _cost_spec,
    "rm": _remove_spec,
    "home": _home_spec,
    "diff": _diff_spec,
    "replay": _replay_spec,
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
        "trial": trial_number(arguments),
        "json": arguments.has("json"),
        "quiet": arguments.has("quiet"),
    }


def _moment(arguments: Arguments, name: str) -> datetime | None:
    """When an option says: so long ago, or a date or time of UTC. Raises UsageError for what is neither, or to come."""
    text = arguments.text(name)
    if text is None:
        return None
    flag, now = arguments.flag(name), datetime.now(timezone.utc)
    ago = re.fullmatch(r"(\d{1,6})([smhdw])", text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago.group(2)]: int(ago.group(1))})
        moment = datetime.fromisoformat(re.sub(r"[zZ]$", "+00:00", text))
        moment = moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{flag} {text!r} is not a time: write 30s, 10m, 12h, 7d or 2w for so long ago, or 2030-01-31T12:00 (UTC)."
        ) from None
    if moment > now:
        raise UsageError(f"{flag} {text}: that is still to come (it is {now:%Y-%m-%dT%H:%M} UTC).")
    return moment


def _pattern(arguments: Arguments, name: str) -> str | None:
    """A regular expression, as it was typed. Raises UsageError for what is none."""
    text = arguments.text(name)
    if text is not None:
        from ..core.cpu_limit import compile_regex  # costs what few commands need

        try:
            compile_regex(text)
        except re.error as error:
            raise UsageError(f"{arguments.flag(name)} {text!r} is not a regular expression: {error}.") from None
    return text
