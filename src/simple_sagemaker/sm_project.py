"""The first releases' Python API, by its old names: each call is one of :class:`simple_sagemaker.project.Project`."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .core.instance_types import is_local
from .core.specs import TASK_OUTPUTS, Distribution, TaskOutput
from .errors import UsageError
from .project import Data, Job, Outcome, Project
from .project.first_releases import (
    CodeParams,
    DefaultParams,
    ImageParams,
    InstanceParams,
    SageMakerTask,
    TaskJob,
    by_name,
    check_replaced,
    inputs_of,
    read_session,
    replaced,
)
from .project.options import StrPath

if TYPE_CHECKING:
    import boto3


__all__ = ["CodeParams", "ImageParams", "InstanceParams", "SageMakerProject", "SageMakerTask", "TaskJob"]

_log = logging.getLogger("simple_sagemaker.task")


class _Project(Project):
    _job_class = TaskJob


class SageMakerProject(DefaultParams):
    """A series of tasks, as in the first releases; new code should use ``simple_sagemaker.Project``.

    ``tasks`` are those run through it, by name. ``local_mode`` runs them on this machine,
    whatever their instance type; so does the environment variable ``SSM_ENGINE``, as for ``ssm``. ``smSession`` is a
    session of AWS's SDK: its boto3 session and its default bucket are used unless others are given, and
    a LocalSession is the same as ``local_mode``.
    """

    def __init__(
        self,
        project_name: str,
        boto3_session: boto3.Session | None = None,
        role_name: str | None = None,
        bucket_name: str | None = None,
        smSession: Any = None,
        local_mode: bool = False,
        prefix: str | None = "",
    ) -> None:
        if isinstance(smSession, bool):  # our first release had local_mode and prefix in the fifth and sixth place
            if isinstance(local_mode, str):
                prefix = local_mode
            smSession, local_mode = None, smSession
        session = read_session(smSession)
        boto3_session = boto3_session or session.boto3_session
        bucket_name = bucket_name or session.bucket_name
        local_mode = local_mode or session.is_local
        super().__init__()
        self.project_name = project_name
        self.local_mode = local_mode
        self.role_name = role_name
        self.boto3_session = boto3_session
        self.smSession = smSession
        self.tasks: dict[str, SageMakerTask] = {}
        self._read_buckets: tuple[str, ...] = ()
        self._project = _Project(
            project_name,
            bucket_name=bucket_name,
            prefix=prefix or "",
            role_name=role_name,
            instance_type="local" if local_mode else None,
            boto3_session=boto3_session,
        )

    def buildOrGetImage(self, instance_type: str | None = None, **params: Any) -> str:
        """Return the address of the image that the image parameters describe; build and push it if needed.

        ``params`` are fields of ImageParams that take precedence over the project's.
        """
        image = replaced("buildOrGetImage", self.defaultImageParams, {}, params)
        return self._project.build_image(instance_type=self._where(instance_type), **image._asdict())

    def runTask(
        self,
        task_name: str,
        image_uri: str | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        input_data_path: StrPath | None = None,
        clean_state: bool = False,
        force_running: bool = False,
        tags: Mapping[str, str] | Sequence[Mapping[str, str]] | None = None,
        metric_definitions: Mapping[str, str] | Sequence[Mapping[str, str]] | None = None,
        enable_sagemaker_metrics: bool = False,  # noqa: ARG002 - metrics are always on
        input_distribution: Distribution | None = None,
        additional_inputs: Mapping[str, StrPath | Data | Outcome] | None = None,
        distribution: Distribution | Mapping[str, Any] | None = None,
        wait: bool = True,
        **options: Any,
    ) -> TaskJob:
        """Run a task to its end; a completed one is not run again, unless ``clean_state`` or ``force_running`` say so.

        ``options`` are those of ``ssm run`` by their names there, and take precedence over the project's parameters.
        ``distribution`` is how machines train together; a text is ``input_distribution``, as in the first release.
        ``enable_sagemaker_metrics`` changes nothing: metrics are always on.
        """
        check_replaced("runTask", options)
        early = distribution if isinstance(distribution, str) else None
        image = {"image_uri": image_uri} if image_uri else self.defaultImageParams._asdict()
        arguments = {
            **self.defaultCodeParams._asdict(),
            **self.defaultInstanceParams._asdict(),
            **image,
            "hyperparameters": hyperparameters,
            "inputs": inputs_of(additional_inputs, input_data_path, input_distribution or early or "FullyReplicated"),
            "clean_state": clean_state,
            "force_running": force_running,
            "distribution": None if early else distribution,
            "metric_definitions": by_name(metric_definitions, "Name", "Regex"),
            "tags": by_name(tags, "Key", "Value"),
            "read_buckets": self._read_buckets,
            **{name: value for name, value in options.items() if name != "task_type"},
        }
        arguments["instance_type"] = self._where(arguments["instance_type"])
        entry = arguments.pop("entry_point")
        return self._register(task_name, self._project.run(task_name, entry, wait=False, **arguments), wait=wait)

    def runProcessing(
        self,
        task_name: str,
        code: StrPath | None = None,
        image_uri: str | None = None,
        input_distribution: Distribution = "FullyReplicated",
        input_data_path: StrPath | None = None,
        additional_inputs: Mapping[str, StrPath | Data | Outcome] | None = None,
        tags: Mapping[str, str] | Sequence[Mapping[str, str]] | None = None,
        wait: bool = True,
        **options: Any,
    ) -> TaskJob:
        """Run a processing task to its end; ``options`` are those of ``ssm process`` by their names there."""
        check_replaced("runProcessing", options)
        machines = self.defaultInstanceParams
        arguments = {
            "dependencies": self.defaultCodeParams.dependencies,
            "instance_type": machines.instance_type,
            "instance_count": machines.instance_count,
            "volume_size": machines.volume_size,
            "max_run_mins": machines.max_run_mins,
            "image_uri": image_uri,
            "inputs": inputs_of(additional_inputs, input_data_path, input_distribution),
            "tags": by_name(tags, "Key", "Value"),
            "read_buckets": self._read_buckets,
            **options,
        }
        arguments["instance_type"] = self._where(arguments["instance_type"])
        return self._register(task_name, self._project.process(task_name, code, wait=False, **arguments), wait=wait)

    def _register(self, task_name: str, job: Job, *, wait: bool) -> TaskJob:
        self.tasks[task_name] = SageMakerTask(job)
        if wait:
            job.result()
        return cast("TaskJob", job)

    def addTask(self, task_name: str, smTask: SageMakerTask | Job) -> None:
        """Add a task to ``tasks``, as :meth:`runTask` does by itself. Raises UsageError if one has that name."""
        if task_name in self.tasks:
            raise UsageError(f"addTask: there is a task {task_name!r} already: choose another name.")
        self.tasks[task_name] = smTask if isinstance(smTask, SageMakerTask) else SageMakerTask(smTask)

    def getInputConfig(
        self,
        task_name: str,
        output_type: TaskOutput,
        distribution: Distribution = "FullyReplicated",
        subdir: str = "",
        return_s3uri: bool = False,
    ) -> Outcome | str:
        """An output of a task, for ``additional_inputs`` of another; or its ``s3://`` address alone.

        For the address the task must have completed; a ``distribution`` is no part of it.
        """
        if not return_s3uri:
            return self._project.input_of(task_name, output_type, distribution=distribution, subdir=subdir)
        if output_type not in TASK_OUTPUTS:
            raise UsageError(f"getInputConfig: {output_type!r} is none of {', '.join(TASK_OUTPUTS)}.")
        task = self.tasks.get(task_name)
        ended = task.job.result() if task else self._project.result(task_name)
        address = ended.uri(output_type)
        if not subdir:
            return address
        if address.endswith(".tar.gz"):
            raise UsageError(f"getInputConfig: a task's {output_type} is one packed file; it has no folder {subdir!r}.")
        return f"{address.rstrip('/')}/{subdir}"

    def downloadResults(
        self,
        task_name: str,
        output_base: StrPath | None = None,
        logs: bool = True,
        state: bool = True,
        model: bool = True,
        output: bool = True,
        source: bool = False,
        *,
        output_path: StrPath | None = None,
    ) -> dict[str, Path]:
        """Download what a task left, each part to a folder of its name in ``output_base`` (or ``output_path``)."""
        given = [folder for folder in (output_base, output_path) if folder is not None]
        if len(given) != 1:
            raise UsageError("downloadResults: name one folder, as output_base or as output_path.")
        return self._project.download(
            task_name, given[0], logs=logs, state=state, model=model, output=output, source=source
        )

    @property
    def bucket_name(self) -> str:
        """The bucket that the project's data is in."""
        return self._project.bucket_name

    def createBucket(self) -> None:
        """Create the project's bucket unless it exists, as the first task does by itself."""
        self._project.make_bucket()

    def createIAMRole(self) -> None:
        """Create or complete the role of the project's jobs, as each task does by itself."""
        self._project.make_role(read_buckets=self._read_buckets)

    def cleanState(self, task_name: str) -> None:
        """Clear a task's state."""
        self._project.clean_state(task_name)

    def cleanFolder(self) -> None:
        """Delete everything of the project in its bucket."""
        self._project.clean_all()

    def allowAccessToS3Bucket(self, bucket_name: str, policy_name: str | None = None) -> None:
        """Let this project's jobs read a bucket, besides those of their inputs; the next task grants it.

        One policy, whose name is ours, has all that the project's role may do: ``policy_name`` is not used.
        """
        if policy_name is not None:
            _log.info("Policy %s is not made: the role's one policy allows to read %s", policy_name, bucket_name)
        self._read_buckets = tuple(dict.fromkeys([*self._read_buckets, bucket_name]))

    def _where(self, instance_type: str | None) -> str:
        kind = instance_type or self.defaultInstanceParams.instance_type
        return "local" if self.local_mode and not is_local(kind) else kind
