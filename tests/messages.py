"""The messages that the source can print, read from its text: an ellipsis stands for what is filled in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.rules.tree import PACKAGE, SOURCE

ANY = "…"
_BETWEEN = re.compile(r"""["']\s*\n\s*[rf]*["']""")  # two strings of one
_FIELD = re.compile(r"\{[^{}\n]*\}|%[sr]")
_NEAR = 500  # characters of a file in which the pieces of one message stand


def filled(text: str) -> str:
    """A text with an ellipsis for each field, and single blanks."""
    text = text.replace("{{", "\x01").replace("}}", "\x02").replace("\\n", " ")
    return " ".join(_FIELD.sub(ANY, text).replace("\x01", "{").replace("\x02", "}").split())


@cache
def files() -> dict[str, str]:
    """The text of each file of the package, but for the table of entries itself."""
    root = SOURCE / PACKAGE
    paths = [file for file in root.rglob("*") if file.suffix in {".py", ".sh"}]
    named = {file.relative_to(root).as_posix(): file for file in paths}
    return {
        name: file.read_text(encoding="utf-8")
        for name, file in named.items()
        if not name.startswith("cli/troubleshooting/")
    }


@cache
def printed() -> dict[str, str]:
    """The same with strings in one piece, and an ellipsis for each field."""
    return {name: filled(_BETWEEN.sub("", text)) for name, text in files().items()}


def is_printed(quote: str) -> bool:
    """Whether the pieces of a quote stand in a file near each other, in their order."""
    pieces = [piece.strip() for piece in quote.split(ANY) if piece.strip()]
    longest = max(pieces, key=len)
    for text in printed().values():
        at = text.find(longest)
        while at >= 0:
            if holds(text[max(0, at - _NEAR) : at + len(longest) + _NEAR], quote):
                return True
            at = text.find(longest, at + 1)
    return False


def holds(text: str, quote: str) -> bool:
    """Whether the pieces of a quote stand in a text, in their order."""
    at = 0
    for piece in (piece.strip() for piece in quote.split(ANY)):
        found = text.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def raised(*classes: str) -> Iterator[tuple[str, str, str | None]]:
    """Where an error of these classes is made: file and line, class and text; None for a text from elsewhere."""
    named = re.compile(rf"\b({'|'.join(classes)})(\.naming)?\(")
    for name, source in files().items():
        if not name.endswith(".py") or not named.search(source):
            continue
        tree = ast.parse(source)
        texts = _texts(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = node.func
            if isinstance(called, ast.Attribute) and called.attr == "naming":
                called = called.value
            if isinstance(called, ast.Name) and called.id in classes:
                text = _template(node.args[0] if node.args else None, texts)
                yield f"{name}:{node.lineno}", called.id, None if text is None else filled(text)


def _texts(tree: ast.Module) -> dict[str, ast.expr]:
    """What is assigned to each name of a file."""
    return {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _template(node: ast.expr | None, texts: dict[str, ast.expr], depth: int = 0) -> str | None:
    """The text that an expression makes; None where it comes from elsewhere."""
    if depth > 5:
        return None
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else ANY for part in parts)
        case ast.BinOp(left=left, right=right):
            two = [_template(side, texts, depth + 1) for side in (left, right)]
            return None if two == [None, None] else "".join(one or ANY for one in two)
        case ast.Call(func=ast.Attribute(value=text, attr="format" | "rstrip")):
            return _template(text, texts, depth + 1)
        case ast.Name(id=name) if name in texts:
            return _template(texts[name], texts, depth + 1)
    return None
