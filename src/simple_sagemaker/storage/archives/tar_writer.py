"""Write a ``.tar.gz`` as compactly as possible: the same members give the same bytes, by any user at any time.

Members are owned by root and have the time passed in. Headers are POSIX's ustar, preceded by an extended one (pax) only
for what ustar cannot hold: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from . import gzip_io

if TYPE_CHECKING:
    from typing_extensions import Self

_BLOCK = 512
_RECORD = 20 * _BLOCK  # a tape record: archives are by convention padded to a multiple of it
_NAME, _PREFIX = 100, 155  # bytes
_MOST = 0o77777777777  # bytes of a file, and seconds of a time, that eleven octal digits can hold
_FILE, _FOLDER, _SYMLINK, _SAME, _EXTENDED = b"0", b"5", b"2", b"1", b"x"
_OWNER = b"root".ljust(32, b"\0") * 2 + b"0000000\0" * 2  # names of user and group, zero device numbers
_ZEROS = bytes(_RECORD)


class WrongSize(Exception):
    """A file has more or fewer bytes than its header says; the text is its name."""


class Tarball:
    """Writes an archive to ``out``, which is complete once this is closed. Names have "/" between their parts.

    ``level`` is one of ``gzip_io.LEVELS``. Bytes of a name that are not UTF-8 are surrogate escapes.
    """

    def __init__(self, out: BinaryIO, *, level: int = gzip_io.LEVEL) -> None:
        self._out = gzip_io.GzipWriter(out, level=level)
        self._size = 0

    def __enter__(self) -> Self:
        self._out.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None:
            end = 2 * _BLOCK
            self._write(_ZEROS[: end + -(self._size + end) % _RECORD])
        self._out.__exit__(kind, error, at)

    def content(self, name: str, content: bytes, *, mode: int = 0o644, seconds: int = 0) -> None:
        """Add a file with this content."""
        self._write(_header(_FILE, name, mode=mode, seconds=seconds, size=len(content)))
        self._write(content)
        self._fill(len(content))

    def pieces(self, name: str, pieces: Iterable[bytes], *, size: int, mode: int = 0o644, seconds: int = 0) -> None:
        """Add a file whose content comes in pieces. Raises WrongSize if they are not ``size`` bytes in total."""
        self._write(_header(_FILE, name, mode=mode, seconds=seconds, size=size))
        start = self._size
        for piece in pieces:
            self._write(piece)
        if self._size - start != size:
            raise WrongSize(name)
        self._fill(size)

    def folder(self, name: str, *, mode: int = 0o755, seconds: int = 0) -> None:
        """Add a folder."""
        self._write(_header(_FOLDER, f"{name}/", mode=mode, seconds=seconds))

    def link(self, name: str, target: str, *, seconds: int = 0) -> None:
        """Add a symbolic link."""
        self._write(_header(_SYMLINK, name, mode=0o777, seconds=seconds, target=target))

    def same(self, name: str, other: str, *, mode: int = 0o644, seconds: int = 0) -> None:
        """Add a hard link to a file added before."""
        self._write(_header(_SAME, name, mode=mode, seconds=seconds, target=other))

    def _write(self, data: bytes) -> None:
        self._size += len(data)
        self._out.write(data)

    def _fill(self, size: int) -> None:
        if size % _BLOCK:
            self._write(_ZEROS[: -size % _BLOCK])


def _header(kind: bytes, name: str, *, mode: int, seconds: int, size: int = 0, target: str = "") -> bytes:
    """The header of one member, preceded by an extended header for values that do not fit."""
    path, link = _bytes(name), _bytes(target)
    prefix, last = _cut(path)
    records = []
    if last is None or (not path.isascii() and _is_utf8(path)):
        records.append((b"path", path))
    if len(link) > _NAME or not link.isascii():
        records.append((b"linkpath", link))
    if size > _MOST:
        records.append((b"size", b"%d" % size))
    if not 0 <= seconds <= _MOST:
        records.append((b"mtime", b"%d" % seconds))
    plain = _ustar(
        kind,
        path[-_NAME:].lstrip(b"/") if last is None else last,
        prefix=prefix,
        mode=mode,
        seconds=min(max(seconds, 0), _MOST),
        size=size if size <= _MOST else 0,
        link=link[:_NAME],
    )
    return _pax_header(records) + plain if records else plain


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def _cut(path: bytes) -> tuple[bytes, bytes | None]:
    """Split a long name into the two parts that ustar holds; the second is None if it cannot hold the name."""
    if len(path) <= _NAME:
        return b"", path
    at = path.find(b"/", max(0, len(path) - _NAME - 1), len(path) - 1)
    return (path[:at], path[at + 1 :]) if 0 < at <= _PREFIX else (b"", None)


def _pax_header(records: list[tuple[bytes, bytes]]) -> bytes:
    """An extended header, which is a member of its own."""
    if not all(_is_utf8(value) for _, value in records):
        records = [(b"hdrcharset", b"BINARY"), *records]
    content = b"".join(_record(key, value) for key, value in records)
    header = _ustar(_EXTENDED, b"././@PaxHeader", prefix=b"", mode=0o644, seconds=0, size=len(content), link=b"")
    return header + content + _ZEROS[: -len(content) % _BLOCK]


def _record(key: bytes, value: bytes) -> bytes:
    """``LENGTH KEY=VALUE`` and a newline; the length counts all of that, itself included."""
    rest = b" %b=%b\n" % (key, value)
    size = len(rest)
    while len(str(size)) + len(rest) != size:
        size = len(str(size)) + len(rest)
    return b"%d%b" % (size, rest)


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _ustar(kind: bytes, name: bytes, *, prefix: bytes, mode: int, seconds: int, size: int, link: bytes) -> bytes:
    start = b"%b%07o\0000000000\0000000000\0%011o\0%011o\0" % (name.ljust(_NAME, b"\0"), mode, size, seconds)
    rest = b"%b%bustar\00000%b%b" % (kind, link.ljust(_NAME, b"\0"), _OWNER, prefix.ljust(_PREFIX + 12, b"\0"))
    return b"%b%06o\0 %b" % (start, sum(start) + sum(rest) + 8 * 0x20, rest)
