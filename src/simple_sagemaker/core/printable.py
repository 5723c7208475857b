"""Text from jobs and services, made fit for a terminal: without the control characters by which it could be steered."""

from __future__ import annotations

import os
from typing import TextIO

from .late_regex import compile_late

# ECMA-48: control sequences (5.4), control strings (5.6), other escapes (5.3); each begins with ESC or a control of C1
_SEQUENCE = compile_late(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_COLOR = compile_late(r"\x1b\[[0-9;:]*m")
_CONTROL = compile_late(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


COLOURS = {"red": 31, "green": 32, "yellow": 33, "dim": 2, "bold": 1}


def coloured(text: str, colour: str, stream: TextIO) -> str:
    """The text in a colour where a terminal shows it, else as it is (https://no-color.org)."""
    if not text or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or not stream.isatty():
        return text
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m"


def clean(text: str) -> str:
    """The text without control sequences and control characters, but for line ends and tabs."""
    if text.isprintable():
        return text
    return _CONTROL.sub("", _SEQUENCE.sub("", text.replace("\r\n", "\n").replace("\r", " ")))


def clean_line(line: str) -> str:
    """A line of a log as a terminal shows it: what follows its last carriage return, with colors and nothing else."""
    if line.isprintable():
        return line
    shown = line.rstrip("\r").rpartition("\r")[2]
    shown = _SEQUENCE.sub(lambda match: match.group() if _COLOR.fullmatch(match.group()) else "", shown)
    pieces = _COLOR.split(shown)
    colors = _COLOR.findall(shown)
    plain = [_CONTROL.sub("", piece) for piece in pieces]
    return plain[0] + "".join(color + piece for color, piece in zip(colors, plain[1:], strict=True))


def cells(text: str) -> int:
    """The width of a text on a terminal, where East Asian characters take two cells and combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text)


def pad(text: str, width: int) -> str:
    """The text with blanks after it, so that it is at least ``width`` cells wide."""
    return text + " " * (width - cells(text))


def cut(text: str, width: int) -> str:
    """The text, or as much of its beginning as fits into ``width`` cells with an ellipsis after it."""
    if cells(text) <= width:
        return text
    kept = text[: max(0, width)]
    while kept and cells(kept) > width - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"
