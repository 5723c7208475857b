"""Whom a role's trust policy names. moto 5.2 fails where it names services only, and takes part of a name for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def checking(check: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap moto's check of a statement: one of a trust policy counts for the callers that it names, and may deny."""
    if getattr(check, "is_trust_checked", False):
        return check

    def is_action_permitted(
        self: Any, action: str, resource: str = "*", principal: str | None = None, values: Any = None
    ) -> Any:
        from moto.iam.access_control import PermissionResult

        statement: Mapping[str, Any] = self._statement
        if principal is None:
            return check(self, action, resource, None, values)
        if not _names(statement.get("Principal"), principal):
            return PermissionResult.NEUTRAL
        verdict = check(self, action, resource, None, values)
        if verdict is PermissionResult.PERMITTED and statement.get("Effect") != "Allow":
            return PermissionResult.DENIED
        return verdict

    is_action_permitted.is_trust_checked = True  # type: ignore[attr-defined]
    return is_action_permitted


def _names(principal: object, caller: str) -> bool:
    """Whether a statement's Principal has the caller, by its ARN, its role's, or its account."""
    if principal == "*":
        return True
    names = principal.get("AWS", []) if isinstance(principal, Mapping) else []
    account = caller.split(":")[4]
    accepted = {"*", caller, account, f"arn:aws:iam::{account}:root"}
    if ":assumed-role/" in caller:
        accepted.add(f"arn:aws:iam::{account}:role/{caller.split('/')[1]}")
    return bool(accepted & {*([names] if isinstance(names, str) else names)})
