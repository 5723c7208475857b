"""How often a property, kill or fault test repeats: short by default, in full with ``SSM_LONG=1``."""

from __future__ import annotations

import os

LONG = os.environ.get("SSM_LONG", "") not in {"", "0"}


def examples(short: int, long: int) -> int:
    """``short`` in the default run, ``long`` in ``tox -e long``; for ``range``, ``settings(max_examples=…)``."""
    return long if LONG else short
