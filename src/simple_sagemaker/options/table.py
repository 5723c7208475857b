"""The option table of the commands: every option is declared here once, and nowhere else.

The pass over the command line (``cli/argv.py``), the help pages (``cli/help.py``) and the specs (``task.py``) all read
it.
"""

from __future__ import annotations

from . import (
    built_in_table,
    data_table,
    emulator_table,
    experiments_table,
    images_table,
    process_table,
    security_table,
    watch_table,
)
from .commands import COMMANDS
from .option import (
    ALL,
    BOTH,
    CONFIG,
    EMULATOR,
    IMAGES,
    LIVING,
    MANY,
    MLFLOW,
    NAMED,
    RUN,
    SHELL,
    SINGLE,
    TUNE,
    Option,
)
from .option import flag as _flag

TASK = (
    _flag("--help", "-h", commands=ALL + EMULATOR, help="Show this page."),
    Option(
        "--project_name", "-p", shape="NAME", required=True, commands=ALL,
        help="The project that the task belongs to.",
    ),
    Option(
        "--prefix", shape="PREFIX", default="", commands=ALL,
        help="Put before the project's name in every S3 key, as typed.",
    ),
    Option(
        "--task_name", "-t", shape="NAME", required=True, commands=ALL,
        help="The task's name, unique within its project.",
    ),
    Option(
        "--bucket_name", "-b", shape="BUCKET", commands=ALL,
        help="The S3 bucket to use, instead of the account's default one.",
    ),
    Option(
        "--bucket_owner", shape="ACCOUNT", commands=ALL,
        help="The account that owns --bucket_name, if it is not yours; otherwise another account's is refused.",
    ),
    Option(
        "--aws_region", shape="REGION", commands=ALL,
        help="The AWS region, instead of the one in your configuration.",
    ),
    Option(
        "--aws_profile", shape="NAME", commands=ALL,
        help="The profile of your AWS configuration to use, even if the environment has keys.",
    ),
    Option(
        "--use_profile", shape="NAME", commands=ALL,
        help="The profile of the project file (ssm.toml) to use; SSM_PROFILE names one as well.",
    ),
    Option(
        "--data_store", shape="local|s3", commands=ALL,
        help="Where jobs on this machine keep their data. local: in folders of this machine (the default); s3: on "
        "Amazon S3, with your credentials.",
    ),
)  # fmt: skip

CODE = (
    Option(
        "--source_dir", "-s", shape="DIR", commands=RUN + TUNE,
        help="A folder, or an s3:// address of a .tar.gz, with the code. The job sees the same folder structure.",
    ),
    Option(
        "--entry_point", "-e", shape="FILE", required=True, commands=RUN + TUNE,
        help="The Python file or .sh script to run. With --source_dir it lies inside that folder; without it, "
        "this one file is all that is packed. With --image_uri it may be left out: the image's own program runs; with "
        "--built_in it is left out.",
    ),
    Option(
        "--cmd_line", "--cmd", shape="COMMAND", required=True, commands=SHELL,
        help="The command line to run, in one quoted word; a shell inside the job reads it.",
    ),
    Option(
        "--dir_files", value_count=MANY, shape="PATH [PATH ...]", commands=SHELL,
        help="What the command needs beside it. One folder: its content is copied to the code folder. Files, or "
        "several paths: each is copied there under its own base name.",
    ),
    Option(
        "--dependencies", "-d", value_count=MANY, shape="PATH [PATH ...]", repeatable=True,
        help="More files and folders, each copied into the code folder under its base name.",
    ),
    _flag(
        "--use_gitignore",
        help="Also leave out what git ignores. Junk, and what .ssmignore names, is never packed.",
    ),
)  # fmt: skip

