"""What can go wrong for a person: each error says what happened, why, what to do next, and its exit status.

The engines speak AWS's errors (botocore's ``ClientError``); the product speaks these. The two are never mixed.
"""

from __future__ import annotations


class SsmError(Exception):
    """Something a person can act on. ``str(error)`` is the whole message, without a traceback."""

    exit_status = 1


class JobFailed(SsmError):
    """The job ran and ended Failed."""


class UsageError(SsmError):
    """The words typed cannot be meant; nothing was written and nothing was started."""

    exit_status = 2


class JobStopped(SsmError):
    """The job was stopped, by a person or by a time limit, before its code was done."""

    exit_status = 3


class InputNotFound(SsmError):
    """A bucket, object, folder or task that the job reads is not there; nothing was started."""

    exit_status = 4


class NoCredentials(SsmError):
    """AWS was asked for, and no credentials or region were found."""

    exit_status = 5


class EngineUnavailable(SsmError):
    """The engine that was asked for cannot run here: no Docker, no POSIX system, an unknown name."""

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
