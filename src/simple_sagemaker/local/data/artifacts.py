"""``model.tar.gz`` and ``output.tar.gz``: the hosts' results, packed as SageMaker packs them.

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
from ..job.permissions import make_accessible

_CHUNK = 1 << 20


def upload(folders: Sequence[Path], store: Store, *, bucket: str, key: str, scratch: Path) -> list[str]:
    """Pack the union of folders and upload it, unless it is empty. Returns the names that clashed."""
    members: dict[str, Path] = {}
    clashes: list[str] = []
    for folder in folders:
        for name in _walk(folder, ""):
            path = folder / name
            if name in members and not (path.is_dir() and members[name].is_dir()):
                clashes.append(name)
                if not path.is_dir():  # a file in place of a folder: nothing can lie below it any more
                    members = {other: member for other, member in members.items() if not other.startswith(f"{name}/")}
            members[name] = path
    if members:
        try:
            _pack(members, scratch)
            store.send(scratch, bucket, key)
        finally:
            scratch.unlink(missing_ok=True)
    return clashes


def _walk(folder: Path, prefix: str) -> Iterator[str]:
    with os.scandir(folder / prefix) as listing:
        entries = sorted(listing, key=lambda entry: entry.name)
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if entry.is_symlink():
            yield name
        elif entry.is_file():
            make_accessible(entry.path)
            yield name
        elif entry.is_dir():
            make_accessible(entry.path)
            yield name
            yield from _walk(folder, f"{name}/")


def _pack(members: dict[str, Path], to: Path) -> None:
    names: dict[tuple[int, int], str] = {}  # device and inode of files with several names: the first one
    with open(to, "wb") as out, Tarball(out) as archive:
        for name, path in members.items():
            info = os.lstat(path)
            mode, seconds = stat.S_IMODE(info.st_mode), int(info.st_mtime)
            inode = (info.st_dev, info.st_ino)
            if stat.S_ISDIR(info.st_mode):
                archive.folder(name, mode=mode, seconds=seconds)
            elif stat.S_ISLNK(info.st_mode):
                archive.link(name, os.readlink(path), seconds=seconds)
            elif inode in names:
                archive.same(name, names[inode], mode=mode, seconds=seconds)
            else:
                archive.pieces(name, _content(path, info.st_size), size=info.st_size, mode=mode, seconds=seconds)
                if info.st_nlink > 1:
                    names[inode] = name


def _content(path: Path, size: int) -> Iterator[bytes]:
    """The first ``size`` bytes of a file."""
    with open(path, "rb", buffering=0) as file:
        while size:
            data = file.read(min(size, _CHUNK))
            if not data:
                raise OSError(f"{path} became shorter while it was packed")
            size -= len(data)
            yield data
