"""One emulator for each file of tests, with a bucket that holds a script."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import pytest

from tests.emulated import Emulator


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One emulator for a file of tests."""
    made = Emulator(tmp_path_factory.mktemp("emulator"))
    yield made
    made.stop()


@pytest.fixture
def script(emulator: Emulator, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Puts what a job's host runs in sh into a bucket of the test's own; gives the bucket."""

    def put(text: str) -> str:
        bucket = "b-" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
        s3 = emulator.client("s3")
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="code/run.sh", Body=text.encode())
        return bucket

    return put
