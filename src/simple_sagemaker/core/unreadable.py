"""Answers that are no service's: a proxy's page, half an answer, or pages of a list that never end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import SsmError

_PARSERS = "botocore.parsers"


def is_unreadable(error: Exception) -> bool:
    """Whether botocore could not read an answer: it says so itself, or fails where it reads."""
    if type(error).__module__ == _PARSERS:
        return True
    if not isinstance(error, (ValueError, LookupError, TypeError, AttributeError)):
        return False
    place = error.__traceback__
    while place is not None:  # times are read elsewhere, called from there
        if place.tb_frame.f_globals.get("__name__") == _PARSERS:
            return True
        place = place.tb_next
    return False


def explain(error: Exception) -> SsmError | None:
    """An error that the user can act on, if an answer could not be read."""
    if not is_unreadable(error):
        return None
    return SsmError(
        "An answer cannot be read: it is not in the form of AWS's.\n"
        "A proxy or another server may answer in AWS's place: check the network and AWS_ENDPOINT_URL."
    )


def turn_page(request: Any, answer: Mapping[str, Any], member: str = "NextToken") -> bool:
    """Make ``request`` ask for the page after ``answer``; False if that was the last.

    Raises SsmError where a service names the page that it has just given, which would never end.
    """
    token = answer.get(member)
    if not token:
        return False
    check_turned(request.get(member), token)
    request[member] = token
    return True


def check_turned(before: object, token: object) -> None:
    """Raise SsmError if the token of the next page is that of this one."""
    if token and token == before:
        raise SsmError(
            "A list does not end: its next page is the same again.\n"
            "A server that is not AWS may answer in its place: check AWS_ENDPOINT_URL."
        )
