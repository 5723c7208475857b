"""Splits an object into records, collects records into requests, and puts the answers together again.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TransformInput.html and …/API_TransformOutput.html. The
frames of RecordIO and TFRecord stay around records that are sent together, and are taken off one that is sent alone.
"""

import struct

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import IO, Iterable, Iterator

MAGIC = struct.pack("<I", 0xCED7230A)  # https://mxnet.apache.org/versions/1.9.1/api/faq/recordio
_LENGTH = (1 << 29) - 1
TOO_LARGE = "Too much data for max payload size"


class BadInput(Exception):
    """An object that cannot be split, or has a record that is larger than a request may be; the text says why."""


def split(file: "IO[bytes]", how: str, most: "int | None", *, framed: bool) -> "Iterator[bytes]":
    """The records of a file, in order. ``most`` is the largest that one may be, in bytes; None for any size.

    ``framed`` keeps what RecordIO and TFRecord put around a record. Raises BadInput.
    """
    if how == "Line":
        return _lines(file, most)
    if how == "RecordIO":
        return _recordio(file, most, framed)
    if how == "TFRecord":
        return _tfrecord(file, most, framed)
    return _whole(file, most)


def collect(
    records: "Iterable[bytes]", most: "int | None", separator: bytes, *, several: bool
) -> "Iterator[list[bytes]]":
    """The records of each request: one, or with ``several`` as many as fit into ``most`` bytes."""
    batch = []  # type: list[bytes]
    size = 0
    for record in records:
        if batch and (not several or (most is not None and size + len(separator) + len(record) > most)):
            yield batch
            batch, size = [], 0
        size += len(record) + (len(separator) if batch else 0)
        batch.append(record)
    if batch:
        yield batch


def separator_of(how: str) -> bytes:
    """What stands between the records of a request."""
    return b"\n" if how == "Line" else b""


def assemble(answers: "Iterable[bytes]", how: str) -> "Iterator[bytes]":
    """The content of the output: the answers one after the other; with ``Line`` each ends a line."""
    for answer in answers:
        yield answer
        if how == "Line" and not answer.endswith(b"\n"):
            yield b"\n"


def _whole(file: "IO[bytes]", most: "int | None") -> "Iterator[bytes]":
    data = file.read() if most is None else file.read(most + 1)
    yield _checked(data, most)


def _lines(file: "IO[bytes]", most: "int | None") -> "Iterator[bytes]":
    while True:
        line = file.readline() if most is None else file.readline(most + 2)
        if not line:
            return
        yield _checked(line[:-1] if line.endswith(b"\n") else line, most)


def _recordio(file: "IO[bytes]", most: "int | None", framed: bool) -> "Iterator[bytes]":
    parts = []  # type: list[bytes]
    frames = []  # type: list[bytes]
    while True:
        head = file.read(8)
        if not head:
            if parts:
                raise BadInput("the RecordIO data ends within a record")
            return
        if len(head) < 8 or head[:4] != MAGIC:
            raise BadInput("this is no RecordIO: a record does not begin with its magic number")
        described = struct.unpack("<I", head[4:])[0]
        place, length = described >> 29, described & _LENGTH  # 0: whole; else 1 first, 2 middle, 3 last of several
        body = _read(file, length + -length % 4, "RecordIO", most)
        parts.append(body[:length])
        frames.append(head + body)
        if place in (0, 3):
            yield _checked(b"".join(frames) if framed else MAGIC.join(parts), most)
            parts, frames = [], []


def _tfrecord(file: "IO[bytes]", most: "int | None", framed: bool) -> "Iterator[bytes]":
    while True:
        head = file.read(12)
        if not head:
            return
        if len(head) < 12:
            raise BadInput("the TFRecord data ends within a record")
        length = struct.unpack("<Q", head[:8])[0]
        body = _read(file, length + 4, "TFRecord", most)
        yield _checked(head + body if framed else body[:-4], most)


def _read(file: "IO[bytes]", size: int, kind: str, most: "int | None") -> bytes:
    if most is not None and size > most + 8:
        raise BadInput(TOO_LARGE)
    data = file.read(size)
    if len(data) < size:
        raise BadInput("the {} data ends within a record".format(kind))
    return data


def _checked(record: bytes, most: "int | None") -> bytes:
    if most is not None and len(record) > most:
        raise BadInput(TOO_LARGE)
    return record
