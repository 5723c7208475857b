"""From a command line to its spec: ``parse(argv)`` is the whole of it.

In: the arguments after ``ssm``. Out: a frozen spec of the command's own kind, or an error that names options as they
were typed. It reads the disk only to see that the paths named exist; it writes nothing and calls no
service. Whatever a help page does not need is imported when it is needed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from ..errors import Spelling, SsmError, UsageError, spell_typed
from ..options.commands import COMMANDS
from ..options.option import (
    COMPLETION,
    CONFIG,
    DATA,
    EMULATOR,
    EXPLAIN,
    HOME,
    IMAGES,
    LIVING,
    MLFLOW,
    NAMED,
    PROCESS,
    TUNE,
    WHY,
)

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from ..core.emulator_spec import EmulatorSpec
    from ..core.job_specs import JobsSpec
    from ..core.specs import DataSpec, ProcessSpec, TaskSpec
    from ..options.arguments import Arguments
    from ..studies.spec import TuneSpec

    AnySpec = TaskSpec | ProcessSpec | TuneSpec | DataSpec | EmulatorSpec | JobsSpec


def parse(argv: Sequence[str]) -> AnySpec:
    """Turn the arguments after ``ssm`` into the spec of a task, of a task's data, of an emulator, or of jobs there are.

    Raises UsageError or InputNotFound. For ``-h`` and ``--version`` prints the page and raises SystemExit(0).
    """
    if not argv:
        raise UsageError(f"ssm: no command given.\n\n{_main_page()}\nThis page again: ssm -h")
    if argv[0] in {"-h", "--help"}:
        _show(_main_page())
    if list(argv) == ["--version"]:
        _show(_version())
    command, rest = _command(argv)
    try:
        return _spec(command, rest)
    except UsageError as error:
        raise UsageError(f"ssm {command}: {error}{_next_step(command)}") from error
    except OSError as error:
        if error.filename is None:  # not of a file: a page that cannot be printed
            raise
        raise UsageError(f"ssm {command}: {error.filename!r}: {error.strerror}.{_next_step(command)}") from error


def spelling(argv: Sequence[str]) -> Spelling:
    """How this command line spells options: as they were typed, and with two dashes those that were not."""

    def spell(name: str, value: str = "") -> str:
        from ..options.project_file.apply import apply
        from .argv import read

        try:
            arguments = read(*_command(argv))
            apply(arguments, os.environ)
        except SsmError:
            return spell_typed(name, value)
        if name == "hp":
            return spell_typed(name, value)
        typed = [use.flag for use in arguments.each(name) if not value or value in use.values]
        return f"{typed[0] if typed else f'--{name}'} {value}".rstrip()

    return spell


def _next_step(command: str) -> str:
    return f"\nFor its options, run: ssm {command} -h"


def _command(argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command and what follows it; without a command it is ``run``, as in the first release."""
    if argv[0] in COMMANDS:
        return argv[0], argv[1:]
    if argv[0].startswith("-"):
        return "run", argv
    from ..core.spelling import nearest
    from .typeset import why

    if reason := why(argv[0]):
        raise UsageError(f"ssm: there is no command {argv[0]!r}: {reason}\nFor all commands, run: ssm -h")
    near = nearest(argv[0], COMMANDS) or _begins_alike(argv[0].lower())
    near = "-h" if argv[0].lower() in {"help", "usage"} else near
    *most, last = COMMANDS
    known = f"did you mean 'ssm {near}'?" if near else f"the commands are {', '.join(most)} and {last}."
    text = f"ssm: there is no command {argv[0]!r}{':' if near else ','} {known}"
    raise UsageError(f"{text}\nFor all commands, run: ssm -h")


def _begins_alike(word: str) -> str | None:
    """The command that ``word`` is a longer or shorter form of: running, emulate, proc."""
    alike = [one for one in COMMANDS if len(word) > 2 and (word.startswith(one) or one.startswith(word[:-1]))]
    return alike[0] if len(alike) == 1 else None


def _spec(command: str, argv: Sequence[str]) -> AnySpec:
    from .argv import read

    if command in NAMED and not {"-h", "--help"} & {*argv}:
        _show_named(command, argv)
    if command in WHY:
        from .why import why_spec

        return why_spec(argv, _spec)
    arguments = read(command, argv)
    if arguments.has("help"):
        from .help import page

        _show(page(command))
    if command in CONFIG + IMAGES:
        _show(_text_of(arguments))
    if command in EMULATOR + MLFLOW:
        return _server_spec(command, arguments)
    if command in HOME:
        return _spec_of(arguments)
    from ..options.project_file.apply import apply

    filled = apply(arguments, os.environ)
    notes = [*arguments.notes, filled.note()] if filled else arguments.notes
    if notes and not arguments.has("quiet"):
        from ..core.printable import clean

        for note in filter(None, notes):
            print(clean(note), file=sys.stderr, flush=True)
    try:
        return _spec_of(arguments)
    except SsmError as error:
        explained = filled.explain(error) if filled else _with_form(error)
        if explained is error:
            raise
        raise explained from error


def _with_form(error: SsmError) -> SsmError:
    """The error that something is missing, with the file that may have been meant to say it."""
    from ..options.project_file.find import advise_form

    form = advise_form() if str(error).startswith("missing: ") else ""
    return UsageError(f"{error}\n{form}") if form else error


def _text_of(arguments: Arguments) -> str:
    """What a command prints that starts nothing and asks nobody."""
    if arguments.command in IMAGES:
        from .images import images_text

        return images_text(arguments, os.environ)
    from .config import config_text

    return config_text(arguments, os.environ)


def _server_spec(command: str, arguments: Arguments) -> EmulatorSpec | JobsSpec:
    if command in MLFLOW:
        from .mlflow import mlflow_spec

        return mlflow_spec(arguments)
    from .emulator import emulator_spec

    return emulator_spec(arguments)


def _show_named(command: str, argv: Sequence[str]) -> None:
    """Print what a command prints that takes a name or words, no options. Raises UsageError, else SystemExit(0)."""
    if command in COMPLETION:
        from .completion.scripts import script

        _show(script(argv))
    if command in EXPLAIN:
        from .explain import explain

        raise SystemExit(explain(argv))
    from .built_ins import built_ins

    raise SystemExit(built_ins(argv))


def _spec_of(arguments: Arguments) -> TaskSpec | ProcessSpec | TuneSpec | DataSpec | JobsSpec:
    command = arguments.command
    if command in LIVING:
        from ..options.jobs import jobs_spec

        return jobs_spec(arguments)
    if command in PROCESS:
        from ..options.process import process_spec

        return process_spec(arguments)
    if command in TUNE:
        from ..options.tune import tune_spec

        return tune_spec(arguments)
    from ..options.task import data_spec, task_spec

    return data_spec(arguments) if command in DATA else task_spec(arguments)


def _main_page() -> str:
    from .help import main_page

    return main_page()


def _version() -> str:
    from .. import __version__

    return f"ssm {__version__}\n"


def _show(text: str) -> None:
    print(text, end="")
    raise SystemExit(0)