INSTANCE = (
    Option(
        "--instance_type", "--it", shape="TYPE", default="ml.m5.large", commands=BOTH,
        help="The machine: an AWS instance type; local, this machine; or local_gpu, this machine with its GPUs.",
    ),
    Option("--instance_count", "--ic", shape="COUNT", default="1", help="How many machines run the task."),
    Option("--volume_size", "-v", shape="GB", default="30", help="Disk space per machine for data, in GB."),
    _flag("--no_spot", commands=BOTH, help="Use on-demand machines: more expensive, but never interrupted."),
    _flag("--use_spot_instances", commands=BOTH, help="Use spot machines: the default."),
    Option(
        "--max_wait_mins", shape="MINUTES", default="0", commands=BOTH,
        help="How long a spot job may take in all, waiting for machines included. 0 means as long as --max_run_mins.",
    ),
    Option(
        "--max_run_mins", shape="MINUTES", default="1440", help="How long the job may run before it is stopped.",
    ),
    Option(
        "--keep_alive_mins", shape="MINUTES", default="0", commands=BOTH,
        help="Keep the machines for the next job that wants the same ones, for up to 360 minutes, which are billed; "
        "with --no_spot only.",
    ),
    Option(
        "--retry_attempts", shape="COUNT", default="0", commands=BOTH,
        help="How often SageMaker starts the job again after a fault of its own, up to 30.",
    ),
)  # fmt: skip

RUNNING = (
    _flag("--force_running", "--fr", commands=SINGLE, help="Run the task even if it has already completed."),
    _flag(
        "--if_changed", commands=SINGLE,
        help="Run a completed task again when its code, arguments, image, inputs or instance count differ from its "
        "last job's. SSM_RERUN=if_changed makes it the default; --keep_state typed beats that.",
    ),
    Option(
        "--skip_status", shape="STATUS", default="0", commands=SINGLE,
        help="The exit status where a completed task is skipped although its code, options, local inputs or the "
        "job that an input comes from have changed since. What lies on S3 is not looked at: --if_changed does.",
    ),
    Option(
        "--distribution", shape="JSON", commands=BOTH,
        help='How the machines train together, for example \'{"torch_distributed": {"enabled": true}}\'.',
    ),
    Option(
        "--launch_by", shape="{direct,toolkit}", commands=BOTH,
        help="What starts your code: direct, our own launcher, in any image with a shell and Python; or toolkit, the "
        "launcher of AWS's images, which some kinds of --distribution need. (default: as needed)",
    ),
    Option(
        "--job_env", value_count=2, shape="KEY VALUE", repeatable=True, commands=BOTH,
        help="A variable of the job's environment; may be repeated. Anyone who may describe the job can read it: "
        "not for secrets.",
    ),
    *watch_table.WATCHING,
    _flag("--dry_run", help="Print the request and what would be created; change nothing."),
    _flag("--quiet_run", help="Print only the job's lines, and errors."),
    _flag("--json_events", help="Print what happens as JSON, one line per event: phases, lines, metrics, the end."),
    _flag("--no_wait", help="Start the job, print its name and return; 'ssm data' downloads its results later."),
    Option(
        "--tag", value_count=2, shape="KEY VALUE", repeatable=True, help="A tag for the task's jobs; may be repeated.",
    ),
    Option(
        "--hp", value_count=2, shape="NAME VALUE", repeatable=True, commands=BOTH,
        help="A hyperparameter, even one with the name of an option; may be repeated.",
    ),
    _flag("-m", commands=RUN + TUNE, help="Accepted for older scripts; metrics are always on, so it changes nothing."),
)  # fmt: skip

