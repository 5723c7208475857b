"""JSON objects as people type them: what is wrong with a text that is none, and the same as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

_NAMES = {"True": "true", "False": "false", "None": "null"}
_NAMES |= {"TRUE": "true", "FALSE": "false", "NULL": "null", "Null": "null", "nil": "null", "undefined": "null"}
_QUOTES = str.maketrans(
    "\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}"
    "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}",
    "\"\"''",
)
_CLOSING = {"{": "}", "[": "]"}
_TOKEN = re.compile(
    r"""\s*(?:(?P<double>"(?:\\.|[^"\\])*")|'(?P<single>(?:\\.|[^'\\])*)'"""
    r"""|(?P<name>[A-Za-z_]\w*)|[-+.\d][\w.+-]*|[^\s"'])\s*""",
    re.DOTALL,
)
_ESCAPED = re.compile(r"\\.|\"", re.DOTALL)


def mend(text: str) -> tuple[str, list[str]] | None:
    """The JSON object that ``text`` was meant to be, and what was wrong with it; None where that cannot be told."""
    reasons: list[str] = []
    plain = text.translate(_QUOTES)
    if plain != text:
        reasons.append("plain quotes, not typographic ones")
    try:
        value = json.loads("".join(_mend_tokens(plain, reasons)))
    except (ValueError, RecursionError):
        return None
    return (json.dumps(value), reasons) if value and isinstance(value, dict) and reasons else None


def _mend_tokens(text: str, reasons: list[str]) -> Iterator[str]:
    """Yield the text's parts as JSON has them; note each kind of change once. Raises ValueError."""
    open_brackets: list[str] = []
    pending = ""  # a comma, until something follows it
    for token in _tokens(text):
        part = token.group().strip()
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
            yield _mend_token(token, part, reasons)
    if pending:
        _note(reasons, "no comma at the end")
    while open_brackets:
        closing = _CLOSING[open_brackets.pop()]
        _note(reasons, f"a closing {closing} at the end")
        yield closing


def _tokens(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError("a quote that is not closed")
        yield token
        at = token.end()


def _mend_token(token: re.Match[str], part: str, reasons: list[str]) -> str:
    if (name := token["name"]) and name not in _NAMES.values():
        known = _NAMES.get(name)
        _note(reasons, f"{known}, not {name}" if known else "double quotes around names")
        return known or json.dumps(name)
    if (single := token["single"]) is not None:
        _note(reasons, "double quotes, not single ones")
        return (
            '"' + _ESCAPED.sub(lambda found: {r"\'": "'", '"': r"\""}.get(found.group(), found.group()), single) + '"'
        )
    return part


def _note(reasons: list[str], reason: str) -> None:
    if reason not in reasons:
        reasons.append(reason)
