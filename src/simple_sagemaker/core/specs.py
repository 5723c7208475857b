"""The frozen values of a task: what the user asked for, parsed once and never changed afterwards.

Units are in the names. Relative paths are relative to the working directory; addresses are ``s3://bucket/key``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .records import dataclass, field
from .rules import Metric, Rule

if TYPE_CHECKING:
    from .experiments import Experiment, MlflowStore

Kind = Literal["run", "shell", "algorithm"]  # algorithm: the image's own program, no code of the user
Shows = Literal["everything", "lines", "events"]
InputMode = Literal["File", "FastFile", "Pipe"]
LaunchedBy = Literal["direct", "toolkit"]
Profiler = Literal["cprofile", "torch"]
Distribution = Literal["FullyReplicated", "ShardedByS3Key"]
TaskOutput = Literal["state", "model", "source", "output"]
DataStore = Literal["local", "s3"]

DISTRIBUTIONS: tuple[Distribution, ...] = ("FullyReplicated", "ShardedByS3Key")
INPUT_MODES: tuple[InputMode, ...] = ("File", "FastFile", "Pipe")
DATA_STORES: tuple[DataStore, ...] = ("local", "s3")
TASK_OUTPUTS: tuple[TaskOutput, ...] = ("state", "model", "source", "output")


@dataclass(frozen=True, kw_only=True)
class Place:
    """Identity of a task: bucket (None for the default one), prefix, project and task together name it.

    ``bucket_owner`` is the account that owns a bucket of somebody else. ``data_store`` is where the buckets of jobs on
    this machine are: in local folders (``local``), or on S3; None leaves it to the engine. ``aws_region`` and
    ``aws_profile`` are used instead of those of the environment. ``is_local``: jobs of this machine are meant,
    which counts for commands that run none.
    """

    project: str
    task: str
    prefix: str = ""
    bucket: str | None = None
    bucket_owner: str | None = None
    data_store: DataStore | None = None
    aws_region: str | None = None
    aws_profile: str | None = None
    is_local: bool = False


@dataclass(frozen=True, kw_only=True)
class Code:
    """What runs: an entry point in a folder, an entry point in an ``s3://….tar.gz``, or a shell command.

    ``source_dir`` is the local folder whose content becomes the job's code folder; ``source_uri`` a packed one on S3;
    ``entry_file`` is the entry point if it is in neither, ``entry_uri`` the same on S3 (for processing tasks only).
    ``entry_point`` is relative to the code folder, with "/" between its parts. Files and folders in ``dependencies``
    are put at that folder's root by base name, which no two of them share. ``command`` is a shell task's command line.
    A shell task may have no code at all. With ``use_gitignore`` files that git ignores are excluded too.
    """

    entry_point: str | None = None
    source_dir: Path | None = None
    source_uri: str | None = None
    entry_file: Path | None = None
    entry_uri: str | None = None
    dependencies: tuple[Path, ...] = ()
    command: str | None = None
    use_gitignore: bool = False


@dataclass(frozen=True, kw_only=True)
class Instances:
    """The machines of a job, in the units of the options. ``max_wait_mins`` 0 means as long as ``max_run_mins``.

    ``keep_alive_mins`` keeps on-demand machines for the next job; ``retry_attempts`` applies to AWS's internal errors.
    """

    type: str = "ml.m5.large"
    count: int = 1
    volume_gb: int = 30
    spot: bool = True
    max_wait_mins: int = 0
    max_run_mins: int = 24 * 60
    keep_alive_mins: int = 0
    retry_attempts: int = 0

    @property
    def wait_mins(self) -> int:
        """How long a spot job may wait and run, in minutes."""
        return self.max_wait_mins or self.max_run_mins


@dataclass(frozen=True, kw_only=True)
class Image:
    """Which image: a framework's, one built on it from ``docker_file`` (a folder, a file or its text), or ``uri``.

    ``built_in`` is a built-in algorithm and its version instead, ``NAME:VERSION``.
    """

    framework: str = "pytorch"
    framework_version: str | None = None
    py_version: str | None = None
    docker_file: str | None = None
    aws_repo_name: str | None = None
    repo_name: str | None = None
    image_tag: str = "latest"
    uri: str | None = None
    built_in: str | None = None


@dataclass(frozen=True, kw_only=True)
class Security:
    """The role that a job runs with, its network, and what is encrypted.

    ``role_name`` is an existing role's name or ARN; a role created for the project may read all of ``read_buckets``
    too. With ``network_isolation`` the job has no network access at all.
    """

    role_name: str | None = None
    read_buckets: tuple[str, ...] = ()
    vpc_subnets: tuple[str, ...] = ()
    vpc_security_groups: tuple[str, ...] = ()
    kms_key_id: str | None = None
    network_isolation: bool = False
    encrypt_traffic: bool = False


@dataclass(frozen=True, kw_only=True)
class LocalInput:
    """A local folder or file, mirrored before the job.

    With ``is_main`` it is that of ``-i``, mirrored to the task's ``input/``; others go to ``inputs/NAME/``.
    """

    path: Path
    distribution: Distribution = "FullyReplicated"
    subdir: str = ""
    name: str = "data"
    is_main: bool = True
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class S3Input:
    """Objects under an address (``--iis``, ``-i s3://…``): a literal prefix, or one object's exact key."""

    name: str
    uri: str
    distribution: Distribution = "FullyReplicated"
    subdir: str = ""
    content_type: str | None = None


@dataclass(frozen=True, kw_only=True)
class TaskInput:
    """An output of another task of the project (``--iit``)."""

    name: str
    task: str
    type: TaskOutput
    distribution: Distribution = "FullyReplicated"
    subdir: str = ""
    content_type: str | None = None


Input = LocalInput | S3Input | TaskInput


@dataclass(frozen=True, kw_only=True)
class Rerun:
    """What to do about earlier jobs of the task and their state.

    ``if_changed`` reruns a completed task if its code, arguments, image, inputs or instance count differ; the other two
    always do.
    ``skip_status`` is the exit status of a skip whose last job was made from something else.
    """

    force_running: bool = False
    clean_state: bool = False
    if_changed: bool = False
    skip_status: int = 0


@dataclass(frozen=True, kw_only=True)
class Download:
    """What is downloaded to ``path`` at the end."""

    path: Path | None = None
    logs: bool = True
    state: bool = False
    model: bool = False
    output: bool = False
    source: bool = False


@dataclass(frozen=True, kw_only=True)
class RequestMerge:
    """Members to merge into a request, as JSON has them, and the file that they are of; from Python ``file`` is ""."""

    file: str
    members: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class TaskSpec:
    """A whole ``ssm run`` or ``ssm shell``, as typed values.

    ``hyperparameters`` keep the order typed; from the command line their values are strings. ``arguments`` reach the
    script byte for byte after them (undecodable bytes as surrogate escapes). ``model_uri`` is an ``s3://`` address or a
    local path. ``launch_distribution`` has the form of the SageMaker SDK's ``distribution``. ``environment`` holds the
    job's environment variables. ``launched_by`` None: the toolkit where it must, else our own launcher. ``dry_run``
    reports what would be sent and created, and does nothing; without ``wait`` the command does not follow the job.
    ``shows`` is what it prints meanwhile: everything, the job's lines alone, or events for programs. ``keeps_state`` is
    False for a built-in algorithm that writes none.
    """

    kind: Kind
    place: Place
    code: Code
    instances: Instances = field(default_factory=Instances)
    image: Image = field(default_factory=Image)
    inputs: Sequence[Input] = ()
    model_uri: str | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    launch_distribution: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    metrics: Sequence[Metric] = ()
    rules: Sequence[Rule] = ()
    mlflow: MlflowStore | None = None
    experiment: Experiment | None = None
    profiled_with: Profiler | None = None
    rerun: Rerun = field(default_factory=Rerun)
    download: Download = field(default_factory=Download)
    security: Security = field(default_factory=Security)
    environment: Mapping[str, str] = field(default_factory=dict)
    input_mode: InputMode = "File"
    launched_by: LaunchedBy | None = None
    dry_run: bool = False
    wait: bool = True
    shows: Shows = "everything"
    request_merge: RequestMerge | None = None
    keeps_state: bool = True


@dataclass(frozen=True, kw_only=True)
class ProcessSpec:
    """A whole ``ssm process``; fields shared with a TaskSpec have the same names and meanings.

    With an entry point in ``code``, ``command`` is the command that starts it; without one, a Python file runs in
    Python and any other file is executed. Without an entry point, ``command`` is what runs, or ``command_line``, which
    a shell of the job reads. ``arguments`` follow, byte for byte. ``input_paths`` and ``output_paths`` are the paths in
    the container that were chosen, by the names of inputs and outputs; an output that is not one of ours is a further
    one.
    """

    place: Place
    code: Code = field(default_factory=Code)
    command: Sequence[str] = ()
    command_line: str | None = None
    arguments: Sequence[str] = ()
    instances: Instances = field(default_factory=lambda: Instances(type="ml.t3.medium", spot=False))
    image: Image = field(default_factory=lambda: Image(framework="sklearn", framework_version="0.20.0"))
    inputs: Sequence[Input] = ()
    input_paths: Mapping[str, str] = field(default_factory=dict)
    output_paths: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    rerun: Rerun = field(default_factory=Rerun)
    download: Download = field(default_factory=Download)
    security: Security = field(default_factory=Security)
    environment: Mapping[str, str] = field(default_factory=dict)
    experiment: Experiment | None = None
    dry_run: bool = False
    wait: bool = True
    shows: Shows = "everything"
    request_merge: RequestMerge | None = None
    kind: Literal["process"] = "process"


Spec = TaskSpec | ProcessSpec


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """A whole ``ssm data``: the task, which of its jobs (None: the newest completed one), and what to do.

    ``job`` is a name, or the letters at its end, ``trial`` the number of a trial of the task's study. Results are
    downloaded first and the state is cleared afterwards.
    """

    place: Place
    job: str | None = None
    trial: int | None = None
    download: Download = field(default_factory=Download)
    clean_state: bool = False
