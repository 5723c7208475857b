"""What ``ssm emulator`` is to serve, as typed values."""

from __future__ import annotations

import re
from pathlib import Path

from .records import dataclass

# In the user agent of requests that are a test's look at the emulator: they meet no faults, and are not counted.
OF_THE_FIXTURE = "ssm-testing"
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]+")


@dataclass(frozen=True, kw_only=True)
class EmulatorSpec:
    """A whole ``ssm emulator``. ``home`` None is a temporary folder; ``port`` 0 is any free one.

    ``allowed_hosts`` are names for the header Host beside those of loopback. ``bind`` is another address to listen on.
    """

    port: int
    home: Path | None
    region: str
    s3_endpoint: str | None
    registry: str | None
    enforce_iam: bool
    role_delay_s: float
    faults: str
    env_file: Path | None
    allowed_hosts: tuple[str, ...] = ()
    bind: str | None = None


def is_region(name: str) -> bool:
    """Whether a region can have that name."""
    return _REGION.fullmatch(name) is not None
