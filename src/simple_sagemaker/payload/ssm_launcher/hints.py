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
    """Where ``/opt/ml`` or ``/state`` occur literally: the shell command, and files of the code."""
    mentions = ["the command"] if LITERAL.search(command.encode("utf-8", "replace")) else []
    for folder, folders, files in os.walk(code):
        folders[:] = sorted(name for name in folders if not (folder == code and name in OURS))
        for name in sorted(files):
            path = os.path.join(folder, name)
            if name.endswith(ENDINGS) and not (folder == code and name in OURS) and _mentions(path):
                mentions.append(os.path.relpath(path, code))
    return mentions


def _mentions(path: str) -> bool:
    if os.path.getsize(path) > LARGEST:
        return False
    with open(path, "rb") as file:
        return LITERAL.search(file.read()) is not None


def warning(mentions: "list[str]", base: str) -> str:
    """One line that names the first few files and says what to use instead."""
    more = " and {} more".format(len(mentions) - NAMED) if len(mentions) > NAMED else ""
    return (
        "WARNING: {}{} mention /opt/ml or /state, but this job's folders are below {}. Use the variables SM_* and "
        "SSM_*, or WorkerConfig, to find them.".format(", ".join(mentions[:NAMED]), more, base)
    )


def warn(code: str, command: str, base: str) -> None:
    """Log a warning if the code contains literal paths, in a job whose folders are elsewhere."""
    mentions = literal_paths(code, command)
    if mentions:
        process.write(values.to_bytes(warning(mentions, base) + "\n"))
