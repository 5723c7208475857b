"""Characters that a shell takes for letters: dashes, quotation marks and spaces as editors and web pages set them."""

from __future__ import annotations

import os

from ..errors import UsageError
from ..options.arguments import Use

_DASHES = ("\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212")
_QUOTES = ("\u2018", "\u2019", "\u201a", "\u201b", "\u201c", "\u201d", "\u201e", "\u201f", "\u00ab", "\u00bb")
_SPACES = ("\u00a0", "\u2007", "\u2009", "\u200b", "\u202f", "\u2060", "\ufeff")


def why(argument: str) -> str:
    """Which of an argument's characters are others than they look like, as the end of a message; empty if none is."""
    if argument.startswith(_DASHES):
        return "its dash is another character than '-', as text editors put it."
    if is_quoted(argument):
        return "its quotation marks are other characters than ' and \", as text editors put them: type them anew."
    if found := [space for space in _SPACES if space in argument]:
        return f"it has a space of another kind (U+{ord(found[0]):04X}), as web pages have them: type it anew."
    return ""


def is_quoted(argument: str) -> bool:
    """Whether an argument begins or ends with a quotation mark that no shell knows."""
    return argument.startswith(_QUOTES) or argument.endswith(_QUOTES)


def look_at_marks(use: Use, *, is_free: bool) -> list[str]:
    """Notes about values in such quotation marks that may be meant (``is_free``). Raises UsageError for all others."""
    found = [value for value in use.values if is_quoted(value) and not os.path.exists(value)]
    if found and not is_free:
        raise UsageError(f"{use.flag} {found[0]!r}: {why(found[0])}")
    return [f"Note: the quotation marks of {use.flag} {value} are part of the value" for value in found]


def why_unexpected(argument: str, last: Use | None) -> str:
    """Why an argument fits nowhere, if its characters are the reason; ``last`` is the option before it."""
    values = [value for value in last.values if is_quoted(value)] if last else []
    if last and values and is_quoted(argument):  # the shell took a value in such marks apart
        return f"{last.flag} {values[0]} {argument}: {why(argument)}"
    reason = why(argument)
    return reason and f"unexpected argument {argument!r}: {reason}"
