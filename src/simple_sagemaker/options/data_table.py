"""The options for what tasks leave; part of the table in ``table.py``."""

from __future__ import annotations

from .option import ALL, DATA, Option
from .option import flag as _flag

DOWNLOAD = (
    Option(
        "--output_path", "-o", shape="DIR", commands=ALL, help="Where to download the logs, and what is chosen below."
    ),
    _flag("--download_state", commands=ALL, help="Download the task's state too."),
    _flag("--download_model", commands=ALL, help="Download the model too."),
    _flag("--download_output", commands=ALL, help="Download the output data too."),
)

DATA_ONLY = (
    Option(
        "--job", shape="NAME", commands=DATA,
        help="Take what this job of the task left, even if it failed or was stopped: its name, or the 8 letters at the "
        "name's end. (default: the newest completed job)",
    ),
    Option(
        "--trial", shape="NUMBER", commands=DATA,
        help="Of this trial of the study that the task has (ssm tune). Otherwise of its best one.",
    ),
    Option(
        "--instance_type", "--it", shape="TYPE", commands=DATA,
        help="local or local_gpu: what a task left on this machine, as with 'ssm run'; any other type is ignored.",
    ),
    _flag("--clean_state", "--cs", commands=DATA, help="Clear the task's state, after the download."),
)  # fmt: skip
