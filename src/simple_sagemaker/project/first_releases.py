"""What the first releases' API takes and returns: default parameters, a session of AWS's SDK, inputs; tasks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from ..core.records import dataclass
from ..core.specs import Distribution, TaskOutput
from ..errors import UsageError
from .job import Job
from .options import Data, Outcome, StrPath

if TYPE_CHECKING:
    import boto3

# Parameters of the image by the names of earlier releases.
_EARLIER_NAMES = {
    "img_tag": "image_tag",
    "aws_repo": "aws_repo_name",
    "python_version": "py_version",
    "docker_file_path": "docker_file_path_or_content",
}


class CodeParams(NamedTuple):
    """The code of tasks that name none."""

    source_dir: StrPath | None = None
    entry_point: StrPath | None = None
    dependencies: tuple[StrPath, ...] = ()


class InstanceParams(NamedTuple):
    """The machines of tasks that name none."""

    instance_type: str = "ml.m5.large"
    instance_count: int = 1
    volume_size: int = 30
    use_spot_instances: bool = True
    max_run_mins: int = 24 * 60
    max_wait_mins: int = 0


class ImageParams(NamedTuple):
    """The image to build, or to use if there is nothing to build."""

    aws_repo_name: str | None = None
    repo_name: str | None = None
    image_tag: str = "latest"
    docker_file_path_or_content: StrPath | None = None
    framework: str = "pytorch"
    framework_version: str | None = None
    py_version: str | None = None


# Arguments of the first releases' runTask that took objects of AWS's SDK, and what replaces them.
_REPLACED = {
    "inputs": "additional_inputs takes the channels by name, and input_data_path the one called data",
    "outputs": "write to the folders in SSM_OUTPUT, SM_MODEL_DIR and SSM_STATE, which are kept",
    "task_type": "runProcessing runs processing tasks",
    "smSession": "SageMakerProject takes the session, for all of its tasks",
    "boto3_session": "SageMakerProject takes the session, for all of its tasks",
    "local_mode": "SageMakerProject takes local_mode, for all of its tasks",
}


Params = TypeVar("Params", InstanceParams, ImageParams)


def replaced(method: str, params: Params, given: Mapping[str, Any], others: Mapping[str, Any]) -> Params:
    """Replace the parameters that a call gives; None is the same as leaving one out.

    ``others`` are by names that are not in the signature of ``method``: those of earlier releases. Raises UsageError
    for any other one, and for a parameter by both of its names.
    """
    values = {name: value for name, value in given.items() if value is not None}
    for other, value in others.items():
        name = _EARLIER_NAMES.get(other, other)
        if name not in params._fields:
            raise UsageError(f"{method} has no {other}; it has {', '.join(params._fields)}.")
        if name in values:
            raise UsageError(f"{method}: {other} is the earlier name of {name}: drop one.")
        values[name] = value
    return params._replace(**{name: value for name, value in values.items() if value is not None})


class DefaultParams:
    """The parameters of tasks that name none."""

    def __init__(self) -> None:
        self.defaultCodeParams = CodeParams()
        self.defaultInstanceParams = InstanceParams()
        self.defaultImageParams = ImageParams()

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

    def setDefaultInstanceParams(
        self,
        instance_type: str | None = None,
        instance_count: int | None = None,
        volume_size: int | None = None,
        use_spot_instances: bool | None = None,
        max_run_mins: int | None = None,
        max_wait_mins: int | None = None,
        **others: Any,
    ) -> None:
        """Set the machines of tasks that name none; what is left out gets its default, as in InstanceParams."""
        given = {
            "instance_type": instance_type,
            "instance_count": instance_count,
            "volume_size": volume_size,
            "use_spot_instances": use_spot_instances,
            "max_run_mins": max_run_mins,
            "max_wait_mins": max_wait_mins,
        }
        self.defaultInstanceParams = replaced("setDefaultInstanceParams", InstanceParams(), given, others)

    def setDefaultImageParams(
        self,
        aws_repo_name: str | None = None,
        repo_name: str | None = None,
        image_tag: str | None = None,
        docker_file_path_or_content: StrPath | None = None,
        framework: str | None = None,
        framework_version: str | None = None,
        py_version: str | None = None,
        **others: Any,
    ) -> None:
        """Set the image of :meth:`buildOrGetImage`; what is left out gets its default, as in ImageParams.

        ``others`` are earlier names: ``img_tag``, ``aws_repo``, ``python_version`` and ``docker_file_path``.
        """
        given = {
            "aws_repo_name": aws_repo_name,
            "repo_name": repo_name,
            "image_tag": image_tag,
            "docker_file_path_or_content": docker_file_path_or_content,
            "framework": framework,
            "framework_version": framework_version,
            "py_version": py_version,
        }
        self.defaultImageParams = replaced("setDefaultImageParams", ImageParams(), given, others)


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


class TaskJob(Job):
    """The job of a task; it unpacks into what the first releases returned: the task and the job's name."""

    def __iter__(self) -> Iterator[SageMakerTask | str]:
        yield SageMakerTask(self)
        yield self.name


@dataclass(frozen=True)
class Session:
    """What a session of AWS's SDK says."""

    boto3_session: boto3.Session | None = None
    bucket_name: str | None = None
    is_local: bool = False


def read_session(session: Any) -> Session:
    """Read a ``sagemaker.Session``; nothing is asked of AWS. Raises UsageError for anything else."""
    if session is None:
        return Session()
    if not hasattr(session, "boto_session"):
        raise UsageError(
            f"smSession is a sagemaker.Session, not {type(session).__name__}; a boto3.Session is boto3_session."
        )
    # The bucket that the session was given or that its configuration names; without one, it has the same as we.
    bucket = getattr(session, "_default_bucket_name_override", None)
    return Session(session.boto_session, bucket, bool(getattr(session, "local_mode", False)))


def check_replaced(method: str, options: Mapping[str, Any]) -> None:
    """Refuse arguments of the first releases that something else replaces."""
    for name, value in options.items():
        if name in _REPLACED and (name, value) != ("task_type", "Training"):
            raise UsageError(f"{method} has no {name}: {_REPLACED[name]}.")


def inputs_of(
    additional: Mapping[str, StrPath | Data | Outcome] | None, data: StrPath | None, share: Distribution
) -> dict[str, StrPath | Data | Outcome]:
    """All channels, including the one of local data."""
    inputs = dict(additional or {})
    if data is None:
        return inputs
    if "data" in inputs:
        raise UsageError("input_data_path and additional_inputs['data'] are the same channel: drop one.")
    return {"data": Data(data, distribution=share), **inputs}


def by_name(values: Mapping[str, str] | Sequence[Mapping[str, str]] | None, key: str, value: str) -> Any:
    """Names and values as a dictionary; a list in the form of AWS's SDK is converted."""
    if values is None or isinstance(values, Mapping):
        return values
    return {one[key]: one[value] for one in values}
