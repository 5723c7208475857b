"""The files that a ``.dockerignore`` excludes from a build context, by Docker's rules.

The rules: https://docs.docker.com/build/concepts/context/#dockerignore-files. A test builds images with a real Docker
and compares.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from ...core.records import dataclass

FILE = ".dockerignore"


@dataclass(frozen=True)
class _Rule:
    pattern: re.Pattern[str]
    takes_back: bool  # "!": includes again what matches


class Ignored:
    """The set of excluded paths, written with "/"."""

    def __init__(self, text: str) -> None:
        self._rules = list(_rules(text))
        # Below an excluded folder nothing can be included again, unless some rule takes back.
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
    regex, rest = "", pattern
    while rest:
        if rest.startswith("**"):
            rest = rest[2:].removeprefix("/")
            regex += "(?:.*/)?" if rest else ".*"
        elif rest[0] == "*":
            regex, rest = f"{regex}[^/]*", rest[1:]
        elif rest[0] == "?":
            regex, rest = f"{regex}[^/]", rest[1:]
        elif rest[0] == "[" and (letters := re.match(r"\[(\^?)((?:\\.|[^]\\])+)\]", rest)):
            regex += f"[{letters[1]}{letters[2].replace('[', chr(92) + '[')}]"
            rest = rest[letters.end() :]
        elif rest[0] == "\\" and len(rest) > 1:
            regex, rest = regex + re.escape(rest[1]), rest[2:]
        else:
            regex, rest = regex + re.escape(rest[0]), rest[1:]
    return regex
