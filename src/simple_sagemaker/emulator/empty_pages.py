"""Empty pages of listings that are not the last: AWS sends them when a filter drops every entry of a page."""

from __future__ import annotations

import itertools
import json

# operation: the member with the results, and the one with the token
# Not those of a tuning job: SageMaker's SDK 2 stops reading at an empty page, so AWS cannot send any there.
_LISTINGS = {
    "ListTrainingJobs": ("TrainingJobSummaries", "NextToken"),
    "ListProcessingJobs": ("ProcessingJobSummaries", "NextToken"),
    "ListHyperParameterTuningJobs": ("HyperParameterTuningJobSummaries", "NextToken"),
    "ListTransformJobs": ("TransformJobSummaries", "NextToken"),
    "ListModels": ("Models", "NextToken"),
    "Search": ("Results", "NextToken"),
    "ListTags": ("Tags", "NextToken"),
    "DescribeLogStreams": ("logStreams", "nextToken"),
}
_MARK = "ssm-empty-page."
_NUMBERS = itertools.count()


def empty_page(operation: str, body: bytes) -> bytes | None:
    """Return an empty page whose token leads to the requested page; None if the operation is no listing."""
    listing = _LISTINGS.get(operation)
    if listing is None:
        return None
    members, token = listing
    original = json.loads(body or b"{}").get(token) or ""
    number = next(_NUMBERS)  # clients report an error when they see a token twice
    return json.dumps({members: [], token: f"{_MARK}{number}.{_original_token(original)}"}).encode()


def original_request(operation: str, body: bytes) -> bytes:
    """Return the request with its original token, as it was before an empty page came in between."""
    listing = _LISTINGS.get(operation)
    if listing is None or _MARK.encode() not in body:
        return body
    request = json.loads(body)
    token = _original_token(str(request.pop(listing[1], "")))
    return json.dumps(request | ({listing[1]: token} if token else {})).encode()


def _original_token(token: str) -> str:
    """Strip the prefix that an empty page put before the token."""
    return token.removeprefix(_MARK).partition(".")[2] if token.startswith(_MARK) else token
