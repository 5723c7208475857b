"""RecordIO with protobuf records, as SageMaker's algorithms exchange data, read without a protobuf library.

The framing and the messages are those of https://docs.aws.amazon.com/sagemaker/latest/dg/cdf-training.html; protobuf's
wire format is https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

_MAGIC = 0xCED7230A
_FEATURES, _LABEL = 1, 2  # of a record
_VALUES, _KEYS, _SHAPE = 1, 2, 3  # of a tensor
_FLOAT32, _FLOAT64, _INT32 = 2, 3, 7  # a value's kinds of tensor
_CODES = {_FLOAT32: "f", _FLOAT64: "d"}


@dataclass
class Tensor:
    """A sparse or dense row: values, and for a sparse one their positions and the number of columns."""

    values: list[float] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    shape: list[int] = field(default_factory=list)


@dataclass
class Row:
    """One record; its parts are None where the record has none."""

    features: Tensor | None = None
    labels: Tensor | None = None


def records(data: bytes) -> Iterator[bytes]:
    """The records of a file. Raises ValueError for what is no RecordIO."""
    offset = 0
    while offset + 8 <= len(data):
        magic, length = struct.unpack_from("<II", data, offset)
        if magic != _MAGIC:
            raise ValueError(f"Invalid RecordIO magic at offset {offset}")
        offset += 8
        padded = (length + 3) // 4 * 4
        if offset + padded > len(data):
            raise ValueError(f"Truncated record at offset {offset}")
        yield data[offset : offset + length]
        offset += padded


def read(data: bytes) -> Iterator[Row]:
    """The rows of a file. Raises ValueError for what is no RecordIO with protobuf records."""
    for record in records(data):
        row = Row()
        for number, value in _fields(record):
            if number in {_FEATURES, _LABEL} and isinstance(value, bytes):
                name, tensor = _entry(value)
                if name == "values" and number == _FEATURES:
                    row.features = tensor
                elif name == "values":
                    row.labels = tensor
        yield row


def _entry(data: bytes) -> tuple[str, Tensor]:
    """A name and its tensor."""
    name, tensor = "", Tensor()
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            name = value.decode("utf-8")
        elif number == 2 and isinstance(value, bytes):
            tensor = _value(value)
    return name, tensor


def _value(data: bytes) -> Tensor:
    tensor = Tensor()
    for kind, content in _fields(data):
        if kind not in {_FLOAT32, _FLOAT64, _INT32} or not isinstance(content, bytes):
            continue
        tensor = Tensor()
        for number, part in _fields(content):
            if number == _VALUES:
                tensor.values += _numbers(kind, part)
            elif number in {_KEYS, _SHAPE}:
                (tensor.keys if number == _KEYS else tensor.shape).extend(_integers(part))
    return tensor


def _numbers(kind: int, part: bytes | int) -> list[float]:
    """The values of a tensor: packed, or one by one."""
    if kind == _INT32:
        return [_signed(number) for number in _integers(part)]
    if isinstance(part, int):
        return []
    width = struct.calcsize(_CODES[kind])
    if len(part) % width:
        raise ValueError("a tensor's values end in the middle of one")
    return list(struct.unpack(f"<{len(part) // width}{_CODES[kind]}", part))


def _integers(part: bytes | int) -> list[int]:
    if isinstance(part, int):
        return [part]
    numbers, offset = [], 0
    while offset < len(part):
        number, offset = _varint(part, offset)
        numbers.append(number)
    return numbers


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number


def _varint(data: bytes, offset: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        if offset >= len(data) or shift > 63:
            raise ValueError("a protobuf record is cut off")
        byte = data[offset]
        number |= (byte & 0x7F) << shift
        offset, shift = offset + 1, shift + 7
        if byte < 0x80:
            return number, offset


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """The fields of a message: numbers of varints, the bytes of everything else."""
    offset = 0
    while offset < len(data):
        tag, offset = _varint(data, offset)
        kind = tag & 7
        if kind == 0:
            number, offset = _varint(data, offset)
            yield tag >> 3, number
            continue
        if kind == 2:
            length, offset = _varint(data, offset)
        elif kind in {1, 5}:
            length = 8 if kind == 1 else 4
        else:
            raise ValueError(f"a protobuf record has a field of unknown type {kind}")
        if offset + length > len(data):
            raise ValueError("a protobuf record is cut off")
        yield tag >> 3, data[offset : offset + length]
        offset += length
