"""A task's code read: its files, and a temporary folder for what is fetched or packed on its way to a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from ...core.specs import Spec
from ...core.store import Store
from ...errors import UsageError
from .files import Changed, CodeFiles
from .ignore import RULES
from .package import collect

_TRIES = 3
_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class Code:
    """The code of a task as it was read; ``scratch`` gives a folder for what is made on its way."""

    files: CodeFiles
    scratch: Callable[[], Path]


@contextmanager
def read_code(spec: Spec, store: Store) -> Iterator[Code]:
    """Read the code, for as long as the context lasts. Raises what :func:`collect` does."""
    with ExitStack() as stack:

        @lru_cache
        def scratch() -> Path:
            import tempfile  # costs 15 ms, and a skipped task needs no folder

            return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ssm-")))

        yield Code(files=collect(spec, store, scratch), scratch=scratch)


def with_steady_code(act: Callable[[], _Result], note: Callable[[str], None]) -> _Result:
    """Call ``act``, which reads and packs the code, and again when a file was changed in between; return its result."""
    tries = _TRIES
    while True:
        try:
            return act()
        except Changed as changed:
            tries -= 1
            if not tries:
                raise UsageError(
                    f"The file {str(changed)!r} changes all the time, so it cannot be packed.\n"
                    f"Stop what writes it, or leave it out with a line in {RULES}."
                ) from changed
            note(f"Code: {changed} was changed while it was read; reading it all again")
