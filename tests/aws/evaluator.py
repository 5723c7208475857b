"""IAM's judgement of one request by one policy document, for the parts of the language that we write."""

from __future__ import annotations

import json
import re
from typing import Any


def allows(document: Any, action: str, resource: str = "*", **context: str) -> bool:
    """Whether the document allows the action on the resource; ``context`` holds condition keys, `__` for `:`.

    The resource is in an account that a statement names, unless ``aws__ResourceAccount`` is given.
    """
    statements = (json.loads(document) if isinstance(document, str) else document)["Statement"]
    keys = {key.replace("__", ":"): value for key, value in context.items()}
    fitting = []
    for one in statements:
        named = _list(one.get("Condition", {}).get("StringEquals", {}).get("aws:ResourceAccount", ""))
        if _fits(one, action, resource) and _holds(one.get("Condition", {}), {"aws:ResourceAccount": named[0], **keys}):
            fitting.append(one)
    return any(one["Effect"] == "Allow" for one in fitting) and all(one["Effect"] != "Deny" for one in fitting)


def denies(document: Any, action: str, resource: str, **context: str) -> bool:
    """Whether the document denies the action outright."""
    turned = json.loads(document)
    for one in turned["Statement"]:
        one["Effect"] = "Allow" if one["Effect"] == "Deny" else "Deny"
    return allows(turned, action, resource, **context)


def _fits(statement: Any, action: str, resource: str) -> bool:
    return any(_like(one.lower(), action.lower()) for one in _list(statement["Action"])) and any(
        _like(one, resource) for one in _list(statement["Resource"])
    )


def _holds(condition: Any, keys: dict[str, str]) -> bool:
    for operator, wanted in condition.items():
        for key, values in wanted.items():
            given = keys.get(key)
            if given is None:
                return False
            match operator:
                case "StringLike":
                    good = any(_like(value, given) for value in _list(values))
                case "StringEquals" | "ForAnyValue:StringEquals" | "Bool":
                    good = given in _list(values)
                case _:
                    raise AssertionError(operator)
            if not good:
                return False
    return True


def _like(pattern: str, text: str) -> bool:
    """IAM's wildcards: `*` and `?`, and `${*}` for a star itself."""
    parts = re.findall(r"\$\{[*?$]\}|.", pattern, re.DOTALL)
    special = {"*": ".*", "?": "."}
    regex = "".join(special.get(part) or re.escape(part[2] if len(part) == 4 else part) for part in parts)
    return re.fullmatch(regex, text, re.DOTALL) is not None


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
