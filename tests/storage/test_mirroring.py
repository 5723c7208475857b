"""A folder mirrored to a prefix of any store: whatever happens to either, in the end they hold the same."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simple_sagemaker.core.store import Copied, ProgressCallback, Store, no_progress
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.s3.store import S3Store
from simple_sagemaker.storage.sync.local_tree import Tree
from simple_sagemaker.storage.sync.sync import Sync, SyncResult
from tests.counts import examples
from tests.storage.conftest import Kind, session

NAMES = ["a", "a.b", "a-b/c", "sub/x", "sub/y z", "sub/deep/w", "é日", " t ", "%20", "n\nl", "#?", "~&+"]

names = st.sampled_from(NAMES)
contents = st.binary(max_size=3)
changes = st.one_of(
    st.tuples(st.just("write"), names, contents),
    st.tuples(st.just("rewrite"), names, contents),
    st.tuples(st.just("touch"), names, st.just(b"")),
    st.tuples(st.just("remove"), names, st.just(b"")),
    st.tuples(st.just("stray"), names, contents),
    st.tuples(st.just("lose"), names, st.just(b"")),
    st.tuples(st.just("sync"), names, st.just(b"")),
    st.tuples(st.just("interrupted"), names, contents),
    st.tuples(st.just("another machine"), names, st.just(b"")),
)


class Interrupted(Exception):
    pass


class Breaking(FolderStore):
    """Another store, whose connection breaks after some requests that change something."""

    def __init__(self, store: Store, left: int) -> None:
        self.store, self.left = store, left

    def __getattribute__(self, name: str) -> object:
        own = {"store", "left", "_count", "send", "delete", "__class__"}
        return object.__getattribute__(self, name) if name in own else getattr(self.store, name)

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Interrupted

    def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
        self._count()
        return self.store.send(path, bucket, key, on_progress)

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        self._count()
        self.store.delete(bucket, keys)


def sync(folder: Path, store: Store, bucket: str, prefix: str = "p/input/") -> SyncResult:
    cache = folder.with_name("cache")
    return Sync(tree=Tree(folder), store=store, bucket=bucket, prefix=prefix, cache=cache).run()


def of_folder(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def of_store(store: Store, bucket: str, prefix: str) -> dict[str, bytes]:
    return {found.key[len(prefix) :]: store.read(bucket, found.key) for found in store.list(bucket, prefix)}


def changed(folder: Path, store: Store, bucket: str, change: tuple[str, str, bytes]) -> None:
    """Let one thing happen."""
    what, name, content = change
    path = folder / name
    if what == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    elif what == "rewrite" and path.is_file():  # with its old times, as a restored backup has them
        before = path.stat()
        path.write_bytes(content[: before.st_size].ljust(before.st_size, b"~"))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif what == "touch" and path.is_file():
        os.utime(path)
    elif what == "remove":
        path.unlink(missing_ok=True)
    elif what == "stray":
        store.write(bucket, f"p/input/{name}", content)
    elif what == "lose":
        store.delete(bucket, [f"p/input/{name}"])
    elif what == "sync":
        sync(folder, store, bucket)
    elif what == "interrupted":
        with suppress(Interrupted):
            sync(folder, Breaking(store, len(content)), bucket)
    elif what == "another machine":
        shutil.rmtree(folder.with_name("cache"), ignore_errors=True)


def mirrors(store: Store, events: list[tuple[str, str, bytes]]) -> None:
    bucket = f"mirror-{uuid.uuid4()}"
    store.make_bucket(bucket)
    store.write(bucket, "p/input2/neighbour", b"n")
    store.write(bucket, "p/inpu", b"n")
    with tempfile.TemporaryDirectory() as top:
        folder = Path(top, "data")
        folder.mkdir()
        (folder / "always").write_bytes(b"here")
        for event in events:
            changed(folder, store, bucket, event)
        done = sync(folder, store, bucket)
        wanted = of_folder(folder)
        assert of_store(store, bucket, "p/input/") == wanted
        assert done.total == len(wanted)
        assert sync(folder, store, bucket).sent == 0
        shutil.rmtree(folder.with_name("cache"))
        assert sync(folder, store, bucket).sent == 0
        assert {found.key for found in store.list(bucket, "p/inpu")} - {f"p/input/{key}" for key in wanted} == {
            "p/input2/neighbour",
            "p/inpu",
        }


@settings(max_examples=examples(40, 1000), suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(changes, max_size=12))
def test_any_changes_and_interruptions_end_in_a_mirror_in_a_folder(
    tmp_path_factory: pytest.TempPathFactory, events: list[tuple[str, str, bytes]]
) -> None:
    mirrors(FolderStore(tmp_path_factory.getbasetemp() / "buckets"), events)


@settings(max_examples=examples(12, 300), suppress_health_check=[HealthCheck.too_slow])
@given(events=st.lists(changes, max_size=12))
def test_any_changes_and_interruptions_end_in_a_mirror_on_s3(rclone: str, events: list[tuple[str, str, bytes]]) -> None:
    mirrors(S3Store(session(), endpoint=rclone), events)


def test_a_file_may_become_a_folder_and_a_folder_a_file(kind: Kind, bucket: str, tmp_path: Path) -> None:
    if kind.name == "rclone":
        pytest.skip("rclone keeps objects as files: as S3 never does, it refuses a beside a/b")
    folder, store = tmp_path / "data", kind.store
    for names_now in (["kind"], ["kind/inner", "kind/more/x"], ["kind"], ["kind/more"]):
        shutil.rmtree(folder, ignore_errors=True)
        for name in names_now:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(name)
        sync(folder, store, bucket)
        assert of_store(store, bucket, "p/input/") == of_folder(folder)
