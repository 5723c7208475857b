"""The first releases' Python API, by its old names: each call is one of :class:`simple_sagemaker.project.Project`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .core.instance_types import is_local
from .core.specs import Distribution, TaskOutput
from .errors import UsageError
from .project import Data, Job, Outcome, Project
from .project.options import StrPath

if TYPE_CHECKING:
    import boto3


@dataclass(frozen=True, kw_only=True)
class CodeParams:
    """The code of tasks that name none."""

    source_dir: StrPath | None = None
    entry_point: StrPath | None = None
    dependencies: tuple[StrPath, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InstanceParams:
    """The machines of tasks that name none."""

    instance_type: str = "ml.m5.large"
    instance_count: int = 1
    volume_size: int = 30
    use_spot_instances: bool = True
    max_run_mins: int = 24 * 60
    max_wait_mins: int = 0


@dataclass(frozen=True, kw_only=True)
class ImageParams:
    """The image to build, or to use if there is nothing to build."""

    aws_repo_name: str | None = None
    repo_name: str | None = None
    image_tag: str = "latest"
    docker_file_path_or_content: StrPath | None = None
    framework: str = "pytorch"
    framework_version: str | None = None
    py_version: str | None = None


class SageMakerTask:
    """A task that was run, with its job."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def getOutputTargetUri(
        self, model: bool = False, output: bool = False, state: bool = False, source: bool = False
    ) -> str:
        """Return the S3 address of one of these outputs of the task's job; waits for the job's end."""
        selection: dict[TaskOutput, bool] = {"model": model, "output": output, "state": state, "source": source}
        chosen: list[TaskOutput] = [kind for kind, is_selected in selection.items() if is_selected]
        if len(chosen) != 1:
            raise UsageError(f"getOutputTargetUri: choose one of {', '.join(selection)}, as in model=True.")
        return self.job.wait().uri(chosen[0])


