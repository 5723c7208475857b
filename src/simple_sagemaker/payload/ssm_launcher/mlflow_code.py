"""What a job's code says of MLflow, read and not run: which experiment it sets, and whether it may log parameters."""

import ast
import os
import re

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Iterator

BIGGEST = 1 << 20  # bytes of a file of code that is looked at
_SETS = re.compile(rb"set_experiment\s*\(")
_LOGS = (b"mlflow", b"transformers", b"lightning")  # what may log parameters by itself


class Code:
    """What the job's code says of MLflow, read and not run.

    ``experiment`` is the one that it names in ``set_experiment("…")``. ``is_unsure`` is whether it may set one that
    nobody can read from it, ``may_log`` whether it may log parameters.
    """

    def __init__(self, folder: str) -> None:
        names = set()  # type: set[str | None]
        self.may_log = False
        for text in _sources(folder):
            self.may_log = self.may_log or any(word in text for word in _LOGS)
            if _SETS.search(text):
                names |= _experiments(text)
        self.is_unsure = len(names) > 1 or None in names
        self.experiment = next(iter(names)) if len(names) == 1 else None


def _sources(folder: str) -> "Iterator[bytes]":
    ours = os.path.dirname(os.path.abspath(__file__))
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if os.path.abspath(os.path.join(place, name)) != ours]
        for name in names:
            path = os.path.join(place, name)
            if not name.endswith((".py", ".sh", ".ipynb")):
                continue
            try:
                if os.path.isfile(path) and os.path.getsize(path) <= BIGGEST:
                    with open(path, "rb") as file:
                        yield file.read()
            except OSError:
                continue


def _experiments(text: bytes) -> "set[str | None]":
    """The names in the calls of ``set_experiment``; None for one that is no plain text."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {None}
    names = set()  # type: set[str | None]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "attr", None) or getattr(node.func, "id", None)
        if called != "set_experiment":
            continue
        values = node.args[:1] + [one.value for one in node.keywords if one.arg == "experiment_name"]
        try:
            name = ast.literal_eval(values[0]) if values else None
        except ValueError:
            name = None
        names.add(name if isinstance(name, str) else None)
    return names
