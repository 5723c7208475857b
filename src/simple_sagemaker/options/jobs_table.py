"""The options of the commands for jobs that there are; part of the table in ``table.py``.

None of these commands runs code, so their options take no name away from hyperparameters.
"""

from __future__ import annotations

from .option import (
    ATTACH,
    BOARD,
    COMPARE,
    COST,
    DIFF,
    EXEC,
    HOME,
    LIVING,
    LOGS,
    LS,
    METRICS,
    ONE_JOB,
    PLACED,
    REPLAY,
    RM,
    SEVERAL,
    STOP,
    TRIAL,
    Option,
)
from .option import flag as _flag

_JSON = tuple(command for command in LIVING if command not in ATTACH + EXEC + BOARD)
_NEWEST = tuple(command for command in ONE_JOB if command not in BOARD)
_BRINGS = ATTACH + REPLAY
_CHOOSES = tuple(command for command in PLACED if command not in REPLAY)

TRIAL_NUMBER = Option(
    "--trial", shape="NUMBER", commands=TRIAL,
    help="Of this trial of the study that --task_name has (ssm tune): its newest job.",
)  # fmt: skip
CHOICE = (
    _flag("--help", "-h", commands=LIVING, help="Show this page."),
    Option(
        "--project_name", "-p", shape="NAME", commands=PLACED,
        help="The project that the job belongs to. Not needed with --job.",
    ),
    Option(
        "--task_name", "-t", shape="NAME", commands=_NEWEST,
        help="The newest job of this task of the project.",
    ),
    Option(
        "--task_name", "-t", shape="NAME", commands=BOARD,
        help="All jobs of this task of the project; without it, of all tasks.",
    ),
    Option(
        "--task_name", "-t", shape="NAME", commands=SEVERAL + STOP + DIFF,
        help="Only jobs of this task of the project.",
    ),
    Option(
        "--task_name", "-t", shape="NAME", commands=RM,
        help="All jobs of this task of the project that have ended.",
    ),
    Option(
        "--job", shape="NAME", commands=ONE_JOB + STOP + RM,
        help="This job: its name, or the 8 letters at the name's end.",
    ),
    TRIAL_NUMBER,
    Option(
        "--job", shape="NAME", commands=DIFF, repeatable=True,
        help="One of the two jobs, each by its name or the 8 letters at its end: the earlier one first.",
    ),
    Option("--host", shape="NUMBER", default="1", commands=EXEC, help="The host to run it in, counted from 1."),
    Option(
        "--forward", shape="PORT", commands=EXEC,
        help="Instead of running a command, forward this port of this machine to the same port of the host.",
    ),
    Option("--port", shape="PORT", default="6006", commands=BOARD, help="The port of this machine to serve it on."),
    _flag("--all_projects", commands=SEVERAL, help="All projects of this tool, in the account or on this machine."),
    _flag("--all_tasks", commands=STOP, help="Every running job of the project."),
    _flag("--running", commands=LS, help="Only jobs that have not ended."),
    _flag("--failed", commands=LS, help="Only jobs that failed."),
    Option(
        "--since", shape="TIME", commands=SEVERAL,
        help="Only jobs made since then: 30m, 12h, 7d, or a date or time such as 2030-01-31T12:00 (UTC).",
    ),
    Option("--limit", shape="COUNT", default="20", commands=LS + COMPARE, help="Show at most COUNT jobs, the newest."),
    _flag("--state", commands=RM, help="Delete the task's state too."),
    _flag("--input", commands=RM, help="Delete the task's inputs too: what was uploaded from this machine."),
    Option(
        "--older", shape="TIME", commands=RM,
        help="Only jobs made before that: 12h, 30d, or a date or time such as 2030-01-31 (UTC).",
    ),
    _flag("--clean", commands=HOME, help="Delete caches and what killed commands left; with --older, jobs too."),
    Option(
        "--older", shape="TIME", commands=HOME,
        help="With --clean: delete the records and logs of jobs that ended, and were made before that: 12h, 30d, or a "
        "date (UTC). Their results in the buckets stay; ssm rm deletes those.",
    ),
)  # fmt: skip

