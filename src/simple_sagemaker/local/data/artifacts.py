"""``model.tar.gz`` and ``output.tar.gz``: the hosts' results, packed as SageMaker packs them.

Members are relative to the folder, without ``./``, owned by 0/0, folders included. The model is the union of all
hosts' folders, in the order of the hosts (the last one wins where names clash); the output is the first host's.
A link keeps its target if that is inside the folder; a link that leads outside is left out.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from ...core.records import dataclass, field
from ...core.store import ProgressCallback, Store, no_progress
from ...storage.archives.tar_writer import Tarball
from ..job import beneath
from . import failures
from .links import why_not_inside

_CHUNK = 1 << 20
LeftOut = Callable[[str, str], None]  # called with a name and why it is not in the archive


class _Member(NamedTuple):
    """One member: the folder it is from, its kind, and the target if it is a link."""

    source: beneath.OpenFolder
    kind: int
    target: str = ""


def upload(
    folders: Sequence[Path],
    store: Store,
    *,
    bucket: str,
    key: str,
    scratch: Path,
    roots: Sequence[Path] = (),
    seen_as: str = "",
    on_left_out: LeftOut = lambda _, __: None,
    on_progress: ProgressCallback = no_progress,
) -> list[str]:
    """Pack the union of folders and upload it, unless it is empty. Returns the names that clashed. Raises JobFault.

    ``roots`` are the folders below which the jobs of ``folders`` may put links, the folders themselves if there are
    none. ``seen_as`` is the path at which a job sees each folder. ``on_progress`` may raise to stop.
    """
    members: dict[str, _Member] = {}
    clashes: list[str] = []
    with ExitStack() as opened:
        for folder, root in zip(folders, roots or folders, strict=True):
            try:
                path = folder.relative_to(root).as_posix()
                descriptor = opened.enter_context(beneath.open_folder(root, path))
            except beneath.Unreachable as why:
                on_left_out(".", str(why.strerror))
                continue
            source = beneath.OpenFolder(descriptor)
            opened.callback(source.close)
            for name, member in _walk(source, descriptor, (seen_as, os.path.realpath(folder)), on_left_out):
                on_progress(0)
                if name in members and not (stat.S_ISDIR(member.kind) and stat.S_ISDIR(members[name].kind)):
                    clashes.append(name)
                    if not stat.S_ISDIR(member.kind):  # in place of a folder: nothing can lie below it any more
                        members = {other: kept for other, kept in members.items() if not other.startswith(f"{name}/")}
                members[name] = member
        members = _without_circles(members, on_left_out)
        if members:
            try:
                if _pack(members, scratch, on_left_out, on_progress):
                    _send(scratch, store, bucket, key, on_progress)
            except OSError as error:
                if failures.is_disk_full(error):
                    raise failures.disk_full() from error
                raise
            finally:
                scratch.unlink(missing_ok=True)
    return clashes


def _without_circles(members: dict[str, _Member], on_left_out: LeftOut) -> dict[str, _Member]:
    """The members without the links that lead in a circle, or outside through other links."""
    links = {name: member.target for name, member in members.items() if stat.S_ISLNK(member.kind)}
    lost = {name: why for name in links if (why := why_not_inside(name, links))}
    for name, why in lost.items():
        on_left_out(name, why)
    return {name: member for name, member in members.items() if name not in lost}


def _send(packed: Path, store: Store, bucket: str, key: str, on_progress: ProgressCallback) -> None:
    try:
        store.send(packed, bucket, key, on_progress)
    except FileNotFoundError as error:
        if failures.is_missing(error):
            raise failures.upload_failed(f"s3://{bucket}/{key}", error) from error
        raise


def _walk(
    source: beneath.OpenFolder, folder: int, tops: tuple[str, str], on_left_out: LeftOut
) -> Iterator[tuple[str, _Member]]:
    for entry in beneath.walk(folder, on_left_out, in_order=True):
        kind = entry.stat.st_mode
        if stat.S_ISLNK(kind):
            try:
                read = os.readlink(entry.name, dir_fd=entry.parent)
            except OSError:  # something else by now
                continue
            target = _target_inside(entry.path, read, tuple(filter(None, tops)))
            if target is None:
                on_left_out(entry.path, f"it is a link that leads outside, to {beneath.shown(read)}")
                continue
            yield entry.path, _Member(source, kind, target)
        elif why := beneath.why_no_file(kind):
            on_left_out(entry.path, why)
        else:
            yield entry.path, _Member(source, kind)


def _target_inside(path: str, target: str, tops: tuple[str, ...]) -> str | None:
    """The relative target of a link at ``path`` in a folder, which the job sees at one of ``tops``; None if outside.

    By its text: nothing is read.
    """
    above = os.path.dirname(path)
    if target.startswith("/"):
        top = next((top for top in tops if target == top or target.startswith(top + "/")), None)
        if top is None:
            return None
        return os.path.relpath(os.path.normpath(target[len(top) + 1 :] or "."), above or ".")
    whole = os.path.normpath(os.path.join(above, target))
    return None if whole == ".." or whole.startswith("../") else target


@dataclass
class _Packing:
    """Writes members to an archive; ``count`` is how many it holds."""

    archive: Tarball
    on_left_out: LeftOut
    on_progress: ProgressCallback
    count: int = 0
    names: dict[tuple[int, int], str] = field(default_factory=dict)  # of device and inode: the first with that content

    def add(self, name: str, member: _Member) -> None:
        """Add a member, unless it is something else by now."""
        self.on_progress(0)
        try:
            parent, last = member.source.parent(name)
            info = os.stat(last, dir_fd=parent, follow_symlinks=False)
            descriptor = beneath.open_regular(last, parent) if stat.S_ISREG(member.kind) else None
        except OSError as error:
            self.on_left_out(name, str(error.strerror))
            return
        if descriptor is not None:
            try:
                self._add_file(name, descriptor)
            finally:
                os.close(descriptor)
            return
        self.count += 1
        if stat.S_ISDIR(member.kind):
            self.archive.folder(name, mode=stat.S_IMODE(info.st_mode), seconds=int(info.st_mtime))
        else:
            self.archive.link(name, member.target, seconds=int(info.st_mtime))

    def _add_file(self, name: str, descriptor: int) -> None:
        info = os.fstat(descriptor)
        mode, seconds, inode = stat.S_IMODE(info.st_mode), int(info.st_mtime), (info.st_dev, info.st_ino)
        if beneath.is_larger_than_disk(descriptor):
            self.on_left_out(name, beneath.LARGER_THAN_DISK)
            return
        self.count += 1
        if inode in self.names:
            self.archive.same(name, self.names[inode], mode=mode, seconds=seconds)
            return
        content = _content(descriptor, info.st_size, self.on_progress)
        self.archive.pieces(name, content, size=info.st_size, mode=mode, seconds=seconds)
        if info.st_nlink > 1:
            self.names[inode] = name


def _pack(members: dict[str, _Member], to: Path, on_left_out: LeftOut, on_progress: ProgressCallback) -> int:
    """Pack the members; return how many there are in the end."""
    with open(to, "wb") as out, Tarball(out) as archive:
        packing = _Packing(archive, on_left_out, on_progress)
        for name, member in members.items():
            packing.add(name, member)
    return packing.count


def _content(descriptor: int, size: int, on_progress: ProgressCallback) -> Iterator[bytes]:
    """The first ``size`` bytes of a file; zeros in place of what is no longer there."""
    while size:
        data = os.read(descriptor, min(size, _CHUNK)) or bytes(min(size, _CHUNK))
        size -= len(data)
        on_progress(len(data))
        yield data
