"""The line of each key in a TOML file, which the standard library's reader does not keep.

The text is one that was read without an error, so only its structure is followed here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

Keys = tuple[str, ...]

_TOKEN = re.compile(
    r'''
      (?P<comment> \#[^\n]* )
    | (?P<string> """(?:\\.|[^\\])*?"""{1,3} | \'\'\'.*?\'\'\'\'{0,2} | "(?:\\.|[^"\\\n])*" | '[^'\n]*' )
    | (?P<newline> \n )
    | (?P<open> [\[{] ) | (?P<close> [\]}] )
    | (?P<equals> = )
    | (?P<word> [A-Za-z0-9_-]+ )
    | (?P<other> . )
    ''',
    re.VERBOSE | re.DOTALL,
)


def key_lines(text: str) -> dict[Keys, int]:
    """The line of every table and key, by the names that lead to it; keys within a value have the value's."""
    return _Reader(text).lines


def line_of(lines: Mapping[Keys, int], keys: Sequence[str]) -> int:
    """The line of a key, or of what it is in."""
    known = (lines.get(tuple(keys[:length])) for length in range(len(keys), 0, -1))
    return next((line for line in known if line is not None), 1)


class _Reader:
    """Follows a text token by token: statements are headers of tables, and keys with their values."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Keys, int] = {}
        self._line = 1
        self._table: Keys = ()
        self._names: list[str] = []
        self._is_header = self._is_value = False
        self._depth = 0
        for token in _TOKEN.finditer(f"{text}\n"):
            self._follow(str(token.lastgroup), token.group())
            self._line += token.group().count("\n")

    def _follow(self, kind: str, text: str) -> None:
        if kind == "newline" and not self._depth:
            if self._is_header:
                self._table = tuple(self._names)
                self._note(self._table)
            self._names = []
            self._is_header = self._is_value = False
        elif kind == "open":
            self._is_header = self._is_header or not self._is_value
            self._depth += self._is_value
        elif kind == "close":
            self._depth -= self._is_value
        elif kind == "equals" and not self._is_value:
            self._is_value = True
            self._note((*self._table, *self._names))
        elif kind in {"word", "string"} and not self._is_value:
            self._names.append(text if kind == "word" else _unquote(text))

    def _note(self, keys: Keys) -> None:
        for length in range(1, len(keys) + 1):
            self.lines.setdefault(keys[:length], self._line)


def _unquote(text: str) -> str:
    if text.startswith('"') and "\\" in text:
        import json

        try:
            return str(json.loads(text))
        except ValueError:
            return text[1:-1]
    return text[1:-1]
