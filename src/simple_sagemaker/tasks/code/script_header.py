"""The header of a single Python script, which names what the script needs: a comment block ``# /// script``.

https://packaging.python.org/en/latest/specifications/inline-script-metadata/
"""

from __future__ import annotations

import re
from typing import Any

from ...core.records import dataclass
from ...core.toml_text import read_toml
from ...errors import UsageError

_BEGIN, _END = "# /// script", "# ///"


@dataclass(frozen=True, kw_only=True)
class ScriptHeader:
    """The requirements that a header lists, as pip reads them, and the Python that it asks for ("" for any)."""

    requirements: tuple[str, ...]
    python: str


def read_header(source: bytes, name: str) -> ScriptHeader | None:
    """The header of the script ``name``; None for a script without one. Raises UsageError for one that is not legal."""
    lines = source.decode("utf-8", "replace").splitlines()
    begins = [number for number, line in enumerate(lines) if line.rstrip() == _BEGIN]
    headers = [block for number in begins if (block := _block(lines[number + 1 :])) is not None]
    if not headers:
        return None
    if len(headers) > 1:
        raise _illegal(name, "there are two of them")
    table = _parse("\n".join(headers[0]), name)
    requirements, python = table.get("dependencies", []), table.get("requires-python", "")
    if not isinstance(requirements, list) or not all(isinstance(one, str) and one.strip() for one in requirements):
        raise _illegal(name, "dependencies is not a list of texts")
    if any(re.search(r"[\r\n]", one) or one.lstrip().startswith("-") for one in requirements):
        raise _illegal(name, "a dependency is the name of a package, with its version, and no option of pip")
    return ScriptHeader(requirements=tuple(requirements), python=str(python))


def _block(lines: list[str]) -> list[str] | None:
    """The content of a block whose first line is behind us: up to the last line that could end it."""
    comments: list[str] = []
    for line in lines:
        if line != "#" and not line.startswith("# "):
            break
        comments.append(line.rstrip())
    if _END not in comments:
        return None
    end = len(comments) - 1 - comments[::-1].index(_END)
    return [line[2:] for line in comments[:end]]


def _parse(text: str, name: str) -> dict[str, Any]:
    try:
        table: dict[str, Any] = read_toml(text)
    except ValueError as error:
        raise _illegal(name, str(error)) from error
    return table


def _illegal(name: str, why: str) -> UsageError:
    return UsageError.naming(
        "{entry_point:entry}: its header ({begin}) cannot be used: {why}.\nMend it, or take it out.",
        entry=name,
        begin=_BEGIN,
        why=why,
    )
