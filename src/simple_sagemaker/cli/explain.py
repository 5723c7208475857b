"""``ssm explain [WORD …]``: what a message or an exit status means, and what to do. Asks nobody."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from ..core.printable import coloured
from ..errors import UsageError
from . import tables
from .printing import print_json, to_stderr
from .troubleshooting.entry import Entry
from .troubleshooting.find import entry_of, is_sure, near_words, search
from .troubleshooting.table import ENTRIES, SECTIONS

_WIDEST = 80
_OTHERS = 6  # entries that are named beside the one that is shown


def explain(argv: Sequence[str]) -> int:
    """Print the entry that the words are about, or all entries in a line each; return 0. Raises UsageError for none."""
    typed = " ".join(word for word in argv if word not in {"--json", "--"}).strip()
    found = search(typed) if typed else list(ENTRIES)
    if not found:
        near = near_words(typed)
        guess = f"Try: {', '.join(f'ssm explain {one}' for one in near)}." if near else "'ssm explain' lists all words."
        raise UsageError(f"nothing is known of {typed!r}.\n{guess}")
    if "--json" in argv:
        print_json(found)
    elif typed:
        if not is_sure(typed, found[0]):
            to_stderr("No entry has all of these words; this one has the most of them:")
        print(_page(found[0], found[1 : _OTHERS + 1]))
    else:
        print(_list())
    return 0


def pointer(text: str) -> str:
    """The line that leads from an error's text to its entry; "" where there is none, or it would add nothing."""
    entry = entry_of(text)
    return f"More about it: ssm explain {entry.word}" if entry and not entry.is_plain else ""


def _list() -> str:
    widest = max(len(entry.word) for entry in ENTRIES)
    lines = []
    for title, entries in SECTIONS:
        lines += [coloured(title, "bold", sys.stdout)]
        lines += [f"  {entry.word:<{widest}}  {entry.title}" for entry in entries]
    return "\n".join([*lines, "One of them: ssm explain WORD. A message: ssm explain 'a few words of it'."])


def _page(entry: Entry, others: Sequence[Entry]) -> str:
    heading = f"{entry.word}: {entry.title}"
    lines = [coloured(heading, "bold", sys.stdout), ""]
    if entry.statuses:
        lines += [f"  exit status {' or '.join(map(str, entry.statuses))}"]
    lines += _wrapped(entry.messages, "  ")
    lines += ["", *_wrapped([entry.means], ""), "", "What to do"]
    lines += _wrapped(entry.do, "  - ")
    more = ([f"docs/{entry.page}"] if entry.page else []) + list(entry.sources)
    lines += ["", *(f"{'' if at else 'More':<6}{one}" for at, one in enumerate(more))] if more else []
    if others:
        lines += ["", "See also", *_wrapped([f"ssm explain {one.word}: {one.title}" for one in others], "  ")]
    return "\n".join(lines)


def _wrapped(texts: Iterable[str], mark: str) -> list[str]:
    """The texts, each with its mark, broken at blanks so that they fit to the terminal, and to 80 columns at most."""
    import textwrap

    width = min(tables.terminal_width() or _columns(), _WIDEST)
    indent = " " * len(mark) + ("  " if mark.isspace() else "")
    return [
        line
        for text in texts
        for line in textwrap.wrap(
            text,
            width,
            initial_indent=mark,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    ]


def _columns() -> int:
    columns = os.environ.get("COLUMNS", "")
    return max(20, int(columns)) if columns.isdecimal() and int(columns) else _WIDEST
