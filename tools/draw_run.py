"""Draw ``docs/run.svg``: the README's commands in a real terminal of this machine: ``python tools/draw_run.py``.

The commands run in a pseudo-terminal, with ``ssm`` of this checkout and a home of their own; what they wrote, colours
and moving status line included, is read as a terminal reads it, and the screen at the end is drawn. Only the place of
Python is changed, to that of a clone's.
"""

from __future__ import annotations

import os
import re
import shlex
import struct
import sys
import tempfile
from dataclasses import dataclass, field
from html import escape
from itertools import groupby
from pathlib import Path

if sys.platform == "win32":
    raise ImportError("the terminal is one of Linux and macOS")

import fcntl
import pty
import termios

TOP = Path(__file__).parents[1]
PICTURE = TOP / "docs" / "run.svg"
COLUMNS, ROWS = 110, 50
RUN = "ssm run --it local --ic 2 -p ssm-ex -t hello -e examples/hello/worker.py -o output/hello --download_model"
COMMANDS = (RUN, "ls output/hello/logs output/hello/model", RUN, "ssm ls -p ssm-ex --it local")
_NOT_KEPT = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "VIRTUAL_ENV", "CONDA_PREFIX"}
_PYTHON = "/home/me/clone/.venv/bin/python3"
_PROMPT = "\x1b[1;32m$\x1b[0m "
# colours that are read on the picture's own dark ground, whatever is around it: the first eight, then the bright ones
_COLOURS = ("#8b949e", "#ff7b72", "#7ee787", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#e6edf3")
_GROUND, _TEXT = "#0d1117", "#e6edf3"
_CELL_WIDTH, _LINE_HEIGHT, _MARGIN, _BAR = 8.4, 19, 16, 30
_SEQUENCE = re.compile(r"\x1b\[([?\d;]*)([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[=>()78]?")


@dataclass(frozen=True)
class Style:
    """How a character looks."""

    colour: str = ""
    is_bold: bool = False
    is_dim: bool = False


@dataclass
class Terminal:
    """What a terminal shows after it read a text: lines of characters with their styles. It never scrolls."""

    columns: int = COLUMNS
    lines: list[dict[int, tuple[str, Style]]] = field(default_factory=lambda: [{}])
    row: int = 0
    column: int = 0
    style: Style = Style()

    def read(self, text: str) -> None:
        """Take in what a program wrote."""
        at = 0
        while at < len(text):
            found = _SEQUENCE.match(text, at)
            if found:
                at = found.end()
                if found[2]:
                    self._obey(found[2], found[1])
                continue
            self._put(text[at])
            at += 1

    def _put(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._go_down(1)
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character == "\t":
            self.column = (self.column // 8 + 1) * 8
        elif character >= " ":
            if self.column >= self.columns:
                self._go_down(1)
                self.column = 0
            self.lines[self.row][self.column] = (character, self.style)
            self.column += 1

    def _go_down(self, rows: int) -> None:
        self.row += rows
        while len(self.lines) <= self.row:
            self.lines.append({})

    def _obey(self, order: str, arguments: str) -> None:
        if order == "m":
            self._paint([int(one or 0) for one in arguments.split(";")])
            return
        count = int(arguments) if arguments.isdigit() else 1
        if order == "A":
            self.row = max(0, self.row - count)
        elif order == "B":
            self._go_down(count)
        elif order == "C":
            self.column = min(self.columns - 1, self.column + count)
        elif order == "D":
            self.column = max(0, self.column - count)
        elif order == "G":
            self.column = count - 1
        elif order == "K":
            from_column = 0 if arguments == "2" else self.column
            line = self.lines[self.row]
            self.lines[self.row] = {column: cell for column, cell in line.items() if column < from_column}
        elif order == "J":
            self._obey("K", "")
            del self.lines[self.row + 1 :]

    def _paint(self, codes: list[int]) -> None:
        colour, bold, dim = self.style.colour, self.style.is_bold, self.style.is_dim
        for code in codes:
            if code == 0:
                colour, bold, dim = "", False, False
            elif code in {1, 2, 22}:
                bold, dim = code == 1 or (bold and code == 2), code == 2
            elif code == 39:
                colour = ""
            elif 30 <= code <= 37 or 90 <= code <= 97:
                colour = _COLOURS[code % 10]
        self.style = Style(colour, bold, dim)

    def shown(self) -> list[list[tuple[str, Style]]]:
        """The lines up to the last that has something, each with its blanks."""
        rows = [
            [line.get(column, (" ", Style())) for column in range(max(line, default=-1) + 1)] for line in self.lines
        ]
        while rows and not rows[-1]:
            rows.pop()
        return rows


def capture(commands: tuple[str, ...], folder: Path) -> str:
    """What the commands write to a terminal, one after the other, in a folder that has the examples."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "ssm").write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m simple_sagemaker.cli.main "$@"\n')
    (tools / "ssm").chmod(0o755)
    (folder / "clone").mkdir()
    (folder / "clone" / "examples").symlink_to(TOP / "examples")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SSM_", "AWS_"))}
    environment = {
        **{name: value for name, value in kept.items() if name not in _NOT_KEPT},
        "SSM_HOME": str(folder / "home"),
        "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TERM": "xterm-color",  # eight colours, which is what the picture has
        "COLORTERM": "",
    }
    text = ""
    for command in commands:
        text += f"{_PROMPT}{command}\r\n{_run(command, folder / 'clone', environment)}"
    return re.sub(rf"{re.escape(str(Path(sys.executable).parent))}/python[\d.]*", _PYTHON, text)


def _run(command: str, folder: Path, environment: dict[str, str]) -> str:
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        os.chdir(folder)
        os.execvpe("sh", ["sh", "-c", command], environment)
    read = b""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux's end of a terminal whose program has ended
            break
        if not data:
            break
        read += data
    os.close(terminal)
    if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) != 0:
        raise RuntimeError(f"{command} failed:\n{read.decode()}")
    return read.decode()


def picture(text: str) -> str:
    """The SVG of a terminal that has read the text."""
    terminal = Terminal()
    terminal.read(text)
    rows = terminal.shown()
    width = round(COLUMNS * _CELL_WIDTH + 2 * _MARGIN)
    height = _BAR + len(rows) * _LINE_HEIGHT + _MARGIN
    dots = "".join(
        f'<circle cx="{20 + 18 * number}" cy="16" r="5.5" fill="{colour}"/>'
        for number, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    drawn = [
        piece
        for number, row in enumerate(rows)
        for piece in _pieces(row, _BAR + number * _LINE_HEIGHT + _LINE_HEIGHT * 0.75)
    ]
    style = "text { font: 14px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }"
    ground = f'width="{width - 1}" height="{height - 1}" rx="8" fill="{_GROUND}" stroke="#6e7681"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">',
        '<title id="title">A job on two hosts of this machine, its results, and the same command again</title>',
        f"<style>{style}</style>",
        f'<rect x="0.5" y="0.5" {ground}/>',
        dots,
        f'<g fill="{_TEXT}">',
        *drawn,
        "</g>",
        "</svg>\n",
    ]
    return "\n".join(parts)


def _pieces(row: list[tuple[str, Style]], y: float) -> list[str]:
    """A line's words of one style each, every one at its own column, so that any font keeps the columns."""
    pieces = []
    column = 0
    for style, cells in groupby(row, key=lambda cell: cell[1]):
        text = "".join(character for character, _ in cells)
        stripped = text.lstrip()
        start = column + len(text) - len(stripped)
        column += len(text)
        if not stripped.rstrip():
            continue
        word = stripped.rstrip()
        looks = f' fill="{style.colour}"' if style.colour else ""
        looks += ' font-weight="bold"' if style.is_bold else ""
        looks += ' opacity="0.65"' if style.is_dim else ""
        x, length = _MARGIN + start * _CELL_WIDTH, len(word) * _CELL_WIDTH
        pieces.append(
            f'<text xml:space="preserve" x="{x:.1f}" y="{y:.1f}" textLength="{length:.1f}"{looks}>{escape(word)}</text>'
        )
    return pieces


def draw() -> str:
    """Run the commands and draw them."""
    with tempfile.TemporaryDirectory() as folder:
        return picture(capture(COMMANDS, Path(folder)))


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
