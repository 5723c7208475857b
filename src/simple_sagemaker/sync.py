"""A local folder or file mirrored to a key prefix: afterwards the prefix holds what the folder holds, nothing else."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import UsageError
from .storage import Store


@dataclass(frozen=True, kw_only=True)
class Synced:
    """What a sync did: objects and bytes sent, objects deleted, and how many the prefix holds now."""

    sent: int
    sent_bytes: int
    deleted: int
    held: int


def local_files(path: Path) -> dict[str, Path]:
    """The files that ``path`` holds, by their key below a prefix: a folder's whole content, or one file by its name.

    Links are followed. Raises UsageError for a name that is no key, a link that leads nowhere and a folder without
    any file, before anything is sent.
    """
    found = {path.name: path} if path.is_file() else dict(_below(path, "", frozenset()))
    if not found:
        raise UsageError(f"-i {str(path)!r} holds no file, and a channel needs at least one.\nGive a folder with data.")
    for key in found:
        try:
            key.encode()
        except UnicodeEncodeError as error:
            raise UsageError(f"-i {str(path)!r}: the file name {key!r} is not UTF-8.\nRename it.") from error
    return found


def _below(folder: Path, prefix: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, Path]]:
    here = folder.stat()
    mark = (here.st_dev, here.st_ino)
    if mark in above:
        raise UsageError(f"-i: the link {str(folder)!r} leads back to a folder that it lies in.\nRemove the link.")
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        path = Path(entry.path)
        if entry.is_dir():
            yield from _below(path, f"{prefix}{entry.name}/", above | {mark})
        elif entry.is_file():
            yield prefix + entry.name, path
        elif entry.is_symlink():
            raise UsageError(f"-i: the link {str(path)!r} leads nowhere.\nRemove it, or make what it points to.")


def sync_up(files: dict[str, Path], store: Store, *, bucket: str, prefix: str) -> Synced:
    """Make the prefix hold exactly ``files``: changed and new ones are sent, then what is not among them is deleted.

    A file is unchanged when the object has its size and was written after the file was. Others may see a half-made
    copy meanwhile: objects appear one by one.
    """
    there = {found.key[len(prefix) :]: found for found in store.list(bucket, prefix)}
    sent = sent_bytes = 0
    for key, path in files.items():
        stat = path.stat()
        found = there.get(key)
        if found is None or found.size != stat.st_size or found.modified <= max(stat.st_mtime, stat.st_ctime):
            store.send(path, bucket, prefix + key)
            sent += 1
            sent_bytes += stat.st_size
    gone = [prefix + key for key in there if key not in files]
    store.delete(bucket, gone)
    return Synced(sent=sent, sent_bytes=sent_bytes, deleted=len(gone), held=len(files))
