"""A module from outside the source folder: ``-d`` puts its folder beside the code."""

from __future__ import annotations

import tarfile


def members(archive: str) -> list[str]:
    with tarfile.open(archive) as packed:
        return sorted(member.name for member in packed if member.isfile())
