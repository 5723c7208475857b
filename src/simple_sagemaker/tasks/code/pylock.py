"""What ``pylock.toml`` pins: all its packages, with its default groups and without extras.

https://packaging.python.org/en/latest/specifications/pylock-toml/
"""

from __future__ import annotations

import re
from collections.abc import Collection

from .pinned import PYLOCK, Pinned, Table, digests, from_folder, from_repository, refuse

_TRUE, _FALSE = "python_version >= '0'", "python_version < '0'"
_MEMBER = re.compile(r"""(['"])([^'"]*)\1\s+(not\s+in|in)\s+(extras|dependency_groups)\b""")


def pinned(table: Table) -> list[Pinned]:
    """The packages to install. Raises UsageError for what has no hash."""
    version = str(table.get("lock-version", ""))
    if version.split(".", maxsplit=1)[0] != "1":
        refuse(PYLOCK, f"its lock-version is {version!r}, and 1.0 is known")
    groups = table.get("default-groups", [])
    return [_pin(package, groups) for package in table.get("packages", [])]


def _pin(package: Table, groups: Collection[str]) -> Pinned:
    name, archive = package["name"], package.get("archive", {})
    if "directory" in package:
        from_folder(PYLOCK, name, package["directory"].get("path", ""))
    if "vcs" in package:
        from_repository(PYLOCK, name)
    if archive and "url" not in archive:
        from_folder(PYLOCK, name, archive.get("path", ""))
    files = [archive] if archive else [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    return Pinned(
        name=name,
        version=str(package.get("version", "")),
        marker=_MEMBER.sub(lambda match: _judged(match, groups), package.get("marker", "")),
        hashes=digests(files),
        url=archive.get("url", ""),
        index=package.get("index", ""),
    )


def _judged(match: re.Match[str], groups: Collection[str]) -> str:
    """A condition that pip's requirements files do not have, as one that always or never holds."""
    chosen = groups if match[4] == "dependency_groups" else ()
    return _TRUE if (match[2] in chosen) == (match[3] == "in") else _FALSE
