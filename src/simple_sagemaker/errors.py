"""What can go wrong for a person: each error says what happened, why, what to do next, and its exit status.

The engines speak AWS's errors (botocore's ``ClientError``); the product speaks these. The two are never mixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self

Spelling = Callable[[str, str], str]


class SsmError(Exception):
    """Something a person can act on. ``str(error)`` is the whole message, without a traceback."""

    exit_status = 1
    _parts: tuple[str, Mapping[str, object]] | None = None

    @classmethod
    def naming(cls, template: str, /, **values: object) -> Self:
        """Make an error whose message names options, which each door spells its own way (:meth:`respell`).

        In the template ``{value}`` stands for one of the values, and any other ``{name}`` for the option of that name;
        ``{name:value}`` is an option together with a value that it was given, such as a channel's name. To begin with
        the message is spelled as on the command line.
        """
        error = cls()
        error._parts = (template, values)
        error.respell(spell_typed)
        return error

    def respell(self, spell: Spelling, reword: Callable[[str], str] = str) -> None:
        """Spell the options that the message names; ``spell`` gets an option's name, and its value or "".

        ``reword`` makes of the template one that gives options their values as the door does.
        """
        if self._parts is not None:
            template, values = self._parts
            self.args = (reword(template).format_map(_Fields(values, spell)),)


def spell_typed(name: str, value: str = "") -> str:
    """An option as it is typed: ``--name``, or ``--name VALUE``; a hyperparameter by its own name."""
    if name == "hp" and value:
        return f"--{value}"
    return f"--{name} {value}" if value else f"--{name}"


class _Fields(dict[str, object]):
    """The fields of a template: the values, and options by any other name."""

    def __init__(self, values: Mapping[str, object], spell: Spelling) -> None:
        super().__init__(values)
        self._spell = spell

    def __missing__(self, name: str) -> _Option:
        return _Option(name, self, self._spell)


class _Option:
    """An option that a template names."""

    def __init__(self, name: str, values: Mapping[str, object], spell: Spelling) -> None:
        self._name = name
        self._values = values
        self._spell = spell

    def __format__(self, field: str) -> str:
        return self._spell(self._name, str(self._values[field]) if field else "")


class StaleResult(UserWarning):
    """A completed task was skipped although what it was made from differs now: the results are of the earlier job."""


class JobEnded(SsmError):
    """The job ended otherwise than Completed.

    From Python, ``job`` is the Job and ``result`` its Result; else both are None.
    """

    job: Any = None
    result: Any = None


class JobFailed(JobEnded):
    """The job ran and ended Failed."""


class UsageError(SsmError):
    """Usage error: options that are wrong, missing or contradict each other; nothing was written or started."""

    exit_status = 2


class NoImageForMachine(UsageError):
    """A framework's ready-made images are for other machines than the one that was named."""


class JobStopped(JobEnded):
    """The job was stopped, by a person or by a time limit, before its code was done."""

    exit_status = 3


class InputNotFound(SsmError):
    """A bucket, object, folder or task that the job reads does not exist; nothing was started."""

    exit_status = 4


class NoCredentials(SsmError):
    """The run needs AWS, and no credentials or region were found."""

    exit_status = 5


class EngineUnavailable(SsmError):
    """The chosen engine cannot run here: no Docker, no POSIX system, an unknown name."""

    exit_status = 6


class Detached(SsmError):
    """The person left while the job goes on; the job was not touched."""

    exit_status = 7


class AccessDenied(SsmError):
    """AWS does not allow the caller what the task needs; the message names the action and the role or person."""

    exit_status = 8


class QuotaExceeded(SsmError):
    """The account's quota does not allow such a job; nothing was started."""

    exit_status = 9
