"""Names the empty folders that a job leaves in its state, which S3 does not keep: it has files only."""

import os

from . import process, values

NAMED = 5
LONGEST = 200  # characters of a name
DEEPEST = 200  # parts of a path that is kept; before Python 3.12 os.walk goes down by recursion


def tell(state: str, hosts: "list[str]") -> None:
    """Log a line about the empty folders of the state, if it has any."""
    text = note_of(state, hosts)
    if text:
        process.write(values.to_bytes("simple-sagemaker: {}\n".format(text)))


def note_of(state: str, hosts: "list[str]") -> str:
    """A line about the empty folders of the state; empty without any. The hosts' own folders are ours, and not told."""
    count, names = 0, []
    for folder, below, files in os.walk(state):
        below.sort()
        inside = os.path.relpath(folder, state)
        is_empty = not (below or files)
        if inside.count("/") >= DEEPEST - 1:
            del below[:]  # and so is not looked into
        if not is_empty or inside == "." or inside in hosts or _holds(folder):
            continue
        count += 1
        if count <= NAMED:
            names.append(_shown(inside))
    if not count:
        return ""
    more = " and {:,} more".format(count - NAMED) if count > NAMED else ""
    return "empty folders of the state are not kept, since S3 has files only: {}{}".format(", ".join(names), more)


def _holds(folder: str) -> bool:
    """Whether a folder that seems empty holds something after all, or cannot be looked into."""
    try:
        return bool(os.listdir(folder))
    except OSError:
        return True


def _shown(name: str) -> str:
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    text = text if text.isprintable() else repr(text)[1:-1]
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."
