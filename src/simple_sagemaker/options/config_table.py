"""The options of ``ssm config`` and ``ssm completion``; part of the table in ``table.py``."""

from __future__ import annotations

from .option import COMPLETION, CONFIG, Option
from .option import flag as _flag

OPTIONS = (
    _flag("--help", "-h", commands=CONFIG + COMPLETION, help="Show this page."),
    Option("--task_name", "-t", shape="NAME", commands=CONFIG, help="Show what is in force for this task."),
    Option(
        "--use_profile", shape="NAME", commands=CONFIG,
        help="The profile of the project file (ssm.toml) to use; SSM_PROFILE names one as well.",
    ),
    _flag("--all", commands=CONFIG, help="Show what our own defaults are, too."),
    _flag(
        "--schema", commands=CONFIG,
        help="Print the JSON Schema of the project file instead, for an editor's checks and completions.",
    ),
)  # fmt: skip

GROUPS: dict[str, tuple[Option, ...]] = {
    "Options": OPTIONS,
}
