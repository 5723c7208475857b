"""Objects brought to a folder, from any store: whole, in parallel, and gone on with after an early end."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_sagemaker.core.progress import Meter
from simple_sagemaker.core.store import Store
from simple_sagemaker.jobs import result_parts as parts
from simple_sagemaker.storage.s3.ranged_download import RANGE
from simple_sagemaker.storage.s3.store import S3Store
from simple_sagemaker.storage.safe_paths import UnusableName
from simple_sagemaker.storage.sync.download import DownloadResult, Earlier, FolderDownload
from simple_sagemaker.storage.worker_pool import MOST
from tests.storage.conftest import session


class Stopped(Exception):
    pass


class Stopping(Meter):
    """A meter that ends the transfer after some bytes, as Ctrl-C does."""

    after: int = 0

    def add_bytes(self, size: int) -> None:
        super().add_bytes(size)
        if self.moved_size >= self.after:
            raise Stopped


def bring(store: Store, bucket: str, folder: Path, meter: Meter | None = None) -> DownloadResult:
    """Fill the part ``state`` of a folder, as results are brought."""
    done: list[DownloadResult] = []

    def fill(to: Path) -> None:
        earlier = [*(Earlier(one, ours=True) for one in parts.earlier_tries(to)), Earlier(folder / "state", ours=False)]
        fetching = FolderDownload(
            store=store,
            bucket=bucket,
            prefix="p/",
            to=to,
            arriving=to.with_name(parts.ARRIVING),
            earlier=earlier,
            meter=meter or Meter(),
        )
        done.append(fetching.run())

    with parts.lock(folder):
        parts.replace(folder, "state", fill, address="s3://somewhere/p/")
    return done[0]


def held(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_what_is_there_comes_and_what_is_unchanged_is_kept(store: Store, bucket: str, out: Path) -> None:
    content = {f"{number % 5}/{number}": os.urandom(number) for number in range(40)} | {"%20 é": b"odd", "empty": b""}
    for name, data in content.items():
        store.write(bucket, f"p/{name}", data)
    store.write(bucket, "p2/neighbour", b"n")
    assert bring(store, bucket, out).files == 42
    assert held(out / "state") == content
    kept = os.stat(out / "state" / "4" / "39").st_ino
    (out / "state" / "4" / "34").write_bytes(os.urandom(34))  # changed here
    (out / "state" / "mine").write_bytes(b"not there")
    store.write(bucket, "p/3/38", b"changed there")
    store.delete(bucket, ["p/3/33"])
    content["3/38"] = b"changed there"
    del content["3/33"]
    again = bring(store, bucket, out)
    assert held(out / "state") == content
    assert (again.files, again.fetched) == (41, 4)  # the two that changed, and two without any byte
    assert os.stat(out / "state" / "4" / "39").st_ino == kept
    assert [path.name for path in out.iterdir()] == ["state"]


def test_an_ended_try_is_gone_on_with(store: Store, bucket: str, out: Path) -> None:
    # more than are ever under way at once
    content = {f"{number:03}": os.urandom(1000) for number in range(MOST + MOST // 4)}
    for name, data in content.items():
        store.write(bucket, f"p/{name}", data)
    for after in (10_000, 5_000):
        stopping = Stopping()
        stopping.after = after
        with pytest.raises(Stopped):
            bring(store, bucket, out, stopping)
        assert not (out / "state").exists()
    done = bring(store, bucket, out)
    assert done.files == len(content)
    assert done.fetched < len(content)
    assert held(out / "state") == content
    assert [path.name for path in out.iterdir()] == ["state"]


@pytest.mark.parametrize("changes", [False, True])
def test_a_large_object_is_gone_on_with_where_it_was_left(rclone: str, tmp_path: Path, changes: bool) -> None:
    store, bucket = S3Store(session(), endpoint=rclone), f"large-{uuid.uuid4()}"
    store.make_bucket(bucket)
    data = os.urandom(1 << 20) * 160
    store.write(bucket, "p/large", data)
    stopping = Stopping()
    stopping.after = 4 * RANGE
    with pytest.raises(Stopped):
        bring(store, bucket, tmp_path, stopping)
    if changes:
        data = data[::-1]
        store.write(bucket, "p/large", data)
    meter = Meter()
    bring(store, bucket, tmp_path, meter)
    assert (tmp_path / "state" / "large").read_bytes() == data
    assert meter.moved_size == len(data) if changes else 0 < meter.moved_size <= len(data) - RANGE


def test_a_name_that_no_folder_holds_is_refused_before_any_byte(moto: str, tmp_path: Path) -> None:
    store, bucket = S3Store(session(), endpoint=moto), f"unholdable-{uuid.uuid4()}"
    store.make_bucket(bucket)
    for key in ("p/a", "p/x", "p/x/y"):
        store.write(bucket, key, b"1")
    meter = Meter()
    (tmp_path / "to").mkdir()
    fetching = FolderDownload(
        store=store, bucket=bucket, prefix="p/", to=tmp_path / "to", arriving=tmp_path / "arriving", meter=meter
    )
    with pytest.raises(UnusableName, match="'x/y' lies in 'x', which is a file"):
        fetching.run()
    assert meter.moved_size == 0


@pytest.fixture
def left(store: Store, bucket: str, out: Path) -> Callable[[], list[str]]:
    """A try that was ended; gives the names of what is there."""
    for number in range(20):
        store.write(bucket, f"p/{number}", os.urandom(1000))
    stopping = Stopping()
    stopping.after = 5000
    with pytest.raises(Stopped):
        bring(store, bucket, out, stopping)
    return lambda: sorted(path.name for path in out.iterdir())


def test_what_an_ended_try_left_goes_when_something_else_is_brought(left: Callable[[], list[str]], out: Path) -> None:
    assert len(left()) == 1
    with parts.lock(out):
        parts.replace(out, "logs", lambda to: (to / "log").write_text("x"))
    assert len(left()) == 2
    with parts.lock(out):
        parts.replace(out, "state", lambda to: (to / "other").write_text("x"), address="s3://elsewhere/")
    assert left() == ["logs", "state"]
