"""TOML, which Python reads by itself from 3.11 on."""

from __future__ import annotations

import sys
from typing import Any


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a text. Raises ValueError for one that is not TOML, RecursionError for one nested too deeply."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads(text)
