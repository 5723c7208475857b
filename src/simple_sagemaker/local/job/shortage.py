"""What this machine has run out of, of which an error tells in the system's words, and what to do about it."""

from __future__ import annotations

import errno
import sys

_NO_THREAD = "can't start new thread"  # Python's RuntimeError, where the system said EAGAIN


def shortage(error: BaseException) -> str:
    """What was used up, as a sentence with its limit and the way out; empty for any other error."""
    if isinstance(error, MemoryError) or _number(error) == errno.ENOMEM:
        return "This machine has no memory left. End jobs or other programs."
    if _number(error) == errno.EMFILE:
        return f"The limit of open files of a process is reached{_limit('n')}. End jobs, or raise it and start again."
    if _number(error) == errno.ENFILE:
        return "The limit of open files of this machine is reached (sysctl fs.file-max). End jobs or other programs."
    if _number(error) == errno.EAGAIN or (isinstance(error, RuntimeError) and str(error) == _NO_THREAD):
        return (
            f"The limit of processes and threads is reached{_limit('u')}. End jobs or other programs, or raise it and "
            "start again."
        )
    if _number(error) == errno.ENOSPC:
        return "The disk is full. 'ssm home' shows what can be deleted."
    return ""


def _number(error: BaseException) -> int | None:
    return error.errno if isinstance(error, OSError) else None


def _limit(option: str) -> str:
    """The limit as the shell's ``ulimit`` names it."""
    if sys.platform == "win32":
        return ""
    import resource

    which = resource.RLIMIT_NOFILE if option == "n" else resource.RLIMIT_NPROC
    most = resource.getrlimit(which)[0]
    return f" (ulimit -{option})" if most == resource.RLIM_INFINITY else f" (ulimit -{option}: {most})"
