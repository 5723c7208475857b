"""Unpack archives that somebody else packed, safely: exactly as packed, or refused with the member's name.

In: the bytes of a ``.tar.gz``, as they arrive, and an empty folder. Out: its content, owned by this user: files keep
their bytes, times and permissions (less the umask, write permission for others and the set-user bits), folders get the
default permissions. Costs one pass. Python's own filters are not used: early releases of 3.10 and 3.11 have none.
"""

from __future__ import annotations

import os
import re
import shutil
import struct
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...errors import SsmError
from ..file_copy import write_all
from ..safe_paths import SafeFolder, UnusableName, shown_name
from . import gzip_io
from .link_targets import check_target, ways_of

MOST_TIMES = 1000  # the most that gzip can shrink anything; what unpacks to more, and to MUCH, is meant to fill a disk
MUCH = 1 << 30
_LONGEST_HEADER = 16 << 10  # of extended headers, which tarfile reads in one piece; a name has 4,096 bytes at most
_PAX_TYPES = b"xgX"  # whose header is followed by records: https://pubs.opengroup.org/onlinepubs/9799919799/ (pax)
_RECORD = re.compile(rb"([1-9][0-9]{0,4}) [^=]")
_BLOCK = 512
_CHUNK = 1 << 20
_CAN_SET_TIMES = os.utime in os.supports_fd  # of an open file
# What tarfile raises for bytes that are not an archive; the last ones are undocumented, but have been seen.
_DAMAGE = (
    *(tarfile.TarError, gzip_io.Damaged),
    *(ValueError, IndexError, KeyError, OverflowError, RecursionError, struct.error),
)


LeftOut = Callable[[str], None]  # called with why a member is not unpacked


class UnsafeArchive(SsmError):
    """An archive is damaged, or has a member that a folder cannot safely hold; nothing of it is kept."""


def unpack(packed: Path, to: Path, *, address: str) -> None:
    """Unpack a file of this machine, as ``unpack_stream`` does."""
    with open(packed, "rb", buffering=0) as source:
        unpack_stream(source, to, size=os.fstat(source.fileno()).st_size, address=address)


def unpack_stream(
    source: gzip_io.Source,
    to: Path,
    *,
    size: int,
    address: str,
    packed_at: str = "",
    on_left_out: LeftOut | None = None,
) -> None:
    """Unpack the ``size`` bytes that ``source`` yields into ``to``, an empty folder.

    A link to something below ``packed_at``, where the archive's folder was, leads to the same below ``to``. A link that
    leads outside or in a circle is left out, and said to ``on_left_out``; without one it is refused.
    Raises UnsafeArchive, and whatever ``source`` raises; ``to`` is half filled then.
    """
    unpacker = _Unpacker(to, _Room(size, shutil.disk_usage(to).free), packed_at, on_left_out)
    try:
        unpacker.read(source)
    except UnusableName as error:
        raise UnsafeArchive(f"{address} was not unpacked: {error}.\n{_ADVICE}") from error
    except _DAMAGE as error:
        after = f" after {shown_name(unpacker.last)}" if unpacker.last else ""
        raise UnsafeArchive(f"{address} was not unpacked: it is damaged{after} ({error}).\n{_ADVICE}") from error


_ADVICE = "Nothing of it was kept. The archive itself is still at that address."


class _Room:
    """Counts the bytes unpacked against the limits."""

    def __init__(self, packed: int, free: int) -> None:
        self._most = max(MUCH, MOST_TIMES * packed)
        self._free = free
        self._taken = 0

    def take(self, name: str, size: int) -> None:
        if size < 0:
            raise UnusableName(f"{shown_name(name)} claims to have {size} bytes")
        self._taken += size + _BLOCK
        if self._taken > self._free:
            disk = f"and the disk has {self._free} free"
            raise UnusableName(f"with {shown_name(name)} it has {self._taken} bytes, {disk}")
        if self._taken > self._most:
            size_of_it = f"{self._taken} bytes, over {MOST_TIMES} times its own size"
            raise UnusableName(f"with {shown_name(name)} it unpacks to {size_of_it}")


class _Bytes(gzip_io.GzipReader):
    """The unpacked bytes; while ``in_headers``, what would hold tarfile up is refused before tarfile sees it.

    Python before 3.10.15, 3.11.10 and 3.12.6 parses some headers in quadratic time (CVE-2024-6232).
    """

    in_headers = True  # tarfile reads the first one when it opens an archive
    _expects_records = False

    def read(self, size: int) -> bytes:
        if not self.in_headers:
            return super().read(size)
        if not 0 <= size <= _LONGEST_HEADER:
            raise tarfile.ReadError("a header is longer than any name")
        data = super().read(size)
        if self._expects_records:
            _check_records(data)
            self._expects_records = False
        elif size == _BLOCK:
            self._expects_records = data[156:157] in _PAX_TYPES and len(data) == _BLOCK
        return data


def _check_records(data: bytes) -> None:
    """Check that the records of an extended header have the lengths that they say. Raises tarfile.ReadError."""
    at = 0
    while at < len(data) and data[at]:
        record = _RECORD.match(data, at)
        end = at + int(record[1]) if record else 0
        if not record or end > len(data) or data[end - 1 : end] != b"\n":
            raise tarfile.ReadError("a header has a record of another length than it says")
        at = end


