"""The meaning of ``ssm process``: a ProcessSpec from the words, or a refusal that says what to type instead."""

from __future__ import annotations

import shlex
from dataclasses import replace

from ..core.specs import Image, ProcessSpec
from ..errors import UsageError
from .code import processing_code
from .inputs import inputs
from .key_values import environment, tags
from .machines import image, processing_instances
from .parsed import Words
from .security import security
from .task import check_required, download, place, rerun, wait

_SKLEARN = "sklearn"
_VARIABLE_LENGTH = 256  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html


def process_spec(words: Words) -> ProcessSpec:
    """The processing task that the words ask for. Raises UsageError or InputNotFound."""
    check_required(words)
    _check_what_runs(words)
    return ProcessSpec(
        place=place(words),
        code=processing_code(words),
        command=_command(words, "command") or _command(words, "entrypoint"),
        arguments=(*_joined(words, "arguments"), *words.arguments),
        instances=processing_instances(words),
        image=_image(words),
        inputs=inputs(words),
        tags=tags(words),
        rerun=rerun(words),
        download=download(words),
        security=security(words),
        environment=environment(words, "env", longest=_VARIABLE_LENGTH),
        dry_run=words.has("dry_run"),
        wait=wait(words),
    )


def _check_what_runs(words: Words) -> None:
    """A script, or a whole command: exactly one of them."""
    script, whole, start = words.has("code"), words.has("entrypoint"), words.has("command")
    if script and whole:
        raise UsageError(
            f"--code names a script and {words.flag('entrypoint')} a whole command: drop one.\n"
            "What starts the script is said with --command."
        )
    if start and not script:
        raise UsageError("--command starts the script of --code, and there is none. A whole command is --entrypoint.")
    if not script and not whole:
        raise UsageError("say what runs: --code FILE, a script; or --entrypoint WORD ..., a whole command.")


def _command(words: Words, name: str) -> tuple[str, ...]:
    """The words of a command; a single one with blanks in it is split as a shell would."""
    found = _joined(words, name)
    if len(found) != 1:
        return found
    try:
        return tuple(shlex.split(found[0])) or found
    except ValueError as error:
        raise UsageError(f"{words.flag(name)} {found[0]!r}: {str(error).lower()}.") from error


def _joined(words: Words, name: str) -> tuple[str, ...]:
    """The words of every use of an option, one after the other."""
    return tuple(word for use in words.each(name) for word in use.words)


def _image(words: Words) -> Image:
    """The image; the version that is meant without any is sklearn's."""
    found = image(words)
    if found.framework == _SKLEARN or words.has("framework_version"):
        return found
    return replace(found, framework_version=None)
