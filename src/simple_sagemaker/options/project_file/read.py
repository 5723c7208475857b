"""A project file as checked values: tables of entries, each with its key, value and line.

Everything in the file is checked at once, also what the command at hand does not use. No value is printed in an error,
as it may be a secret.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from ...core.names import check_name, check_task
from ...core.records import dataclass, field
from ...core.spelling import nearest
from ...core.toml_text import read_toml
from ...errors import UsageError
from .find import Candidate, candidates, refuse_owner
from .key_lines import Keys, key_lines, line_of
from .keys import PLACE, PROJECT_KEYS, file_options, kind_of, starters, why_unknown

_TABLES = ("project", "defaults", "profile", "task")
_KINDS = {
    "flag": "true or false",
    "number": "a whole number, without quotes",
    "decimal": "a number, without quotes",
    "text": 'a text, in quotes ("…")',
    "list": 'a list of texts (["…", "…"]), or one text',
    "words": 'a list of words (["…", "…"]), or one text',
    "table": 'a table of texts by name ({NAME = "…"})',
    "values": "a table of values by name ({NAME = VALUE})",
    "inputs": 'a table by name ({NAME = "…"}, or a list of the words that follow the name)',
    "json": "a table, or a text with JSON",
}
_ERROR_LINE = re.compile(r" \(at line (\d+), column \d+\)")


@dataclass(frozen=True)
class Entry:
    """A value of the file. ``part`` is the name within a table such as ``hp``, else empty."""

    key: str
    part: str
    value: Any
    line: int


Entries = Mapping[tuple[str, str], Entry]


@dataclass(frozen=True, kw_only=True)
class ProjectFile:
    """A project file. ``shown`` is its path as messages have it, ``folder`` what its paths are relative to."""

    path: str
    shown: str
    folder: str
    project: Entries = field(default_factory=dict)
    defaults: Entries = field(default_factory=dict)
    profiles: Mapping[str, Entries] = field(default_factory=dict)
    tasks: Mapping[str, Entries] = field(default_factory=dict)
    lines: Mapping[Keys, int] = field(default_factory=dict)


def load(environment: Mapping[str, str]) -> ProjectFile | None:
    """The project file that is in force; None without one. Raises UsageError for one that cannot be used."""
    for candidate in candidates(environment):
        file = parse(candidate)
        if file is not None:
            return file
    return None


def parse(candidate: Candidate) -> ProjectFile | None:
    """Read a file; None for a pyproject.toml without ``[tool.ssm]``. Raises UsageError, which names file and line."""
    if not candidate.is_shared:
        refuse_owner(candidate)
    shown = _shown(candidate.path)
    try:
        text = candidate.data.decode("utf-8-sig").replace("\r\n", "\n")
        tables = read_toml(text)
    except ValueError as error:  # UnicodeDecodeError and TOMLDecodeError among them
        if candidate.is_shared and not re.search(rb"^\s*\[\s*tool\s*\.\s*ssm\b", candidate.data, re.MULTILINE):
            return None
        refuse_owner(candidate)
        raise _not_toml(shown, candidate.data, error) from error
    except RecursionError as error:
        refuse_owner(candidate)
        raise UsageError(f"{shown}: its values are nested too deeply.") from error
    above: Keys = ()
    if candidate.is_shared:
        above = ("tool", "ssm")
        tool = tables.get("tool")
        if not isinstance(tool, dict) or "ssm" not in tool:
            return None
        tables = tool["ssm"]
    refuse_owner(candidate)
    return _Checker(candidate.path, shown, above, key_lines(text)).file(tables)


def _not_toml(shown: str, data: bytes, error: ValueError) -> UsageError:
    if isinstance(error, UnicodeDecodeError):
        return UsageError(f"{shown}:{data[: error.start].count(10) + 1}: it is not UTF-8 text. Save it as UTF-8.")
    message = str(error)
    at = _ERROR_LINE.search(message)
    line = int(at[1]) if at else data.rstrip().count(b"\n") + 1
    return UsageError(f"{shown}:{line}: it is not TOML: {_ERROR_LINE.sub('', message)}.")


def _shown(path: str) -> str:
    """A path as messages have it: relative to the current folder where that is shorter."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):  # no current folder, or another drive
        return path
    return relative if len(relative) < len(path) else path


