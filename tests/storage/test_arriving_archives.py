"""Archives of results on S3, unpacked while they arrive: broken off and gone on with, damaged and forgotten."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from simple_sagemaker.core.store import ProgressCallback, Source, no_progress
from simple_sagemaker.jobs import result_parts as parts
from simple_sagemaker.jobs import results
from simple_sagemaker.storage.archives.tar_writer import Tarball
from simple_sagemaker.storage.archives.unpack import UnsafeArchive
from simple_sagemaker.storage.s3.store import S3Store
from tests.storage.conftest import session
from tests.unit.jobs.test_results import services_with

MIB = 1 << 20


class Watched(S3Store):
    """A store whose connection may break after so many bytes of an object; it counts what moves."""

    breaks_after = 1 << 60
    bytes_read = 0

    @contextmanager
    def open_stream(
        self, bucket: str, key: str, keep: Path, on_progress: ProgressCallback = no_progress
    ) -> Iterator[Source]:
        def count(size: int) -> None:
            self.bytes_read += size
            on_progress(size)

        with super().open_stream(bucket, key, keep, count) as source:
            yield Cut(source, self.breaks_after)


class Cut:
    """What comes of an object before its connection breaks."""

    def __init__(self, source: Source, left: int) -> None:
        self.size = source.size
        self._source = source
        self._left = left

    def read(self, size: int, /) -> bytes:
        if self._left <= 0:
            raise ConnectionResetError("the connection is gone")
        data = self._source.read(size)
        self._left -= len(data)
        return data


@pytest.fixture
def store(moto: str, request: pytest.FixtureRequest) -> Watched:
    made = Watched(session(), endpoint=moto)
    made.make_bucket("arriving")
    return made


def archive(path: Path, *, mib: int) -> bytes:
    """The content of the file ``weights`` in the archive at ``path``."""
    content = os.urandom(mib * MIB)
    with open(path, "wb") as out, Tarball(out) as packed:
        packed.content("first", b"first")
        packed.content("weights", content)
    return content


def bring(store: Watched, folder: Path) -> None:
    address = "s3://arriving/p/model.tar.gz"
    with parts.lock(folder):
        parts.replace(
            folder,
            "model",
            partial(results._download_archive, "model", address, services_with(store), None),
            address=address,
        )


def test_a_download_that_broke_off_goes_on_where_it_was(store: Watched, tmp_path: Path) -> None:
    content = archive(tmp_path / "packed", mib=48)
    store.send(tmp_path / "packed", "arriving", "p/model.tar.gz")
    store.breaks_after = 30 * MIB
    with pytest.raises(ConnectionResetError):
        bring(store, tmp_path / "out")
    assert not (tmp_path / "out/model").exists()
    store.breaks_after, first, store.bytes_read = 1 << 60, store.bytes_read, 0
    bring(store, tmp_path / "out")
    assert (tmp_path / "out/model/weights").read_bytes() == content
    assert first >= 24 * MIB
    assert store.bytes_read <= 24 * MIB + 1024
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["model"]


def test_who_stops_reading_stops_the_download(store: Watched, tmp_path: Path) -> None:
    def read_some() -> None:
        with store.open_stream("arriving", "p/model.tar.gz", tmp_path / "kept") as source:
            source.read(1)
            raise RuntimeError("enough")

    archive(tmp_path / "packed", mib=64)
    store.send(tmp_path / "packed", "arriving", "p/model.tar.gz")
    earlier = {*threading.enumerate()}
    with pytest.raises(RuntimeError, match="enough"):
        read_some()
    assert [one for one in threading.enumerate() if one not in earlier and "fetch" in one.name] == []


@pytest.mark.parametrize("mib", [1, 48])
def test_of_a_damaged_archive_nothing_is_kept(store: Watched, tmp_path: Path, mib: int) -> None:
    archive(tmp_path / "packed", mib=mib)
    with open(tmp_path / "packed", "r+b") as file:
        file.seek(mib * MIB // 2)
        file.write(bytes(1000))
    store.send(tmp_path / "packed", "arriving", "p/model.tar.gz")
    with pytest.raises(UnsafeArchive, match=r"s3://arriving/p/model\.tar\.gz .*damaged"):
        bring(store, tmp_path / "out")
    assert [*(tmp_path / "out").iterdir()] == []
