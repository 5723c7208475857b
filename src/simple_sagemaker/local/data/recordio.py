"""MXNet's RecordIO: records in one stream of bytes.

A record is a magic number, four bytes of length, the data, and zeros up to a multiple of four. Where the data itself
has the magic number at a multiple of four, the record is split there and the number left out: the upper three bits of
the length say which part it is (0 whole, 1 first, 2 middle, 3 last).
Format: https://mxnet.apache.org/versions/1.9.1/api/architecture/note_data_loading
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_MAGIC = struct.pack("<I", 0xCED7230A)
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)
LONGEST = (1 << 29) - 1  # bytes of one record


def frame(data: bytes) -> Iterator[bytes]:
    """Frame ``data`` as one record. Raises ValueError if it is too long for one."""
    if len(data) > LONGEST:
        raise ValueError(f"it is too long for a RecordIO record: at most {LONGEST} bytes go into one")
    start = 0
    for cut in _cuts(data):
        yield from _part(_MIDDLE if start else _FIRST, data[start:cut])
        start = cut + len(_MAGIC)
    yield from _part(_LAST if start else _WHOLE, data[start:])
    yield bytes(-len(data) % 4)


def _cuts(data: bytes) -> Iterator[int]:
    """Yield where the magic number is at a multiple of four."""
    at = data.find(_MAGIC)
    while at >= 0:
        aligned = at % 4 == 0
        if aligned:
            yield at
        at = data.find(_MAGIC, at + (len(_MAGIC) if aligned else 1))


def _part(kind: int, data: bytes) -> Iterator[bytes]:
    yield _MAGIC + struct.pack("<I", kind << 29 | len(data))
    yield data
