"""What every store does alike, whoever keeps the objects."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simple_sagemaker.core.store import Store
from simple_sagemaker.storage.s3.store import S3Store
from tests.storage.conftest import Kind, session


def keys(store: Store, bucket: str, prefix: str = "") -> list[str]:
    return [found.key for found in store.list(bucket, prefix)]


def test_what_is_written_is_read_and_listed(store: Store, bucket: str) -> None:
    before = time.time()
    store.write(bucket, "a/b c/d.txt", b"content")
    assert store.read(bucket, "a/b c/d.txt") == b"content"
    (found,) = store.list(bucket, "a/")
    assert (found.key, found.size) == ("a/b c/d.txt", 7)
    assert before - 5 < found.modified < time.time() + 5


def test_a_prefix_is_literal_and_a_key_lists_itself(store: Store, bucket: str) -> None:
    for key in ("p/state/a", "p/state2/b", "p/state_old/c", "p/stat"):
        store.write(bucket, key, b"x")
    assert keys(store, bucket, "p/state") == ["p/state/a", "p/state2/b", "p/state_old/c"]
    assert keys(store, bucket, "p/state/") == ["p/state/a"]
    assert keys(store, bucket, "p/stat") == ["p/stat", "p/state/a", "p/state2/b", "p/state_old/c"]
    assert keys(store, bucket, "q") == []


def test_keys_come_in_the_order_of_their_bytes(store: Store, bucket: str) -> None:
    names = ["B", "a-b/x", "a/x", "a.b", "a0", "ä", "z"]
    for name in names:
        store.write(bucket, name, b"x")
    assert keys(store, bucket) == sorted(names, key=str.encode)


def test_folders_are_what_lies_directly_below(store: Store, bucket: str) -> None:
    for key in ("t/one/a", "t/one/b", "t/two/c/d", "t/file", "u/three/e"):
        store.write(bucket, key, b"x")
    assert list(store.folders(bucket, "t/")) == ["one", "two"]
    assert list(store.folders(bucket, "nobody/")) == []


def test_what_is_missing_is_named(store: Store, bucket: str, tmp_path: Path) -> None:
    for act in (lambda: store.read(bucket, "no/such"), lambda: store.fetch(bucket, "no/such", tmp_path / "f")):
        with pytest.raises(FileNotFoundError, match="no/such"):
            act()
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []
    with pytest.raises(FileNotFoundError, match="nobody-has-it"):
        keys(store, "nobody-has-it")
    assert not store.has_bucket("nobody-has-it")
    assert store.has_bucket(bucket)
    store.make_bucket(bucket)
    store.delete(bucket, ["no/such"])


def put_into_moto(bucket: str, names: list[str]) -> None:
    """Make empty objects in this process's moto; by requests that takes ten seconds for a thousand."""
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    for name in names:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object(bucket, name, b"")


def test_more_objects_than_a_page_are_listed_and_deleted(kind: Kind, bucket: str) -> None:
    count = 1005 if kind.name != "folder" else 50
    names = [f"many/{number:05}" for number in range(count)]
    if kind.name == "moto":
        put_into_moto(bucket, names)
    else:
        with ThreadPoolExecutor(8) as workers:
            list(workers.map(lambda name: kind.store.write(bucket, name, b""), names))
    assert keys(kind.store, bucket, "many/") == names
    kind.store.delete(bucket, names)
    assert keys(kind.store, bucket) == []


def test_a_large_file_goes_and_comes_in_parts(store: Store, bucket: str, tmp_path: Path) -> None:
    data = os.urandom(1 << 20) * 37 + b"end"
    (tmp_path / "large").write_bytes(data)
    store.send(tmp_path / "large", bucket, "deep/large")
    store.fetch(bucket, "deep/large", tmp_path / "new" / "folder" / "back")
    assert (tmp_path / "new" / "folder" / "back").read_bytes() == data
    assert [path.name for path in (tmp_path / "new" / "folder").iterdir()] == ["back"]


