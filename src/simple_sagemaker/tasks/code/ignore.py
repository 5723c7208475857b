"""What of a folder of code stays at home: junk, and what ``.ssmignore`` and ``.gitignore`` say, as git reads them.

A file of rules holds for the folder it lies in and what is below; a deeper one is heard first, and within one the last
line that matches. ``.ssmignore`` is heard before any ``.gitignore``, and the fixed list of junk comes last, so that a
line ``!NAME`` brings back what nobody else wants. https://git-scm.com/docs/gitignore has the language.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ...errors import UsageError

RULES = ".ssmignore"
_GIT_RULES = ".gitignore"
_GIT = ".git"
_END = "\0"  # no name holds it
_GIT_OWN_RULES = os.path.join(_GIT, "info", "exclude")

# What no job needs: histories, caches and environments, which are made anew where they are wanted.
JUNK = frozenset(
    """
    .git .hg .svn .bzr CVS .jj
    __pycache__ .mypy_cache .pytest_cache .ruff_cache .pytype .hypothesis .ipynb_checkpoints .eggs
    .venv .direnv .tox .nox node_modules .terraform .serverless
    .idea .vscode .DS_Store Thumbs.db desktop.ini
    """.split()  # noqa: SIM905 - a list to be read
)
_JUNK_ENDS = (".pyc", ".pyo", ".swp", ".swo", "~")
_ENVIRONMENT = "pyvenv.cfg"  # lies in every virtual environment, whatever that is called

# Out: not packed. Named: packed, whatever it looks like, because a line names it. Open: nobody said either.
Verdict = Literal["out", "named", "open"]


@dataclass(frozen=True, kw_only=True)
class _Line:
    """One pattern: what it says of the names it matches, whether only of folders, and how it matches."""

    says: Verdict
    of_folders: bool
    regex: re.Pattern[str]


@dataclass(frozen=True, kw_only=True)
class _Page:
    """The rules of one file, the last line first.

    ``folder`` is where it lies, below the code's folder; ``above`` what the code's folder is called from a file above.
    """

    folder: str
    above: str
    lines: tuple[_Line, ...]

    def says(self, name: str, *, is_folder: bool) -> Verdict | None:
        """What it says of a name below the code's folder; None where no line matches."""
        inner = _bytes_of((self.above + name[len(self.folder) :]).encode("utf-8", "surrogateescape")) + _END
        fit = (line for line in self.lines if (is_folder or not line.of_folders) and line.regex.match(inner))
        return next((line.says for line in fit), None)


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What holds in one folder of the code; ``below`` gives what holds in a folder of it."""

    use_gitignore: bool
    ours: tuple[_Page, ...] = ()  # the deepest first
    gits: tuple[_Page, ...] = ()

    def below(self, folder: str, name: str, there: Collection[str]) -> Rules:
        """The rules for what lies in ``folder``, in which ``there`` is; ``name`` is its own, with "/" at its end."""
        more = self
        if RULES in there:
            more = replace(more, ours=(_read(os.path.join(folder, RULES), name), *more.ours))
        if self.use_gitignore and _GIT_RULES in there:
            more = replace(more, gits=(_read(os.path.join(folder, _GIT_RULES), name), *more.gits))
        return more

    def say(self, name: str, *, is_folder: bool) -> Verdict:
        """The verdict on one name, whose folder is not left out. Git's rules bring back nothing but their own."""
        for page in self.ours:
            said = page.says(name, is_folder=is_folder)
            if said:
                return said
        for page in self.gits:
            said = page.says(name, is_folder=is_folder)
            if said:
                return "out" if said == "out" else "open"
        return "open"


def rules(top: Path, *, use_gitignore: bool) -> Rules:
    """The rules that hold for a folder of code from outside: those of the repository that it lies in."""
    return Rules(use_gitignore=use_gitignore, gits=tuple(_of_repository(top)) if use_gitignore else ())


def is_junk(name: str) -> bool:
    """Whether something of this base name is on the list of what no job needs."""
    return name in JUNK or name.endswith(_JUNK_ENDS)


def is_environment(there: Collection[str]) -> bool:
    """Whether a folder with these names in it is a virtual environment."""
    return _ENVIRONMENT in there


def _of_repository(top: Path) -> Iterator[_Page]:
    """The ``.gitignore`` files above a folder, the nearest first, and then the repository's own list."""
    here = top.resolve()
    root = next((folder for folder in (here, *here.parents) if (folder / _GIT).exists()), None)
    if root is None:
        return
    for folder in here.parents:
        if folder != root and root not in folder.parents:
            break
        if (folder / _GIT_RULES).is_file():
            yield _read(str(folder / _GIT_RULES), "", above=f"{here.relative_to(folder).as_posix()}/")
    own = root / _GIT_OWN_RULES
    if own.is_file():
        yield _read(str(own), "", above=f"{here.relative_to(root).as_posix()}/" if here != root else "")


def _read(file: str, folder: str, *, above: str = "") -> _Page:
    try:
        text = _bytes_of(Path(file).read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.\nMake it readable, or remove it.") from error
    lines = [line for line in map(_line, text.split("\n")) if line]
    return _Page(folder=folder, above=above, lines=tuple(reversed(lines)))


def _bytes_of(text: bytes) -> str:
    """Bytes as a text, one character for each: to git too a letter that takes two is two, for "?" and "[…]"."""
    return text.decode("latin-1")


def _line(text: str) -> _Line | None:
    """What one line says; None for a comment, an empty line, and a pattern that git too finds broken.

    The library matches a name and all that lies below it. Here every folder was judged before what lies in it, so a
    pattern must match to the end of the name, which is marked.
    """
    pattern = _trimmed(text)
    if not pattern or pattern.startswith("#"):
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
    return _Line(says=named if brings_back else "out", of_folders=of_folders, regex=regex)


def _trimmed(text: str) -> str:
    """The line without blanks at its end, but for those behind a backslash."""
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
    first = "\\" if pattern[0] in "!#" else ""  # without the mark in front of it, it would be one itself
    try:
        found = GitIgnoreSpec.from_lines([f"{first}{pattern}{_END}"]).patterns[0]
    except ValueError:
        return None
    regex: re.Pattern[str] | None = getattr(found, "regex", None)
    return regex
