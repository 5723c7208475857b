"""From the arguments of ``ssm process`` to a ProcessSpec."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from ..core.records import replace
from ..core.specs import Image, ProcessSpec
from ..errors import UsageError
from .arguments import Arguments, text_of
from .code import processing_code
from .container_paths import container_paths
from .inputs import inputs
from .key_values import environment, tags
from .machines import image, processing_instances
from .security import security
from .task import check_required, download, merged, place, rerun, shows, wait

_SHELL = re.compile(r"[|&;<>()$`{}*?\[\]\n]")  # of a word that is more than words
_QUOTED = re.compile(r"""'[^']*'|"[^"$`]*"|\\.""")
_SKLEARN = "sklearn"
_SPARK, _SUBMIT = "spark", ("smspark-submit",)  # SDK 2's sagemaker.spark.processing has the same command
_SCRIPT = re.compile(r"[^/\s]+\.(py|jar|sh)")
_VARIABLE_LENGTH = 256  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html


def process_spec(arguments: Arguments) -> ProcessSpec:
    """Build the spec of a processing task. Raises UsageError or InputNotFound."""
    check_required(arguments)
    _check_what_runs(arguments)
    _check_entrypoint(arguments)
    line, channels = _command_line(arguments), inputs(arguments)
    input_paths, output_paths = container_paths(arguments, channels)
    chosen = _image(arguments)
    command = () if line else _command(arguments, "command") or _command(arguments, "entrypoint")
    if chosen.framework == _SPARK and not chosen.uri and arguments.has("code"):
        command = command or _SUBMIT
    spec = ProcessSpec(
        place=place(arguments),
        code=processing_code(arguments),
        command=command,
        command_line=line,
        arguments=(*arguments.texts("arguments"), *arguments.script_arguments),
        instances=processing_instances(arguments),
        image=chosen,
        inputs=channels,
        input_paths=input_paths,
        output_paths=output_paths,
        tags=tags(arguments),
        rerun=rerun(arguments),
        download=download(arguments),
        security=security(arguments),
        environment=environment(arguments, "env", longest=_VARIABLE_LENGTH),
        dry_run=arguments.has("dry_run"),
        wait=wait(arguments),
        shows=shows(arguments),
        request_merge=merged(arguments),
    )
    if "in_experiment" not in arguments.uses:
        return spec
    from .experiments import experiment  # which few tasks have

    return replace(spec, experiment=experiment(arguments))


def _check_what_runs(arguments: Arguments) -> None:
    """Refuse anything but exactly one of a script and a whole command."""
    script, whole, start = arguments.has("code"), arguments.has("entrypoint"), arguments.has("command")
    code, entrypoint, command = (arguments.flag(name) for name in ("code", "entrypoint", "command"))
    if script and whole:
        raise UsageError(
            f"{code} names a script and {entrypoint} a whole command: drop one.\n{command} is what starts the script."
        )
    if start and not script:
        raise UsageError(
            f"{command} starts the script of {code}, which is missing. For a whole command use {entrypoint}."
        )
    if not script and not whole:
        script_advice, command_advice = arguments.advise("code"), arguments.advise("entrypoint")
        raise UsageError(
            f"nothing to run: name a script with {script_advice}, or a whole command with {command_advice}."
        )


def _check_entrypoint(arguments: Arguments) -> None:
    """Refuse a script of this machine as the whole command: a job would look for a program of that name."""
    words = _command(arguments, "entrypoint")
    if len(words) == 1 and _SCRIPT.fullmatch(words[0]) and not arguments.has("source_dir") and Path(words[0]).is_file():
        entrypoint, code = arguments.flag("entrypoint"), arguments.flag("code")
        raise UsageError(
            f"{entrypoint} {words[0]} is a whole command, and {words[0]} is a script here: name it with {code}."
        )


def _command_line(arguments: Arguments) -> str | None:
    """The whole command as a text for a shell: one text that only a shell can read."""
    uses = arguments.each("entrypoint")
    if len(uses) != 1 or len(uses[0].values) != 1 or not isinstance(uses[0].values[0], str):
        return None
    text = uses[0].values[0]
    return text if _SHELL.search(_QUOTED.sub("", text)) else None


def _command(arguments: Arguments, name: str) -> tuple[str, ...]:
    """The command's arguments; a single text is split as by a shell, a list from Python is used as it is."""
    uses = arguments.each(name)
    if len(uses) == 1 and len(uses[0].values) == 1 and isinstance(uses[0].values[0], list):
        return tuple(text_of(uses[0].flag, one) for one in uses[0].values[0])
    texts = arguments.texts(name)
    if len(texts) != 1:
        return texts
    try:
        return tuple(shlex.split(texts[0])) or texts
    except ValueError as error:
        raise UsageError(f"{arguments.flag(name)} {texts[0]!r}: {str(error).lower()}.") from error


def _image(arguments: Arguments) -> Image:
    """The image; the default framework version is for sklearn only."""
    chosen = image(arguments)
    if chosen.framework == _SKLEARN or arguments.has("framework_version"):
        return chosen
    return replace(chosen, framework_version=None)
