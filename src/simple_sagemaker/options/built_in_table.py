"""The options for built-in algorithms and for what channels hold; part of the table in ``table.py``."""

from __future__ import annotations

from .option import BOTH, RUN, TUNE, Option

IMAGE = (
    Option(
        "--built_in", shape="NAME[:VERSION]", commands=RUN + TUNE,
        help="Train one of SageMaker's built-in algorithms, such as xgboost:3.2-0, instead of code of yours; without "
        "a version its newest. 'ssm built_ins' lists them, 'ssm built_ins NAME' says what one takes.",
    ),
)  # fmt: skip

IO = (
    Option(
        "--channel_type", value_count=2, shape="NAME MIME", repeatable=True, commands=BOTH,
        help="What channel NAME holds, such as text/csv, as the job is told; may be repeated. For --built_in it beats "
        "what the names of the files say.",
    ),
)  # fmt: skip
