"""Names of projects, tasks, jobs and channels: what is legal, and how a job's name is built.

Limits are those of the service: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Final

from ..errors import UsageError
from .late_regex import compile_late

_NAME: Final = compile_late(r"[A-Za-z0-9._-]{1,128}")
_CHANNEL: Final = compile_late(r"[A-Za-z0-9._-]{1,64}")
_ANY_JOB: Final = compile_late(r"[A-Za-z0-9](?:-*[A-Za-z0-9])*")
_JOB: Final = compile_late(r"[A-Za-z0-9-]*-(\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2})-[A-Za-z0-9]{8}")
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET: Final = compile_late(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

JOB_NAME_LIMIT: Final = 63
TUNING_JOB_NAME_LIMIT: Final = 32
TOKEN_LETTERS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
TOKEN_LENGTH: Final = 8
PROJECT_ROLE_LIMIT: Final = 47  # "SageMakerIAMRole_" and the project share a role name of 64
_FOLDERS = frozenset({"input", "inputs", "state", "study", "trials"})


def check_name(what: str, name: str) -> str:
    """Return ``name`` if it can name a project or a task. ``what`` is the option as typed, for the error."""
    if _NAME.fullmatch(name) and name not in {".", ".."}:
        return name
    raise UsageError(
        f"{what} {name!r} is not a legal name.\n"
        "Use 1 to 128 letters, digits, dots, dashes and underscores (and not '.' or '..')."
    )


def check_task(what: str, name: str) -> str:
    """Return ``name`` if a task can be made of that name: not that of a folder that a task may have itself."""
    if name.lower() in _FOLDERS:
        raise UsageError(
            f"{what} {name!r}: tasks cannot be named {', '.join(sorted(_FOLDERS))}, as folders of a task are.\n"
            "Choose another name."
        )
    return check_name(what, name)


def check_channel(what: str, name: str) -> str:
    """Return ``name`` if it can name an input channel."""
    if _CHANNEL.fullmatch(name) and name not in {".", ".."}:
        return name
    raise UsageError(
        f"{what}: {name!r} is not a legal channel name.\nUse 1 to 64 letters, digits, dots, dashes and underscores."
    )


def check_bucket(name: str, what: str) -> str:
    """Return ``name`` if S3 could have a bucket of that name."""
    if _BUCKET.fullmatch(name):
        return name
    raise UsageError(
        f"{what} {name!r} is not a legal bucket name.\n"
        "Use 3 to 63 lower case letters, digits, dots and dashes, beginning and ending with a letter or digit."
    )


def role_name(project: str) -> str:
    """The name of the role of a project's jobs; a longer project name is truncated."""
    return f"SageMakerIAMRole_{project[:PROJECT_ROLE_LIMIT]}"


def job_name(task: str, *, started: datetime, token: str) -> str:
    """A job's name: ``<task>-YYYY-MM-DD-HH-MM-SS-<token>`` in UTC, at most 63 letters, digits and dashes.

    The task part is a cleaned and cut copy, so any legal task name makes a legal job name; the full name is in the
    job's tags. ``token`` is eight random letters and digits.
    """
    when = stamp(started)
    room = JOB_NAME_LIMIT - len(when) - TOKEN_LENGTH - 2
    clean = re.sub(r"[^A-Za-z0-9]+", "-", task).strip("-")[:room].strip("-") or "task"
    return f"{clean}-{when}-{token}"


def tuning_job_name(task: str, *, started: datetime, token: str) -> str:
    """A tuning job's name: at most 32 letters, digits and dashes, of which SageMaker does not tell cases apart."""
    when = started.astimezone(timezone.utc).strftime("%y%m%d%H%M%S")
    room = TUNING_JOB_NAME_LIMIT - len(when) - TOKEN_LENGTH - 2
    clean = re.sub(r"[^A-Za-z0-9]+", "-", task).strip("-")[:room].strip("-") or "task"
    return f"{clean}-{when}-{token}".lower()


def stamp(moment: datetime) -> str:
    """A moment as job names write it, which sorts as text."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%d-%H-%M-%S")


def is_job_name(name: str) -> bool:
    """Whether ``name`` has the form of :func:`job_name`."""
    return len(name) <= JOB_NAME_LIMIT and _JOB.fullmatch(name) is not None


def check_job_name(name: object) -> str:
    """Return ``name`` if SageMaker could have a job of that name. Raises ValueError."""
    if isinstance(name, str) and len(name) <= JOB_NAME_LIMIT and _ANY_JOB.fullmatch(name):
        return name
    raise ValueError("that is no job's name")


def is_short_name(name: str) -> bool:
    """Whether ``name`` has the form of the letters at the end of a job's name, by which people may name it."""
    return len(name) == TOKEN_LENGTH and all(letter in TOKEN_LETTERS for letter in name)


def short_name(name: str) -> str:
    """What people may name a job by: the letters at the end of a name of ours, else the whole name."""
    return name.rpartition("-")[2] if is_job_name(name) else name


def start_stamp(name: str) -> str:
    """The time stamp within a job's name, which sorts as text; empty for other names."""
    match = _JOB.fullmatch(name)
    return match.group(1) if match else ""
