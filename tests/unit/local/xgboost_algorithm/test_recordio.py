"""RecordIO with protobuf records is read as it was written, dense or sparse, and refused where it is none."""

from __future__ import annotations

import struct

import pytest

from simple_sagemaker.local.xgboost_algorithm import recordio
from tests.local.xgboost_algorithm.recorded import contents


def frame(record: bytes) -> bytes:
    return struct.pack("<II", 0xCED7230A, len(record)) + record + b"\0" * (-len(record) % 4)


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def part(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def record(kind: int, tensor: bytes, label: float) -> bytes:
    features = part(1, part(1, b"values") + part(2, part(kind, tensor)))
    return frame(features + part(2, part(1, b"values") + part(2, part(2, part(1, struct.pack("<f", label))))))


def test_what_awss_container_read_is_read() -> None:
    rows = [
        row
        for name, data in contents("recordio-reg").items()
        if name.startswith("train")
        for row in recordio.read(data)
    ]
    assert {len(row.features.values) for row in rows if row.features} == {4}
    assert all(row.labels is not None and len(row.labels.values) == 1 for row in rows)


def test_a_sparse_row_has_positions_and_a_width() -> None:
    tensor = part(1, struct.pack("<2d", 0.5, -2.0)) + part(2, varint(3) + varint(300)) + part(3, varint(1000))
    (row,) = recordio.read(record(3, tensor, 1.0))
    assert row.features == recordio.Tensor([0.5, -2.0], [3, 300], [1000])
    assert row.labels == recordio.Tensor([1.0])


def test_whole_numbers_may_be_negative_and_stand_alone() -> None:
    (row,) = recordio.read(record(7, varint(1 << 3) + varint(-5) + part(1, varint(7)), 0.0))
    assert row.features == recordio.Tensor([-5, 7])


def test_unknown_fields_are_passed_over() -> None:
    extra = varint(9 << 3) + varint(1) + varint(10 << 3 | 5) + b"1234" + varint(11 << 3 | 1) + b"12345678"
    (row,) = recordio.read(frame(extra))
    assert row == recordio.Row()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"4.5,1.3\n1.0,2.0\n", "Invalid RecordIO magic"),
        (frame(b"12345678")[:-4], "Truncated record"),
        (frame(b"\x0a\xff\xff"), "cut off"),
        (frame(b"\x0a\x05abc"), "cut off"),
        (frame(b"\x0b"), "unknown type 3"),
    ],
)
def test_what_is_no_recordio_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        list(recordio.read(data))
