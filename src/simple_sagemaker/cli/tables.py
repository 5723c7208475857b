"""Tables and pages on a terminal and in a pipe: aligned columns, as wide as the terminal at most."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from ..core.printable import cells, clean, coloured, cut, pad

_GAP = "  "
_NAMES = 12  # columns for the names of a page's parts
_NARROWEST = 8  # of a column that is cut to fit


class Column(NamedTuple):
    """A column: its heading, whether it is aligned to the right, and whether it may be cut where there is no room."""

    heading: str
    right: bool = False
    gives_way: bool = False


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    *,
    width: int | None = None,
    colours: Sequence[str] = (),
) -> str:
    """The rows under their headings, a line each; columns in which nothing stands are left out.

    ``width`` None cuts nothing. ``colours`` are those of the rows, shown on a terminal.
    """
    texts = [[" ".join(clean(text).split()) for text in row] for row in rows]
    shown = [index for index in range(len(columns)) if any(row[index] for row in texts)]
    widths = {index: max(cells(row[index]) for row in [[one.heading for one in columns], *texts]) for index in shown}
    if width is not None:
        _narrow(widths, columns, width)
    lines = [_line([column.heading for column in columns], columns, widths)]
    lines += [_line(row, columns, widths) for row in texts]
    painted = [coloured(lines[0], "dim", sys.stdout)]
    painted += [
        coloured(line, colour, sys.stdout) if colour else line
        for line, colour in zip(lines[1:], [*colours, *[""] * (len(texts) - len(colours))], strict=True)
    ]
    return "\n".join(painted)


def _narrow(widths: dict[int, int], columns: Sequence[Column], width: int) -> None:
    """Take from the columns that give way what is too much, from the widest first."""
    givers = [index for index in widths if columns[index].gives_way]
    too_much = sum(widths.values()) + len(_GAP) * (len(widths) - 1) - width
    while too_much > 0:
        widest = max(givers, key=lambda index: widths[index], default=None)
        if widest is None or widths[widest] <= _NARROWEST:
            return
        widths[widest] -= 1
        too_much -= 1


def _line(row: Sequence[str], columns: Sequence[Column], widths: dict[int, int]) -> str:
    parts = []
    for index, width in widths.items():
        text = cut(row[index], width) if columns[index].gives_way else row[index]
        parts.append(" " * (width - cells(text)) + text if columns[index].right else pad(text, width))
    return _GAP.join(parts).rstrip()


def page(
    title: str,
    parts: Iterable[tuple[str, Sequence[str]]],
    *,
    colours: Mapping[str, str],
    cut_parts: Collection[str] = (),
) -> str:
    """A page about one thing: parts with their names before them, those without lines left out.

    ``colours`` are of parts by name; lines of ``cut_parts`` are cut to the terminal's width.
    """
    width = terminal_width()
    lines = [coloured(title, "bold", sys.stdout)]
    for name, texts in parts:
        for index, text in enumerate(texts):
            shown = clean(text).replace("\n", " ")
            shown = cut(shown, width - _NAMES) if width is not None and name in cut_parts else shown
            shown = coloured(shown, colours[name], sys.stdout) if name in colours else shown
            lines.append(f"{'' if index else name:<{_NAMES}}{shown}")
    return "\n".join(lines)


def pairs(some: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each pair that has a value, the values aligned."""
    return aligned([pair for pair in some if pair[1]])


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows with their columns aligned; the last one, and columns without anything, take no room."""
    cleaned = [[" ".join(clean(text).split()) for text in row] for row in rows]
    widths = [max(map(cells, column)) for column in zip(*cleaned, strict=True)]
    return [
        "  ".join(text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True) if width).rstrip()
        for row in cleaned
    ]


def terminal_width() -> int | None:
    """The columns of the terminal that stdout is; None where it is none, and nothing need be cut."""
    if not sys.stdout.isatty():
        return None
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    return os.get_terminal_size(sys.stdout.fileno()).columns or 80
