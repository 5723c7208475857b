"""The options of ``ssm mlflow``; part of the table in ``table.py``."""

from __future__ import annotations

from .option import MLFLOW, Option
from .option import flag as _flag

OPTIONS = (
    _flag("--help", "-h", commands=MLFLOW, help="Show this page."),
    Option(
        "--project_name", "-p", shape="NAME", required=True, commands=MLFLOW,
        help="The project whose runs are shown: those that its jobs kept on this machine with --mlflow_to local.",
    ),
    Option(
        "--port", shape="NUMBER", default="5000", commands=MLFLOW,
        help="The port, on this machine's own address alone; 0 means any free one.",
    ),
)  # fmt: skip

GROUPS: dict[str, tuple[Option, ...]] = {
    "Page": OPTIONS,
}
