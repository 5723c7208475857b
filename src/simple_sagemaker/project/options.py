"""What a task can be asked for in Python: the command line's options by their names there, with types of Python's."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from ..core.records import dataclass
from ..core.specs import Distribution, InputMode, LaunchedBy, Profiler, TaskOutput
from ..studies.spec import Strategy, TunedOn

StrPath = str | os.PathLike[str]
PLACE = frozenset({"project_name", "task_name", "prefix", "bucket_name", "bucket_owner", "data_store"})  # of any task


@dataclass(frozen=True)
class Data:
    """What a channel reads: an ``s3://`` address, or a file or folder of this machine.

    ``distribution`` is FullyReplicated (every machine gets all) or ShardedByS3Key (each gets a share); ``subdir`` a
    folder within.
    """

    source: StrPath
    distribution: Distribution = "FullyReplicated"
    subdir: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a channel reads from another completed task of the project: its state, model, source or output."""

    task_name: str
    kind: TaskOutput
    distribution: Distribution = "FullyReplicated"
    subdir: str = ""


class CommonOptions(TypedDict, total=False):
    """What every kind of task can be asked for. None is the same as leaving an option out."""

    dependencies: Sequence[StrPath] | StrPath | None
    """More files and folders, each copied into the code folder under its base name."""
    use_gitignore: bool | None
    """Leave out of the code what its .gitignore files name."""
    arguments: Sequence[str | int | float | os.PathLike[str]] | None
    """The script's own words, which reach it as they are."""
    instance_type: str | None
    """An AWS instance type; ``local``, this machine; or ``local_gpu``, this machine with its GPUs."""
    instance_count: int | None
    volume_size: int | None
    """Disk space per machine for data, in GB."""
    max_run_mins: int | None
    image_uri: str | None
    """Use this image instead of a ready-made one."""
    framework: str | None
    framework_version: str | None
    py_version: str | None
    docker_file_path_or_content: StrPath | None
    """Build an image: a folder with a Dockerfile, a Dockerfile, or its text."""
    aws_repo_name: str | None
    repo_name: str | None
    image_tag: str | None
    inputs: Mapping[str, StrPath | Data | Outcome] | None
    """The channels by name, 1 to 64 letters, digits, dots, dashes and underscores each."""
    tags: Mapping[str, str] | None
    in_experiment: Sequence[str] | str | None
    """The one of SageMaker's own experiments that the jobs are part of, or its name and a trial's."""
    read_buckets: Sequence[str] | str | None
    """Buckets that the job's own code reads, besides those of its inputs: its role is allowed to."""
    vpc_subnets: Sequence[str] | str | None
    vpc_security_groups: Sequence[str] | str | None
    kms_key_id: str | None
    network_isolation: bool | None
    encrypt_traffic: bool | None
    request_merge: Mapping[str, Any] | StrPath | None
    """Members to merge into the request to SageMaker, for what no option says; or a file of them, JSON or TOML."""
    output_path: StrPath | None
    """Where to download the logs, and what is chosen below, when the job has ended."""
    download_state: bool | None
    download_model: bool | None
    download_output: bool | None


class RerunOptions(TypedDict, total=False):
    """What to do about earlier jobs of a task."""

    force_running: bool | None
    if_changed: bool | None
    clean_state: bool | None


class TrainingOptions(CommonOptions, total=False):
    """What the tasks of ``run``, ``shell`` and ``tune`` can be asked for besides."""

    use_spot_instances: bool | None
    """Use spot machines, which is the default."""
    max_wait_mins: int | None
    keep_alive_mins: int | None
    retry_attempts: int | None
    hyperparameters: Mapping[str, Any] | None
    """Values that JSON can say; they keep their types."""
    distribution: Mapping[str, Any] | None
    """How the machines train together, in the form of the SageMaker SDK."""
    launch_by: LaunchedBy | None
    job_env: Mapping[str, str] | None
    """Variables of the job's environment; no place for secrets."""
    model_uri: StrPath | None
    """A trained model to start from; the job finds it in its channel ``model``."""
    input_mode: InputMode | None
    channel_type: Mapping[str, str] | None
    """What channels hold, such as ``text/csv``, by their names."""
    metric_definitions: Mapping[str, str] | None
    """Names of metrics, and the regular expression whose group finds the value of each in the logs."""
    fail_if: Sequence[str] | str | None
    """Rules that fail the job when they are met, as ``"loss > 100"`` and ``"silent 20m"``."""
    end_if: Sequence[str] | str | None
    """Rules that end the job well when they are met."""
    warn_if: Sequence[str] | str | None
    mlflow_to: str | None
    """Where one run in MLflow is kept for the job's whole life: ``"local"``, a server's address, or an ARN."""


class RunOptions(TrainingOptions, RerunOptions, total=False):
    """What a task of ``run`` can be asked for."""

    built_in: str | None
    """One of SageMaker's built-in algorithms, such as ``xgboost:3.2-0``, instead of code."""
    profile_with: Profiler | None
    """Profile the script by ``cprofile``, or some steps of its optimizer by ``torch``."""
    source_dir: StrPath | None
    """A folder, or an ``s3://`` address of a .tar.gz, with the code."""


class TuneOptions(TrainingOptions, total=False):
    """What a search can be asked for."""

    built_in: str | None
    """One of SageMaker's built-in algorithms, such as ``xgboost:3.2-0``, instead of code."""
    profile_with: Profiler | None
    source_dir: StrPath | None
    """A folder, or an ``s3://`` address of a .tar.gz, with the code."""
    tune_jobs: int | None
    """How many trials at most; a larger number than last time extends the study."""
    tune_at_once: int | None
    """How many trials at the same time."""
    tune_by: Strategy | None
    """How values are chosen; ``random`` is what is meant when nothing is said."""
    tune_resource: tuple[str, int, int] | None
    """For ``hyperband``: the hyperparameter that says how long a trial runs, its least and its largest value."""
    tune_stop: Literal["off", "median"] | None
    tune_target: float | None
    """End the search when a trial's objective is as good."""
    tune_patience: int | None
    """End the search after so many trials in a row that were no better by a hundredth."""
    tune_mins: int | None
    tune_seed: int | None
    tune_from: str | None
    """Learn from the trials of another study of the project, with ``bayesian``."""
    tune_failures: int | None
    """How many trials may fail."""
    tune_on: TunedOn | None
    """Who drives the search: ``client``, this process; or ``aws``, a tuning job of SageMaker."""


class ShellOptions(TrainingOptions, RerunOptions, total=False):
    """What a task of ``shell`` can be asked for."""

    dir_files: Sequence[StrPath] | StrPath | None
    """What the command needs beside it; a single folder's content is the code folder's."""


class ProcessOptions(CommonOptions, RerunOptions, total=False):
    """What a task of ``process`` can be asked for."""

    entrypoint: Sequence[StrPath] | str | None
    """A whole command instead of a script: its words, or a text that is split into words as a shell would."""
    command: Sequence[StrPath] | str | None
    """What starts the script."""
    source_dir: StrPath | None
    """A folder, or an ``s3://`` address of a .tar.gz, that lies around the script; its requirements are installed."""
    env: Mapping[str, str] | None
    """Variables of the job's environment; no place for secrets."""
    input_at: Mapping[str, str] | None
    """Paths in the container, below ``/opt/ml/processing/``, by the names of ``inputs`` that are to be there."""
    output_from: Mapping[str, str] | None
    """Paths in the container, below ``/opt/ml/processing/``, that are kept as folders of the output data, by name; of
    ``output``, ``model`` and ``state`` it is where they are."""
