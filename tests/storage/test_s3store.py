"""What only the store on S3 can get wrong: processes, regions, endpoints, and files that change while they travel."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
import trustme

from simple_sagemaker.errors import SsmError, UsageError
from simple_sagemaker.storage.file_copy import ChangedMeanwhile
from simple_sagemaker.storage.s3.multipart import PART, Changed, SteadyFile
from simple_sagemaker.storage.s3.store import S3Store
from tests.counts import examples
from tests.storage.conftest import session
from tests.storage.servers import rclone_server

WAYS = pytest.mark.parametrize("key", ["by/obstore", "by/boto3%"])


def open_store(address: str, bucket: str) -> S3Store:
    store = S3Store(session(), endpoint=address)
    store.make_bucket(bucket)
    return store


def in_child(act: Callable[[], object]) -> int:
    """The exit status of a forked child that did ``act``; a child that hangs is ended by its alarm."""
    import signal

    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(60)
            act()
            status = 0
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1]


def test_a_store_made_in_a_child_of_a_process_that_used_one(moto: str) -> None:
    open_store(moto, "fork-new").write("fork-new", "k", b"parent")
    assert in_child(lambda: open_store(moto, "fork-new").write("fork-new", "k", b"child")) == 0
    assert open_store(moto, "fork-new").read("fork-new", "k") == b"child"


def test_a_child_moves_large_files_too(moto: str, tmp_path: Path) -> None:
    store, data = open_store(moto, "fork-large"), os.urandom(1 << 20) * 19
    (tmp_path / "large").write_bytes(data)
    store.write("fork-large", "k", b"parent")

    def child() -> None:
        store.send(tmp_path / "large", "fork-large", "k")
        store.fetch("fork-large", "k", tmp_path / "back")

    assert in_child(child) == 0
    assert (tmp_path / "back").read_bytes() == store.read("fork-large", "k", len(data)) == data


def test_many_threads_may_be_the_first_to_use_a_store(moto: str) -> None:
    open_store(moto, "threads").write("threads", "k", b"x")
    for _ in range(examples(2, 20)):
        write = partial(S3Store(session(), endpoint=moto).write, "threads", data=b"")
        with ThreadPoolExecutor(16) as workers:
            assert {*workers.map(lambda key, write=write: write(key=key), ["a", "b%"] * 16)} == {None}


@WAYS
def test_what_a_missing_bucket_lacks_is_the_bucket(moto: str, tmp_path: Path, key: str) -> None:
    store = S3Store(session(), endpoint=moto)
    (tmp_path / "small").write_bytes(b"x")
    (tmp_path / "large").write_bytes(bytes(PART + 1))
    for act in (
        lambda: store.read("nobody-has-it", key),
        lambda: store.write("nobody-has-it", key, b""),
        lambda: store.write_if("nobody-has-it", key, b"", expected=None),
        lambda: store.fetch("nobody-has-it", key, tmp_path / "to"),
        lambda: store.send(tmp_path / "small", "nobody-has-it", key),
        lambda: store.send(tmp_path / "large", "nobody-has-it", key),
        lambda: store.delete("nobody-has-it", [key]),
    ):
        with pytest.raises(FileNotFoundError, match="no bucket 'nobody-has-it'"):
            act()


@WAYS
def test_a_denied_send_names_the_action_and_the_object(rclone: str, tmp_path: Path, key: str) -> None:
    open_store(rclone, "kept-closed")
    (tmp_path / "large").write_bytes(bytes(PART + 1))
    stranger = S3Store(session("wrong"), endpoint=rclone)
    with pytest.raises(PermissionError, match=f"s3:PutObject on s3://kept-closed/{key}"):
        stranger.send(tmp_path / "large", "kept-closed", key)
    with pytest.raises(PermissionError, match="s3:ListBucket on s3://kept-closed"):
        stranger.has_bucket("kept-closed")
    with pytest.raises(PermissionError, match="s3:CreateBucket on s3://kept-closed"):
        stranger.make_bucket("kept-closed")


def test_a_bucket_of_another_region_is_refused_with_its_region(moto: str) -> None:
    far = session(region="eu-west-1")
    S3Store(far, endpoint=moto).make_bucket("far-away")
    assert S3Store(far, endpoint=moto).has_bucket("far-away")
    with pytest.raises(UsageError, match="eu-west-1"):
        S3Store(session(), endpoint=moto).has_bucket("far-away")


@WAYS
def test_the_endpoint_is_the_one_given_else_the_sessions(
    moto: str, monkeypatch: pytest.MonkeyPatch, bucket_of_moto: str, key: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"{moto}/")
    S3Store(session()).write(bucket_of_moto, key, b"by the environment")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert S3Store(session(), endpoint=moto).read(bucket_of_moto, key) == b"by the environment"


@pytest.fixture
def bucket_of_moto(moto: str) -> str:
    open_store(moto, "endpoints")
    return "endpoints"


@WAYS
def test_a_file_rewritten_while_it_is_sent_never_becomes_an_object(moto: str, tmp_path: Path, key: str) -> None:
    store = open_store(moto, "steady")
    store.write("steady", key, b"old")
    for size in (5, 3 * PART):
        (tmp_path / "file").write_bytes(bytes(size))
        for left in (size, 1):
            with open(tmp_path / "file", "rb", buffering=0) as source:
                file = SteadyFile(source)
                os.truncate(tmp_path / "file", left)
                os.utime(tmp_path / "file", ns=(left, left))
                with pytest.raises(Changed):
                    store._send(file, "steady", key)
            assert store.read("steady", key) == b"old"
    assert "Uploads" not in store._client.list_multipart_uploads(Bucket="steady")


def test_a_file_that_is_rewritten_every_time_is_named(moto: str, tmp_path: Path) -> None:
    store, path, done = open_store(moto, "never"), tmp_path / "file", threading.Event()
    path.write_bytes(bytes(4 * PART))

    def touch() -> None:
        while not done.is_set():
            os.utime(path)

    toucher = threading.Thread(target=touch)
    toucher.start()
    try:
        with pytest.raises(ChangedMeanwhile, match="file changed each time"):
            store.send(path, "never", "k")
    finally:
        done.set()
        toucher.join()
    with pytest.raises(FileNotFoundError):
        store.read("never", "k")


@WAYS
def test_a_file_that_grows_is_sent_as_far_as_it_went(moto: str, tmp_path: Path, key: str) -> None:
    store = open_store(moto, "grows")
    for size in (10, 2 * PART + 5):
        (tmp_path / "log").write_bytes(b"a" * size)
        with open(tmp_path / "log", "rb", buffering=0) as source, open(tmp_path / "log", "ab") as more:
            file = SteadyFile(source)
            more.write(b"b" * 100)
            more.flush()
            store._send(file, "grows", key)
        sent = store.read("grows", key, 1 << 30)
        assert sent[:size] == b"a" * size
        assert sent[size:] in {b"", b"b" * 100}


def test_a_log_that_is_written_to_all_the_time_can_be_kept(moto: str, tmp_path: Path) -> None:
    store, done = open_store(moto, "log"), threading.Event()
    (tmp_path / "log").write_bytes(b"line\n")

    def write() -> None:
        with open(tmp_path / "log", "ab", buffering=0) as log:
            while not done.wait(0.0005):
                log.write(b"line\n")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(examples(20, 500)):
            store.send(tmp_path / "log", "log", "k")
    finally:
        done.set()
        writer.join()
    assert {*store.read("log", "k").splitlines()} == {b"line"}


def test_an_object_replaced_while_it_is_fetched_is_one_version_or_an_error(moto: str, tmp_path: Path) -> None:
    store, done = open_store(moto, "versions"), threading.Event()
    store.write("versions", "k", b"0" * (5 * PART))

    def rewrite() -> None:
        turn = 0
        while not done.is_set():
            turn += 1
            store.write("versions", "k", (b"%d" % (turn % 10)) * (5 * PART - turn))

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        for _ in range(examples(2, 50)):
            try:
                store.fetch("versions", "k", tmp_path / "f" / "to")
            except ChangedMeanwhile:
                continue
            assert len({*(tmp_path / "f" / "to").read_bytes()}) == 1
    finally:
        done.set()
        writer.join()
    assert {path.name for path in (tmp_path / "f").iterdir()} <= {"to"}


def test_an_object_deleted_while_it_is_fetched_is_missing(moto: str, tmp_path: Path) -> None:
    from simple_sagemaker.storage.s3.errors import translate_errors
    from simple_sagemaker.storage.s3.ranged_download import RangedDownload

    store = open_store(moto, "vanishes")
    download = RangedDownload(
        client=store._client, bucket="vanishes", key="k", size=3 * PART, tag='"tag"', to=tmp_path / "to"
    )
    with pytest.raises(FileNotFoundError, match="no object s3://vanishes/k"):
        translate_errors(download.run, "vanishes", "k", "s3:GetObject")


def test_an_object_that_one_request_does_not_copy_is_copied_in_parts(
    moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simple_sagemaker.storage.s3.store.COPIED_WHOLE", 6 << 20)
    store, data = open_store(moto, "copied"), os.urandom(6 << 20)
    for size, is_whole in ((6 << 20, True), ((6 << 20) + 1, False)):
        store.write("copied", "from %", (data + b"x")[:size])
        store.copy("copied", "from %", "to")
        assert store.read("copied", "to") == (data + b"x")[:size]
        tag = next(iter(store.list("copied", "to"))).tag
        assert ("-" not in tag) is is_whole
    with pytest.raises(FileNotFoundError, match="no object s3://copied/absent"):
        store.copy("copied", "absent", "to")


def test_what_was_not_repeated_is_never_taken_for_our_own(moto: str) -> None:
    store = open_store(moto, "claims")
    assert store.write_if("claims", "c", b"same", expected=None)
    assert not store.write_if("claims", "c", b"same", expected=None)


def test_a_console_marker_is_listed_as_it_is(moto: str) -> None:
    store = open_store(moto, "markers")
    for key in ("p/", "p/x", "p/y/"):
        store.write("markers", key, b"")
    assert [found.key for found in store.list("markers", "p/")] == ["p/", "p/x", "p/y/"]
    assert store.folders("markers", "p/") == ["y"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere boto3 carries everything then")
@pytest.mark.parametrize("variable", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
def test_the_authorities_that_a_person_names_are_those_that_are_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str
) -> None:
    for name in ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("ours", "other"):
        authority = trustme.CA()
        authority.cert_pem.write_to_path(tmp_path / f"{name}.pem")
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / f"of-{name}.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))  # what the system would trust
    monkeypatch.setenv(variable, str(tmp_path / "ours.pem"))
    (tmp_path / "buckets" / "bucket").mkdir(parents=True)

    with rclone_server(tmp_path / "buckets", tmp_path / "of-ours.pem") as url:
        store = S3Store(session(), endpoint=url)
        store.write("bucket", "key", b"content")
        assert store.read("bucket", "key") == b"content"
        assert store._clients.obstore_for("bucket", "key") is not None
    with rclone_server(tmp_path / "buckets", tmp_path / "of-other.pem") as url:
        store = S3Store(session(), endpoint=url)
        with pytest.raises(SsmError, match="s3:PutObject on s3://bucket/key failed"):
            store.write("bucket", "key", b"content")
    assert os.environ["SSL_CERT_FILE"] == str(tmp_path / "other.pem")


def test_a_large_object_that_is_replaced_while_it_is_read_is_told(moto: str, tmp_path: Path) -> None:
    store = open_store(moto, "replaced-while-read")
    for name in ("one", "two"):
        (tmp_path / name).write_bytes(os.urandom(1 << 20) * (6 * PART >> 20))
    store.send(tmp_path / "one", "replaced-while-read", "k")
    replaced = threading.Event()

    def act() -> None:
        with store.open_stream("replaced-while-read", "k", tmp_path / "kept", lambda _: assert_set(replaced)) as source:
            store.send(tmp_path / "two", "replaced-while-read", "k")
            replaced.set()
            while source.read(PART):
                pass

    with pytest.raises(ChangedMeanwhile, match="k changed"):
        act()


def assert_set(event: threading.Event) -> None:
    assert event.wait(60)


@WAYS
def test_reading_goes_on_from_what_had_arrived(moto: str, tmp_path: Path, key: str) -> None:
    store = open_store(moto, "read-again")
    (tmp_path / "file").write_bytes(b"".join(os.urandom(PART) for _ in range(6)))
    store.send(tmp_path / "file", "read-again", key)

    def read(moved: list[int], *, until: int) -> bytes:
        whole = b""
        with store.open_stream("read-again", key, tmp_path / "kept", moved.append) as source:
            while data := source.read(PART):
                whole += data
                if len(whole) >= until:
                    raise RuntimeError("the connection is gone")
        return whole

    first: list[int] = []
    with pytest.raises(RuntimeError, match="gone"):
        read(first, until=3 * PART)
    second: list[int] = []
    assert read(second, until=7 * PART) == (tmp_path / "file").read_bytes()
    assert sum(second) <= 3 * PART or key != "by/obstore"
