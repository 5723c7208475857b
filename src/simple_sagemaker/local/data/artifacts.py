"""``model.tar.gz`` and ``output.tar.gz``: what hosts left, packed as SageMaker packs it.

Members are relative to the folder, without ``./``, owned by 0/0, folders included. The model is the union of all
hosts' folders, in the order of the hosts (the last one wins where names clash); the output is the first host's.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...core.store import Store
from ...storage.archives.tar_writer import Tarball
from ..job.permissions import open_up

_CHUNK = 1 << 20


def upload(folders: Sequence[Path], store: Store, *, bucket: str, key: str, scratch: Path) -> list[str]:
    """Pack the union of folders and put it at a key; an empty union is no object. Gives the names that clashed."""
    members: dict[str, Path] = {}
    clashes: list[str] = []
    for folder in folders:
        for name in _below(folder, ""):
            path = folder / name
            if name in members and not (path.is_dir() and members[name].is_dir()):
                clashes.append(name)
                if not path.is_dir():  # a file in place of a folder: nothing can lie below it any more
                    members = {kept: held for kept, held in members.items() if not kept.startswith(f"{name}/")}
            members[name] = path
    if members:
        try:
            _pack(members, scratch)
            store.send(scratch, bucket, key)
        finally:
            scratch.unlink(missing_ok=True)
    return clashes


def _below(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder / prefix) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if entry.is_symlink():
            yield name
        elif entry.is_file():
            open_up(entry.path)
            yield name
        elif entry.is_dir():
            open_up(entry.path)
            yield name
            yield from _below(folder, f"{name}/")


def _pack(members: dict[str, Path], to: Path) -> None:
    named: dict[tuple[int, int], str] = {}  # which file each name is, of those that have several
    with open(to, "wb") as out, Tarball(out) as archive:
        for name, path in members.items():
            found = os.lstat(path)
            mode, seconds = stat.S_IMODE(found.st_mode), int(found.st_mtime)
            mark = (found.st_dev, found.st_ino)
            if stat.S_ISDIR(found.st_mode):
                archive.folder(name, mode=mode, seconds=seconds)
            elif stat.S_ISLNK(found.st_mode):
                archive.link(name, os.readlink(path), seconds=seconds)
            elif mark in named:
                archive.same(name, named[mark], mode=mode, seconds=seconds)
            else:
                archive.pieces(name, _content(path, found.st_size), size=found.st_size, mode=mode, seconds=seconds)
                if found.st_nlink > 1:
                    named[mark] = name


def _content(path: Path, size: int) -> Iterator[bytes]:
    """The first ``size`` bytes of a file."""
    with open(path, "rb", buffering=0) as file:
        while size:
            data = file.read(min(size, _CHUNK))
            if not data:
                raise OSError(f"{path} became shorter while it was packed")
            size -= len(data)
            yield data
