"""From the arguments of a command to its spec: each part of a TaskSpec or DataSpec from the options that belong to it.

Everything here is known without an engine: which options fit together, and whether the paths they name exist here.
"""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import cast

from ..core.distribution import runner_hyperparameters
from ..core.instance_types import is_local
from ..core.names import check_bucket, check_name, check_task, is_job_name, is_short_name
from ..core.records import replace
from ..core.specs import DATA_STORES, DataSpec, DataStore, Download, Kind, Place, RequestMerge, Rerun, Shows, TaskSpec
from ..errors import UsageError
from .arguments import Arguments
from .code import is_algorithm, training_code
from .distribution import launch_distribution, launch_method
from .inputs import input_mode, inputs, model_uri
from .key_values import environment, hyperparameters, metrics, tags
from .machines import image, instances
from .option import JOBS
from .security import aws_region, bucket_owner, security
from .table import options_of

_FOR_CODE = ("dependencies", "distribution", "launch_by", "use_gitignore")  # meaningless for an image's own program
_RULES = ("fail_if", "end_if", "warn_if")
_EXPERIMENTS = ("mlflow_to", "in_experiment")
_DOWNLOADS = ("download_state", "download_model", "download_output")


def task_spec(arguments: Arguments) -> TaskSpec:
    """Build the spec of a task of ``run`` or ``shell``. Raises UsageError or InputNotFound."""
    alone = is_algorithm(arguments)
    if arguments.has("built_in"):
        from .built_in import check_alone  # which few tasks have

        check_alone(arguments)
    check_required(arguments, leaving_out={"entry_point"} if alone else set())
    if alone:
        _check_algorithm(arguments)
    code = training_code(arguments)
    machines, distribution = instances(arguments), launch_distribution(arguments, code)
    set_by_distribution = runner_hyperparameters(distribution, machines.type)
    spec = TaskSpec(
        kind="algorithm" if alone else cast("Kind", arguments.command),
        place=place(arguments),
        code=code,
        instances=machines,
        image=image(arguments),
        inputs=inputs(arguments),
        model_uri=model_uri(arguments),
        hyperparameters=hyperparameters(arguments, plain=alone, reserved=set_by_distribution),
        arguments=arguments.script_arguments,
        launch_distribution=distribution,
        tags=tags(arguments),
        metrics=metrics(arguments),
        rerun=rerun(arguments),
        download=download(arguments),
        security=security(arguments),
        environment=environment(arguments),
        input_mode=input_mode(arguments),
        launched_by=launch_method(arguments, distribution),
        dry_run=arguments.has("dry_run"),
        wait=wait(arguments),
        shows=shows(arguments),
    )
    if spec.image.built_in:
        from .built_in import with_built_in

        spec = with_built_in(arguments, spec)
    elif any(name in arguments.uses for name in _RULES):
        from .rules import rules  # which few tasks have

        spec = replace(spec, rules=rules(arguments, spec))
    if any(name in arguments.uses for name in _EXPERIMENTS):
        from .experiments import experiment, mlflow_store  # which few tasks have

        spec = replace(spec, mlflow=mlflow_store(arguments, spec), experiment=experiment(arguments))
    if "profile_with" in arguments.uses:
        from .rules import profiler

        spec = replace(spec, profiled_with=profiler(arguments, spec))
    return replace(spec, request_merge=merged(arguments))


def merged(arguments: Arguments) -> RequestMerge | None:
    """What is to be merged into the request. Raises UsageError for what cannot be read."""
    if not arguments.has("request_merge"):
        return None
    from .request_merge import request_merge  # which few tasks have

    return request_merge(arguments)


