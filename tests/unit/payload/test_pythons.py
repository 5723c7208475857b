"""Whether a job's Python is one that a lock file is for."""

from __future__ import annotations

import pytest

from simple_sagemaker.payload.ssm_launcher.requirements import fits


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (">=3.9", True),
        (">=3.10.2", True),
        (">=3.11", False),
        (">=3.9, <3.10", False),
        ("<3.10.3", True),
        ("==3.10.*", True),
        ("==3.11.*", False),
        ("!=3.10.2", False),
        ("!=3.11.*", True),
        ("~=3.9", True),
        ("~=3.9.0", False),
        ("<=3.10", False),
        (">3.10.1", True),
        ("of any version", True),
    ],
)
def test_a_python_fits_what_a_lock_is_for(asked: str, expected: bool) -> None:
    assert fits((3, 10, 2), asked) is expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("==3", True), (">3", False), (">=3", True), ("<=3", True), ("<3", False), ("!=3", False), ("~=3.0", True),
        ("==3.0", True), (">3.0", False), ("==3.0.0", True), ("==2", False), ("~=2.9", False),
    ],
)  # fmt: skip
def test_a_version_that_is_left_out_is_zero(asked: str, expected: bool) -> None:
    assert fits((3, 0, 0), asked) is expected
