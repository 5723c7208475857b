"""Files that no algorithm reads: packed, of other programs, in another encoding, with other line ends."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote
from typing import Final

from ..errors import UsageError
from .formats import other_name
from .sample import FileSample

_UTF8_MARK: Final = b"\xef\xbb\xbf"
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_TAR_MARK: Final = slice(257, 262)  # where the header of a tar archive has "ustar"
_FROM_PANDAS: Final = ".to_csv(…, header=False, index=False)"
_WORKBOOK: Final = ("a workbook", f"From pandas: read_excel({{file!r}}){_FROM_PANDAS}")
_PAGE: Final = ("a web page, not data", "Download the data itself: the page may ask to log in, or be about the file.")
# By the first bytes of a file: what it is, and what makes data of it.
_FOREIGN: Final = {
    b"\x1f\x8b": ("packed by gzip", "Run: gunzip -k {path}"),
    b"PK\x03\x04": ("a zip archive", "Run: unzip {path}"),
    b"BZh": ("packed by bzip2", "Run: bunzip2 -k {path}"),
    b"\xfd7zXZ": ("packed by xz", "Run: unxz -k {path}"),
    b"\x28\xb5\x2f\xfd": ("packed by zstd", "Run: unzstd {path}"),
    b"7z\xbc\xaf": ("packed by 7-Zip", "Run: 7z x {path}"),
    b"\xd0\xcf\x11\xe0": _WORKBOOK,
    b"\x93NUMPY": ("an array of NumPy", "From numpy: savetxt(…, load({file!r}), delimiter=',')"),
    b"\x89HDF": ("of HDF5", f"From pandas: read_hdf({{file!r}}){_FROM_PANDAS}"),
    b"ARROW1": ("of Arrow", f"From pandas: read_feather({{file!r}}){_FROM_PANDAS}"),
    b"SQLite format 3": ("a database of SQLite", "Run: sqlite3 -csv {path} 'select … from …'"),
    b"version https://git-lfs": ("a pointer of Git LFS, not the data", "Run: git lfs pull"),
    b"<!doctype": _PAGE,
    b"<html": _PAGE,
    b"<?xml": ("XML", "Write its values as a table of numbers."),
}
_WORKBOOKS: Final = (".xlsx", ".xlsm", ".ods")


def refuse_foreign(reads: str, channel: str, files: Sequence[FileSample]) -> None:
    """Raise UsageError for a file that is packed, of another program, or in an encoding that is not read."""
    for file in files:
        path = quote(file.path)
        if known := _foreign(file):
            what, mend = known
            not_read = "unpack" if "packed" in what or "archive" in what else "read"
            raise UsageError(
                f"channel {channel}: {file.path} is {what}, and {reads} does not {not_read} it.\n"
                + mend.format(path=path, file=file.path)
            )
        if file.head.startswith(_UTF16):
            to = other_name(file.path, "utf8")
            raise UsageError(
                f"channel {channel}: {file.path} is text in UTF-16, and {reads} reads UTF-8.\n"
                f"Run: iconv -f UTF-16 -t UTF-8 {path} > {to}"
            )
        if file.head.startswith(_UTF8_MARK):
            to = other_name(file.path, "plain")
            raise UsageError(
                f"channel {channel}: {file.path} begins with a byte order mark, which is read as part of a value.\n"
                f"Run: tail -c +4 {path} > {to}"
            )


def _foreign(file: FileSample) -> tuple[str, str] | None:
    """What a file is that no algorithm reads, and what makes data of it."""
    if file.path.lower().endswith((".json.gz", ".parquet.gz")):
        return None
    if file.head[_TAR_MARK] == b"ustar":
        return "a tar archive", "Run: tar -xf {path}"
    if file.head.startswith(b"PK") and file.path.lower().endswith(_WORKBOOKS):
        return _WORKBOOK
    start = file.head.lstrip().lower() if file.head.lstrip().startswith(b"<") else file.head
    return next((known for magic, known in _FOREIGN.items() if start.startswith(magic)), None)


def refuse_line_ends(reads: str, channel: str, file: FileSample) -> None:
    """Raise UsageError for a table whose lines end in nothing but a carriage return: it would be one long row."""
    first = next((line for line in file.lines if line.strip()), "")
    if "\r" in first.strip():
        raise UsageError(
            f"channel {channel}: {file.path} has carriage returns without line feeds, and {reads} takes them for no "
            f"end of a line.\nRun: tr '\\r' '\\n' < {quote(file.path)} > {other_name(file.path, 'lines')}"
        )
