"""A ``.tar.gz`` written as leanly as can be: the same members give the same bytes, whoever packs them and when.

Members are owned by root and have the time they are given. Headers are POSIX's ustar, with an extended one (pax) before
them only for what ustar cannot say: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
"""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from . import gzip_io

if TYPE_CHECKING:
    from typing_extensions import Self

_BLOCK = 512
_RECORD = 20 * _BLOCK  # what is written to a tape at once: archives are filled up to it by custom
_NAME, _PREFIX = 100, 155  # bytes
_MOST = 0o77777777777  # bytes of a file, and seconds of a time, that eleven octal digits can say
_FILE, _FOLDER, _SYMLINK, _SAME, _EXTENDED = b"0", b"5", b"2", b"1", b"x"
_OWNER = b"root".ljust(32, b"\0") * 2 + b"0000000\0" * 2  # names of user and group, device numbers that are none
_ZEROS = bytes(_RECORD)


class WrongSize(Exception):
    """A file has more or fewer bytes than its header says; the text is its name."""


class Tarball:
    """An archive in the making, written to ``out``; whole once closed. Names have "/" between their parts.

    ``level`` is one of ``gz.LEVELS``. Bytes of a name that are no UTF-8 are surrogate escapes.
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
        """Add a file whose content comes in pieces. Raises WrongSize where they are not ``size`` bytes together."""
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
        """Add one more name of a file that was added before."""
        self._write(_header(_SAME, name, mode=mode, seconds=seconds, target=other))

    def _write(self, data: bytes) -> None:
        self._size += len(data)
        self._out.write(data)

    def _fill(self, size: int) -> None:
        if size % _BLOCK:
            self._write(_ZEROS[: -size % _BLOCK])


def _header(kind: bytes, name: str, *, mode: int, seconds: int, size: int = 0, target: str = "") -> bytes:
    """The header of one member, after the extended one that says what does not fit."""
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
    """The two parts in which ustar holds a long name; no second one where it cannot hold it."""
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
    """``LENGTH KEY=VALUE`` and the end of the line, where the length is that of all of it, itself included."""
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
