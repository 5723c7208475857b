"""What the commands for jobs that there are want done, as typed values: one frozen record a command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from .records import dataclass, field
from .specs import Download, Place, Spec

Chosen = Literal["all", "running", "failed"]
CostBy = Literal["task", "type", "day"]


@dataclass(frozen=True, kw_only=True)
class JobsSpec:
    """What every one of them has.

    An empty project or task in ``place`` stands for any; ``job`` is a job's name or the letters at its end, ``trial``
    the number of a trial of the task's study. With ``json`` the result is printed for programs, with ``quiet`` nothing
    but it.
    """

    place: Place
    job: str | None = None
    trial: int | None = None
    json: bool = False
    quiet: bool = False


@dataclass(frozen=True, kw_only=True)
class ListSpec(JobsSpec):
    """A whole ``ssm ls``: the newest ``limit`` jobs, not older than ``since``; with ``watch`` again and again."""

    chosen: Chosen = "all"
    since: datetime | None = None
    limit: int = 20
    watch: bool = False


@dataclass(frozen=True, kw_only=True)
class StatusSpec(JobsSpec):
    """A whole ``ssm status``."""


@dataclass(frozen=True, kw_only=True)
class LogsSpec(JobsSpec):
    """A whole ``ssm logs``.

    ``host`` None is all of them; ``tail`` is how many of each host's last lines, None for all; ``pattern`` is a regular
    expression that lines must have; with ``times`` each line begins with its time.
    """

    follow: bool = False
    host: int | None = None
    tail: int | None = None
    since: datetime | None = None
    pattern: str | None = None
    times: bool = False


@dataclass(frozen=True, kw_only=True)
class ExecSpec(JobsSpec):
    """A whole ``ssm exec``: ``host`` by number from 1, and the words of ``program``, none for a shell.

    ``port`` is one of the host that is to be reached here, instead of a program. ``yes`` agrees to what AWS needs.
    """

    host: int = 1
    program: Sequence[str] = ()
    port: int | None = None
    yes: bool = False


@dataclass(frozen=True, kw_only=True)
class AttachSpec(JobsSpec):
    """A whole ``ssm attach``."""

    download: Download = field(default_factory=Download)


@dataclass(frozen=True, kw_only=True)
class StopSpec(JobsSpec):
    """A whole ``ssm stop``: one job or trial, or all that run of a task or, with ``all_tasks``, of the project.

    A task that has a study is stopped as a whole: the search ends.

    Without ``yes`` a person is asked when it is more than one; with ``wait`` it returns when they have ended.
    """

    all_tasks: bool = False
    yes: bool = False
    wait: bool = False


@dataclass(frozen=True, kw_only=True)
class MetricsSpec(JobsSpec):
    """A whole ``ssm metrics``; ``step_regex`` finds the steps in the lines."""

    csv: bool = False
    step_regex: str | None = None


@dataclass(frozen=True, kw_only=True)
class BoardSpec(JobsSpec):
    """A whole ``ssm board``: of one job or trial, of a task, or of a project; on ``port`` of this machine."""

    port: int = 6006


@dataclass(frozen=True, kw_only=True)
class CompareSpec(JobsSpec):
    """A whole ``ssm compare``: the newest ``limit`` jobs; ``sort`` is the name of a metric or a hyperparameter."""

    since: datetime | None = None
    limit: int = 20
    sort: str | None = None
    csv: bool = False


@dataclass(frozen=True, kw_only=True)
class CostSpec(JobsSpec):
    """A whole ``ssm cost``."""

    since: datetime | None = None
    by: CostBy = "task"


@dataclass(frozen=True, kw_only=True)
class RemoveSpec(JobsSpec):
    """A whole ``ssm rm``: one job, or a task's; with ``before`` only jobs made before that.

    ``state`` and ``inputs`` of the task go too. Without ``yes`` a person is asked.
    """

    state: bool = False
    inputs: bool = False
    before: datetime | None = None
    yes: bool = False


@dataclass(frozen=True, kw_only=True)
class HomeSpec(JobsSpec):
    """A whole ``ssm home``: with ``clean`` caches are deleted, and the jobs that were made ``before`` a time."""

    clean: bool = False
    before: datetime | None = None
    yes: bool = False


@dataclass(frozen=True, kw_only=True)
class MlflowSpec(JobsSpec):
    """A whole ``ssm mlflow``: the project is in ``place``; ``port`` 0 is any free one."""

    port: int


@dataclass(frozen=True, kw_only=True)
class WhySpec(JobsSpec):
    """A whole ``ssm why``; ``task`` is what would be run."""

    task: Spec


@dataclass(frozen=True, kw_only=True)
class DiffSpec(JobsSpec):
    """A whole ``ssm diff``: the two jobs, the earlier one first."""

    jobs: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class ReplaySpec(JobsSpec):
    """A whole ``ssm replay``: what the new job has otherwise; None and empty leave it as it was."""

    changed_type: str | None = None
    instance_count: int | None = None
    volume_gb: int | None = None
    max_run_mins: int | None = None
    max_wait_mins: int | None = None
    no_spot: bool = False
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    download: Download = field(default_factory=Download)
    dry_run: bool = False
    wait: bool = True
