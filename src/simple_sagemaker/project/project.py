"""A series of tasks: running them, and what they left."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.aws_errors import translate_all_errors
from ..core.names import check_name
from ..core.records import replace
from ..core.specs import Code, DataSpec, DataStore, Distribution, Place, TaskOutput, TaskSpec
from ..errors import StaleResult, UsageError
from ..jobs import follow, results
from ..options.machines import image, instances
from ..options.process import process_spec
from ..options.task import data_spec, task_spec
from ..tasks import run as runs
from ..tasks import stored
from ..tasks.differences import unseen_line
from ..tasks.prepared import DryRun
from . import setup
from .arguments import arguments_of, python_spelling
from .build_image import build_image
from .engines import Engine, Engines
from .file import FileSettings, completed
from .job import Job, Result, result_of
from .living import LivingJobs
from .options import PLACE, Outcome, ProcessOptions, RunOptions, ShellOptions, StrPath
from .progress import Progress, check_progress, display_progress
from .searches import Searches

if TYPE_CHECKING:
    from collections.abc import Iterator

    import boto3
    from typing_extensions import Self, Unpack

    from ..core.services import Services

_RUN = RunOptions.__optional_keys__ | PLACE | {"entry_point", "role_name"}
_SHELL = ShellOptions.__optional_keys__ | PLACE | {"cmd_line", "role_name"}
_PROCESS = ProcessOptions.__optional_keys__ | PLACE | {"code", "role_name"}
_DATA = PLACE | {"job", "output_path", "download_state", "download_model", "download_output", "clean_state"}


class Project(Searches, LivingJobs):
    """A series of tasks in one place: bucket, prefix and project together name it.

    ``engine`` chooses who runs the jobs: ``aws``, ``local`` (processes of this machine) or ``docker``; without it the
    environment does (``SSM_ENGINE``), as for ``ssm``. ``boto3_session`` is used on AWS instead of a new one,
    with its region and profile (``boto3.Session(region_name="eu-west-1", profile_name="work")``).
    ``instance_type`` is the machine of tasks that name none; ``local`` chooses this machine as well.
    ``role_name`` is an existing role's name or ARN, ``bucket_owner`` the account that ``bucket_name`` belongs to,
    ``data_store`` where jobs of this machine have their data: in folders of it (``local``), or on Amazon S3 (``s3``).

    With ``if_changed`` completed tasks run again when something differs from their last job, unless a run says
    otherwise; without it such a run is skipped with a warning (:class:`simple_sagemaker.errors.StaleResult`).

    Nothing is printed and no logging is set up; what happens goes to Python's loggers ``simple_sagemaker.task`` and
    ``simple_sagemaker.lines``. ``progress="lines"`` prints it instead, ``"auto"`` with a status line on a terminal.
    """

    _job_class: type[Job] = Job

    def __init__(
        self,
        project_name: str,
        *,
        bucket_name: str | None = None,
        bucket_owner: str | None = None,
        prefix: str = "",
        role_name: str | None = None,
        engine: Engine | None = None,
        instance_type: str | None = None,
        data_store: DataStore | None = None,
        boto3_session: boto3.Session | None = None,
        progress: Progress = "none",
        if_changed: bool | None = None,
    ) -> None:
        self._if_changed = if_changed
        self._name = check_name("project_name", project_name)
        self._place = {
            "project_name": self._name,
            "bucket_name": bucket_name,
            "bucket_owner": bucket_owner,
            "prefix": prefix or None,
            "data_store": data_store,
        }
        self._role_name = role_name
        self._instance_type = instance_type
        self._progress: Progress = check_progress(progress)
        self._engines = Engines(engine, instance_type=instance_type, data_store=data_store, session=boto3_session)
        self._file: FileSettings | None = None

    @classmethod
    def from_file(
        cls,
        path: StrPath | None = None,
        *,
        profile: str | None = None,
        engine: Engine | None = None,
        boto3_session: boto3.Session | None = None,
        progress: Progress = "none",
    ) -> Self:
        """The project of a project file (``ssm.toml``), whose tasks have the options that the file gives them.

        Without ``path`` the file is looked for as ``ssm`` does: in the current folder and above it. What a method is
        called with beats the file, as the command line does; ``profile`` beats ``SSM_PROFILE``. Raises UsageError.
        """
        with python_spelling():
            settings = FileSettings(path, profile)
            project = cls(settings.project_name(), engine=engine, progress=progress)
        project._role_name = settings.role_name()
        project._engines = settings.engines(engine, boto3_session)
        project._file = settings
        return project

    def __repr__(self) -> str:
        return f"<Project {self._name}>"

    def run(
        self,
        task_name: str,
        entry_point: StrPath | None = None,
        *,
        wait: bool = True,
        **options: Unpack[RunOptions],
    ) -> Job:
        """Run a Python or shell script as a task, as ``ssm run`` does; a completed one is not run again.

        Gives the job once it has completed, or with ``wait=False`` as soon as it is started. Raises JobFailed or
        JobStopped for another end, and UsageError, InputNotFound and others of ours before anything is started.
        """
        named = {**options, "task_name": task_name, "entry_point": entry_point}
        return self._run("run", named, known=_RUN, wait=wait)

    def shell(
        self, task_name: str, cmd_line: str | None = None, *, wait: bool = True, **options: Unpack[ShellOptions]
    ) -> Job:
        """Run a shell command line as a task, as ``ssm shell`` does; else as :meth:`run`."""
        named = {**options, "task_name": task_name, "cmd_line": cmd_line}
        return self._run("shell", named, known=_SHELL, wait=wait)

    def process(
        self,
        task_name: str,
        code: StrPath | None = None,
        *,
        wait: bool = True,
        **options: Unpack[ProcessOptions],
    ) -> Job:
        """Run a script, or a whole command (``entrypoint``), as a processing job, as ``ssm process`` does.

        ``code`` is a file of this machine or an ``s3://`` address. The rest is as for :meth:`run`.
        """
        return self._run("process", {**options, "task_name": task_name, "code": code}, known=_PROCESS, wait=wait)

    def download(
        self,
        task_name: str,
        output_path: StrPath,
        *,
        job: str | None = None,
        logs: bool = True,
        model: bool = True,
        output: bool = True,
        state: bool = True,
        source: bool = False,
    ) -> dict[str, Path]:
        """Bring what a task left, each part to a folder of its name in ``output_path``, and say where the parts are.

        They are those of its newest completed job, or of ``job``, which may have ended otherwise. Raises InputNotFound
        when there is no such task or job.
        """
        with self._stored(task_name, {"output_path": output_path, "job": job}) as (spec, services):
            download = replace(spec.download, logs=logs, model=model, output=output, state=state, source=source)
            ended = stored.job_of(spec, stored.place_of(spec, services), services)
            folder = Path(os.fspath(output_path))
            return {name: folder / name for name in results.download(download, ended, services)}

    def result(self, task_name: str, *, job: str | None = None) -> Result:
        """How the newest completed job of a task ended, or how ``job`` did. Raises InputNotFound without one."""
        with self._stored(task_name, {"output_path": ".", "job": job}) as (spec, services):
            place = stored.place_of(spec, services)
            return result_of(follow.result(stored.job_of(spec, place, services)), place.task)

    def clean_state(self, task_name: str) -> int:
        """Clear a task's state and say how many files it had. Raises UsageError while a job of the task runs."""
        with self._stored(task_name, {"clean_state": True}) as (spec, services):
            return stored.clear_state(stored.place_of(spec, services), services)

    def clean_all(self) -> int:
        """Delete everything of the project, its tasks' states and results included, and say how many files it had.

        Its role stays. Raises UsageError while a job of the project runs, and InputNotFound where nothing is.
        """
        with self._stored("-", {"clean_state": True}) as (spec, services):
            return stored.clear_project(spec, services)

    @property
    def bucket_name(self) -> str:
        """The bucket that the project's data is in, whether it exists yet or not."""
        with self._stored("-", {"clean_state": True}) as (spec, services):
            return setup.bucket_of(spec.place, services)

    def make_bucket(self) -> str:
        """Create the project's bucket unless it exists, and return its name; a run does so by itself."""
        with self._stored("-", {"clean_state": True}) as (spec, services):
            return setup.make_bucket(spec.place, services)

    def make_role(self, *, read_buckets: Sequence[str] = ()) -> str:
        """Create or complete the role of the project's jobs, and return its ARN; a run does so by itself.

        ``read_buckets`` are those that it shall be able to read, besides the project's folder.
        """
        with self._stored("-", {"clean_state": True}) as (spec, services):
            return setup.make_role(spec.place, services, role_name=self._role_name, read_buckets=read_buckets)

    def build_image(self, **options: Unpack[RunOptions]) -> str:
        """The address of the image that a task with these options runs in, built and pushed where it has to be.

        Jobs as processes of this machine have no images: there it is the ready-made image's, which they record.
        """
        with python_spelling():
            arguments = arguments_of("run", self._with_defaults({**options, "task_name": ""}), known=_RUN)
            with completed(arguments, self._file):
                place, machines = Place(project=self._name, task=""), instances(arguments)
                spec = TaskSpec(kind="run", place=place, code=Code(), instances=machines, image=image(arguments))
            services = self._engines.for_task(spec)
            with translate_all_errors(region=services.region), display_progress(self._progress, 1) as watcher:
                return build_image(spec, services, watcher)

    def input_of(
        self, task_name: str, kind: TaskOutput, *, distribution: Distribution = "FullyReplicated", subdir: str = ""
    ) -> Outcome:
        """What another task of the project left, as a channel of a task's ``inputs``.

        It is looked for when that task is run: the newest completed job's, or that of a running one, once it has ended.
        """
        return Outcome(task_name, kind, distribution=distribution, subdir=subdir)

    def _with_defaults(self, options: Mapping[str, object], *, reruns: bool = True) -> dict[str, object]:
        """The options of a task, completed by those of the project; ``reruns``: earlier jobs of it matter."""
        machine = options.get("instance_type") or self._instance_type
        named = {**self._place, "instance_type": machine, "role_name": None if self._file else self._role_name}
        if reruns and "if_changed" not in options:
            named["if_changed"] = self._if_changed
        return {**options, **named}

    def _run(self, command: str, options: Mapping[str, object], *, known: frozenset[str], wait: bool) -> Job:
        with python_spelling():
            arguments = arguments_of(command, self._with_defaults(options), known=known)
            with completed(arguments, self._file):
                spec = process_spec(arguments) if command == "process" else task_spec(arguments)
            services = self._engines.for_task(spec)
            hosts = spec.instances.count
            with translate_all_errors(region=services.region), display_progress(self._progress, hosts) as watcher:
                run = runs.prepare(spec, services, watcher)
                if isinstance(run, DryRun):
                    raise UsageError("A dry run starts nothing.")
                run.launch(watcher)
                if run.unseen:
                    watcher.note(unseen_line(run.unseen))
        if run.is_skipped and run.differences:
            changed = "; ".join(map(str, run.differences))
            warnings.warn(
                f"Task {run.place.task} was not run: {run.name} completed it before, with something else ({changed}). "
                "if_changed=True runs it again, force_running=True always does.",
                StaleResult,
                stacklevel=3,
            )
        job = self._job_class(run, progress=self._progress, hosts=hosts)
        if wait:
            job.result()
        return job

    @contextmanager
    def _stored(self, task_name: str, options: Mapping[str, object]) -> Iterator[tuple[DataSpec, Services]]:
        """The spec of a task's data, and the services that keep it."""
        with ExitStack() as stack:
            stack.enter_context(python_spelling())
            arguments = arguments_of("data", {**self._place, "task_name": task_name, **options}, known=_DATA)
            with completed(arguments, self._file):
                spec = data_spec(arguments)
            services = self._engines.for_data(task_name, is_local=spec.place.is_local)
            stack.enter_context(translate_all_errors(region=services.region))
            yield spec, services
