"""Stores of every kind behind one fixture: a folder, moto's S3, and rclone's, which keeps its objects as files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import botocore.session
import pytest

from simple_sagemaker.core.store import Store
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.s3.store import S3Store
from tests.storage.servers import empty_moto, rclone_server


@dataclass(frozen=True)
class Kind:
    """A store, and what is known of the server behind it."""

    name: str
    store: Store


def session(secret: str = "secret", *, region: str = "us-east-1") -> botocore.session.Session:
    """A session as a store has it, whose credentials the servers know."""
    made = botocore.session.Session()
    made.set_credentials("test", secret)
    made.set_config_variable("region", region)
    return made


@pytest.fixture(scope="session")
def moto_server() -> Iterator[str]:
    """The address of moto's server, for a test whose many examples share it."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def moto(moto_server: str) -> Iterator[str]:
    """The address of moto's server, which is empty again after the test."""
    yield moto_server
    empty_moto()


@pytest.fixture(scope="session")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of ``rclone serve s3``."""
    with rclone_server(tmp_path_factory.mktemp("rclone")) as url:
        yield url


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
