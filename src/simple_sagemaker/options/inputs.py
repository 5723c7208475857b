"""What the task reads: its channels, each with a name of its own, and the model it starts from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..core.layout import EARLIER_STATE, SOURCE_CHANNEL, split_uri
from ..core.names import check_channel, check_name
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
from ..errors import InputNotFound, UsageError
from .option import PROCESS
from .parsed import Given, Words, own_name

CHANNEL_LIMIT = 19  # SageMaker allows 20 (CreateTrainingJob, InputDataConfig); ours for the code is one of them
PROCESSING_LIMIT = 8  # of 10 (CreateProcessingJob, ProcessingInputs): the others bring code and state
URI_LIMIT = 1024  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
DATA, MODEL = "data", "model"
_PACKED: tuple[TaskOutput, ...] = ("model", "source")  # one archive each: there is no folder to choose within


def inputs(words: Words) -> tuple[Input, ...]:
    """The task's channels, in the order: ``-i``, ``--iis``, ``--iit``. Raises UsageError or InputNotFound."""
    readers: Mapping[str, Callable[[Given], Input]] = {
        "input_path": _path_input,
        "input_s3": _s3_input,
        "input_task": _task_input,
    }
    found = [(use.flag, read(use)) for name, read in readers.items() for use in words.each(name)]
    names = [(flag, channel.name) for flag, channel in found]
    _check_names(names, with_model=words.has("model_uri"), is_processing=words.command in PROCESS)
    return tuple(channel for _, channel in found)


def input_mode(words: Words) -> InputMode:
    """How folders of data reach the job. Raises UsageError."""
    flag, word = words.flag("input_mode"), words.must("input_mode")
    for mode in INPUT_MODES:
        if word == mode:
            return mode
    raise UsageError(f"{flag} {word!r} is no way to bring data.{_rather(word, INPUT_MODES)}{own_name(flag, word)}")


def model_uri(words: Words) -> str | None:
    """The model to start from, an ``s3://`` address or an existing path. Raises UsageError or InputNotFound."""
    word = words.one("model_uri")
    if word is None:
        return None
    if word.startswith("s3://"):
        return s3_uri("--model_uri", word)
    path = unquote(urlsplit(word).path) if word.startswith("file://") else word
    _check_there("--model_uri", path)
    return path


def s3_uri(flag: str, word: str) -> str:
    """``word`` as it is, when it is an address that SageMaker can read from."""
    try:
        split_uri(word)
    except ValueError as error:
        raise UsageError(f"{flag}: {word!r} is no S3 address: write s3://BUCKET/KEY.") from error
    if len(word) > URI_LIMIT:
        raise UsageError(f"{flag}: an address of {len(word)} characters; SageMaker takes at most {URI_LIMIT}.")
    return word


def _path_input(use: Given) -> Input:
    (path,), distribution, subdir = _parts(use, ["PATH"])
    if path.startswith("s3://"):
        return S3Input(name=DATA, uri=s3_uri(use.flag, path), distribution=distribution, subdir=subdir)
    _check_there(use.flag, path, subdir)
    return LocalInput(path=Path(path), distribution=distribution, subdir=subdir, name=DATA)


def _s3_input(use: Given) -> Input:
    (name, uri), distribution, subdir = _parts(use, ["NAME", "URI"])
    check_channel(use.flag, name)
    return S3Input(name=name, uri=s3_uri(f"{use.flag} {name}", uri), distribution=distribution, subdir=subdir)


def _task_input(use: Given) -> Input:
    (name, task, word), distribution, subdir = _parts(use, ["NAME", "TASK", "TYPE"])
    check_channel(use.flag, name)
    check_name(f"{use.flag} {name}: the task", task)
    kind = _output_type(f"{use.flag} {name} {task}", word)
    if subdir and kind in _PACKED:
        raise UsageError(f"{use.flag} {name}: a task's {kind} is one packed file; it has no folder {subdir!r} to read.")
    return TaskInput(name=name, task=task, type=kind, distribution=distribution, subdir=subdir)


def _parts(use: Given, form: Sequence[str]) -> tuple[Sequence[str], Distribution, str]:
    """The words that ``form`` names, then the distribution and the sub-folder, which may be left out."""
    named, rest = list(use.words[: len(form)]), list(use.words[len(form) :])
    if len(named) < len(form) or len(rest) > 2 or "" in named:
        typed = " ".join(map(repr, use.words))
        raise UsageError(
            f"{use.flag} takes {' '.join(form)} [DISTRIBUTION] [SUBDIR], not {typed}.{own_name(use.flag, *use.words)}"
        )
    flag = f"{use.flag} {named[0]}"
    distribution = _distribution(flag, rest[0]) if rest else DISTRIBUTIONS[0]
    return named, distribution, _subdir(flag, rest[1]) if len(rest) > 1 else ""


def _distribution(flag: str, word: str) -> Distribution:
    for distribution in DISTRIBUTIONS:
        if word == distribution:
            return distribution
    raise UsageError(f"{flag}: {word!r} is no distribution.{_rather(word, DISTRIBUTIONS)}")


def _output_type(flag: str, word: str) -> TaskOutput:
    for kind in TASK_OUTPUTS:
        if word == kind:
            return kind
    raise UsageError(f"{flag}: {word!r} is nothing that a task leaves.{_rather(word, TASK_OUTPUTS)}")


def _rather(word: str, choices: Sequence[str]) -> str:
    """The choices, and the one that was probably meant."""
    folded = {choice.lower(): choice for choice in choices}
    begun = [choice for low, choice in folded.items() if word and low.startswith(word.lower())]
    close = begun or [folded[low] for low in get_close_matches(word.lower(), folded, n=1)]
    guess = f"Did you mean {close[0]}? " if close else ""
    return f"\n{guess}It is one of: {', '.join(choices)}."


def _subdir(flag: str, word: str) -> str:
    """A folder within the input, without a "/" at its end."""
    folder = word.removesuffix("/")
    if any(part in {"", ".", ".."} for part in folder.split("/")):
        raise UsageError(f"{flag}: SUBDIR {word!r} must be a folder within the input: a relative path without '..'.")
    return folder


def _check_there(flag: str, word: str, subdir: str = "") -> None:
    if "://" in word:
        raise UsageError(f"{flag} {word!r}: only paths of this machine and s3://BUCKET/KEY addresses can be read.")
    place = Path(word) / subdir
    if not place.exists():
        raise InputNotFound(f"{flag} {word!r}: there is no {str(place)!r} on this machine.\nCheck the path.")


def _check_names(named: Sequence[tuple[str, str]], *, with_model: bool, is_processing: bool) -> None:
    """Every channel has a name of its own, and there are not more of them than a job can have."""
    owners = {SOURCE_CHANNEL: "the channel that brings your code"} | ({MODEL: "--model_uri"} if with_model else {})
    if is_processing:
        owners[EARLIER_STATE] = "the channel that brings the task's state"
    for flag, name in named:
        if name in owners:
            raise UsageError(f"{flag}: the channel name {name!r} is taken by {owners[name]}. Choose another one.")
        owners[name] = flag
    limit = PROCESSING_LIMIT if is_processing else CHANNEL_LIMIT - with_model
    if len(named) > limit:
        raise UsageError(f"{len(named)} inputs; a job can have {limit}{' and its model' if with_model else ''}.")
