"""Augmented manifests: JSON lines whose attributes are streamed one after the other.

Rules: https://docs.aws.amazon.com/sagemaker/latest/dg/augmented-manifest.html. An attribute whose name ends in ``-ref``
is the address of an object whose content is streamed; of any other the value itself is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ...core.layout import split_uri

Reference = tuple[str, str]  # bucket and key


def read_lines(text: bytes, attributes: Sequence[str]) -> Iterator[list[Reference | bytes]]:
    """Yield the values of ``attributes`` of each line, in that order. Raises ValueError with the bad line's number."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield [_part(name, json.loads(line)[name]) for name in attributes]
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                problem = f"there is no {error}" if isinstance(error, KeyError) else str(error)
                raise ValueError(f"line {number}: {problem}") from error


def _part(name: str, value: object) -> Reference | bytes:
    if name.endswith("-ref"):
        return split_uri(str(value))
    return (value if isinstance(value, str) else json.dumps(value)).encode()
