"""The inputs of a task: its channels, each with a unique name, and the model it starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ..core.late_regex import compile_late
from ..core.layout import EARLIER_STATE, SOURCE_CHANNEL, split_uri
from ..core.names import check_channel, check_name
from ..core.records import replace
from ..core.specs import (
    DISTRIBUTIONS,
    INPUT_MODES,
    TASK_OUTPUTS,
    Distribution,
    Input,
    InputMode,
    LocalInput,
    S3Input,
    TaskInput,
    TaskOutput,
)
from ..core.spelling import nearest
from ..errors import InputNotFound, UsageError
from .arguments import Arguments, Use
from .option import PROCESS

CHANNEL_LIMIT = 19  # SageMaker allows 20 (CreateTrainingJob, InputDataConfig); ours for the code is one of them
PROCESSING_LIMIT = 8  # of 10 (CreateProcessingJob, ProcessingInputs): the other two are code and state
URI_LIMIT = 1024  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
DATA, MODEL = "data", "model"
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Channel.html, and no characters that no type has
_TYPE = compile_late(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*(/[A-Za-z0-9!#$&^_.+-]+)?(;\s*[A-Za-z0-9_-]+=[^;\s]+)*")
_TYPE_LIMIT = 256
_PACKED: tuple[TaskOutput, ...] = ("model", "source")  # one archive each, without folders to choose from


def inputs(arguments: Arguments) -> tuple[Input, ...]:
    """The task's channels: first ``-i``, then the local ones, those on S3, and those of tasks.

    Raises UsageError or InputNotFound.
    """
    readers: Mapping[str, Callable[[Arguments, Use], Input]] = {
        "input_path": _path_input,
        "input_local": _local_input,
        "input_s3": _s3_input,
        "input_task": _task_input,
    }
    channels = [(use.flag, read(arguments, use)) for name, read in readers.items() for use in arguments.each(name)]
    types = _channel_types(arguments, {channel.name for _, channel in channels})
    channels = [(flag, _with_type(channel, types)) for flag, channel in channels] if types else channels
    names = [(flag, channel.name) for flag, channel in channels]
    model = arguments.flag("model_uri") if arguments.has("model_uri") else ""
    _check_names(names, model=model, is_processing=arguments.command in PROCESS)
    return tuple(channel for _, channel in channels)


def _channel_types(arguments: Arguments, names: set[str]) -> dict[str, str]:
    """What channels are said to hold. Raises UsageError for no such channel, and for what is no type of content."""
    types: dict[str, str] = {}
    for use in arguments.each("channel_type"):
        name, content_type = use.texts()
        if name not in names:
            near = nearest(name, names)
            known = f"there are: {', '.join(sorted(names))}." if names else "there are none."
            raise UsageError(
                f"{use.flag} {name} {content_type}: there is no channel {name!r}; "
                f"{f'did you mean {near}?' if near else known}"
            )
        if name in types:
            raise UsageError(f"{use.flag} {name} is given twice, as {types[name]} and as {content_type}: keep one.")
        if not _TYPE.fullmatch(content_type) or len(content_type) > _TYPE_LIMIT:
            raise UsageError(f"{use.flag} {name} {content_type!r} is not a type of content, such as text/csv.")
        types[name] = content_type
    return types


def _with_type(channel: Input, types: Mapping[str, str]) -> Input:
    return replace(channel, content_type=types[channel.name]) if channel.name in types else channel


def input_mode(arguments: Arguments) -> InputMode:
    """How folders of data reach the job. Raises UsageError."""
    flag, text = arguments.flag("input_mode"), arguments.required_text("input_mode")
    for mode in INPUT_MODES:
        if text == mode:
            return mode
    advice = f"{_suggest(text, INPUT_MODES)}{arguments.advice(flag, text)}"
    raise UsageError(f"{flag} {text!r} is not an input mode.{advice}")


def model_uri(arguments: Arguments) -> str | None:
    """The model to start from, an ``s3://`` address or an existing path. Raises UsageError or InputNotFound."""
    flag, address = arguments.flag("model_uri"), arguments.text("model_uri")
    if address is None:
        return None
    if address.startswith("s3://"):
        return s3_uri(flag, address)
    path = _path_of_file_uri(address) if address.startswith("file://") else address
    _check_exists(flag, path)
    return path


def _path_of_file_uri(uri: str) -> str:
    from urllib.parse import unquote, urlsplit

    return unquote(urlsplit(uri).path)


def s3_uri(flag: str, uri: str) -> str:
    """Return ``uri`` if it is an address that SageMaker can read from."""
    try:
        split_uri(uri)
    except ValueError as error:
        raise UsageError(f"{flag}: {uri!r} is not an S3 address: write s3://BUCKET/KEY.") from error
    if len(uri) > URI_LIMIT:
        raise UsageError(f"{flag}: an address of {len(uri)} characters; SageMaker takes at most {URI_LIMIT}.")
    return uri


