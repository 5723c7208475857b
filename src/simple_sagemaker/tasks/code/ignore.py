"""What is left out of a folder of code: junk, and what ``.ssmignore`` and ``.gitignore`` name, as git reads them.

A file of rules applies to its folder and everything below. The deepest one decides, and in one file the last line that
matches. ``.ssmignore`` goes before any ``.gitignore``, and the fixed list of junk comes last, so that a line ``!NAME``
brings back what any other rule leaves out. The syntax: https://git-scm.com/docs/gitignore
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Literal

from ...core.records import dataclass, replace
from ...core.regular_files import open_regular
from ...errors import UsageError

_LARGEST = 1 << 24  # bytes of a file of rules
RULES = ".ssmignore"
_GIT_RULES = ".gitignore"
_GIT = ".git"
_END = "\0"  # no name holds it
_GIT_EXCLUDE = os.path.join(_GIT, "info", "exclude")

# What no job needs: histories, caches and environments, which are recreated where they are used.
JUNK = frozenset(
    """
    .git .hg .svn .bzr CVS .jj
    __pycache__ .mypy_cache .pytest_cache .ruff_cache .pytype .hypothesis .ipynb_checkpoints .eggs
    .venv .direnv .tox .nox node_modules .terraform .serverless
    .idea .vscode .DS_Store Thumbs.db desktop.ini
    """.split()  # noqa: SIM905 - a list to be read
)
_JUNK_ENDS = (".pyc", ".pyo", ".swp", ".swo", "~")
_ENVIRONMENT = "pyvenv.cfg"  # is in every virtual environment, whatever its name

# Out: not packed. Named: packed, whatever it looks like, because a line names it. Open: no rule decides.
Verdict = Literal["out", "named", "open"]


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One pattern: the verdict on names it matches, whether it matches folders only, and its regular expression."""

    verdict: Verdict
    of_folders: bool
    regex: re.Pattern[str]


@dataclass(frozen=True, kw_only=True)
class _RuleFile:
    """The rules of one file, the last line first.

    ``folder`` is its folder, relative to the code's folder; ``above`` is the code's folder relative to a file above it.
    """

    folder: str
    above: str
    lines: tuple[_Line, ...]

    def verdict(self, name: str, *, is_folder: bool) -> Verdict | None:
        """The verdict on a name below the code's folder; None where no line matches."""
        inner = _bytes_of((self.above + name[len(self.folder) :]).encode("utf-8", "surrogateescape")) + _END
        matching = (line for line in self.lines if (is_folder or not line.of_folders) and line.regex.match(inner))
        return next((line.verdict for line in matching), None)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules for one folder of the code; :meth:`below` returns those for a folder in it."""

    use_gitignore: bool
    ours: tuple[_RuleFile, ...] = ()  # the deepest first
    gits: tuple[_RuleFile, ...] = ()

    def below(self, folder: str, name: str, entries: Collection[str]) -> Rules:
        """The rules for ``entries``, the content of ``folder``; ``name`` is the folder's, with "/" at its end."""
        more = self
        if RULES in entries:
            more = replace(more, ours=(_read(os.path.join(folder, RULES), name), *more.ours))
        if self.use_gitignore and _GIT_RULES in entries:
            more = replace(more, gits=(_read(os.path.join(folder, _GIT_RULES), name), *more.gits))
        return more

    def verdict(self, name: str, *, is_folder: bool) -> Verdict:
        """The verdict on one name, whose folder is not left out. Git's rules bring back only what they left out."""
        for file in self.ours:
            verdict = file.verdict(name, is_folder=is_folder)
            if verdict:
                return verdict
        for file in self.gits:
            verdict = file.verdict(name, is_folder=is_folder)
            if verdict:
                return "out" if verdict == "out" else "open"
        return "open"


def rules(top: Path, *, use_gitignore: bool) -> Rules:
    """The rules for a folder of code that come from outside it: those of the git repository it lies in."""
    return Rules(use_gitignore=use_gitignore, gits=tuple(_of_repository(top)) if use_gitignore else ())


def is_junk(name: str) -> bool:
    """Whether this base name is on the list of what no job needs."""
    return name in JUNK or name.endswith(_JUNK_ENDS)


def is_environment(entries: Collection[str]) -> bool:
    """Whether a folder with these entries is a virtual environment."""
    return _ENVIRONMENT in entries


def _of_repository(top: Path) -> Iterator[_RuleFile]:
    """Yield the ``.gitignore`` files above a folder, the nearest first, and then the repository's ``info/exclude``."""
    here = top.resolve()
    root = next((folder for folder in (here, *here.parents) if (folder / _GIT).exists()), None)
    if root is None:
        return
    for folder in here.parents:
        if folder != root and root not in folder.parents:
            break
        if (folder / _GIT_RULES).is_file():
            yield _read(str(folder / _GIT_RULES), "", above=f"{here.relative_to(folder).as_posix()}/")
    exclude = root / _GIT_EXCLUDE
    if exclude.is_file():
        yield _read(str(exclude), "", above=f"{here.relative_to(root).as_posix()}/" if here != root else "")


def _read(file: str, folder: str, *, above: str = "") -> _RuleFile:
    try:
        with open(file, "rb", opener=open_regular) as opened:
            data = opened.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.\nMake it readable, or remove it.") from error
    if len(data) > _LARGEST:
        raise UsageError(f"{file} has more than {_LARGEST} bytes, too many for rules.\nShorten or remove it.")
    text = _bytes_of(data.removeprefix(b"\xef\xbb\xbf"))
    lines = [line for line in map(_line, text.split("\n")) if line]
    return _RuleFile(folder=folder, above=above, lines=tuple(reversed(lines)))


def _bytes_of(text: bytes) -> str:
    """Decode each byte to one character: in git too, a letter of two bytes counts as two for "?" and "[…]"."""
    return text.decode("latin-1")


def _line(text: str) -> _Line | None:
    """Parse one line; None for a comment, an empty line, and a pattern that git ignores as invalid too.

    The library matches a name and everything below it. Here every folder is judged before its content, so a pattern
    must match to the end of the name, which is marked.
    """
    pattern = _trim(text)
    if pattern.startswith("#"):
        return None
    brings_back = pattern.startswith("!")
    pattern = pattern[brings_back:]
    of_folders = pattern.endswith("/")
    pattern = pattern[: len(pattern) - of_folders]
    last = pattern.rpartition("/")[2]
    if pattern.endswith("/**"):
        pattern += "/*"
    regex = _regex(pattern)
    if regex is None:
        return None
    named: Verdict = "named" if any(map(str.isalnum, last)) else "open"
    return _Line(verdict=named if brings_back else "out", of_folders=of_folders, regex=regex)


def _trim(text: str) -> str:
    """Return the line without trailing blanks, except one behind a backslash."""
    text = text.removesuffix("\r")
    bare = text.rstrip(" ")
    return bare + text[len(bare) : len(bare) + 1] if _escapes(bare) else bare


def _escapes(pattern: str) -> bool:
    """Whether the last character is a backslash that is not itself behind one."""
    return (len(pattern) - len(pattern.rstrip("\\"))) % 2 == 1


def _regex(pattern: str) -> re.Pattern[str] | None:
    from pathspec import GitIgnoreSpec

    if not pattern or _escapes(pattern):
        return None
    first = "\\" if pattern[0] in "!#" else ""  # without the backslash it would be a mark itself
    try:
        parsed = GitIgnoreSpec.from_lines([f"{first}{pattern}{_END}"]).patterns[0]
    except ValueError:
        return None
    regex: re.Pattern[str] | None = getattr(parsed, "regex", None)
    return regex
