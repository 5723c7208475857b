"""``ssm completion SHELL``: the script by which a shell completes commands, options and their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ...core.spelling import nearest
from ...errors import UsageError
from . import bash, fish, powershell, zsh

_SCRIPTS: Mapping[str, Callable[[], str]] = {
    "bash": bash.script,
    "zsh": zsh.script,
    "fish": fish.script,
    "powershell": powershell.script,
}


def script(argv: Sequence[str]) -> str:
    """The script of the shell that was named. Raises UsageError for another one."""
    known = ", ".join(_SCRIPTS)
    if not argv:
        raise UsageError(f"name the shell: {known}.")
    if len(argv) > 1:
        raise UsageError(f"unexpected argument {argv[1]!r}: name one shell.")
    if argv[0] not in _SCRIPTS:
        near = nearest(argv[0], _SCRIPTS)
        raise UsageError(f"{argv[0]!r} is none of the shells {known}.{f' Did you mean {near}?' if near else ''}")
    return _SCRIPTS[argv[0]]()
