"""The options for what watches a job from inside, and for its request as a whole; part of the table in ``table.py``."""

from __future__ import annotations

from .option import BOTH, RUN, TUNE, Option

WATCHING = (
    Option(
        "--fail_if", shape="RULE", repeatable=True, commands=BOTH,
        help="Fail the job when a rule is met: nan, 'loss > 100', 'loss stalls 10', 'loss rises 5', "
        "'val_loss - loss > 0.2 for 3', 'silent 20m', 'gpu idle 15m', 'mem > 95%' or 'disk > 95%'; may be repeated. "
        "Metrics are those of --metric_definitions.",
    ),
    Option(
        "--end_if", shape="RULE", repeatable=True, commands=BOTH,
        help="End the job well when a rule is met: its results are kept, and it is completed; may be repeated.",
    ),
    Option(
        "--warn_if", shape="RULE", repeatable=True, commands=BOTH,
        help="Print a line in the job's log when a rule is met; may be repeated.",
    ),
    Option(
        "--profile_with", shape="{cprofile,torch}", commands=RUN + TUNE,
        help="Profile a Python script: by cProfile, into the output data and the log; or some steps of a PyTorch "
        "optimizer, into the folder for TensorBoard.",
    ),
    Option(
        "--request_merge", shape="FILE",
        help="Merge a file, JSON or TOML, into the request to SageMaker, for what no option says: file systems, groups "
        "of machines, training plans, SageMaker Debugger. --dry_run shows the whole request.",
    ),
)  # fmt: skip