def _check_algorithm(arguments: Arguments) -> None:
    """Refuse options for a person's code: an image's own program gets hyperparameters and data only."""
    flags = [arguments.flag(name) for name in _FOR_CODE if arguments.has(name)]
    if arguments.script_arguments:
        flags.append("--")
    if flags:
        raise UsageError(
            f"{arguments.flag('image_uri')} without {arguments.flag('entry_point')} runs the image's own program, and "
            f"{flags[0]} applies only to your own code.\n"
            f"Name the code with {arguments.advise('entry_point')}, or leave it out."
        )


def wait(arguments: Arguments) -> bool:
    """Whether the job is followed to its end, which is when results are downloaded."""
    detaches = arguments.has("no_wait")
    if detaches and arguments.has("output_path"):
        no_wait, folder = arguments.flag("no_wait"), arguments.flag("output_path")
        raise UsageError(
            f"{no_wait} returns before there are results for {folder}: drop one.\n"
            "Download them once the job has ended: ssm data -p PROJECT -t TASK -o DIR"
        )
    return not detaches


def shows(arguments: Arguments) -> Shows:
    """What is printed while the job runs. Raises UsageError for options that contradict each other."""
    if arguments.has("quiet_run") and arguments.has("json_events"):
        raise arguments.contradiction("quiet_run", "json_events")
    return "lines" if arguments.has("quiet_run") else "events" if arguments.has("json_events") else "everything"


def data_spec(arguments: Arguments) -> DataSpec:
    """Build the spec of a task's data. Raises UsageError."""
    check_required(arguments)
    results = download(arguments)
    if results.path is None and not arguments.has("clean_state"):
        bring, clear = arguments.advise("output_path"), arguments.advise("clean_state")
        raise UsageError(f"nothing to do: {bring} downloads what the task left, {clear} clears its state.")
    for name in ("job", "trial"):
        if results.path is None and arguments.has(name):
            folder = arguments.advise("output_path")
            raise UsageError(f"{arguments.flag(name)} chooses what to download: name the folder for it with {folder}.")
    if arguments.has("trial") and arguments.has("clean_state"):
        raise arguments.contradiction("trial", "clean_state")
    clean_state = arguments.has("clean_state")
    return DataSpec(
        place=place(arguments),
        job=job_name(arguments),
        trial=trial_number(arguments),
        download=results,
        clean_state=clean_state,
    )


def job_name(arguments: Arguments) -> str | None:
    """The job that was named, by its name or the letters at its end. Raises UsageError for what can be neither."""
    job = arguments.text("job") if "--job" in arguments.options else None
    return None if job is None else check_job(arguments.flag("job"), job)


def trial_number(arguments: Arguments) -> int | None:
    """The number of the trial that was named. Raises UsageError for none, beside a job, and without its task."""
    if "--trial" not in arguments.options or not arguments.has("trial"):
        return None
    if arguments.has("job"):
        raise arguments.contradiction("trial", "job")
    number = arguments.number("trial", least=1)
    if not arguments.has("task_name"):
        raise UsageError(f"{arguments.flag('trial')} {number}: name its task with {arguments.advise('task_name')}.")
    return number


def check_job(flag: str, job: str) -> str:
    """Return ``job`` if it can be a job's name, or the letters at the end of one. Raises UsageError."""
    if is_job_name(job) or is_short_name(job):
        return job
    raise UsageError(
        f"{flag} {job!r} is not the name of a job.\n"
        "It has the form TASK-YYYY-MM-DD-HH-MM-SS-XXXXXXXX, and its last 8 letters are enough; ssm ls shows them."
    )


def check_required(arguments: Arguments, leaving_out: AbstractSet[str] = frozenset()) -> None:
    """Raise UsageError with all missing options at once, instead of one at a time."""
    needed = [one for one in options_of(arguments.command) if one.required and one.name not in leaving_out]
    missing = [option for option in needed if not arguments.has(option.name)]
    if missing:
        raise UsageError(f"missing: {', '.join(arguments.advise(option.name) for option in missing)}.")


