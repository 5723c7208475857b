"""What S3 tells of contents, and what it does not: unchanged files are not sent again, whoever sent them first."""

from __future__ import annotations

import http.server
import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, ClassVar

import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials

from simple_sagemaker.core.store import ProgressCallback, Stored, no_progress
from simple_sagemaker.storage.s3.multipart import PART, digest, etag, part_of
from simple_sagemaker.storage.s3.store import S3Store
from simple_sagemaker.storage.sync.local_tree import Tree
from simple_sagemaker.storage.sync.sync import Sync, SyncResult
from tests.counts import examples
from tests.storage.conftest import session


def open_store(address: str, bucket: str) -> S3Store:
    store = S3Store(session(), endpoint=address)
    store.make_bucket(bucket)
    return store


def sync(folder: Path, store: S3Store, bucket: str, notes: list[str] | None = None) -> SyncResult:
    note = (notes if notes is not None else []).append
    cache = folder.with_name("cache")
    return Sync(tree=Tree(folder), store=store, bucket=bucket, prefix="p/", cache=cache, note=note).run()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small file, one in parts, and one whose key boto3 carries in parts."""
    made = tmp_path / "data"
    made.mkdir()
    (made / "small").write_bytes(b"content")
    for name in ("large", "odd%"):
        (made / name).write_bytes(os.urandom(1 << 20) * 18)
    return made


@pytest.mark.parametrize("server", ["moto", "rclone"])
def test_another_machine_sends_nothing_again(request: pytest.FixtureRequest, folder: Path, server: str) -> None:
    store = open_store(request.getfixturevalue(server), "another-machine")
    assert sync(folder, store, "another-machine").sent == 3
    assert sync(folder, store, "another-machine").sent == 0
    shutil.rmtree(folder.with_name("cache"))
    for file in folder.iterdir():
        os.utime(file)
    assert sync(folder, store, "another-machine").sent == 0
    assert sync(folder, store, "another-machine").sent == 0


def test_what_another_program_changed_is_sent_again(moto: str, folder: Path) -> None:
    store = open_store(moto, "changed-there")
    sync(folder, store, "changed-there")
    store.write("changed-there", "p/small", b"CONTENT")  # of the same size
    store.write("changed-there", "p/stray", b"x")
    done = sync(folder, store, "changed-there")
    assert (done.sent, done.deleted, done.unsure) == (1, 1, 0)
    assert store.read("changed-there", "p/small") == b"content"


def test_where_contents_are_not_told_files_are_sent_again_and_it_is_said(moto: str, folder: Path) -> None:
    notes: list[str] = []
    store = open_store(moto, "by-kms")
    sync(folder, store, "by-kms")
    store._client.put_object(
        Bucket="by-kms", Key="p/small", Body=b"another", ServerSideEncryption="aws:kms", SSEKMSKeyId="k"
    )
    done = sync(folder, store, "by-kms", notes)
    assert (done.sent, done.unsure) == (1, 1)
    assert "1 file sent that may have been unchanged" in notes[0]
    assert "KMS" in notes[0]


def test_files_that_were_touched_are_known_by_their_digest_where_tags_tell_nothing(moto: str, folder: Path) -> None:
    store = open_store(moto, "by-digest")
    sync(folder, store, "by-digest")

    class Opaque(S3Store):
        """As a bucket is whose objects a key of KMS encrypts."""

        def holds(
            self, bucket: str, stored: Stored, path: Path, on_progress: ProgressCallback = no_progress
        ) -> bool | None:
            return None

    for file in folder.iterdir():
        os.utime(file)
    done = sync(folder, Opaque(session(), endpoint=moto), "by-digest")
    assert (done.sent, done.unsure) == (1, 1)  # boto3's transfer does not tell the tag of what it sent in parts


@pytest.mark.parametrize(
    ("size", "part"),
    [
        (0, PART),
        (5 << 30, PART),
        (10_000 * PART, PART),
        (10_000 * PART + 1, 9 << 20),
        (5 << 40, 525 << 20),
        (10_000 * (5 << 30), 5 << 30),
    ],
)
def test_no_file_has_more_parts_than_s3_takes(size: int, part: int) -> None:
    assert part_of(size) == part
    assert -(-size // part) <= 10_000
    assert part <= 5 << 30


def test_a_digest_and_a_tag_of_an_unknown_kind(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x" * (PART + 1))
    assert etag(tmp_path / "f", like="no checksum at all") == ""
    assert etag(tmp_path / "f", like="0" * 32 + "-7") == ""
    assert etag(tmp_path / "f", like="0" * 32 + "-2").endswith("-2")
    assert len(digest(tmp_path / "f")) == 64


class Recorder(http.server.BaseHTTPRequestHandler):
    """Takes every object and remembers what came with it."""

    protocol_version = "HTTP/1.1"
    heads: ClassVar[list[dict[str, str]]] = []

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.heads.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(200)
        self.send_header("ETag", '"tag"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name is the base's
        pass


@pytest.fixture
def recorder() -> Iterator[str]:
    Recorder.heads = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("key", ["by/obstore", "by/boto3%"])
def test_every_object_carries_a_checksum_that_the_service_verifies(recorder: str, key: str) -> None:
    S3Store(session(), endpoint=recorder).write("checked", key, b"content")
    (head,) = Recorder.heads
    assert [name for name in head if name.startswith("x-amz-checksum-") and name != "x-amz-checksum-type"]


def test_credentials_that_expire_on_the_way_are_renewed(recorder: str) -> None:
    turn = 0

    def renewed() -> dict[str, str]:
        nonlocal turn
        turn += 1
        expires = datetime.now(timezone.utc) + timedelta(
            seconds=7
        )  # renewed after two, so that a slow machine has five to use them
        return {
            "access_key": f"KEY{turn}",
            "secret_key": "s",
            "token": f"token{turn}",
            "expiry_time": expires.isoformat(),
        }

    core: Any = botocore.session.Session()
    credentials: Any = RefreshableCredentials.create_from_metadata(renewed(), renewed, "a test", advisory_timeout=5)
    credentials._mandatory_refresh_timeout = 5
    core._credentials = credentials
    core.set_config_variable("region", "us-east-1")
    store = S3Store(core, endpoint=recorder)
    until = time.monotonic() + examples(5, 20)
    while time.monotonic() < until:
        store.write("renewed", "key", b"content")
        time.sleep(0.1)
    used = {head["authorization"].partition("Credential=")[2].partition("/")[0] for head in Recorder.heads}
    assert len(used) >= 2
    assert all(head["x-amz-security-token"].startswith("token") for head in Recorder.heads)
