"""A warning for code that names the job's folders literally where they are elsewhere."""

import os
import re

from . import process, values

LITERAL = re.compile(rb"(?<![\w./-])(?:/opt/ml|/state)(?![\w.-])")
ENDINGS = (".py", ".sh")
OURS = ("launcher.py", "ssm_launcher", "task_toolkit", "worker_toolkit")
NAMED = 3
LARGEST = 1 << 20  # bytes; larger files are data, not code


def literal_paths(code: str, command: str) -> "list[str]":
    """What mentions ``/opt/ml`` or ``/state`` literally: the shell command, and files of the code."""
    found = ["the command"] if LITERAL.search(command.encode("utf-8", "replace")) else []
    for folder, folders, files in os.walk(code):
        folders[:] = sorted(name for name in folders if not (folder == code and name in OURS))
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name.endswith(ENDINGS) and not (folder == code and name in OURS) and _mentions(path):
                found.append(os.path.relpath(path, code))
    return found


def _mentions(path: str) -> bool:
    if os.path.getsize(path) > LARGEST:
        return False
    with open(path, "rb") as file:
        return LITERAL.search(file.read()) is not None


def warning(found: "list[str]", base: str) -> str:
    """One line that names the first few places and says what to use instead."""
    more = " and {} more".format(len(found) - NAMED) if len(found) > NAMED else ""
    return (
        "WARNING: {}{} mention /opt/ml or /state, but this job's folders are below {}. Use the variables SM_* and "
        "SSM_*, or WorkerConfig, to find them.".format(", ".join(found[:NAMED]), more, base)
    )


def warn(code: str, command: str, base: str) -> None:
    """Say in the log which literal paths the code holds, where they are not the job's."""
    found = literal_paths(code, command)
    if found:
        process.write(values.to_bytes(warning(found, base) + "\n"))
