"""Where a processing job's inputs and outputs are in its container: ``--input_at`` and ``--output_from``.

Paths of both begin with ``/opt/ml/processing/``:
https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-input-and-output.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..core import layout
from ..core.names import check_channel
from ..core.specs import Input, LocalInput
from ..errors import UsageError
from .arguments import Arguments

PATH_LIMIT = 256  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingS3Input.html
OUTPUT_LIMIT = 10  # CreateProcessingJob, ProcessingOutputConfig
_BELOW = f"{layout.PROCESSING}/"
_STATE = "state"


def container_paths(arguments: Arguments, inputs: Sequence[Input]) -> tuple[dict[str, str], dict[str, str]]:
    """The paths of inputs, and those of outputs, that were chosen, by name. Raises UsageError.

    No two are at one path, and none where the platform would upload what is no result, or we keep what is ours.
    """
    placed, kept = _read(arguments, "input_at"), _read(arguments, "output_from")
    names = [one.name for one in inputs]
    for name in placed:
        if name not in names:
            raise UsageError.naming(f"{{input_at:name}}: {_no_input(name, names)}", name=name)
        if [one.upper() for one in names].count(name.upper()) > 1:
            raise UsageError.naming(
                "{input_at:name}: another input has this name but for its capitals, and they share a variable of the "
                "job, which can name one place.\nChoose another name.",
                name=name,
            )
    for name in kept:
        check_channel(arguments.flag("output_from"), name)
    outputs = {**layout.PROCESSING_OUTPUTS, **kept}
    if len(outputs) > OUTPUT_LIMIT:
        raise UsageError.naming(
            "{output_from}: {count} outputs, three of them ours; a job can have {limit}.",
            count=len(outputs),
            limit=OUTPUT_LIMIT,
        )
    _check_local(placed, inputs)
    input_paths = {name: placed.get(name) or layout.processing_input(name) for name in names}
    _check_apart(placed, kept, input_paths, outputs)
    return placed, kept


def _read(arguments: Arguments, option: str) -> dict[str, str]:
    """The paths by name. Raises UsageError for a path that no job can have, and for a name that is given twice."""
    paths: dict[str, str] = {}
    for use in arguments.each(option):
        name, path = use.texts()
        twice = f"is given twice, as {paths[name]} and as {path}: keep one." if name in paths else ""
        why = twice or _why_illegal(path)
        if why:
            raise UsageError.naming(f"{{{option}:name}} {{why}}", name=name, why=why)
        paths[name] = path.rstrip("/")
    return paths


def _why_illegal(path: str) -> str:
    """Why no input or output can be at ``path``; "" if one can."""
    if not path.startswith("/"):
        return f"{path!r} is not an absolute path: begin it with {_BELOW}"
    if not path.startswith(_BELOW) or path.rstrip("/") == layout.PROCESSING:
        return f"{path!r} is not below {_BELOW}, where SageMaker has all inputs and outputs of a processing job."
    parts = path.rstrip("/").split("/")[1:]
    if {"", ".", ".."} & {*parts} or not path.isprintable():
        return f"{path!r} is not a plain path: leave out '.', '..', doubled slashes and control characters."
    if len(path) > PATH_LIMIT:
        return f"has a path of {len(path)} characters; SageMaker takes at most {PATH_LIMIT}."
    return ""


def _check_local(placed: Mapping[str, str], inputs: Sequence[Input]) -> None:
    """Check that a local folder has nothing by the names that we need at the path where it is placed."""
    for one in inputs:
        path = placed.get(one.name)
        if path is None or not isinstance(one, LocalInput):
            continue
        for ours, what in _OURS.items():
            entry = ours.removeprefix(f"{path}/")
            if entry != ours and (one.path / one.subdir / entry).exists():
                raise UsageError.naming(
                    "{input_at:name} {path}: the folder has a {entry!r}, where the job has its {what} there.\n"
                    "Rename it, or choose another path.",
                    name=one.name,
                    path=path,
                    entry=entry,
                    what=what,
                )


def _no_input(name: str, names: Sequence[str]) -> str:
    from difflib import get_close_matches

    if not names:
        return "the task has no input, so there is none to place."
    close = get_close_matches(name, names, n=1)
    return f"there is no such input. {f'Did you mean {close[0]}? ' if close else ''}There are: {', '.join(names)}."


# Paths of the code and its launcher, and what they hold.
_OURS = {
    f"{layout.PROCESSING}/input/code": "code",
    f"{layout.PROCESSING}/input/{layout.SOURCE_CHANNEL}": "packed code",
    f"{layout.PROCESSING}/input/{layout.EARLIER_STATE}": "earlier state",
    f"{layout.PROCESSING}/ssm": "launcher",
}
_MOVE = "Choose another path, or move that output: {output_from:other} PATH"


def _check_apart(
    placed: Mapping[str, str], kept: Mapping[str, str], inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> None:
    """Check that each chosen path is free, ``inputs`` and ``outputs`` being all of them."""
    for option, chosen in (("input_at", placed), ("output_from", kept)):
        for name, path in chosen.items():
            others = {key: where for key, where in inputs.items() if (option, name) != ("input_at", key)}
            refusals = [*_beside_ours(path), *_beside_inputs(path, others)]
            others = {key: where for key, where in outputs.items() if (option, name) != ("output_from", key)}
            refusals += _beside_outputs(path, others, is_input=option == "input_at")
            if option == "output_from":
                refusals += _of_output(name, path, inputs, others)
            for why, other in refusals:
                raise UsageError.naming(f"{{{option}:name}} {{path}}: {why}", name=name, path=path, other=other)


def _beside_ours(path: str) -> Iterator[tuple[str, str]]:
    for ours, what in _OURS.items():
        if path == ours or _is_below(path, ours):
            yield "this path is taken by the job's {other}. Choose another.", what


def _beside_inputs(path: str, inputs: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for other, where in inputs.items():
        if path == where:
            yield "the input {other!r} is at this path. Choose another.", other


def _beside_outputs(path: str, outputs: Mapping[str, str], *, is_input: bool) -> Iterator[tuple[str, str]]:
    """Why nothing else can be at an output's path; only an output may lie in another, except in the state."""
    for other, where in outputs.items():
        if path == where:
            yield f"this path is taken by the output {{other!r}}. {_MOVE}", other
        elif _is_below(path, where) and (is_input or other == _STATE):
            yield f"what lies there is uploaded with the output {{other!r}}. {_MOVE}", other


def _of_output(
    name: str, path: str, inputs: Mapping[str, str], outputs: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    """Why an output cannot be at a path that holds other things."""
    why = "{other} lies there and would be uploaded with it. Choose another path."
    for ours, what in _OURS.items():
        if _is_below(ours, path):
            yield why, f"the job's {what}"
    for other, where in inputs.items():
        if _is_below(where, path):
            yield why, f"the input {other!r}"
        if _is_below(path, where):
            yield "it lies in the input {other!r}, and no output can. Choose another path.", other
    for other, where in outputs.items():
        if _is_below(where, path) and _STATE in {name, other}:
            yield why, f"the output {other!r}"


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(f"{folder}/")
