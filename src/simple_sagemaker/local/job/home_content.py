"""What lies in the engine's folder, how much it is, and deleting what can be made again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ...core.records import dataclass
from .drafts import FOLDER, remove_abandoned
from .home import Home
from .remove import remove_folder


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the home: what it is, how many entries and files it has, and what they take on the disk, in bytes."""

    name: str
    path: Path
    entries: int
    files: int
    size: int


def parts(home: Home) -> Iterator[Part]:
    """Weigh the parts that there are, each bucket by itself. What goes meanwhile is passed over."""
    yield from _weighed("jobs", home.jobs, leaving_out=FOLDER)
    for bucket in _folders(home.buckets):
        yield from _weighed(f"bucket {bucket.name}", bucket)
    yield from _weighed("models", home.models)
    yield from _weighed("other regions", home.regions)
    yield from _weighed("MLflow", home.mlflow)
    yield from _weighed("environments", home.environments)
    yield from _weighed("cache", home.cache, leaving_out=home.environments.name)
    yield from _weighed("left by killed commands", home.jobs / FOLDER)


def _folders(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return sorted(Path(one.path) for one in entries if one.is_dir(follow_symlinks=False) and one.name[:1] != ".")
    return []


def _weighed(name: str, folder: Path, leaving_out: str = "") -> Iterator[Part]:
    """The part that a folder is; nothing where it is empty or not there. A file of several names counts once."""
    if not folder.is_dir():
        return
    seen: set[tuple[int, int]] = set()
    files = size = entries = 0
    for place, folders, names in os.walk(folder):
        if place == str(folder):
            folders[:] = [one for one in folders if one != leaving_out]
            entries = len(folders) + len(names)
        for one in (*names, *folders):
            with suppress(OSError):
                state = os.lstat(os.path.join(place, one))
                key = (state.st_dev, state.st_ino)
                if key not in seen:
                    seen.add(key)
                    size += getattr(state, "st_blocks", -(-state.st_size // 512)) * 512  # Windows has no blocks
                files += one in names
    if entries:
        yield Part(name=name, path=folder, entries=entries, files=files, size=size)


def clean(home: Home, *, keep_environments: bool) -> None:
    """Delete caches, and what killed commands left. With ``keep_environments`` those that jobs run in stay."""
    remove_abandoned(home.jobs)
    with suppress(FileNotFoundError), os.scandir(home.cache) as entries:
        for entry in entries:
            if keep_environments and entry.name == home.environments.name:
                continue
            with suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    remove_folder(Path(entry.path))
                else:
                    os.unlink(entry.path)