CHANGES = (
    Option(
        "--instance_type", "--it", shape="TYPE", commands=REPLAY,
        help="On this machine instead; local or local_gpu also for a job that ran on this machine.",
    ),
    Option("--instance_count", "--ic", shape="COUNT", commands=REPLAY, help="With so many machines."),
    Option("--volume_size", "-v", shape="GB", commands=REPLAY, help="With so much disk space per machine, in GB."),
    Option("--max_run_mins", shape="MINUTES", commands=REPLAY, help="For so long at most."),
    Option("--max_wait_mins", shape="MINUTES", commands=REPLAY, help="With so long to wait and run, of a spot job."),
    _flag("--no_spot", commands=REPLAY, help="On machines that are not interrupted."),
    Option(
        "--hp", value_count=2, shape="NAME VALUE", repeatable=True, commands=REPLAY,
        help="With this hyperparameter, new or changed; may be repeated.",
    ),
    Option(
        "--job_env", value_count=2, shape="KEY VALUE", repeatable=True, commands=REPLAY,
        help="With this variable, new or changed; may be repeated.",
    ),
    Option("--tag", value_count=2, shape="KEY VALUE", repeatable=True, commands=REPLAY, help="With this tag too."),
)  # fmt: skip

OUTPUT = (
    _flag("--watch", commands=LS, help="Refresh the list every few seconds, until Ctrl-C."),
    _flag("--follow", "-f", commands=LOGS, help="Keep printing until the job ends; exit as 'ssm run' does."),
    Option("--host", shape="NUMBER", commands=LOGS, help="Only this host, counted from 1."),
    Option("--tail", shape="COUNT", commands=LOGS, help="Only the last COUNT lines of each host."),
    Option(
        "--since", shape="TIME", commands=LOGS,
        help="Only lines since then: 30s, 10m, 2h, 1d, or a time such as 2030-01-31T12:00 (UTC).",
    ),
    Option("--grep", shape="REGEX", commands=LOGS, help="Only lines that match this regular expression."),
    _flag("--times", commands=LOGS, help="Begin each line with its time (UTC)."),
    Option(
        "--step_regex", shape="REGEX", commands=METRICS,
        help="Finds the step that a value belongs to, in its line or before it: 'epoch (\\d+)'. Without it, values are "
        "counted.",
    ),
    Option(
        "--sort", shape="NAME", commands=COMPARE,
        help="Sort by this metric, best first, or by this hyperparameter. (default: newest first)",
    ),
    Option("--by", shape="task|type|day", default="task", commands=COST, help="What to group by."),
    _flag("--csv", commands=METRICS + COMPARE, help="Print comma-separated values."),
    _flag("--yes", commands=STOP, help="Do not ask when more than one job would stop."),
    _flag("--yes", commands=RM + HOME, help="Do not ask."),
    _flag(
        "--yes", commands=EXEC,
        help="On AWS: turn remote debugging on, and grant the project's role its permissions, without asking.",
    ),
    _flag("--wait", commands=STOP, help="Wait until the jobs have ended."),
    _flag("--no_wait", commands=REPLAY, help="Start the job, print its name and return."),
    _flag("--dry_run", commands=REPLAY, help="Print the request that would be sent; change nothing."),
    _flag("--json", commands=_JSON, help="Print the result as JSON, whose schema is in docs/schemas."),
    _flag("--quiet", commands=_JSON, help="Print only the result, and errors."),
)  # fmt: skip

WHERE = (
    Option(
        "--instance_type", "--it", shape="TYPE", commands=_CHOOSES,
        help="local or local_gpu: jobs of this machine, as with 'ssm run'; any other type is ignored.",
    ),
    Option("--prefix", shape="PREFIX", default="", commands=PLACED, help="The prefix that the tasks were run with."),
    Option("--bucket_name", "-b", shape="BUCKET", commands=PLACED, help="Only jobs with their data in this bucket."),
    Option(
        "--bucket_owner", shape="ACCOUNT", commands=PLACED,
        help="The account that owns --bucket_name, if it is not yours.",
    ),
    Option(
        "--aws_region", shape="REGION", commands=PLACED,
        help="The AWS region, instead of the one in your configuration.",
    ),
    Option("--aws_profile", shape="NAME", commands=PLACED, help="The profile of your AWS configuration to use."),
    Option(
        "--use_profile", shape="NAME", commands=PLACED,
        help="The profile of the project file (ssm.toml) to use; SSM_PROFILE names one as well.",
    ),
    Option(
        "--data_store", shape="local|s3", commands=PLACED,
        help="Where jobs of this machine keep their data; s3 if they were run with --data_store s3.",
    ),
)  # fmt: skip

RESULTS = (
    Option(
        "--output_path", "-o", shape="DIR", commands=_BRINGS,
        help="Where to download the logs, and what is chosen below.",
    ),
    _flag("--download_state", commands=_BRINGS, help="Download the task's state too."),
    _flag("--download_model", commands=_BRINGS, help="Download the model too."),
    _flag("--download_output", commands=_BRINGS, help="Download the output data too."),
)  # fmt: skip

GROUPS: dict[str, tuple[Option, ...]] = {
    "Jobs": CHOICE,
    "Changes": CHANGES,
    "Output": OUTPUT,
    "Results": RESULTS,
    "Where": WHERE,
}