def place(arguments: Arguments) -> Place:
    """The project, task and bucket. Raises UsageError for invalid names."""
    return place_named(
        arguments,
        project=check_name(arguments.flag("project_name"), arguments.required_text("project_name")),
        task=(check_task if arguments.command in JOBS else check_name)(
            arguments.flag("task_name"), arguments.required_text("task_name")
        ),
    )


def place_named(arguments: Arguments, *, project: str, task: str) -> Place:
    """Where a project and task of these names lie. Raises UsageError."""
    bucket = arguments.text("bucket_name")
    return Place(
        project=project,
        task=task,
        prefix=_prefix(arguments.flag("prefix"), arguments.required_text("prefix")),
        bucket=None if bucket is None else check_bucket(bucket, arguments.flag("bucket_name")),
        bucket_owner=bucket_owner(arguments),
        data_store=_data_store(arguments),
        aws_region=aws_region(arguments),
        aws_profile=arguments.text("aws_profile"),
        is_local=arguments.is_local
        or (arguments.command not in JOBS and is_local(arguments.text("instance_type") or "")),
    )


def _data_store(arguments: Arguments) -> DataStore | None:
    name = arguments.text("data_store")
    for store in DATA_STORES:
        if name == store:
            return store
    if name is not None:
        raise UsageError(f"{arguments.flag('data_store')} {name!r} is not one of: {', '.join(DATA_STORES)}.")
    return None


def _prefix(flag: str, prefix: str) -> str:
    """Return the prefix as typed, if its keys are possible as paths of files too."""
    *folders, _ = prefix.split("/")
    if any(folder in {"", ".", ".."} for folder in folders):
        raise UsageError(
            f"{flag} {prefix!r} would make S3 keys with an empty part, '.' or '..'.\n"
            "Begin it with a name, and put one '/' between names."
        )
    return prefix


def rerun(arguments: Arguments) -> Rerun:
    """What to do about earlier jobs. Raises UsageError for options that contradict each other."""
    if arguments.has("clean_state") and arguments.has("keep_state"):
        raise UsageError(
            f"{arguments.flag('clean_state')} and {arguments.flag('keep_state')} contradict each other: drop one."
        )
    return Rerun(
        force_running=arguments.has("force_running"),
        clean_state=arguments.has("clean_state"),
        if_changed=_if_changed(arguments),
        skip_status=arguments.number("skip_status", least=0, most=255) if "--skip_status" in arguments.options else 0,
    )


def _if_changed(arguments: Arguments) -> bool:
    """Whether a completed task runs again when something differs: as typed, else as SSM_RERUN says."""
    usual = os.environ.get("SSM_RERUN", "")
    if usual not in {"", "if_changed"}:
        raise UsageError(f"SSM_RERUN={usual}: it can be if_changed, or not be set.")
    if "if_changed" in arguments.uses:
        return arguments.has("if_changed")
    return bool(usual) and not arguments.has("keep_state")


def download(arguments: Arguments) -> Download:
    """What to download, and where to. Raises UsageError without a folder for it."""
    folder = arguments.text("output_path")
    chosen = [arguments.flag(name) for name in _DOWNLOADS if arguments.has(name)]
    if chosen and folder is None:
        raise UsageError(f"{' and '.join(chosen)}: name the folder for it with {arguments.advise('output_path')}.")
    return Download(
        path=None if folder is None else _output_folder(arguments.flag("output_path"), Path(folder)),
        state=arguments.has("download_state"),
        model=arguments.has("download_model"),
        output=arguments.has("download_output"),
    )


def _output_folder(flag: str, folder: Path) -> Path:
    existing = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if existing.exists() and not existing.is_dir():
        raise UsageError(f"{flag} {str(folder)!r}: {str(existing)!r} is a file, not a folder: choose another.")
    if existing.exists() and not os.access(existing, os.W_OK | os.X_OK):
        raise UsageError(f"{flag} {str(folder)!r}: {str(existing)!r} cannot be written: choose another folder.")
    return folder