class _Checker:
    """Checks the tables of one file, and makes entries of them."""

    def __init__(self, path: str, shown: str, above: Keys, lines: Mapping[Keys, int]) -> None:
        self._path = path
        self._shown = shown
        self._above = above
        self._lines = lines

    def file(self, tables: object) -> ProjectFile:
        top = self._table((), tables)
        for name in top:
            if name not in _TABLES:
                raise self._error((name,), f"there is no such key here; {self._why_no_table(name)}")
        return ProjectFile(
            path=self._path,
            shown=self._shown,
            folder=os.path.dirname(self._path),
            project=self._project(top.get("project", {})),
            defaults=self._defaults(top),
            profiles={name: self._entries(("profile", name), one) for name, one in self._named("profile", top).items()},
            tasks={name: self._task(name, one) for name, one in self._named("task", top).items()},
            lines={keys[len(self._above) :]: line for keys, line in self._lines.items()},
        )

    def _error(self, keys: Keys, why: str) -> UsageError:
        line = line_of(self._lines, (*self._above, *keys))
        return UsageError(f"{self._shown}:{line}: {'.'.join(map(_quoted, keys))}: {why}.".replace("?.", "?"))

    def _why_no_table(self, name: str) -> str:
        if name == "project_name":
            return f"write name = … below a line [{'.'.join([*self._above, 'project'])}]"
        if name in PROJECT_KEYS:
            return f"put it into the table [project], below a line [{'.'.join([*self._above, 'project'])}]"
        if name in file_options():
            return f"put it into a table, such as [{'.'.join([*self._above, 'defaults'])}] or one of a task"
        plural = {"profiles": "profile", "tasks": "task", "default": "defaults"}
        near = plural.get(name) or nearest(name, _TABLES)
        return f"did you mean [{near}]?" if near else f"the tables are: {', '.join(_TABLES)}"

    def _table(self, keys: Keys, value: object) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        if isinstance(value, list):
            raise self._error(keys or ("ssm",), "it is a table, in single brackets: no list of tables ([[…]])")
        heading = ".".join(map(_quoted, (*self._above, *keys))) or "ssm"
        own = f"write {'name = … ' if keys == ('project',) else 'its keys '}below a line [{heading}]"
        raise self._error(keys or ("ssm",), f"it is a table: {own}")

    def _named(self, kind: str, top: Mapping[str, Any]) -> dict[str, Any]:
        """The tables of profiles or tasks, by names that can be typed."""
        tables = self._table((kind,), top.get(kind, {}))
        for name, table in tables.items():
            if not isinstance(table, dict):
                raise self._error((kind, name), f"it is a table, which has a name: write [{kind}.NAME]")
            try:
                (check_task if kind == "task" else check_name)(f"the {kind}", name)
            except UsageError as error:
                raise self._error((kind, name), str(error).rstrip(".")) from error
        return tables

    def _project(self, value: object) -> dict[tuple[str, str], Entry]:
        entries: dict[tuple[str, str], Entry] = {}
        for name, one in self._table(("project",), value).items():
            if name not in PROJECT_KEYS:
                raise self._error(("project", name), f"there is no such key; {why_unknown(name, of_project=True)}")
            entries |= self._entry(("project", name), PROJECT_KEYS[name], one)
        return entries

    def _defaults(self, top: Mapping[str, Any]) -> dict[tuple[str, str], Entry]:
        entries = self._entries(("defaults",), top.get("defaults", {}))
        for name, option in PROJECT_KEYS.items():
            if name in top.get("project", {}) and (option, "") in entries:
                raise self._error(("defaults", option), f"[project] has it as well, as {name}: keep one")
        return entries

    def _task(self, task: str, value: object) -> dict[tuple[str, str], Entry]:
        keys = ("task", task)
        entries = self._entries(keys, value)
        if ("task_name", "") in entries:
            raise self._error((*keys, "task_name"), "the name of the table is the task's: leave it out")
        for name in PLACE:
            if (name, "") in entries:
                raise self._error(
                    (*keys, name), "tasks of a project have one place: put it into [project] or a profile"
                )
        found = starters({key: entry for (key, _), entry in entries.items() if entry.value})
        if len(set(found.values())) > 1 or {"code", "entrypoint"} <= found.keys():
            first, *others = found
            second = next((key for key in others if found[key] != found[first]), others[0])
            raise self._error((*keys, second), f"{first} says what runs already: a task is one of {first} and {second}")
        return entries

    def _entries(self, keys: Keys, value: object) -> dict[tuple[str, str], Entry]:
        entries: dict[tuple[str, str], Entry] = {}
        for name, one in self._table(keys, value).items():
            if name not in file_options():
                raise self._error((*keys, name), f"there is no such key; {why_unknown(name)}")
            entries |= self._entry((*keys, name), name, one)
        return entries

    def _entry(self, keys: Keys, key: str, value: Any) -> dict[tuple[str, str], Entry]:
        """The entries of one key: a single one, or one for each name of a table."""
        kind = kind_of(key)
        if not _fits(kind, value):
            raise self._error(keys, f"it is {_KINDS[kind]}; this is {_described(value)}")
        if kind not in {"table", "values", "inputs"}:
            return {(key, ""): Entry(key, "", value, self._line(keys))}
        for name, one in value.items():
            if not _fits_in(kind, one):
                parts = "a text or a list of texts" if kind == "inputs" else "a text" if kind == "table" else "JSON"
                raise self._error((*keys, name), f"it is {parts}; this is {_described(one)}")
        return {(key, name): Entry(key, name, one, self._line((*keys, name))) for name, one in value.items()}

    def _line(self, keys: Keys) -> int:
        return line_of(self._lines, (*self._above, *keys))


def _fits(kind: str, value: object) -> bool:
    match kind:
        case "flag":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "decimal":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "text":
            return _is_text(value)
        case "json":
            return _is_text(value) or (isinstance(value, dict) and _is_json(value))
        case "list" | "words":
            also = (int, float) if kind == "words" else ()
            return _is_text(value) or (isinstance(value, list) and all(_is_text(one, also) for one in value))
    return isinstance(value, dict)


def _fits_in(kind: str, value: object) -> bool:
    if kind == "values":
        return _is_json(value)
    if kind == "table":
        return _is_text(value, (int, float))
    return _is_text(value) or (isinstance(value, list) and all(map(_is_text, value)))


def _is_text(value: object, also: tuple[type, ...] = ()) -> bool:
    if isinstance(value, str):
        return "\0" not in value
    return isinstance(value, also) and not isinstance(value, bool)


def _is_json(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _described(value: object) -> str:
    """What a value is, without the value, which may be a secret."""
    if isinstance(value, bool):
        return "true or false (a text is in quotes)"
    if isinstance(value, (int, float)):
        return "a number (a text is in quotes)"
    if isinstance(value, str):
        return "a text with a character of code 0" if "\0" in value else "a text"
    if isinstance(value, list):
        return "a list with other things in it"
    return "a table" if isinstance(value, dict) else "a date or time (a text is in quotes)"


def _quoted(key: str) -> str:
    """A key as TOML writes it."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key, ensure_ascii=False)
