"""How a job reports its end: the files ``failure`` and ``success``, and the text AWS shows as FailureReason."""

import os
import signal

from . import process
from .places import Places

LONGEST = 1024  # what SageMaker keeps of the failure file
LONGEST_COMMAND = 200
LAST_LINES = 5
_WHY = {
    "SIGKILL": ", often out of memory",
    "SIGSEGV": ", a segmentation fault",
    "SIGBUS": ", often a full /dev/shm",
    "SIGILL": ", an instruction that the processor lacks",
}
TRACEBACK = "Traceback (most recent call last):"


def script_failure(status: int, tail: bytes, command: bytes, host: "str | None" = None) -> str:
    """The text for a script that failed, cut to 1,024 bytes so that status and last output remain.

    ``host`` is named where a job has several, else it is empty; with it, so is a signal that ended the script. None
    is for jobs of other clients, whose text is as AWS's toolkit has it: the message is the exception's, or empty.
    """
    head = 'ExecuteUserScriptError:\nExitCode {}\nErrorMessage "'.format(status)
    foot = '"\n'
    if status == 137:
        foot += 'ExtraInfo "OutOfMemory: Process killed by SIGKILL (signal 9)"\n'
    why = killed_by(status) if host is not None else ""
    if why:
        foot += 'Killed "{}{}"\n'.format(why, " on " + host if host else "")
    elif host:
        foot += 'Host "{}"\n'.format(host)
    foot += 'Command "{}"'.format(_head(command.decode("utf-8", "replace"), LONGEST_COMMAND))
    room = LONGEST - len(head.encode()) - len(foot.encode())
    output = tail.decode("utf-8", "replace")
    message = exception(output) if host is None else last_words(output)
    return head + _tail(message, room) + foot


def killed_by(status: int) -> str:
    """What ended a process, from its status (a shell's 128 and more included); empty where it ended by itself."""
    number = -status if status < 0 else status - 128
    if not 0 < number < 32:
        return ""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return ""
    return "killed by signal {} ({}{})".format(number, name, _WHY.get(name, ""))


def last_words(output: str) -> str:
    """The exception that ends the last traceback of an output, else its last lines."""
    return exception(output) or "\n".join(_lines(output)[-LAST_LINES:])


def exception(output: str) -> str:
    """The exception that ends the last traceback of an output; empty without any."""
    lines = _lines(output)
    starts = [number for number, line in enumerate(lines) if line.strip() == TRACEBACK]
    if starts:
        indent = lines[starts[-1]].index(TRACEBACK)
        after = lines[starts[-1] + 1 :]
        while after and after[0][indent : indent + 1].isspace():
            after.pop(0)
        return "\n".join(after[: 2 * LAST_LINES])
    return ""


def _lines(output: str) -> "list[str]":
    return [line.rstrip() for line in output.splitlines() if line.strip()]


def write_failure(places: Places, text: str) -> None:
    """Write the failure file, unless the script left its own."""
    write_unless_present(os.path.join(places.output, "failure"), text)


def write_unless_present(path: str, text: str) -> None:
    """Write a text to a file that the service reads, unless the script left its own there; an empty one is no text."""
    if not os.path.lexists(path) or (os.path.isfile(path) and not os.path.getsize(path)):
        _write(path, _head(text, LONGEST).encode("utf-8", "replace"))


def write_success(places: Places) -> None:
    """Write the empty file that AWS's toolkit writes too."""
    _write(os.path.join(places.output, "success"), b"")


def _write(path: str, content: bytes) -> None:
    """Write a file where there can be one: the script may have put anything in the place of its folder."""
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
    except OSError as error:
        told = ", which was to say: {}".format(content.decode("utf-8", "replace")) if content else ""
        line = "simple-sagemaker: {} cannot be written ({}){}\n".format(path, error.strerror, told)
        process.write(line.encode("utf-8", "surrogateescape"))


def _head(text: str, room: int) -> str:
    return text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")


def _tail(text: str, room: int) -> str:
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= room else raw[len(raw) - room :].decode("utf-8", "ignore")
