"""The project's files, as the rules read them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
PACKAGE = "simple_sagemaker"


def files() -> list[Path]:
    """Every Python file of the package."""
    return sorted((SOURCE / PACKAGE).rglob("*.py"))


def module(file: Path) -> str:
    """A file's dotted name below the package: ``cli/main.py`` is ``cli.main``, the package itself is empty."""
    parts = file.relative_to(SOURCE / PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@cache
def imports(file: Path, source: str | None = None) -> frozenset[str]:
    """The absolute dotted names a file imports anywhere, in functions and under TYPE_CHECKING too."""
    return frozenset(_imports(file, source))


def _imports(file: Path, source: str | None) -> Iterator[str]:
    package = [PACKAGE, *file.relative_to(SOURCE / PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(source if source is not None else file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*start, node.module] if node.module else start)
            # `from .cli import main` may name a module or a value: both readings begin with the same room,
            # except at the package's top, where the room is the name imported.
            yield from (f"{stem}.{name.name}" for name in node.names)
