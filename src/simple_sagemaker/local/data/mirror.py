"""Mirrors a folder of a host to a bucket while the job runs: checkpoints and TensorBoard's files.

In: a host's folder and an S3 prefix. Out: objects that follow the folder, in small steps so that the caller can do
other work between them. A host deletes only objects that it owns: those it wrote, and of those that existed at the
start, the ones in the folder of its name (those in no host's folder belong to the first host).
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from ...core import layout
from ...core.records import dataclass, field
from ...core.store import KeyRefused, ProgressCallback, Store, Stored, no_progress
from ...storage.file_copy import ChangedMeanwhile
from ...storage.safe_paths import SafeFolder, UnusableName
from ..job import beneath
from .links import copies
from .mirrored_file import UNSENT, Blocked, Mark, Upload, mark_of, read_steady
from .transfers import Abandoned, fetch, is_denial, is_local, transfer, weight_of_download

_EARLIER_STATE = f"/processing/input/{layout.EARLIER_STATE}/"
_FILES_PER_STEP = 1000  # files between two steps of a pass
_KEYS_PER_STEP = 250  # that are deleted together
_SMALL = 1 << 16  # bytes; such files are read while there is an open folder, so that few files are open at a time
_LARGEST_WEIGHT = 40 << 20  # bytes that the upload of a file takes at most
_MOST_REFUSED = 100  # of which each is a line in the job's log


@dataclass
class Mirror:
    """One host's folder and its address. ``hosts`` are all hosts; the first owns what no other does.

    ``root`` is the folder below which the job may put links, the mirrored folder itself if None. ``seen_as`` is the
    path at which the job sees the folder.
    """

    folder: Path
    bucket: str
    prefix: str
    store: Store
    host: str
    hosts: list[str]
    deletes: bool = True
    root: Path | None = None
    seen_as: str = ""
    on_progress: ProgressCallback = no_progress
    _known: dict[str, Mark] = field(default_factory=dict)
    _owned: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    stalled: Exception | None = None
    _unseen: list[str] = field(default_factory=list)  # folders that the current pass could not look into
    _blocked: Blocked = field(default_factory=Blocked)
    _open: set[int] = field(default_factory=set)  # descriptors of files that are being sent
    _is_partial: bool = False  # some files of the folder may be incomplete

    @property
    def count(self) -> int:
        """How many files are mirrored."""
        return len(self._known)

    def restore(self) -> Iterator[None]:
        """Download everything under the prefix into the folder, in steps; an empty prefix is no error.

        Another command may delete objects meanwhile: what is gone when it would be fetched is not restored.
        """
        self._is_partial = True
        self.folder.mkdir(parents=True, exist_ok=True)
        yield from transfer(
            self._restore,
            self._to_restore(),
            store=self.store,
            weigh=lambda stored: weight_of_download(stored.size),
            on_progress=self._tell_progress,
        )
        self._is_partial = False

    def _to_restore(self) -> Iterator[Stored]:
        """Yield the objects to restore, each with its file made, which is empty yet."""
        folder = SafeFolder(self.folder, has_folders=True)
        for stored in self.store.list(self.bucket, self.prefix):
            path = stored.key[len(self.prefix) :]
            if not path or path.endswith("/"):  # a console's folder marker
                continue
            try:
                os.close(folder.new_file(path))
            except UnusableName as why:
                self._refuse(path, f"No folder can hold {beneath.shown(stored.key)!r}: {beneath.shown(str(why))}.")
                continue
            yield stored

    def _restore(self, stored: Stored, on_progress: ProgressCallback) -> None:
        path = stored.key[len(self.prefix) :]
        target = f"{self.folder}/{path}"
        try:
            fetch(self.store, self.bucket, stored.key, size=stored.size, to=target, on_progress=on_progress)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):  # gone since it was listed
            os.unlink(target)
            return
        self._known[path] = mark_of(os.stat(target))
        if self._owner(path) == self.host:
            self._owned.add(path)

    def pass_once(self, *, is_last: bool = False) -> Generator[None, None, None]:
        """Upload what is new or changed since the last pass, then delete what is gone, in steps.

        If the store fails, ``stalled`` says how, and the next pass tries again. ``is_last`` is for the pass after which
        there is no other: what could not be read until then is refused. Does nothing after a restore that was ended
        early: its incomplete files must not replace what they are incomplete copies of.
        """
        if self._is_partial:
            return
        self.stalled, self._unseen, self._blocked.current = None, [], {}
        if is_last:
            self._known.update(dict.fromkeys(self._blocked.given_up & self._known.keys(), UNSENT))
        present: dict[str, Mark] = {}
        try:
            yield from self._look_and_upload(present, is_last=is_last)
            if self.stalled is None:
                yield from self._delete_gone(present)
            if self._blocked.current and self.stalled is None:  # by what is deleted now, perhaps: x once was x/y
                self._blocked.current = {}
                yield from self._look_and_upload({}, is_last=is_last)
        except beneath.Unreachable as why:
            self._refuse(".", str(why.strerror))
        for path, (mark, reason) in self._blocked.give_up(is_last=is_last).items():
            self._refuse(path, reason)
            self._known[path] = mark

    def _look_and_upload(self, present: dict[str, Mark], *, is_last: bool) -> Iterator[None]:
        """Upload what is new or changed; ``present`` gets all files. A folder that is not there has none."""
        try:
            with beneath.open_folder(self.root or self.folder, self._path()) as folder:
                yield from self._upload_changed(folder, present, is_last=is_last)
        except beneath.Unreachable as why:
            if why.errno != errno.ENOENT:
                raise

    def _upload_changed(self, folder: int, present: dict[str, Mark], *, is_last: bool) -> Iterator[None]:
        try:
            with closing(self._changed(folder, present, is_last=is_last)) as changed:
                yield from transfer(
                    self._upload,
                    changed,
                    store=self.store,
                    weigh=lambda upload: min(upload.mark[0], _LARGEST_WEIGHT),
                    on_progress=self._tell_progress,
                )
        finally:
            for descriptor in [*self._open]:  # of files whose turn did not come
                self._close(descriptor)

    def _changed(self, folder: int, present: dict[str, Mark], *, is_last: bool) -> Generator[Upload | None, None, None]:
        """Yield what is new or changed, and None every now and then: looking takes time, too."""

        def refuse(path: str, why: str) -> None:
            self._unseen.append(f"{path}/")
            if is_last or why != beneath.UNREADABLE:  # a container's user may keep files to itself while it runs
                self._refuse(path, why)

        links: dict[str, str] = {}
        for entry in beneath.walk(folder, refuse):
            if stat.S_ISLNK(entry.stat.st_mode):
                with suppress(OSError):  # gone
                    target = os.readlink(entry.name, dir_fd=entry.parent)
                    if _EARLIER_STATE not in target:  # our launcher's, to what is on S3 already
                        links[entry.path] = target
            if not stat.S_ISREG(entry.stat.st_mode):
                if is_last and (why := beneath.why_no_file(entry.stat.st_mode)):
                    self._refuse(entry.path, why)
                continue
            present[entry.path] = mark_of(entry.stat)
            if len(present) % _FILES_PER_STEP == 0:
                yield None
            if self._known.get(entry.path) != present[entry.path]:
                yield self._open_changed(entry, is_last=is_last)
            if self.stalled:
                return
        if links:
            yield from self._changed_copies(links, present)

    def _changed_copies(self, links: Mapping[str, str], present: dict[str, Mark]) -> Iterator[Upload | None]:
        """What links stand for: S3 has no links."""
        sources, refused = copies(present, links, (self.seen_as, str(self.folder)))
        for path, why in refused.items():
            self._refuse(path, why)
        for path, source in sources.items():
            present[path] = present[source]
            if self._known.get(path) != present[path] and not self.stalled:
                place = self.root or self.folder, self._path(source)
                with suppress(beneath.Unreachable), beneath.open_file(*place) as file:
                    yield self._prepare(path, os.dup(file), str(self.folder / source))

    def _open_changed(self, entry: beneath.Entry, *, is_last: bool) -> Upload | None:
        """Open a file to be sent; None for one that cannot be, or that the next pass handles."""
        try:
            descriptor = beneath.open_regular(entry.name, entry.parent)
        except beneath.Unreachable as why:
            if is_last and why.errno in {errno.EACCES, errno.EPERM}:
                self._refuse(entry.path, beneath.UNREADABLE)
            if why.errno in {errno.EMFILE, errno.ENFILE}:
                self.stalled = why
            return None
        return self._prepare(entry.path, descriptor, beneath.path_of(descriptor, entry.parent, entry.name))

    def _prepare(self, path: str, descriptor: int, source: str) -> Upload | None:
        """Prepare an open file to be sent to ``path``; None for one that cannot be, or that the next pass handles."""
        self._open.add(descriptor)
        mark = mark_of(os.fstat(descriptor))
        if beneath.is_larger_than_disk(descriptor):
            self._refuse(path, beneath.LARGER_THAN_DISK)
            self._known[path] = mark
            self._close(descriptor)
            return None
        if mark[0] > _SMALL or is_local(self.store):
            return Upload(path, mark, descriptor=descriptor, source=source)
        data = read_steady(descriptor, mark)
        self._close(descriptor)
        return None if data is None else Upload(path, mark, data)

    def _upload(self, upload: Upload, on_progress: ProgressCallback) -> None:
        key = self.prefix + upload.path
        try:
            if upload.data is None:
                self.store.send(upload.source, self.bucket, key, on_progress)
            else:
                self.store.write(self.bucket, key, upload.data)
        except ChangedMeanwhile:  # the next pass handles it
            return
        except (KeyRefused, UnicodeEncodeError) as error:
            self._blocked.current[upload.path] = upload.mark, str(error)
            return
        except Abandoned:
            raise
        except Exception as error:
            if is_denial(error):
                raise
            self.stalled = error
            return
        finally:
            if upload.descriptor >= 0:
                self._close(upload.descriptor)
        self._known[upload.path] = upload.mark
        self._owned.add(upload.path)

    def _delete_gone(self, present: Collection[str]) -> Iterator[None]:
        unseen = tuple(self._unseen)
        gone = [path for path in self._known if path not in present and not path.startswith(unseen)]
        owned = [path for path in gone if self.deletes and path in self._owned]
        for path in {*gone} - {*owned}:
            del self._known[path]
        yield from transfer(
            self._delete,
            (owned[start : start + _KEYS_PER_STEP] for start in range(0, len(owned), _KEYS_PER_STEP)),
            store=self.store,
            weigh=lambda _: 0,
            on_progress=self._tell_progress,
        )

    def _delete(self, paths: Sequence[str], _: ProgressCallback) -> None:
        try:
            self.store.delete(self.bucket, [self.prefix + path for path in paths])
        except Abandoned:
            raise
        except Exception as error:
            if is_denial(error):
                raise
            self.stalled = error
            return
        for path in paths:
            self._known.pop(path, None)
            self._owned.discard(path)

    def _refuse(self, path: str, why: str) -> None:
        if len(self.refused) < _MOST_REFUSED:
            self.refused[path] = why

    def _close(self, descriptor: int) -> None:
        try:
            self._open.remove(descriptor)
        except KeyError:  # closed when the pass was ended
            return
        os.close(descriptor)

    def _tell_progress(self, size: int) -> None:
        self.on_progress(size)  # whichever it is by now

    def _path(self, below: str = "") -> str:
        folder = "" if self.root is None else self.folder.relative_to(self.root).as_posix()
        return f"{folder}/{below}".strip("/")

    def _owner(self, path: str) -> str:
        first = path.partition("/")[0]
        return first if first in self.hosts else self.hosts[0]
