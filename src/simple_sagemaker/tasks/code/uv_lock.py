"""What ``uv.lock`` pins for the project beside it: its dependencies, without extras and groups for development.

https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile; the format is uv's own, version 1 since it exists.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .pinned import UV_LOCK, Pinned, Table, digests, from_folder, from_repository, refuse

_Key = tuple[str, str]  # a package's name and version
_Places = frozenset[str]  # markers of which all must hold
_STALE = "Run uv lock, then this again; or leave the file out with a line uv.lock in .ssmignore."


def pinned(table: Table, pyproject: Table | None) -> list[Pinned]:
    """The packages to install. Raises UsageError for a lock that ``pyproject`` has outgrown."""
    if table.get("version") != 1:
        refuse(UV_LOCK, f"its format is version {table.get('version')!r}, and version 1 is known")
    packages: dict[_Key, Table] = {(one["name"], str(one.get("version", ""))): one for one in table.get("package", [])}
    root = _root(packages)
    if pyproject is not None:
        _check_age(root, table, pyproject)
    where = _reached(packages, (root["name"], str(root.get("version", ""))))
    return [_pin(packages[key], where[key]) for key in where if packages[key] is not root]


def _root(packages: Mapping[_Key, Table]) -> Table:
    sources = [(one, one.get("source", {})) for one in packages.values()]
    kinds = ("virtual", "editable", "directory")
    roots = [one for one, source in sources if "." in [source.get(kind) for kind in kinds]]
    if not roots:
        refuse(UV_LOCK, "it is not that of a project in this folder")
    return roots[0]


def _reached(packages: Mapping[_Key, Table], root: _Key) -> dict[_Key, set[_Places]]:
    """Where each package that the root needs applies: one of these sets of markers must hold."""
    where: dict[_Key, set[_Places]] = {}
    waiting: list[tuple[_Key, _Places, str]] = [(root, frozenset(), "")]
    seen: set[tuple[_Key, _Places, str]] = set()
    while waiting:
        step = waiting.pop()
        if step in seen:
            continue
        seen.add(step)
        key, places, extra = step
        kept = where.setdefault(key, set())
        if not any(one <= places for one in kept):
            where[key] = {one for one in kept if not places <= one} | {places}
        package = packages[key]
        needs = package.get("optional-dependencies", {}).get(extra, []) if extra else package.get("dependencies", [])
        for need in needs:
            to = _target(packages, need)
            marker = need.get("marker", "")
            if "extra ==" in marker or "group ==" in marker:
                refuse(UV_LOCK, f"{to[0]} depends on which of conflicting extras is chosen")
            further = places | {marker} if marker else places
            waiting += [(to, further, one) for one in ("", *need.get("extra", []))]
    return where


def _target(packages: Mapping[_Key, Table], need: Table) -> _Key:
    """The package that a dependency names; its version is left out where there is one alone."""
    name, version = need["name"], need.get("version")
    fitting = [key for key in packages if key[0] == name and version in {None, key[1]}]
    if len(fitting) != 1:
        refuse(UV_LOCK, f"it does not say which version of {name} is needed")
    return fitting[0]


def _pin(package: Table, where: set[_Places]) -> Pinned:
    name, version, source = package["name"], str(package.get("version", "")), package.get("source", {})
    for kind in ("editable", "directory", "virtual", "path"):
        if kind in source:
            from_folder(UV_LOCK, name, source[kind])
    if "git" in source:
        from_repository(UV_LOCK, name)
    files = [*package.get("wheels", []), *([package["sdist"]] if "sdist" in package else [])]
    return Pinned(
        name=name,
        version=version,
        marker=_either(where),
        hashes=digests(files),
        url=source.get("url", ""),
        index=source.get("registry", ""),
    )


def _either(where: set[_Places]) -> str:
    """One marker for several sets of them, of which one must hold."""
    if frozenset() in where:
        return ""
    both = sorted(" and ".join(f"({one})" for one in sorted(places)) for places in where)
    return both[0] if len(both) == 1 else " or ".join(f"({one})" for one in both)


def _check_age(root: Table, table: Table, pyproject: Table) -> None:
    """Refuse a lock of another list of dependencies than the project's file has now."""
    project: Table = pyproject.get("project", {})
    if "dependencies" in project.get("dynamic", []):
        return
    python = str(project.get("requires-python", ""))
    if python and _clauses(python) != _clauses(str(table.get("requires-python", ""))):
        refuse(
            UV_LOCK, f"pyproject.toml asks for Python {python}, and it is for {table.get('requires-python')}", _STALE
        )
    now = dict(_named(project.get("dependencies", [])))
    then = dict(_locked(root.get("metadata", {}).get("requires-dist", [])))
    for name in sorted({*now, *then}):
        if name not in then:
            refuse(UV_LOCK, f"pyproject.toml needs {name}, which is not in it", _STALE)
        if name not in now:
            refuse(UV_LOCK, f"it is for a project that needs {name}, and pyproject.toml does not", _STALE)
        if now[name] and then[name] and now[name] != then[name]:
            wanted, has = ",".join(sorted(now[name])), ",".join(sorted(then[name]))
            refuse(UV_LOCK, f"pyproject.toml needs {name}{wanted}, and it was made for {name}{has}", _STALE)


def _named(requirements: Iterable[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """The names of requirements, as in a lock, with what they ask of the version."""
    for text in requirements:
        if match := re.match(r"\s*([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?([^;@)]*)", text):
            yield re.sub(r"[-_.]+", "-", match[1]).lower(), _clauses(match[2])


def _locked(requirements: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, frozenset[str]]]:
    for one in requirements:
        if "extra ==" not in one.get("marker", ""):
            yield one["name"], _clauses(one.get("specifier", ""))


def _clauses(specifier: str) -> frozenset[str]:
    return frozenset(re.sub(r"\s", "", clause) for clause in specifier.split(",") if clause.strip())
