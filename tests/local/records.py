"""RecordIO read back as MXNet reads it."""

from __future__ import annotations

import struct

MAGIC = 0xCED7230A


def records(stream: bytes) -> list[bytes]:
    """Records read back as MXNet reads them."""
    records: list[bytes] = []
    at = 0
    while at < len(stream):
        magic, word = struct.unpack_from("<II", stream, at)
        assert magic == MAGIC
        kind, length = word >> 29, word & ((1 << 29) - 1)
        data = stream[at + 8 : at + 8 + length]
        assert len(data) == length
        at += 8 + length + (-length % 4)
        if kind in {0, 1}:
            records.append(data)
        else:
            records[-1] += struct.pack("<I", MAGIC) + data
    return records
