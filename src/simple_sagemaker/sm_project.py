"""The first releases' Python API, by its own names: each call is one of :class:`simple_sagemaker.project.Project`."""

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
    """What the tasks run, unless they say otherwise."""

    source_dir: StrPath | None = None
    entry_point: StrPath | None = None
    dependencies: tuple[StrPath, ...] = ()


@dataclass(frozen=True, kw_only=True)
class InstanceParams:
    """Where the tasks run, unless they say otherwise."""

    instance_type: str = "ml.m5.large"
    instance_count: int = 1
    volume_size: int = 30
    use_spot_instances: bool = True
    max_run_mins: int = 24 * 60
    max_wait_mins: int = 0


@dataclass(frozen=True, kw_only=True)
class ImageParams:
    """What image is built, or used where there is nothing to build."""

    aws_repo_name: str | None = None
    repo_name: str | None = None
    image_tag: str = "latest"
    docker_file_path_or_content: StrPath | None = None
    framework: str = "pytorch"
    framework_version: str | None = None
    py_version: str | None = None


class SageMakerTask:
    """A task that was run, and its job."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def getOutputTargetUri(
        self, model: bool = False, output: bool = False, state: bool = False, source: bool = False
    ) -> str:
        """Where one of these lies on S3, as the task's job left it; waits for the job's end."""
        asked: dict[TaskOutput, bool] = {"model": model, "output": output, "state": state, "source": source}
        chosen: list[TaskOutput] = [kind for kind, wanted in asked.items() if wanted]
        if len(chosen) != 1:
            raise UsageError(f"getOutputTargetUri: say one of {', '.join(asked)}, as in model=True.")
        return self.job.wait().uri(chosen[0])


class SageMakerProject:
    """A series of tasks, as the first releases had it; new code is better off with ``simple_sagemaker.Project``.

    ``tasks`` holds the tasks that were run through it, by their names. ``local_mode`` runs them on this machine,
    whatever instance type they have; the environment chooses too (``SSM_ENGINE``), as for ``ssm``.
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
        """What the tasks run, unless they say otherwise."""
        self.defaultCodeParams = CodeParams(
            source_dir=source_dir, entry_point=entry_point, dependencies=tuple(dependencies or ())
        )

    def setDefaultInstanceParams(self, **params: Any) -> None:
        """Where the tasks run, unless they say otherwise: the fields of InstanceParams; the rest is as it is there."""
        self.defaultInstanceParams = _made(InstanceParams, params, "setDefaultInstanceParams")

    def setDefaultImageParams(self, **params: Any) -> None:
        """What image :meth:`buildOrGetImage` gives: the fields of ImageParams, also by names of earlier releases."""
        older = {
            "img_tag": "image_tag",
            "aws_repo": "aws_repo_name",
            "python_version": "py_version",
            "docker_file_path": "docker_file_path_or_content",
        }
        named = {older.get(name, name): value for name, value in params.items()}
        self.defaultImageParams = _made(ImageParams, named, "setDefaultImageParams")

    def buildOrGetImage(self, instance_type: str | None = None) -> str:
        """The address of the image that the image parameters stand for, built and pushed where it has to be."""
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
        ``distribution`` is how machines train together, or a word of the first release for ``input_distribution``.
        """
        early = distribution if isinstance(distribution, str) else None
        image = {"image_uri": image_uri} if image_uri else asdict(self.defaultImageParams)
        said = {
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
        said["instance_type"] = self._where(said["instance_type"])
        entry = said.pop("entry_point")
        return self._begun(task_name, self._project.run(task_name, entry, wait=False, **said), wait=wait)

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
        said = {
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
        said["instance_type"] = self._where(said["instance_type"])
        return self._begun(task_name, self._project.process(task_name, code, wait=False, **said), wait=wait)

    def _begun(self, task_name: str, job: Job, *, wait: bool) -> Job:
        self.tasks[task_name] = SageMakerTask(job)
        if wait:
            job.result()
        return job

    def getInputConfig(
        self, task_name: str, output_type: TaskOutput, distribution: Distribution = "FullyReplicated", subdir: str = ""
    ) -> Outcome:
        """What a task left, for ``additional_inputs`` of another."""
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
        """Bring what a task left, each part to a folder of its name in ``output_path``."""
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
        """Let the jobs of this project's tasks read a bucket, besides those of their inputs."""
        self._read_buckets = tuple(dict.fromkeys([*self._read_buckets, bucket_name]))

    def _where(self, instance_type: str | None) -> str:
        kind = instance_type or self.defaultInstanceParams.instance_type
        return "local" if self.local_mode and not is_local(kind) else kind


def _made(kind: type[Any], params: Mapping[str, Any], said: str) -> Any:
    """Parameters of a kind, those left out or None as they are by default."""
    known = kind.__dataclass_fields__
    unknown = sorted(set(params) - set(known))
    if unknown:
        raise UsageError(f"{said} has no {', '.join(unknown)}; it has {', '.join(known)}.")
    return kind(**{name: value for name, value in params.items() if value is not None})


def _inputs(
    additional: Mapping[str, StrPath | Data | Outcome] | None, data: StrPath | None, share: Distribution
) -> dict[str, StrPath | Data | Outcome]:
    """All channels, the one of local data among them."""
    inputs = dict(additional or {})
    if data is None:
        return inputs
    if "data" in inputs:
        raise UsageError("input_data_path and additional_inputs['data'] are one channel: keep one of them.")
    return {"data": Data(data, distribution=share), **inputs}


def _by_name(given: Mapping[str, str] | Sequence[Mapping[str, str]] | None, key: str, value: str) -> Any:
    """Names and values, also where they come as a list of them in the form of AWS's SDK."""
    if given is None or isinstance(given, Mapping):
        return given
    return {one[key]: one[value] for one in given}
