"""A module of the source folder itself: ``-s`` brings it, folders and all."""

from __future__ import annotations

from pathlib import Path


def files(folder: str) -> list[Path]:
    return sorted(path for path in Path(folder).rglob("*") if path.is_file())