class SageMakerProject:
    """A series of tasks, as in the first releases; new code should use ``simple_sagemaker.Project``.

    ``tasks`` are those run through it, by name. ``local_mode`` runs them on this machine,
    whatever their instance type; so does the environment variable ``SSM_ENGINE``, as for ``ssm``.
    """

    def __init__(
        self,
        project_name: str,
        boto3_session: boto3.Session | None = None,
        role_name: str | None = None,
        bucket_name: str | None = None,
        local_mode: bool = False,
        prefix: str = "",
    ) -> None:
        self.project_name = project_name
        self.local_mode = local_mode
        self.tasks: dict[str, SageMakerTask] = {}
        self.defaultCodeParams = CodeParams()
        self.defaultInstanceParams = InstanceParams()
        self.defaultImageParams = ImageParams()
        self._read_buckets: tuple[str, ...] = ()
        self._project = Project(
            project_name,
            bucket_name=bucket_name,
            prefix=prefix,
            role_name=role_name,
            instance_type="local" if local_mode else None,
            boto3_session=boto3_session,
        )

    def setDefaultCodeParams(
        self,
        source_dir: StrPath | None = None,
        entry_point: StrPath | None = None,
        dependencies: Sequence[StrPath] | None = None,
    ) -> None:
        """Set the code of tasks that name none."""
        self.defaultCodeParams = CodeParams(
            source_dir=source_dir, entry_point=entry_point, dependencies=tuple(dependencies or ())
        )

    def setDefaultInstanceParams(self, **params: Any) -> None:
        """Set the machines of tasks that name none: the fields of InstanceParams; others get their defaults."""
        self.defaultInstanceParams = _make_params(InstanceParams, params, "setDefaultInstanceParams")

    def setDefaultImageParams(self, **params: Any) -> None:
        """Set the image of :meth:`buildOrGetImage`: the fields of ImageParams, also by their earlier names."""
        older = {
            "img_tag": "image_tag",
            "aws_repo": "aws_repo_name",
            "python_version": "py_version",
            "docker_file_path": "docker_file_path_or_content",
        }
        named = {older.get(name, name): value for name, value in params.items()}
        self.defaultImageParams = _make_params(ImageParams, named, "setDefaultImageParams")

    def buildOrGetImage(self, instance_type: str | None = None) -> str:
        """Return the address of the image that the image parameters describe; build and push it if needed."""
        return self._project.build_image(instance_type=self._where(instance_type), **asdict(self.defaultImageParams))

    def runTask(
        self,
        task_name: str,
        image_uri: str | None = None,
        hyperparameters: Mapping[str, Any] | None = None,
        input_distribution: Distribution | None = None,
        input_data_path: StrPath | None = None,
        additional_inputs: Mapping[str, StrPath | Data | Outcome] | None = None,
        distribution: Distribution | Mapping[str, Any] | None = None,
        metric_definitions: Mapping[str, str] | Sequence[Mapping[str, str]] | None = None,
        tags: Mapping[str, str] | Sequence[Mapping[str, str]] | None = None,
        wait: bool = True,
        **options: Any,
    ) -> Job:
        """Run a task to its end; a completed one is not run again, unless ``clean_state`` or ``force_running`` say so.

        ``options`` are those of ``ssm run`` by their names there, and take precedence over the project's parameters.
        ``distribution`` is how machines train together; a text is ``input_distribution``, as in the first release.
        """
        early = distribution if isinstance(distribution, str) else None
        image = {"image_uri": image_uri} if image_uri else asdict(self.defaultImageParams)
        arguments = {
            **asdict(self.defaultCodeParams),
            **asdict(self.defaultInstanceParams),
            **image,
            "hyperparameters": hyperparameters,
            "inputs": _inputs(additional_inputs, input_data_path, input_distribution or early or "FullyReplicated"),
            "distribution": None if early else distribution,
            "metric_definitions": _by_name(metric_definitions, "Name", "Regex"),
            "tags": _by_name(tags, "Key", "Value"),
            "read_buckets": self._read_buckets,
            **options,
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
    ) -> Job:
        """Run a processing task to its end; ``options`` are those of ``ssm process`` by their names there."""
        machines = self.defaultInstanceParams
        arguments = {
            "dependencies": self.defaultCodeParams.dependencies,
            "instance_type": machines.instance_type,
            "instance_count": machines.instance_count,
            "volume_size": machines.volume_size,
            "max_run_mins": machines.max_run_mins,
            "image_uri": image_uri,
            "inputs": _inputs(additional_inputs, input_data_path, input_distribution),
            "tags": _by_name(tags, "Key", "Value"),
            "read_buckets": self._read_buckets,
            **options,
        }
        arguments["instance_type"] = self._where(arguments["instance_type"])
        return self._register(task_name, self._project.process(task_name, code, wait=False, **arguments), wait=wait)

    def _register(self, task_name: str, job: Job, *, wait: bool) -> Job:
        self.tasks[task_name] = SageMakerTask(job)
        if wait:
            job.result()
        return job

    def getInputConfig(
        self, task_name: str, output_type: TaskOutput, distribution: Distribution = "FullyReplicated", subdir: str = ""
    ) -> Outcome:
        """An output of a task, for ``additional_inputs`` of another."""
        return self._project.input_of(task_name, output_type, distribution=distribution, subdir=subdir)

    def downloadResults(
        self,
        task_name: str,
        output_path: StrPath,
        logs: bool = True,
        state: bool = True,
        model: bool = True,
        output: bool = True,
        source: bool = False,
    ) -> dict[str, Path]:
        """Download what a task left, each part to a folder of its name in ``output_path``."""
        return self._project.download(
            task_name, output_path, logs=logs, state=state, model=model, output=output, source=source
        )

    def cleanState(self, task_name: str) -> None:
        """Clear a task's state."""
        self._project.clean_state(task_name)

    def cleanFolder(self) -> None:
        """Delete everything of the project in its bucket."""
        self._project.clean_all()

    def allowAccessToS3Bucket(self, bucket_name: str) -> None:
        """Let this project's jobs read a bucket, besides those of their inputs."""
        self._read_buckets = tuple(dict.fromkeys([*self._read_buckets, bucket_name]))

    def _where(self, instance_type: str | None) -> str:
        kind = instance_type or self.defaultInstanceParams.instance_type
        return "local" if self.local_mode and not is_local(kind) else kind


def _make_params(kind: type[Any], params: Mapping[str, Any], method: str) -> Any:
    """Make parameters of a kind; those left out or None get their defaults."""
    known = kind.__dataclass_fields__
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise UsageError(f"{method} has no {', '.join(unknown)}; it has {', '.join(known)}.")
    return kind(**{name: value for name, value in params.items() if value is not None})


def _inputs(
    additional: Mapping[str, StrPath | Data | Outcome] | None, data: StrPath | None, share: Distribution
) -> dict[str, StrPath | Data | Outcome]:
    """All channels, including the one of local data."""
    inputs = dict(additional or {})
    if data is None:
        return inputs
    if "data" in inputs:
        raise UsageError("input_data_path and additional_inputs['data'] are the same channel: drop one.")
    return {"data": Data(data, distribution=share), **inputs}


def _by_name(values: Mapping[str, str] | Sequence[Mapping[str, str]] | None, key: str, value: str) -> Any:
    """Names and values as a dictionary; a list in the form of AWS's SDK is converted."""
    if values is None or isinstance(values, Mapping):
        return values
    return {one[key]: one[value] for one in values}