class _Unpacker:
    """Unpacks one archive into a folder."""

    def __init__(self, to: Path, room: _Room, packed_at: str, on_left_out: LeftOut | None) -> None:
        self.last = ""  # the last member unpacked
        self._packed_at = packed_at
        self._on_left_out = on_left_out
        self._folder = SafeFolder(to)
        self._room = room
        self._files: dict[str, int] = {}  # sizes
        self._links: dict[str, str] = {}

    def read(self, source: gzip_io.Source) -> None:
        with _Bytes(source) as content:
            whole: Any = content  # tarfile asks for no more than it has
            with tarfile.open(fileobj=whole, mode="r:", encoding="utf-8", errors="surrogateescape") as archive:
                members = vars(archive)["members"]  # tarfile's list of all members read, which would grow
                while member := _next_member(archive, content):
                    self._room.take(member.name, member.size)
                    self._member(member, archive, content)
                    self.last = member.name
                    members.clear()
            self._check_end(content)
        for name, target in self._links_inside():
            self._folder.new_link(name, target)

    def _links_inside(self) -> list[tuple[str, str]]:
        """The links that lead somewhere inside. One whose way has a link that does not is itself none of them."""
        inside: list[tuple[str, str]] = []
        ways = ways_of(self._links)
        for name, target in self._links.items():
            try:
                check_target(name, target, ways)
            except UnusableName as why:
                if self._on_left_out is None:
                    raise
                self._on_left_out(str(why))
            else:
                inside.append((name, target))
        return inside

    def _member(self, member: tarfile.TarInfo, archive: tarfile.TarFile, content: _Bytes) -> None:
        name = _relative(member.name)
        if member.isdir():
            if name:
                self._folder.make_folder(name)
        elif not name:
            raise UnusableName(f"{shown_name(member.name)} is the folder itself, but not a folder")
        elif member.issym():
            self._link(name, member.linkname)
        elif member.islnk():
            self._second_name(name, _relative(member.linkname))
        elif member.isreg():
            self._file(name, member, _pieces(member, archive, content))
        else:
            raise UnusableName(f"{shown_name(member.name)} is not a file, folder or link")

    def _link(self, name: str, target: str) -> None:
        if name in self._links:
            raise UnusableName(f"{shown_name(name)} is there twice, and what came first is a link")
        if self._packed_at and f"{target}/".startswith(f"{self._packed_at}/"):
            inside = target[len(self._packed_at) :].strip("/")
            target = "../" * name.count("/") + inside or "."
        self._links[name] = target

    def _second_name(self, name: str, other: str) -> None:
        if other in self._links:
            self._link(name, self._links[other])
        elif other not in self._files:
            why = f"a hard link to {shown_name(other)}, which is not a file that came before it"
            raise UnusableName(f"{shown_name(name)} is {why}")
        else:
            self._same_file(name, other)

    def _same_file(self, name: str, other: str) -> None:
        try:
            self._folder.same_file(name, other)
        except OSError:  # a file system without hard links: copy
            self._room.take(name, self._files[other])
            os.close(self._folder.new_file(name))
            shutil.copy2(self._folder.top / other, self._folder.top / name)
        self._files[name] = self._files[other]

    def _file(self, name: str, member: tarfile.TarInfo, pieces: Iterator[bytes | memoryview]) -> None:
        handle = self._folder.new_file(name, member.mode & 0o755 | 0o600)
        try:
            size = 0
            for piece in pieces:
                size += write_all(handle, piece)
            if size != member.size:
                raise tarfile.ReadError(f"{shown_name(name)} is cut short")
            if _CAN_SET_TIMES:
                _set_times(handle, member.mtime)
        finally:
            os.close(handle)
        if not _CAN_SET_TIMES:
            _set_times(self._folder.top / name, member.mtime)
        self._files[name] = member.size

    def _check_end(self, content: _Bytes) -> None:
        """Check that the archive ends properly: tarfile takes a damaged header for the end."""
        rest = content.last
        if len(rest) < _BLOCK:
            raise tarfile.ReadError("its end is missing")
        while rest:
            if rest.strip(b"\0"):
                raise tarfile.ReadError("a header is broken")
            rest = content.read(_CHUNK)
            self._room.take("its end", len(rest))


def _set_times(file: int | Path, seconds: float) -> None:
    with suppress(OSError, OverflowError, ValueError):  # a time that this file system cannot hold
        os.utime(file, (seconds, seconds))


def _next_member(archive: tarfile.TarFile, content: _Bytes) -> tarfile.TarInfo | None:
    found_none = archive.offset == 0 and content.tell() > 0  # by opening it; Python 3.10 would read that block again
    content.in_headers = not found_none
    try:
        return None if found_none else archive.next()
    finally:
        content.in_headers = False


def _pieces(member: tarfile.TarInfo, archive: tarfile.TarFile, content: _Bytes) -> Iterator[bytes | memoryview]:
    """Yield the content of a file: directly, or through tarfile for a sparse file."""
    if content.tell() == member.offset_data and not member.issparse():
        yield from content.pieces(member.size)
        return
    source = archive.extractfile(member)
    while source and (chunk := source.read(_CHUNK)):
        yield chunk


def _relative(name: str) -> str:
    """The name without empty parts and "."; empty for the folder itself."""
    if name.startswith("/"):
        raise UnusableName(f"the name {shown_name(name)} leads outside")
    return "/".join(part for part in name.split("/") if part not in {"", "."})
