"""What an option of the commands is.

A plain class and not a dataclass, for ``ssm -h`` must not pay for importing ``dataclasses`` and ``typing``.
"""

from __future__ import annotations

RUN: tuple[str, ...] = ("run",)
TUNE: tuple[str, ...] = ("tune",)
SHELL: tuple[str, ...] = ("shell",)
PROCESS: tuple[str, ...] = ("process",)
ONCE = RUN + SHELL
BOTH = ONCE + TUNE
JOBS = BOTH + PROCESS
SINGLE = ONCE + PROCESS  # the commands that run a task as one job
DATA: tuple[str, ...] = ("data",)
ALL = JOBS + DATA
EMULATOR: tuple[str, ...] = ("emulator",)
LS: tuple[str, ...] = ("ls",)
STATUS: tuple[str, ...] = ("status",)
LOGS: tuple[str, ...] = ("logs",)
ATTACH: tuple[str, ...] = ("attach",)
STOP: tuple[str, ...] = ("stop",)
EXEC: tuple[str, ...] = ("exec",)
METRICS: tuple[str, ...] = ("metrics",)
COMPARE: tuple[str, ...] = ("compare",)
BOARD: tuple[str, ...] = ("board",)
COST: tuple[str, ...] = ("cost",)
RM: tuple[str, ...] = ("rm",)
HOME: tuple[str, ...] = ("home",)
MLFLOW: tuple[str, ...] = ("mlflow",)
WHY: tuple[str, ...] = ("why",)
IMAGES: tuple[str, ...] = ("images",)
DIFF: tuple[str, ...] = ("diff",)
REPLAY: tuple[str, ...] = ("replay",)
ONE_JOB = STATUS + LOGS + ATTACH + EXEC + METRICS + REPLAY + BOARD
TRIAL = STATUS + LOGS + ATTACH + EXEC + METRICS + STOP + RM + BOARD
SEVERAL = LS + COMPARE + COST
PLACED = SEVERAL + ONE_JOB + STOP + RM + DIFF  # by project, task or name
LIVING = PLACED + HOME + WHY  # the commands for the jobs that there are
CONFIG: tuple[str, ...] = ("config",)
COMPLETION: tuple[str, ...] = ("completion",)
BUILT_INS: tuple[str, ...] = ("built_ins",)
EXPLAIN: tuple[str, ...] = ("explain",)
NAMED = COMPLETION + BUILT_INS + EXPLAIN  # the commands that take a name or words instead of options

MANY = -1  # an option that takes one value or more, up to the next argument that begins with a dash


class Option:
    """One option: how it is spelled, how many values it takes, and what it means.

    ``flags`` are all its spellings, ``name`` the first of them without dashes. ``value_count`` is 0 for a flag, 1 to
    3, or MANY. ``default`` applies when the option is not given. ``early`` is its spelling in the first release, whose
    only command was ``run``.
    """

    __slots__ = ("commands", "default", "early", "flags", "help", "repeatable", "required", "shape", "value_count")

    def __init__(
        self,
        *flags: str,
        help: str,  # noqa: A002 - argparse's own word for it
        value_count: int = 1,
        shape: str = "",
        default: str | None = None,
        required: bool = False,
        repeatable: bool = False,
        commands: tuple[str, ...] = JOBS,
        early: str = "",
    ) -> None:
        self.flags = flags
        self.early = early
        self.help = help
        self.value_count = value_count
        self.shape = shape
        self.default = default
        self.required = required
        self.repeatable = repeatable
        self.commands = commands

    @property
    def name(self) -> str:
        """The name under which its values are found."""
        return self.flags[0].lstrip("-")


def flag(*flags: str, help: str, commands: tuple[str, ...] = JOBS) -> Option:  # noqa: A002
    """An option without a value."""
    return Option(*flags, value_count=0, help=help, commands=commands)
