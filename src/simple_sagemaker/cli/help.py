"""The help pages: argparse lays them out, from the option table. Nothing is parsed here."""

from __future__ import annotations

import argparse
import os
import sys

from ..options.commands import COMMANDS
from ..options.option import BOTH, BUILT_INS, COMPLETION, EXEC, EXPLAIN, JOBS, ONE_JOB, SEVERAL, Option
from .examples import EXAMPLES

_MORE = """\
'ssm COMMAND -h' shows its options; 'ssm -p ...' means 'ssm run -p ...'.
"""

_ENGINES = """\
where jobs run:
  SSM_ENGINE=aws (the default), local (processes of this machine) or docker
  (its containers); --it local and --it local_gpu choose this machine as well.
"""

_STATUSES = """\
exit status:
  0 completed              4 an input is missing
  1 failed                 5 no AWS credentials
  2 usage error            6 the chosen engine cannot run here
  3 stopped, or time is up 7 detached; the job goes on
  8 AWS does not allow it  9 over the account's quota
"""

_EXEC_STATUS = """\
exit status:
  that of the command, 128 and the signal's number if one ended it, 127 if the
  job has no such command; or of ssm:
  1 no host runs           5 no AWS credentials
  2 usage error            6 the engine cannot run here
  4 no such running job    8 AWS does not allow it
"""

_ARGUMENTS = """\
your script's own arguments:
  --NAME VALUE, for any NAME that is not an option above, is a hyperparameter
  (--hp NAME VALUE is one whatever NAME is). Whatever follows a lone -- goes to
  {what} as it is.
"""

_JOB = ["{-p NAME [-t NAME] | --job NAME}"]
_PROJECT = ["{-p NAME [-t NAME] | --all_projects}"]
_PLACES = {  # what names the jobs that a command is about
    **dict.fromkeys(ONE_JOB, _JOB),
    **dict.fromkeys(SEVERAL, _PROJECT),
    "stop": ["{-p NAME -t NAME | -p NAME --all_tasks | --job NAME}"],
    "rm": ["{-p NAME -t NAME | --job NAME}"],
    "diff": ["--job NAME --job NAME"],
}


class _Page(argparse.RawDescriptionHelpFormatter):
    """argparse's own layout, but an option's value is shown once, after all its spellings."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return super()._format_action_invocation(action)
        flags = ", ".join(sorted(action.option_strings, key=_short_first))
        return flags if action.nargs == 0 else f"{flags} {action.metavar}"


def main_page() -> str:
    """What ``ssm -h`` shows."""
    parser = _parser(
        "ssm", "ssm [-h] [--version] COMMAND ...", "Run work as SageMaker jobs, on AWS or on this machine."
    )
    parser.epilog = f"{_MORE}\n{_ENGINES}\n{_STATUSES}"
    commands = parser.add_argument_group("commands")
    for name, description in COMMANDS.items():
        commands.add_argument(name, help=f"{description}.")
    general = parser.add_argument_group("options")
    general.add_argument("-h", "--help", action="store_true", help="Show this page.")
    general.add_argument("--version", action="store_true", help="Show the version.")
    return parser.format_help()


def page(command: str) -> str:
    """What ``-h`` shows for a command."""
    parts = [*_required(command), *_PLACES.get(command, []), "[option ...]"]
    parts += ["[--NAME VALUE ...]"] if command in BOTH else []
    parts += ["[-- ARGUMENT ...]"] if command in JOBS else []
    parts += ["[-- COMMAND ...]"] if command in EXEC else []
    usage = _wrap(f"ssm {command}", parts)
    parser = _parser(f"ssm {command}", usage, f"{COMMANDS[command]}.")
    parser.epilog = "\n".join(
        [*_script_arguments(command), EXAMPLES[command], _EXEC_STATUS if command in EXEC else _STATUSES]
    )
    from ..options.table import groups_of

    for title, options in groups_of(command).items():
        group = parser.add_argument_group(title)
        for option in options:
            if command in option.commands:
                _add(group, option, command)
    return parser.format_help()


def _script_arguments(command: str) -> list[str]:
    """The section on the script's own arguments, for commands that run code."""
    return (
        [_ARGUMENTS.format(what="the script" if command in {"run", "tune"} else "the command")]
        if command in BOTH
        else []
    )


def _parser(prog: str, usage: str, description: str) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=prog,
        usage=usage,
        description=description,
        add_help=False,
        allow_abbrev=False,
        formatter_class=lambda prog: _Page(prog, max_help_position=26, width=_width() - 2),
    )


def _add(group: argparse._ArgumentGroup, option: Option, command: str) -> None:
    if option.value_count:
        group.add_argument(*option.flags, metavar=option.shape, help=_describe(option, command))
    else:
        group.add_argument(*option.flags, action="store_true", help=_describe(option, command))


def _describe(option: Option, command: str) -> str:
    from ..options.table import flags_on

    early = [flag for flag in flags_on(command, option) if flag == option.early]
    notes = [f"(default: {option.default})"] if option.default else []
    text = option.help.replace("%", "%%")  # which argparse would fill in
    return " ".join([text, *notes, *(f"{flag} is an older name." for flag in early)])


def _required(command: str) -> list[str]:
    from ..options.table import options_of

    needed = [option for option in options_of(command) if option.required]
    words = {**dict.fromkeys(COMPLETION, "{bash,zsh,fish,powershell}"), **dict.fromkeys(BUILT_INS, "[NAME]")}
    words |= dict.fromkeys(EXPLAIN, "[WORD ...]")
    return [
        *filter(None, [words.get(command)]),
        *(f"{min(option.flags, key=_short_first)} {option.shape}" for option in needed),
    ]


def _wrap(command: str, parts: list[str]) -> str:
    """A usage on as many lines as the terminal needs: argparse breaks only what it writes itself."""
    lines, indent = [command], " " * len(f"usage: {command}")
    for part in parts:
        first = len("usage: ") if len(lines) == 1 else 0
        if first + len(lines[-1]) + 1 + len(part) < _width():
            lines[-1] += f" {part}"
        else:
            lines.append(f"{indent} {part}")
    return "\n".join(lines)


def _short_first(flag: str) -> tuple[bool, int]:
    return flag.startswith("--"), -len(flag)


def _width() -> int:
    """The columns of the terminal: ``shutil`` knows too, but importing it costs a tenth of the whole page."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80 if sys.stdout.isatty() else 80
