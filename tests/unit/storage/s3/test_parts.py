"""Parts of S3's store by themselves: ordinary keys, files that change while they are sent, ranges that arrive."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from simple_sagemaker.core.store import TooLarge
from simple_sagemaker.storage.file_copy import ChangedMeanwhile
from simple_sagemaker.storage.s3 import clients, errors, multipart, streaming
from simple_sagemaker.storage.s3.multipart import Changed, SteadyFile, digest, etag, part_of
from simple_sagemaker.storage.s3.ranged_download import again_if_broken, fetch_small, read_object, write_whole
from tests.unit.storage.s3.bucket import Bucket, refused


@pytest.mark.parametrize(
    ("key", "is_ordinary"),
    [
        *((key, True) for key in ("a", "a/b.c", "a b", "A_9=+,@()-", ".a", "a/.b", "a..", "...")),
        *((key, False) for key in ("", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "é", "a%b", "a*", "a\n")),
    ],
)
def test_odd_keys_are_left_to_botocore(key: str, is_ordinary: bool) -> None:
    assert (clients._ORDINARY.fullmatch(key) is not None) is is_ordinary


@pytest.mark.parametrize(
    ("endpoint", "is_safe"),
    [
        ("https://s3.example.com", True),
        ("http://localhost:1", True),
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:1", True),
        ("http://s3.example.com", False),
        ("http://128.0.0.1", False),
    ],
)
def test_data_are_signed_where_somebody_could_change_them(endpoint: str, is_safe: bool) -> None:
    assert clients._is_safe(endpoint) is is_safe


@pytest.mark.parametrize("before", [{}, {"SSL_CERT_FILE": "mine", "SSL_CERT_DIR": "theirs"}])
def test_authorities_are_trusted_for_a_moment_alone(before: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    for name, value in before.items():
        monkeypatch.setenv(name, value)

    def fail() -> None:
        with clients._trusting("bundle"):
            assert [os.environ.get(name) for name in names] == ["bundle", None]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert {name: os.environ[name] for name in names if name in os.environ} == before
    with clients._trusting(""):
        assert {name: os.environ[name] for name in names if name in os.environ} == before


@contextmanager
def steady(path: Path, counted: list[int] | None = None) -> Iterator[SteadyFile]:
    with open(path, "rb", buffering=0) as source:
        yield SteadyFile(cast("Any", source), (counted if counted is not None else []).append)


def append(path: Path) -> None:
    with path.open("ab") as out:
        out.write(b"more")


def test_a_file_is_read_in_pieces_and_from_its_start_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "PART", 4)
    path, counted = tmp_path / "f", list[int]()
    path.write_bytes(b"0123456789")
    with steady(path, counted) as file:
        assert [file.read(3), file.read(), file.read(), file.size] == [b"012", b"3456789", b"", 10]
        assert file.digest == hashlib.sha256(b"0123456789").hexdigest()
        assert list(file) == [b"0123", b"4567", b"89"]
        assert counted == [3, 7, 0, -10, 4, 4, 2, 0]
        assert file.digest == hashlib.sha256(b"0123456789").hexdigest()
    with steady(path) as file:
        assert file.whole() == b"0123456789"


@pytest.mark.parametrize(
    ("change", "is_changed"),
    [
        (lambda path: None, False),
        (append, False),
        (lambda path: os.truncate(path, 5), True),
        (lambda path: os.utime(path, ns=(1, 1)), True),
        (lambda path: path.write_bytes(b"9876543210"), True),
    ],
)
def test_a_file_may_grow_while_it_is_sent_and_change_in_no_other_way(
    tmp_path: Path, change: Callable[[Path], object], is_changed: bool
) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    os.utime(path, ns=(5, 5))
    with steady(path) as file:
        file.read(4)
        change(path)
        if is_changed:
            with pytest.raises(Changed):
                list(iter(lambda: file.read(4), b""))
        else:
            assert (file.read(4), file.read(4), file.read(4)) == (b"4567", b"89", b"")


@pytest.mark.parametrize(
    ("size", "part"),
    [(0, 8 << 20), (10_000 * (8 << 20), 8 << 20), (10_000 * (8 << 20) + 1, 9 << 20), (10_000 * (9 << 20), 9 << 20)],
)
def test_a_large_file_has_ten_thousand_parts_at_most(size: int, part: int) -> None:
    assert part_of(size) == part


def test_the_tag_of_a_file_is_that_of_its_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multipart, "part_of", lambda _: 4)
    path, counted = tmp_path / "f", list[int]()
    path.write_bytes(b"0123456789")

    def md5(data: bytes) -> Any:
        return hashlib.md5(data, usedforsecurity=False)

    whole = md5(b"0123456789").hexdigest()
    assert etag(path, "0" * 32, counted.append) == whole
    parts = b"".join(md5(part).digest() for part in (b"0123", b"4567", b"89"))
    assert etag(path, "0" * 32 + "-3") == f"{md5(parts).hexdigest()}-3"
    assert etag(path, "0" * 32 + "-2") == ""
    assert etag(path, "0" * 31) == ""
    assert etag(path, "") == ""
    assert sum(counted) == 10
    assert digest(path, counted.append) == hashlib.sha256(b"0123456789").hexdigest()
    (tmp_path / "empty").touch()
    assert etag(tmp_path / "empty", "0" * 32 + "-1") == f"{md5(md5(b'').digest()).hexdigest()}-1"


def test_a_broken_answer_is_asked_for_again_three_times() -> None:
    from botocore.exceptions import IncompleteReadError

    tries: list[int] = []

    def read(enough: int) -> str:
        tries.append(1)
        if len(tries) < enough:
            raise IncompleteReadError(actual_bytes=1, expected_bytes=2)
        return "done"

    assert again_if_broken(lambda: read(4)) == "done"
    tries.clear()
    with pytest.raises(IncompleteReadError):
        again_if_broken(lambda: read(5))
    assert len(tries) == 4


def test_a_small_object_is_written_over_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket, to = Bucket("key"), tmp_path / "f"
    to.write_bytes(b"something longer")
    tag = f'"{bucket.tag("key")}"'
    assert fetch_small(None, bucket, "b", "key", to) == (3, tag)  # type: ignore[arg-type]
    assert to.read_bytes() == b"key"
    assert read_object(bucket, "b", "key", 3) == (b"key", tag)  # type: ignore[arg-type]
    with pytest.raises(TooLarge, match="s3://b/key has more than 2 bytes"):
        read_object(bucket, "b", "key", 2)  # type: ignore[arg-type]
    monkeypatch.setattr("simple_sagemaker.storage.s3.ranged_download.WHOLE", 2)
    write_whole(to, b"before")
    assert fetch_small(None, bucket, "b", "key", to) == (3, tag)  # type: ignore[arg-type]
    assert to.read_bytes() == b"before", "a larger one is only looked at"


def test_ranges_are_read_in_order_as_they_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "_STEP", 4)
    path = tmp_path / "f"
    path.write_bytes(b"0123456789")
    arriving = streaming.ArrivingObject(10, path)
    read: list[bytes] = []

    def reader() -> None:
        while data := arriving.read(3):
            read.append(data)

    thread = threading.Thread(target=reader)
    thread.start()
    for start in (8, 4, 0):
        arriving.on_range_done(start)
    thread.join(30)
    assert read == [b"012", b"3", b"456", b"7", b"89"]
    assert arriving.read(3) == b""


def test_an_error_of_the_download_is_the_readers_once_it_needs_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "_STEP", 4)
    (tmp_path / "f").write_bytes(b"0123456789")
    arriving = streaming.ArrivingObject(10, tmp_path / "f")
    arriving.on_range_done(0)
    arriving.fetch(lambda: False, "s3://b/k")
    assert arriving.read(9) == b"0123"
    with pytest.raises(ChangedMeanwhile, match="s3://b/k changed while it was being read"):
        arriving.read(9)
    arriving.abandon()
    with pytest.raises(streaming._Abandoned):
        arriving.on_range_done(4)
    arriving = streaming.ArrivingObject(10, tmp_path / "f")
    arriving.fetch(lambda: True, "s3://b/k")
    arriving.on_range_done(0)
    assert arriving.read(2) == b"01"


@pytest.mark.parametrize(
    ("code", "status", "kind", "message"),
    [
        ("NoSuchKey", 404, FileNotFoundError, "there is no object s3://b/k"),
        ("404", 404, FileNotFoundError, "there is no object s3://b/k"),
        ("NoSuchBucket", 404, FileNotFoundError, "there is no bucket 'b'"),
        ("AccessDenied", 403, PermissionError, "access denied: s3:GetObject on s3://b/k"),
        ("403", 403, PermissionError, "access denied: s3:GetObject on s3://b/k"),
        ("InvalidAccessKeyId", 403, PermissionError, "access denied: s3:GetObject on s3://b/k (InvalidAccessKeyId)"),
        ("Odd", 403, PermissionError, "access denied: s3:GetObject on s3://b/k (Odd)"),
    ],
)
def test_an_error_of_s3_is_the_stores(code: str, status: int, kind: type[Exception], message: str) -> None:
    error = errors.translate_client_error(refused(code, status), "b", "k", "s3:GetObject")
    assert isinstance(error, kind)
    assert str(error) == message


def test_another_error_stays_what_it_is() -> None:
    error = refused("InternalError", 500)
    assert errors.translate_client_error(error, "b", "k", "s3:GetObject") is error
    with pytest.raises(OSError, match="disk"):
        errors.translate_errors(lambda: (_ for _ in ()).throw(OSError("disk")), "b", "k", "s3:GetObject")
    assert errors.translate_errors(lambda: 7, "b", "k", "s3:GetObject") == 7


@pytest.mark.parametrize(
    ("code", "unmet"), [("409", True), ("412", True), ("PreconditionFailed", True), ("AccessDenied", False)]
)
def test_a_condition_that_was_not_met_is_known(code: str, unmet: bool) -> None:
    assert errors.is_unmet(refused(code)) is unmet
    assert errors.was_repeated(refused(code, RetryAttempts=1))
    assert not errors.was_repeated(refused(code, RetryAttempts=0))
    assert not errors.was_repeated(refused(code))
