"""What a job was made from: as the service describes it, and as its ``run.json`` has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core import layout
from ..core.progress import file_count, size
from ..core.records import dataclass
from . import history
from .differences import hyperparameters_of, typed

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.layout import TaskPlace
    from ..core.services import Services


@dataclass(frozen=True, kw_only=True)
class InputFact:
    """An input: its channel's name, its address, and where that came from in the words of the person's command."""

    channel: str
    address: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class JobFacts:
    """What a job was made from; empty where that is not known, as for a job without a ``run.json``.

    ``entry_point``, ``command`` and ``arguments`` are what the job ran, ``image`` the image as it was asked for,
    ``image_uri`` its address. Of the environment there are the names alone. ``inputs_digest`` is of what all inputs
    held, ``inputs_size`` how much that was. ``files`` has a mark of each file of the code, by name, where they are not
    too many.
    """

    kind: str
    entry_point: str
    command: str
    arguments: str
    hyperparameters: Mapping[str, str]
    image: str
    image_uri: str
    distribution: str
    environment: tuple[str, ...]
    inputs: tuple[InputFact, ...]
    inputs_digest: str
    inputs_size: str
    files: Mapping[str, str]


def facts_of(job: Job, place: TaskPlace | None, services: Services) -> JobFacts:
    """What a job was made from; without a ``place``, or access to it, what the service alone knows."""
    run = history.run_file(place, job.name, services.store) if place and place.bucket else {}
    made_from = run.get("made_from")
    made_from = made_from if isinstance(made_from, dict) else {}
    origins = made_from.get("inputs")
    files = made_from.get("files")
    return JobFacts(
        kind=str(run.get("kind") or ("process" if job.kind == "processing" else "")),
        entry_point=str(run.get("entry_point") or ""),
        command=_given(run.get("command")),
        arguments=_given(run.get("arguments")),
        hyperparameters=hyperparameters_of(job),
        image=str(made_from.get("image") or ""),
        image_uri=_image_uri(job),
        distribution=_given(run.get("distribution")),
        environment=tuple(sorted(job.answer.get("Environment") or ())),
        inputs=tuple(_inputs(job, origins if isinstance(origins, dict) else {})),
        inputs_digest=str(run.get("fingerprint", {}).get("inputs") or ""),
        inputs_size=_size(made_from.get("input_marks")),
        files={str(name): str(mark) for name, mark in files.items()} if isinstance(files, dict) else {},
    )


def _size(marks: Any) -> str:
    """The objects and bytes of all inputs together, from the marks of each; empty where there are none."""
    try:
        sums = [sum(column) for column in zip(*marks.values(), strict=True)]
        return f"{file_count(sums[0])}, {size(sums[1])}" if sums else ""
    except (AttributeError, TypeError, ValueError, IndexError, OverflowError):
        return ""


def _given(value: Any) -> str:
    return "" if value in (None, "", []) else typed(value)


def _image_uri(job: Job) -> str:
    training, processing = job.answer.get("AlgorithmSpecification", {}), job.answer.get("AppSpecification", {})
    return str(training.get("TrainingImage") or training.get("AlgorithmName") or processing.get("ImageUri") or "")


def _inputs(job: Job, origins: Mapping[str, Any]) -> Iterator[InputFact]:
    """The inputs of a job, without those by which our code comes."""
    for one in (*(job.answer.get("InputDataConfig") or ()), *(job.answer.get("ProcessingInputs") or ())):
        name = str(one.get("ChannelName") or one.get("InputName"))
        if name not in {layout.SOURCE_CHANNEL, layout.EARLIER_STATE}:
            yield InputFact(channel=name, address=_address(one), origin=str(origins.get(name, "")))


def _address(one: Mapping[str, Any]) -> str:
    """The address of an input of either kind: on S3, or a folder of a file system."""
    source = one.get("DataSource") or {}
    s3 = source.get("S3DataSource") or one.get("S3Input") or {}
    system = source.get("FileSystemDataSource") or {}
    if system:
        return f"{system.get('FileSystemType', '')} {system.get('FileSystemId', '')}:{system.get('DirectoryPath', '')}"
    return str(s3.get("S3Uri", ""))
