"""JSON objects as people type them: what is wrong with a text that is none, and the same as JSON."""

from __future__ import annotations

import io
import json
import tokenize
from ast import literal_eval
from collections.abc import Iterator

_NAMES = {"True": "true", "False": "false", "None": "null"}
_NAMES |= {"TRUE": "true", "FALSE": "false", "NULL": "null", "Null": "null", "nil": "null", "undefined": "null"}
_QUOTES = str.maketrans("\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}", '""')
_QUOTES |= str.maketrans("\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}", "''")
_CLOSING = {"{": "}", "[": "]"}
_SPACE = (tokenize.NEWLINE, tokenize.NL, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT)


def mend(text: str) -> tuple[str, list[str]] | None:
    """The JSON object that ``text`` was meant to be, and what was wrong with it; None where that cannot be told."""
    reasons: list[str] = []
    plain = text.translate(_QUOTES)
    if plain != text:
        reasons.append("plain quotes, not typographic ones")
    try:
        mended = "".join(_mend_tokens(plain, reasons))
        value = json.loads(mended)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError, tokenize.TokenError):
        return None
    return (json.dumps(value), reasons) if value and isinstance(value, dict) and reasons else None


def _mend_tokens(text: str, reasons: list[str]) -> Iterator[str]:
    """Yield the text's parts as JSON has them; note each kind of change once."""
    open_brackets: list[str] = []
    pending = ""  # a comma, until something follows it
    for kind, part, *_ in _tokens(text):
        if part in _CLOSING.values():
            if pending:
                _note(reasons, f"no comma before {part}")
            pending = ""
            if not open_brackets or _CLOSING[open_brackets.pop()] != part:
                raise ValueError(f"{part} closes nothing")
        yield pending
        pending = "," if part == "," else ""
        if part in _CLOSING:
            open_brackets.append(part)
        if not pending:
            yield _mend_token(kind, part, reasons)
    if pending:
        _note(reasons, "no comma at the end")
    while open_brackets:
        closing = _CLOSING[open_brackets.pop()]
        _note(reasons, f"a closing {closing} at the end")
        yield closing


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """The tokens of a text as Python reads it, as far as it can: an open bracket at the end is no error here."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type not in _SPACE:
                yield token.type, token.string
    except tokenize.TokenError as error:
        if "multi-line statement" not in str(error):
            raise


def _mend_token(kind: int, part: str, reasons: list[str]) -> str:
    if kind == tokenize.NAME and part in _NAMES:
        _note(reasons, f"{_NAMES[part]}, not {part}")
        return _NAMES[part]
    if kind == tokenize.NAME and part not in _NAMES.values():
        _note(reasons, "double quotes around names")
        return json.dumps(part)
    if kind == tokenize.STRING:
        value = literal_eval(part)
        if not isinstance(value, str):
            raise TypeError("bytes")
        if not part.startswith('"'):
            _note(reasons, "double quotes, not single ones")
            return json.dumps(value)
    return part


def _note(reasons: list[str], reason: str) -> None:
    if reason not in reasons:
        reasons.append(reason)
