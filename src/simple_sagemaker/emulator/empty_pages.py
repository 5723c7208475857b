"""Pages of listings that are empty and yet not the last, as AWS's are when a filter leaves nothing of a page."""

from __future__ import annotations

import itertools
import json

# The member that each listing gives, and the member of its token.
_LISTINGS = {
    "ListTrainingJobs": ("TrainingJobSummaries", "NextToken"),
    "ListProcessingJobs": ("ProcessingJobSummaries", "NextToken"),
    "Search": ("Results", "NextToken"),
    "ListTags": ("Tags", "NextToken"),
    "DescribeLogStreams": ("logStreams", "nextToken"),
}
_MARK = "ssm-empty-page."
_NUMBERS = itertools.count()


def empty(operation: str, body: bytes) -> bytes | None:
    """An empty page whose token leads to the page that was asked for; None for what is no listing."""
    listing = _LISTINGS.get(operation)
    if listing is None:
        return None
    members, token = listing
    asked = json.loads(body or b"{}").get(token) or ""
    number = next(_NUMBERS)  # clients take the same token twice for a fault
    return json.dumps({members: [], token: f"{_MARK}{number}.{_asked(asked)}"}).encode()


def real(operation: str, body: bytes) -> bytes:
    """The request with the token that it had before an empty page came in between."""
    listing = _LISTINGS.get(operation)
    if listing is None or _MARK.encode() not in body:
        return body
    request = json.loads(body)
    token = _asked(str(request.pop(listing[1], "")))
    return json.dumps(request | ({listing[1]: token} if token else {})).encode()


def _asked(token: str) -> str:
    """The token without what an empty page has put before it."""
    return token.removeprefix(_MARK).partition(".")[2] if token.startswith(_MARK) else token
