"""Where AWS's clients say that the code lies."""

from __future__ import annotations

import pytest

from simple_sagemaker.local.hosts.submitted_code import _decode


@pytest.mark.parametrize(
    ("submitted", "address"),
    [
        ('"s3://b/code.tar.gz"', "s3://b/code.tar.gz"),
        ("s3://b/code.tar.gz", "s3://b/code.tar.gz"),
        ("3", "3"),
        ("[" * 2000, "[" * 2000),
    ],
)
def test_an_address_is_read_as_json_or_as_it_is(submitted: str, address: str) -> None:
    assert _decode(submitted) == address
