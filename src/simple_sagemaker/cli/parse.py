"""From words to meaning: ``parse(argv)`` is the whole of it.

In: the words after ``ssm``. Out: a frozen TaskSpec, ProcessSpec, DataSpec or EmulatorSpec, or an error in the words
that were typed. It reads the disk only to see that what the words name is there; it writes nothing and asks no service.
Whatever is not needed for a help page is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import UsageError
from ..options.option import DATA, EMULATOR, PROCESS
from ..options.table import COMMANDS

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from ..core.specs import DataSpec, EmulatorSpec, ProcessSpec, TaskSpec


def parse(argv: Sequence[str]) -> TaskSpec | ProcessSpec | DataSpec | EmulatorSpec:
    """The task, the data of a task, or the emulator that the words after ``ssm`` ask for.

    Raises UsageError or InputNotFound. For ``-h`` and ``--version`` prints the page and raises SystemExit(0).
    """
    if not argv:
        raise UsageError(f"ssm: say what to run.\n\n{_main_page()}\nThis page again: ssm -h")
    if argv[0] in {"-h", "--help"}:
        _show(_main_page())
    if list(argv) == ["--version"]:
        _show(_version())
    command, words = _command(argv)
    try:
        return _meant(command, words)
    except UsageError as error:
        raise UsageError(f"ssm {command}: {error}{_next_step(command)}") from error
    except OSError as error:
        raise UsageError(f"ssm {command}: {error.filename!r}: {error.strerror}.{_next_step(command)}") from error


def _next_step(command: str) -> str:
    return f"\nThe options are explained by: ssm {command} -h"


def _command(argv: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command and the words after it; without a command, ``run`` is meant, as in the first release."""
    if argv[0] in COMMANDS:
        return argv[0], argv[1:]
    if argv[0].startswith("-"):
        return "run", argv
    *most, last = (f"'ssm {command}'" for command in COMMANDS)
    known = f"{', '.join(most)} and {last}"
    raise UsageError(f"ssm: there is no command {argv[0]!r}, only {known}.\nThey are explained by: ssm -h")


def _meant(command: str, argv: Sequence[str]) -> TaskSpec | ProcessSpec | DataSpec | EmulatorSpec:
    from .argv import read

    words = read(command, argv)
    if words.has("help"):
        from .help import page

        _show(page(command))
    if command in EMULATOR:
        from .emulator import emulator_spec

        return emulator_spec(words)
    if command in PROCESS:
        from ..options.process import process_spec

        return process_spec(words)
    from ..options.task import data_spec, task_spec

    return data_spec(words) if command in DATA else task_spec(words)


def _main_page() -> str:
    from .help import main_page

    return main_page()


def _version() -> str:
    from .. import __version__

    return f"ssm {__version__}\n"


def _show(text: str) -> None:
    print(text, end="")
    raise SystemExit(0)
