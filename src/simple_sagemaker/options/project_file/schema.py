"""The JSON Schema of the project file, from the option table: what editors check and complete by.

Draft 7, which is what editors' plug-ins for TOML know.
"""

from __future__ import annotations

from typing import Any

from .keys import PLACE, PROJECT_KEYS, choices_of, file_options, kind_of

_NAMES = "^[A-Za-z0-9._-]{1,128}$"
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_WORDS = {"type": "array", "items": {"type": ["string", "number"]}}
_KINDS: dict[str, dict[str, Any]] = {
    "flag": {"type": "boolean"},
    "number": {"type": "integer"},
    "decimal": {"type": "number"},
    "text": _TEXT,
    "list": {"anyOf": [_TEXT, _TEXTS]},
    "words": {"anyOf": [_TEXT, _WORDS]},
    "table": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
    "values": {"type": "object"},
    "inputs": {"type": "object", "additionalProperties": {"anyOf": [_TEXT, _TEXTS]}},
    "json": {"type": ["object", "string"]},
}


def schema() -> dict[str, Any]:
    """The whole schema. In a pyproject.toml it is that of the table ``tool.ssm``."""
    options = {key: _property(key) for key in sorted(file_options())}
    of_tasks = {key: one for key, one in options.items() if key not in (*PLACE, "task_name")}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The project file of Simple Sagemaker (ssm.toml)",
        **_table(
            "A project file.",
            {
                "project": _table("The project's place.", {name: options[key] for name, key in PROJECT_KEYS.items()}),
                "defaults": _table("Options of every task, by their long names.", options),
                "profile": _named("Options that a profile gives to every task.", "options"),
                "task": _named("The options of one task.", "task"),
            },
        ),
        "definitions": {
            "options": _table("Options by their long names.", options),
            "task": _table("The options of a task.", of_tasks),
        },
    }


def _table(description: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _named(description: str, definition: str) -> dict[str, Any]:
    return {
        "description": description,
        "type": "object",
        "propertyNames": {"pattern": _NAMES},
        "additionalProperties": {"$ref": f"#/definitions/{definition}"},
    }


def _property(key: str) -> dict[str, Any]:
    option = file_options()[key]
    found: dict[str, Any] = {"description": option.help, **_KINDS[kind_of(key)]}
    choices = choices_of(option)
    if choices and kind_of(key) == "text":
        found["enum"] = [*choices, ""]  # an empty text takes away what lower levels say
    return found
