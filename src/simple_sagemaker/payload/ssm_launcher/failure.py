"""How a job reports its end: the files ``failure`` and ``success``, and the text AWS shows as FailureReason."""

import os

from .places import Places

LONGEST = 1024  # what SageMaker keeps of the failure file
LONGEST_COMMAND = 200
LAST_LINES = 5
TRACEBACK = "Traceback (most recent call last):"


def script_failure(status: int, tail: bytes, command: bytes) -> str:
    """The text for a script that failed, cut to 1,024 bytes so that status and last output remain."""
    head = 'ExecuteUserScriptError:\nExitCode {}\nErrorMessage "'.format(status)
    foot = '"\n'
    if status == 137:
        foot += 'ExtraInfo "OutOfMemory: Process killed by SIGKILL (signal 9)"\n'
    foot += 'Command "{}"'.format(_head(command.decode("utf-8", "replace"), LONGEST_COMMAND))
    room = LONGEST - len(head.encode()) - len(foot.encode())
    return head + _tail(last_words(tail.decode("utf-8", "replace")), room) + foot


def last_words(output: str) -> str:
    """The exception that ends the last traceback of an output, else its last lines."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    starts = [number for number, line in enumerate(lines) if line.strip() == TRACEBACK]
    if starts:
        indent = lines[starts[-1]].index(TRACEBACK)
        after = lines[starts[-1] + 1 :]
        while after and after[0][indent : indent + 1].isspace():
            after.pop(0)
        if after:
            return "\n".join(after[: 2 * LAST_LINES])
    return "\n".join(lines[-LAST_LINES:])


def write_failure(places: Places, text: str) -> None:
    """Write the failure file, unless the script left its own."""
    write_unless_present(os.path.join(places.output, "failure"), text)


def write_unless_present(path: str, text: str) -> None:
    """Write a text to a file that the service reads, unless the script left its own there; an empty one is no text."""
    if not os.path.lexists(path) or (os.path.isfile(path) and not os.path.getsize(path)):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(_head(text, LONGEST).encode("utf-8", "replace"))


def write_success(places: Places) -> None:
    """Write the empty file that AWS's toolkit writes too."""
    os.makedirs(places.output, exist_ok=True)
    open(os.path.join(places.output, "success"), "wb").close()


def _head(text: str, room: int) -> str:
    return text.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")


def _tail(text: str, room: int) -> str:
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= room else raw[len(raw) - room :].decode("utf-8", "ignore")
