"""Every test here stands in a folder of its own, with a script and some data to name."""

from __future__ import annotations

from tests.unit.cli.conftest import here

__all__ = ["here"]
