"""The header of a single script: what it needs, as the specification has it."""

from __future__ import annotations

import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.tasks.code.script_header import read_header


@pytest.mark.parametrize(
    ("text", "requirements"),
    [
        ("# /// script\n# dependencies = [\n#   'a>=1',  # why\n#   \"b[x]; python_version > '3'\",\n# ]\n# ///\n", 2),
        ("#!/usr/bin/env python\n'''doc'''\nimport os\n# /// script\n# dependencies = ['a']\n# ///\n", 1),
        ("# /// script\r\n# dependencies = ['a']\r\n# ///\r\n", 1),
        ("# /// script\n# requires-python = '>=3.11'\n# ///\n", 0),
        ("# /// script\n#\n# [tool.uv]\n# x = 1\n# ///\n# ///\n", None),  # the last end counts, and then it is no TOML
        ("# /// script\n# dependencies = ['a']\n", "none"),  # without an end it is a comment
        ("# /// other\n# dependencies = ['a']\n# ///\n", "none"),
        ("x = '''\n  # /// script\n'''\n", "none"),
        ("print(1)\n", "none"),
    ],
)
def test_what_counts_as_a_header(text: str, requirements: int | str | None) -> None:
    if requirements is None:
        with pytest.raises(UsageError, match="cannot be used"):
            read_header(text.encode(), "w.py")
        return
    header = read_header(text.encode(), "w.py")
    assert ("none" if header is None else len(header.requirements)) == requirements


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("dependencies = 'a'", "not a list"),
        ("dependencies = [1]", "not a list"),
        ("dependencies = ['--index-url=https://evil.example']", "no option of pip"),
        ('dependencies = ["a\\n-r /etc/passwd"]', "no option of pip"),
        ("dependencies = [", "Invalid|Unclosed|expected|Expected"),
    ],
)
def test_a_header_that_is_not_legal_is_refused(content: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_header(f"# /// script\n# {content}\n# ///\n".encode(), "w.py")


def test_two_headers_are_refused() -> None:
    block = "# /// script\n# dependencies = []\n# ///\n\n"
    with pytest.raises(UsageError, match="two of them"):
        read_header((block * 2).encode(), "w.py")
