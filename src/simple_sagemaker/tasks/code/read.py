"""Reading a task's code: its files, and a temporary folder for what is downloaded or packed on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from ...core.records import dataclass
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
    """The code of a task as it was read; ``scratch`` returns a temporary folder."""

    files: CodeFiles
    scratch: Callable[[], Path]


@contextmanager
def read_code(spec: Spec, store: Store) -> Iterator[Code]:
    """Read the code, for as long as the context lasts. Raises what :func:`collect` does."""
    with ExitStack() as stack:

        @lru_cache
        def scratch() -> Path:
            from ...core.scratch import scratch_folder  # a skipped task needs none

            return stack.enter_context(scratch_folder("ssm-code-"))

        yield Code(files=collect(spec, store, scratch), scratch=scratch)


def retry_when_changed(act: Callable[[], _Result], note: Callable[[str], None]) -> _Result:
    """Return the result of ``act``, which reads and packs the code; retry it, up to three times, if a file changed."""
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