def test_a_conditional_write_looks_at_what_is_there(kind: Kind, bucket: str, request: pytest.FixtureRequest) -> None:
    if kind.name == "rclone":
        reason = "rclone 1.75 does not look at If-None-Match and If-Match of a PUT"
        request.applymarker(pytest.mark.xfail(reason=reason))  # strict: a rclone that does is noticed
    store = kind.store
    assert not store.write_if(bucket, "c", b"1", expected=b"0")
    assert store.write_if(bucket, "c", b"1", expected=None)
    assert not store.write_if(bucket, "c", b"2", expected=None)
    assert not store.write_if(bucket, "c", b"2", expected=b"other")
    assert store.write_if(bucket, "c", b"2", expected=b"1")
    assert store.read(bucket, "c") == b"2"


def test_a_forked_child_reads_and_writes_too(store: Store, bucket: str) -> None:
    store.write(bucket, "before", b"parent")
    assert store.read(bucket, "before") == b"parent"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            store.write(bucket, "after", store.read(bucket, "before") + b" and child")
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert store.read(bucket, "after") == b"parent and child"


def test_a_wrong_secret_is_a_denial_that_names_the_action(rclone: str, tmp_path: Path) -> None:
    stranger = S3Store(session("wrong"), endpoint=rclone)
    S3Store(session(), endpoint=rclone).make_bucket("kept-secret")
    for act, action in (
        (lambda: stranger.read("kept-secret", "k"), "s3:GetObject"),
        (lambda: stranger.write("kept-secret", "k", b""), "s3:PutObject"),
        (lambda: keys(stranger, "kept-secret"), "s3:ListBucket"),
    ):
        with pytest.raises(PermissionError, match=f"{action} on s3://kept-secret"):
            act()


def test_without_credentials_the_error_says_so(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import NoCredentialsError
    from botocore.session import Session

    nobody = S3Store(Session(), endpoint=moto)
    with pytest.raises(NoCredentialsError):
        nobody.read("some-bucket", "k")


def test_importing_the_store_imports_neither_library() -> None:
    import subprocess
    import sys

    look = "import simple_sagemaker.storage.s3.store, sys; print({'boto3', 'botocore', 'obstore'} & {*sys.modules})"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize("size", [0, 10, 37 * 1024 * 1024 + 3])
def test_an_object_is_read_in_order_while_it_arrives(store: Store, bucket: str, tmp_path: Path, size: int) -> None:
    data = (os.urandom(1 << 20) * 38)[:size]
    (tmp_path / "file").write_bytes(data)
    store.send(tmp_path / "file", bucket, "deep/object")
    moved: list[int] = []
    with store.open_stream(bucket, "deep/object", tmp_path / "kept" / "part", moved.append) as source:
        assert source.size == size
        pieces = []
        while piece := source.read(300_000):
            pieces.append(piece)
    assert b"".join(pieces) == data
    assert sum(moved) == size
    assert not [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]


def test_reading_may_be_left_early(store: Store, bucket: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(os.urandom(1 << 20) * 60)
    store.send(tmp_path / "file", bucket, "object")

    def act() -> None:
        with store.open_stream(bucket, "object", tmp_path / "kept") as source:
            source.read(10)
            raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        act()


def test_what_is_missing_cannot_be_opened(store: Store, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no/such"), store.open_stream(bucket, "no/such", tmp_path / "kept"):
        pass


def test_a_copy_has_the_same_content_and_needs_something_to_copy(store: Store, bucket: str) -> None:
    store.write(bucket, "a/one é", b"content")
    store.copy(bucket, "a/one é", "b/two+ %20")
    assert store.read(bucket, "b/two+ %20") == b"content"
    with pytest.raises(FileNotFoundError, match="no/such"):
        store.copy(bucket, "no/such", "c")
    assert keys(store, bucket) == ["a/one é", "b/two+ %20"]
