"""The options of ``ssm config`` and of the commands that take a name instead; part of the table in ``table.py``."""

from __future__ import annotations

from .option import BUILT_INS, CONFIG, EXPLAIN, NAMED, Option
from .option import flag as _flag

OPTIONS = (
    _flag("--help", "-h", commands=CONFIG + NAMED, help="Show this page."),
    _flag("--json", commands=BUILT_INS + EXPLAIN, help="Print the result as JSON, whose schema is in docs/schemas."),
    Option("--task_name", "-t", shape="NAME", commands=CONFIG, help="Show what is in force for this task."),
    Option(
        "--use_profile", shape="NAME", commands=CONFIG,
        help="The profile of the project file (ssm.toml) to use; SSM_PROFILE names one as well.",
    ),
    _flag("--all", commands=CONFIG, help="Show the defaults, too."),
    _flag(
        "--schema", commands=CONFIG,
        help="Print the JSON Schema of the project file instead, for an editor's checks and completions.",
    ),
)  # fmt: skip

GROUPS: dict[str, tuple[Option, ...]] = {
    "Options": OPTIONS,
}