IO = (
    Option(
        "--input_path", "-i", value_count=MANY, shape="PATH [DISTRIBUTION] [SUBDIR]",
        help="The data channel: a file or folder of this machine, uploaded before the job starts, or an "
        "s3:// address. DISTRIBUTION is FullyReplicated (every machine gets all, the default) or ShardedByS3Key "
        "(each gets a share).",
    ),
    Option(
        "--input_local", value_count=MANY, repeatable=True, shape="NAME PATH [DISTRIBUTION] [SUBDIR]",
        help="Another channel, NAME, with a file or folder of this machine; may be repeated.",
    ),
    Option(
        "--model_uri", shape="URI", commands=BOTH,
        help="A trained model to start from, on S3 or this machine; the job finds it in its channel 'model'.",
    ),
    Option(
        "--input_s3", "--iis", value_count=MANY, repeatable=True, shape="NAME URI [DISTRIBUTION] [SUBDIR]",
        help="Another channel, NAME, with the objects at an s3:// address; may be repeated.",
    ),
    Option(
        "--input_task", "--iit", value_count=MANY, repeatable=True, shape="NAME TASK TYPE [DISTRIBUTION] [SUBDIR]",
        help="Another channel, NAME, with an output of another completed task of the project; TYPE is state, "
        "model, source or output; may be repeated. A model comes as model.tar.gz, as on AWS; in the code, "
        "WorkerConfig().unpack(NAME) unpacks it safely.",
    ),
    Option(
        "--input_mode", shape="{File,FastFile,Pipe}", default="File", commands=BOTH,
        help="How folders of data reach the job: copied before it starts, read from S3 as they are opened, or as "
        "pipes. Single objects and models are always copied.",
    ),
    _flag(
        "--clean_state", "--cs", commands=SINGLE,
        help="Clear the task's state first; the task runs even if it has completed.",
    ),
    _flag(
        "--keep_state", "--ks", commands=SINGLE,
        help="Keep the task's state, and skip a completed task: the default.",
    ),
    Option(
        "--metric_definitions", "--md", value_count=2, shape="NAME REGEX", repeatable=True, commands=BOTH,
        help="A metric, and the regular expression whose group finds its value in the logs; may be repeated.",
    ),
)  # fmt: skip

_GROUPS: dict[str, tuple[Option, ...]] = {
    "Task": TASK,
    "Code": process_table.CODE + CODE,
    "Instance": process_table.INSTANCE + INSTANCE,
    "Image": process_table.IMAGE + images_table.IMAGE + built_in_table.IMAGE,
    "Running": process_table.RUNNING + RUNNING + experiments_table.EXPERIMENTS,
    "I/O": IO + process_table.IO + built_in_table.IO,
    "Security": security_table.SECURITY,
    "Download": data_table.DOWNLOAD,
    "Data": data_table.DATA_ONLY,
    "Emulator": emulator_table.EMULATOR_ONLY,
}


def groups_of(command: str) -> dict[str, tuple[Option, ...]]:
    """The groups of options among which a command's are, by their titles; others are not loaded."""
    if command in LIVING:
        from .jobs_table import GROUPS

        return GROUPS
    if command in TUNE:
        from .tune_table import TUNING

        begins = {title: _GROUPS[title] for title in ("Task", "Code")}
        return {**begins, "Tuning": TUNING, **_GROUPS}
    if command in MLFLOW:
        from .mlflow_table import GROUPS

        return GROUPS
    if command in IMAGES:
        from .images_table import GROUPS

        return GROUPS
    if command in CONFIG + NAMED:
        from .config_table import GROUPS

        return GROUPS
    return _GROUPS


def every_group() -> dict[str, tuple[Option, ...]]:
    """The groups of all commands."""
    return {title: group for command in COMMANDS for title, group in groups_of(command).items()}


def options_of(command: str) -> list[Option]:
    """The options of one command, in the order of its help page."""
    return [option for group in groups_of(command).values() for option in group if command in option.commands]


def by_flag(command: str) -> dict[str, Option]:
    """The option that each spelling stands for on one command."""
    return {flag: option for option in options_of(command) for flag in flags_on(command, option)}


def flags_on(command: str, option: Option) -> tuple[str, ...]:
    """All spellings of an option on one command."""
    return (*option.flags, option.early) if option.early and command in RUN else option.flags


def owner(flag: str, *, not_of: str) -> str | None:
    """The other command that has ``flag``, if the spelling is too much like ours to be a hyperparameter.

    Those of the commands for jobs that there are take no name away.
    """
    if "_" not in flag:
        return None
    others = (command for command in COMMANDS if command not in LIVING and command != not_of)
    return next((command for command in others if flag in by_flag(command)), None)