def _path_input(arguments: Arguments, use: Use) -> Input:
    (path,), distribution, subdir = _parts(arguments, use, ["PATH"])
    if path.startswith("s3://"):
        return S3Input(name=DATA, uri=s3_uri(use.flag, path), distribution=distribution, subdir=subdir)
    _check_exists(use.flag, path, subdir)
    return LocalInput(path=Path(path), distribution=distribution, subdir=subdir, name=DATA)


def _local_input(arguments: Arguments, use: Use) -> Input:
    (name, path), distribution, subdir = _parts(arguments, use, ["NAME", "PATH"])
    check_channel(use.flag, name)
    flag = f"{use.flag} {name}"
    if path.startswith("s3://"):
        raise UsageError(f"{flag} {path!r} is on S3: use --input_s3 {name} {path}.")
    _check_exists(flag, path, subdir)
    return LocalInput(path=Path(path), distribution=distribution, subdir=subdir, name=name, is_main=False)


def _s3_input(arguments: Arguments, use: Use) -> Input:
    (name, uri), distribution, subdir = _parts(arguments, use, ["NAME", "URI"])
    check_channel(use.flag, name)
    return S3Input(name=name, uri=s3_uri(f"{use.flag} {name}", uri), distribution=distribution, subdir=subdir)


def _task_input(arguments: Arguments, use: Use) -> Input:
    (name, task, type_name), distribution, subdir = _parts(arguments, use, ["NAME", "TASK", "TYPE"])
    check_channel(use.flag, name)
    check_name(f"{use.flag} {name}: the task", task)
    kind = _output_type(f"{use.flag} {name} {task}", type_name)
    if subdir and kind in _PACKED:
        raise UsageError(f"{use.flag} {name}: a task's {kind} is one packed file; it has no folder {subdir!r}.")
    return TaskInput(name=name, task=task, type=kind, distribution=distribution, subdir=subdir)


def _parts(arguments: Arguments, use: Use, form: Sequence[str]) -> tuple[Sequence[str], Distribution, str]:
    """Split values into those that ``form`` names, the distribution and the subfolder; the last two are optional."""
    texts = use.texts()
    named, rest = texts[: len(form)], texts[len(form) :]
    if len(named) < len(form) or len(rest) > 2 or "" in named:
        values, advice = " ".join(map(repr, texts)), arguments.advice(use.flag, *texts)
        raise UsageError(f"{use.flag} takes {' '.join(form)} [DISTRIBUTION] [SUBDIR], not {values}.{advice}")
    flag = f"{use.flag} {named[0]}"
    distribution = _distribution(flag, rest[0]) if rest else DISTRIBUTIONS[0]
    return named, distribution, _subdir(flag, rest[1]) if len(rest) > 1 else ""


def _distribution(flag: str, text: str) -> Distribution:
    for distribution in DISTRIBUTIONS:
        if text == distribution:
            return distribution
    raise UsageError(f"{flag}: {text!r} is not a distribution.{_suggest(text, DISTRIBUTIONS)}")


def _output_type(flag: str, text: str) -> TaskOutput:
    for kind in TASK_OUTPUTS:
        if text == kind:
            return kind
    raise UsageError(f"{flag}: {text!r} is not an output of a task.{_suggest(text, TASK_OUTPUTS)}")


def _suggest(text: str, choices: Sequence[str]) -> str:
    """List the choices, and the one that was probably meant."""
    from difflib import get_close_matches

    folded = {choice.lower(): choice for choice in choices}
    completed = [choice for low, choice in folded.items() if text and low.startswith(text.lower())]
    close = completed or [folded[low] for low in get_close_matches(text.lower(), folded, n=1)]
    guess = f"Did you mean {close[0]}? " if close else ""
    return f"\n{guess}Choose from: {', '.join(choices)}."


def _subdir(flag: str, text: str) -> str:
    """A folder within the input, without a trailing "/"."""
    folder = text.removesuffix("/")
    if any(part in {"", ".", ".."} for part in folder.split("/")):
        raise UsageError(f"{flag}: SUBDIR {text!r} must be a folder within the input: a relative path without '..'.")
    return folder


def _check_exists(flag: str, path: str, subdir: str = "") -> None:
    if "://" in path:
        raise UsageError(f"{flag} {path!r}: only paths on this machine and s3://BUCKET/KEY addresses can be read.")
    place = Path(path) / subdir
    if not place.exists():
        raise InputNotFound(f"{flag} {path!r}: there is no {str(place)!r} on this machine.\nCheck the path.")


def _check_names(named: Sequence[tuple[str, str]], *, model: str, is_processing: bool) -> None:
    """Check that channel names are unique, and that there are not more than a job can have."""
    owners = {SOURCE_CHANNEL: "the channel with your code"} | ({MODEL: model} if model else {})
    if is_processing:
        owners[EARLIER_STATE] = "the channel with the task's state"
    for flag, name in named:
        if name in owners:
            raise UsageError(f"{flag}: the channel name {name!r} is taken by {owners[name]}. Choose another.")
        owners[name] = flag
    limit = PROCESSING_LIMIT if is_processing else CHANNEL_LIMIT - bool(model)
    if len(named) > limit:
        raise UsageError(f"{len(named)} inputs; a job can have {limit}{' and its model' if model else ''}.")
