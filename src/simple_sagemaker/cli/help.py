"""The help pages: argparse lays them out, from the option table. Nothing is parsed here."""

from __future__ import annotations

import argparse
import os
import sys

from ..options.commands import COMMANDS
from ..options.option import BOTH, COMPLETION, EXEC, JOBS, Option

_MORE = """\
'ssm COMMAND -h' tells more; 'ssm -p ...' means 'ssm run -p ...'.
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
  3 stopped, or time is up 7 left while the job goes on
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

_EXAMPLES = {
    "run": """\
examples:
  ssm run -p demo -t train -e train.py --lr 0.1 -o out
  ssm run -p demo -t train -s code -e train.py --it local -- --verbose a.txt
""",
    "shell": """\
examples:
  ssm shell -p demo -t look --cmd_line "cat /proc/cpuinfo" -o out
  ssm shell -p demo -t count --dir_files code --cmd_line "./count.sh" --top 5
""",
    "process": """\
examples:
  ssm process -p demo -t clean --code clean.py -i data -o out --download_output
  ssm process -p demo -t count --entrypoint bash --arguments=-c -- 'ls | wc -l'
""",
    "data": """\
examples:
  ssm data -p demo -t train -o out --download_model --download_state
  ssm data -p demo -t train -o failed --job train-2030-01-31-12-00-00-a1B2c3D4
  ssm data -p demo -t train --clean_state
""",
    "ls": """\
examples:
  ssm ls -p demo
  ssm ls -p demo -t train --failed --since 7d
  ssm ls --all_projects --running --watch
""",
    "status": """\
examples:
  ssm status -p demo -t train
  ssm status --job a1B2c3D4 --json
""",
    "logs": """\
examples:
  ssm logs -p demo -t train -f
  ssm logs --job a1B2c3D4 --host 2 --tail 100
  ssm logs -p demo -t train --since 10m --grep 'loss|error' --times
""",
    "attach": """\
examples:
  ssm attach -p demo -t train -o out --download_model
""",
    "exec": """\
examples:
  ssm exec -p demo -t train
  ssm exec --job a1B2c3D4 --host 2 -- nvidia-smi
  tar -c fix | ssm exec -p demo -t train -- tar -x
""",
    "stop": """\
examples:
  ssm stop -p demo -t train
  ssm stop --job a1B2c3D4 --wait
  ssm stop -p demo --all_tasks --yes
""",
    "completion": """\
examples:
  ssm completion bash > ~/.local/share/bash-completion/completions/ssm
  ssm completion fish > ~/.config/fish/completions/ssm.fish
  source <(ssm completion zsh)
  ssm completion powershell | Out-String | Invoke-Expression
""",
    "config": """\
examples:
  ssm config -t train
  ssm config -t train --use_profile big --all
  ssm config --schema > ssm-schema.json
""",
    "metrics": """\
examples:
  ssm metrics -p demo -t train
  ssm metrics --job a1B2c3D4 --step_regex 'epoch (\\d+)' --csv
""",
    "compare": """\
examples:
  ssm compare -p demo -t train --sort loss
  ssm compare -p demo --since 7d --csv
""",
    "why": """\
examples:
  ssm why run -p demo -t train -e train.py --lr 0.1
  ssm why --json process -p demo -t clean --code clean.py
""",
    "diff": """\
examples:
  ssm diff --job a1B2c3D4 --job e5F6g7H8
""",
    "replay": """\
examples:
  ssm replay --job a1B2c3D4 -o out
  ssm replay -p demo -t train --hp lr 0.01 --it ml.g5.xlarge --no_spot
""",
    "cost": """\
examples:
  ssm cost -p demo --since 30d --by day
  ssm cost --all_projects --by type
""",
    "rm": """\
examples:
  ssm rm --job a1B2c3D4
  ssm rm -p demo -t train --older 30d
  ssm rm -p demo -t train --state --input --yes
""",
    "home": """\
examples:
  ssm home
  ssm home --clean --older 30d
""",
    "emulator": """\
examples:
  ssm emulator --home emulated --env_file aws.env
  . ./aws.env && ssm run -p demo -t train -e train.py -o out
""",
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
    parts = [*_required(command), "[option ...]"]
    parts += ["[--NAME VALUE ...]"] if command in BOTH else []
    parts += ["[-- ARGUMENT ...]"] if command in JOBS else []
    parts += ["[-- COMMAND ...]"] if command in EXEC else []
    usage = _wrap(f"ssm {command}", parts)
    parser = _parser(f"ssm {command}", usage, f"{COMMANDS[command]}.")
    parser.epilog = "\n".join(
        [*_script_arguments(command), _EXAMPLES[command], _EXEC_STATUS if command in EXEC else _STATUSES]
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
    return [_ARGUMENTS.format(what="the script" if command == "run" else "the command")] if command in BOTH else []


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
    return " ".join([option.help, *notes, *(f"{flag} is an older name." for flag in early)])


def _required(command: str) -> list[str]:
    from ..options.table import options_of

    needed = [option for option in options_of(command) if option.required]
    words = ["{bash,zsh,fish,powershell}"] if command in COMPLETION else []
    return [*words, *(f"{min(option.flags, key=_short_first)} {option.shape}" for option in needed)]


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
