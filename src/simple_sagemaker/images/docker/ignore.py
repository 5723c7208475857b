"""What a ``.dockerignore`` leaves out of a build's context, as Docker reads it.

The rules: https://docs.docker.com/build/concepts/context/#dockerignore-files. A test builds images with a real Docker
and compares.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

FILE = ".dockerignore"


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    takes_back: bool  # "!": what matches is in again


class Ignored:
    """Says of paths, written with "/", whether they are left out."""

    def __init__(self, text: str) -> None:
        self._rules = list(_rules(text))
        # Below a folder that is left out nothing can be in again, unless some rule takes back.
        self.prunes = not any(rule.takes_back for rule in self._rules)

    def __contains__(self, path: str) -> bool:
        """The last rule that matches the path or a folder above it decides."""
        parts = path.split("/")
        above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
        out = False
        for rule in self._rules:
            if rule.takes_back is out and any(rule.pattern.fullmatch(one) for one in above):
                out = not rule.takes_back
        return out


def _rules(text: str) -> Iterator[_Rule]:
    for line in text.removeprefix("\ufeff").splitlines():
        pattern = line.strip()
        if line.startswith("#") or not pattern:
            continue
        takes_back = pattern.startswith("!")
        pattern = posixpath.normpath(pattern.removeprefix("!").strip() or ".")
        pattern = pattern.lstrip("/") if len(pattern) > 1 else pattern
        yield _Rule(re.compile(_as_regex(pattern), re.DOTALL), takes_back)


def _as_regex(pattern: str) -> str:
    """The pattern as a regular expression: Go's filepath.Match, and ``**`` for any number of folders."""
    found, rest = "", pattern
    while rest:
        if rest.startswith("**"):
            rest = rest[2:].removeprefix("/")
            found += "(?:.*/)?" if rest else ".*"
        elif rest[0] == "*":
            found, rest = f"{found}[^/]*", rest[1:]
        elif rest[0] == "?":
            found, rest = f"{found}[^/]", rest[1:]
        elif rest[0] == "[" and (letters := re.match(r"\[(\^?)((?:\\.|[^]\\])+)\]", rest)):
            found += f"[{letters[1]}{letters[2].replace('[', chr(92) + '[')}]"
            rest = rest[letters.end() :]
        elif rest[0] == "\\" and len(rest) > 1:
            found, rest = found + re.escape(rest[1]), rest[2:]
        else:
            found, rest = found + re.escape(rest[0]), rest[1:]
    return found
