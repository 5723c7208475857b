"""The meaning of a whole command: each part of a TaskSpec or DataSpec from the words that belong to it.

Everything here is known without an engine: which words fit together, and whether what they name is on this machine.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import cast

from ..core.distribution import runner_hyperparameters
from ..core.names import check_bucket, check_name, is_job_name
from ..core.specs import DATA_STORES, DataSpec, DataStore, Download, Kind, Place, Rerun, TaskSpec
from ..errors import UsageError
from .code import code, is_algorithm
from .distribution import launch_distribution, launched_by
from .inputs import input_mode, inputs, model_uri
from .key_values import environment, hyperparameters, metrics, tags
from .machines import image, instances
from .parsed import Words
from .security import bucket_owner, security
from .table import options_of

_FOR_CODE = ("dependencies", "distribution", "launch_by", "use_gitignore")  # what an image's own program has no use for
_DOWNLOADS = ("download_state", "download_model", "download_output")


def task_spec(words: Words) -> TaskSpec:
    """The task that the words ask for. Raises UsageError or InputNotFound."""
    alone = is_algorithm(words)
    check_required(words, leaving_out={"entry_point"} if alone else set())
    if alone:
        _check_algorithm(words)
    what = code(words)
    machines, distribution = instances(words), launch_distribution(words, what)
    return TaskSpec(
        kind="algorithm" if alone else cast("Kind", words.command),
        place=place(words),
        code=what,
        instances=machines,
        image=image(words),
        inputs=inputs(words),
        model_uri=model_uri(words),
        hyperparameters=hyperparameters(words, plain=alone, taken=runner_hyperparameters(distribution, machines.type)),
        arguments=words.arguments,
        launch_distribution=distribution,
        tags=tags(words),
        metrics=metrics(words),
        rerun=rerun(words),
        download=download(words),
        security=security(words),
        environment=environment(words),
        input_mode=input_mode(words),
        launched_by=launched_by(words, distribution),
        dry_run=words.has("dry_run"),
        wait=wait(words),
    )


def _check_algorithm(words: Words) -> None:
    """An image's own program gets hyperparameters and data, and nothing that is for a person's code."""
    given = [words.flag(name) for name in _FOR_CODE if words.has(name)]
    if words.arguments:
        given.append("--")
    if given:
        raise UsageError(
            f"--image_uri without --entry_point runs the image's own program, and {given[0]} is for code of yours.\n"
            "Name the code with --entry_point (-e), or leave it out."
        )


def wait(words: Words) -> bool:
    """Whether the job is watched to its end, which is when results are brought."""
    left = words.has("no_wait")
    if left and words.has("output_path"):
        raise UsageError(
            f"--no_wait leaves before there are results for {words.flag('output_path')}: drop one.\n"
            "Bring them once the job has ended: ssm data -p PROJECT -t TASK -o DIR"
        )
    return not left


def data_spec(words: Words) -> DataSpec:
    """What is asked of a task's data. Raises UsageError."""
    check_required(words)
    brought = download(words)
    if brought.path is None and not words.has("clean_state"):
        raise UsageError("say what to do: --output_path DIR (-o) brings what the task left, --clean_state clears.")
    if brought.path is None and words.has("job"):
        raise UsageError(f"{words.flag('job')} chooses what to bring: say where to, with --output_path DIR (-o).")
    return DataSpec(place=place(words), job=_job(words), download=brought, clean_state=words.has("clean_state"))


def _job(words: Words) -> str | None:
    job = words.one("job")
    if job is None or is_job_name(job):
        return job
    raise UsageError(
        f"{words.flag('job')} {job!r} is not the name of a job, which is TASK-YYYY-MM-DD-HH-MM-SS-XXXXXXXX.\n"
        "Every run of a task prints it at its end."
    )


def check_required(words: Words, leaving_out: AbstractSet[str] = frozenset()) -> None:
    """All missing options at once, so that nobody has to run the command three times to learn them."""
    needed = [one for one in options_of(words.command) if one.required and one.name not in leaving_out]
    missing = [option for option in needed if not words.has(option.name)]
    if missing:
        raise UsageError(f"missing: {', '.join(f'{option.flags[0]} ({option.flags[1]})' for option in missing)}.")


def place(words: Words) -> Place:
    """Which task is meant. Raises UsageError for names that cannot be."""
    bucket = words.one("bucket_name")
    return Place(
        project=check_name(words.flag("project_name"), words.must("project_name")),
        task=check_name(words.flag("task_name"), words.must("task_name")),
        prefix=_prefix(words.must("prefix")),
        bucket=None if bucket is None else check_bucket(bucket),
        bucket_owner=bucket_owner(words),
        data_store=_data_store(words),
    )


def _data_store(words: Words) -> DataStore | None:
    said = words.one("data_store")
    for store in DATA_STORES:
        if said == store:
            return store
    if said is not None:
        raise UsageError(f"--data_store {said!r} is none of: {', '.join(DATA_STORES)}.")
    return None


def _prefix(prefix: str) -> str:
    """The prefix as typed, when the keys it begins are ones that a folder can hold too."""
    *folders, _ = prefix.split("/")
    if any(folder in {"", ".", ".."} for folder in folders):
        raise UsageError(
            f"--prefix {prefix!r} would make S3 keys with an empty part, '.' or '..'.\n"
            "Begin it with a name, and put one '/' between names."
        )
    return prefix


def rerun(words: Words) -> Rerun:
    """What is done with what earlier jobs left. Raises UsageError for two that contradict each other."""
    if words.has("clean_state") and words.has("keep_state"):
        raise UsageError(f"{words.flag('clean_state')} and {words.flag('keep_state')} contradict each other: drop one.")
    return Rerun(
        force_running=words.has("force_running"),
        clean_state=words.has("clean_state"),
        if_changed=words.has("if_changed"),
    )


def download(words: Words) -> Download:
    """What is brought, and where to. Raises UsageError without a place for it."""
    folder = words.one("output_path")
    chosen = [f"--{name}" for name in _DOWNLOADS if words.has(name)]
    if chosen and folder is None:
        raise UsageError(f"{' and '.join(chosen)}: say where to, with --output_path DIR (-o).")
    return Download(
        path=None if folder is None else _output_folder(words.flag("output_path"), Path(folder)),
        state=words.has("download_state"),
        model=words.has("download_model"),
        output=words.has("download_output"),
    )


def _output_folder(flag: str, folder: Path) -> Path:
    there = next((path for path in (folder, *folder.parents) if path.exists()), folder)
    if there.exists() and not there.is_dir():
        raise UsageError(f"{flag} {str(folder)!r}: {str(there)!r} is a file, and a folder is needed: choose another.")
    return folder
