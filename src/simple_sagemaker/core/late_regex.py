"""Regular expressions compiled when they are first used.

A command loads sixty of them and uses ten; compiling one takes as long as loading a small module.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False  # as typing has it, which takes longer to import than this
if TYPE_CHECKING:
    from typing import Any, AnyStr

_METHODS = ("finditer", "findall", "fullmatch", "match", "search", "split", "sub", "subn")


def compile_late(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """As :func:`re.compile`, at the first use; a wrong pattern raises re.error only then."""
    late: Any = _LateRegex(pattern, flags)
    return late  # type: ignore[no-any-return]


class _LateRegex:
    """Stands in for a compiled expression, and has its methods once one of them was asked for."""

    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self.__made_of = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(*self.__made_of)  # type: ignore[type-var]
        self.__dict__.update((method, getattr(compiled, method)) for method in _METHODS)
        return getattr(compiled, name)
