"""What an object's records are, how they are sent, and that nothing of it is lost."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_sagemaker.local.batch_transform import splitting
from simple_sagemaker.local.batch_transform.splitting import BadInput
from tests.counts import examples

LINES = st.lists(st.binary(max_size=9).filter(lambda line: b"\n" not in line), max_size=12)
MOST = st.integers(9, 40)


def records(data: bytes, how: str, most: int | None = None, *, framed: bool = False) -> list[bytes]:
    return list(splitting.split(io.BytesIO(data), how, most, framed=framed))


def recordio(parts: list[bytes]) -> bytes:
    """One record; of several parts where it holds the magic number itself."""
    out = b""
    for number, part in enumerate(parts):
        place = 0 if len(parts) == 1 else 1 if number == 0 else 3 if number == len(parts) - 1 else 2
        out += splitting.MAGIC + struct.pack("<I", place << 29 | len(part)) + part + bytes(-len(part) % 4)
    return out


def tfrecord(data: bytes) -> bytes:
    return struct.pack("<QI", len(data), 7) + data + struct.pack("<I", 9)


def requests(data: bytes, how: str, most: int, *, several: bool) -> Iterator[list[bytes]]:
    found = splitting.split(io.BytesIO(data), how, most, framed=several)
    return splitting.collect(found, most, splitting.separator_of(how), several=several)


@settings(max_examples=examples(50, 2000), deadline=None)
@given(lines=LINES, most=MOST, several=st.booleans(), ends=st.booleans())
def test_lines_arrive_in_order_and_in_requests_that_fit(
    lines: list[bytes], most: int, several: bool, ends: bool
) -> None:
    data = b"\n".join(lines) + (b"\n" if ends and lines else b"")
    batches = list(requests(data, "Line", most, several=several))
    expected = lines if ends or not lines or lines[-1] else lines[:-1]
    assert [line for batch in batches for line in batch] == expected
    assert all(len(b"\n".join(batch)) <= most for batch in batches)
    assert several or all(len(batch) == 1 for batch in batches)
    for one, following in pairwise(batches):  # none could have been larger
        assert not several or len(b"\n".join([*one, following[0]])) > most


@settings(max_examples=examples(50, 2000), deadline=None)
@given(lines=LINES, most=MOST, several=st.booleans())
def test_an_echo_of_lines_is_assembled_to_the_object_itself(lines: list[bytes], most: int, several: bool) -> None:
    data = b"".join(line + b"\n" for line in lines)
    answers = [b"\n".join(batch) for batch in requests(data, "Line", most, several=several)]
    ended = [one + b"\n" if not one or one.endswith(b"\n") else one for one in answers]  # of an empty last line
    assert b"".join(splitting.assemble(ended, "Line")) == data


@settings(max_examples=examples(50, 2000), deadline=None)
@given(written=st.lists(st.lists(st.binary(max_size=9), min_size=1, max_size=3), max_size=6), framed=st.booleans())
def test_recordio_is_split_at_its_records(written: list[list[bytes]], framed: bool) -> None:
    frames = [recordio(parts) for parts in written]
    expected = frames if framed else [splitting.MAGIC.join(parts) for parts in written]
    assert records(b"".join(frames), "RecordIO", framed=framed) == expected


@settings(max_examples=examples(50, 2000), deadline=None)
@given(written=st.lists(st.binary(max_size=9), max_size=6), framed=st.booleans())
def test_tfrecord_is_split_at_its_records(written: list[bytes], framed: bool) -> None:
    frames = [tfrecord(data) for data in written]
    assert records(b"".join(frames), "TFRecord", framed=framed) == (frames if framed else written)


def test_an_object_that_is_not_split_is_one_record() -> None:
    assert records(b"a\nb\n", "None") == [b"a\nb\n"]
    assert records(b"", "None") == [b""]
    assert records(b"", "Line") == []


@pytest.mark.parametrize("how", ["None", "Line"])
def test_what_is_larger_than_a_request_is_refused(how: str) -> None:
    assert records(b"12345", how, 5) == [b"12345"]
    with pytest.raises(BadInput, match="Too much data for max payload size"):
        records(b"123456", how, 5)


@pytest.mark.parametrize(
    ("how", "data"),
    [
        ("RecordIO", b"no records at all"),
        ("RecordIO", recordio([b"abc"])[:-1]),
        ("RecordIO", recordio([b"a", b"b"])[:12]),
        ("TFRecord", b"short"),
        ("TFRecord", tfrecord(b"abc")[:-1]),
    ],
)
def test_damaged_records_are_refused(how: str, data: bytes) -> None:
    with pytest.raises(BadInput):
        records(data, how, 100)


def test_answers_end_lines_only_where_that_is_asked_for() -> None:
    assert b"".join(splitting.assemble([b"a", b"b\n", b""], "Line")) == b"a\nb\n\n"
    assert b"".join(splitting.assemble([b"a", b"b\n", b""], "None")) == b"ab\n"
