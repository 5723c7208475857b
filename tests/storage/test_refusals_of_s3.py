"""What S3 refuses with a status of 4xx, by each of the two clients: the cause and the object, and what passes again."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import make_server

from simple_sagemaker.core.aws_errors import explain, service_message
from simple_sagemaker.errors import AccessDenied, NoCredentials, SsmError
from simple_sagemaker.storage.s3.multipart import PART
from simple_sagemaker.storage.s3.store import S3Store
from tests.storage.conftest import session
from tests.storage.servers import empty_moto, moto_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

WAYS = pytest.mark.parametrize("key", ["by/obstore", "by/boto3%"])
ACTS = ("read", "fetch", "write", "send")


class Refusing:
    """moto, but for requests about the key ``by/…`` while there are ``refusals`` left: statuses and codes.

    ``spared`` is a method whose requests are answered all the same.
    """

    def __init__(self) -> None:
        self.refusals: list[tuple[int, str]] = []
        self.spared = ""
        self.store: S3Store
        self._one = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._one:
            spared = "/by/" not in environ["PATH_INFO"] or environ["REQUEST_METHOD"] == self.spared
            if spared or not self.refusals:
                return list(moto_application()(environ, start_response))
            status, code = self.refusals.pop()
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(f"{status} No", [("Content-Type", "application/xml")])
        return [f"<Error><Code>{code}</Code><Message>This &amp; that.</Message></Error>".encode()]


@pytest.fixture(scope="module")
def server() -> Iterator[Refusing]:
    refusing = Refusing()
    serving = make_server("127.0.0.1", 0, refusing, threaded=True)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    refusing.store = S3Store(session(), endpoint=f"http://127.0.0.1:{serving.server_port}")
    yield refusing
    serving.shutdown()
    thread.join()
    serving.server_close()
    empty_moto()


@pytest.fixture
def bucket(server: Refusing) -> str:
    server.refusals, server.spared = [], ""
    name = f"refusing-{uuid.uuid4()}"
    server.store.make_bucket(name)
    return name


def acts(store: S3Store, bucket: str, key: str, folder: Path) -> dict[str, Callable[[], object]]:
    (folder / "file").write_bytes(b"x")
    return {
        "read": lambda: store.read(bucket, key),
        "fetch": lambda: store.fetch(bucket, key, folder / "back"),
        "write": lambda: store.write(bucket, key, b"x"),
        "send": lambda: store.send(folder / "file", bucket, key),
    }


def explained(act: Callable[[], object]) -> SsmError:
    """The error that a person sees."""
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever it is
        return explain(error) or (error if isinstance(error, SsmError) else SsmError(service_message(error) or ""))
    raise AssertionError("no error")


REFUSALS: dict[tuple[int, str], tuple[type[SsmError], str]] = {
    (400, "ExpiredToken"): (NoCredentials, "The credentials have expired.\nRenew them"),
    (400, "InvalidToken"): (NoCredentials, "AWS does not accept the credentials (InvalidToken)"),
    (403, "InvalidAccessKeyId"): (NoCredentials, "AWS does not accept the credentials (InvalidAccessKeyId)"),
    (403, "RequestTimeTooSkewed"): (NoCredentials, "(RequestTimeTooSkewed).\nCheck them"),
    (403, "AccessDenied"): (AccessDenied, "access denied: s3:"),
    (403, "InvalidObjectState"): (AccessDenied, "(InvalidObjectState)"),
    (400, "InvalidRequest"): (SsmError, "This & that"),
    (400, "KMS.DisabledException"): (SsmError, "(KMS.DisabledException)"),
}


@WAYS
@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal[1])
def test_a_refusal_names_its_cause(
    server: Refusing, bucket: str, tmp_path: Path, key: str, refusal: tuple[int, str]
) -> None:
    kind, words = REFUSALS[refusal]
    for name, act in acts(server.store, bucket, key, tmp_path).items():
        server.refusals = [refusal] * 50
        error = explained(act)
        assert type(error) is kind, f"{name}: {error}"
        assert words in str(error), name
        assert "network" not in str(error), name
        assert len(server.refusals) >= 48, f"{name}: what is refused for good was tried again and again"


@pytest.mark.parametrize("name", ACTS)
def test_a_refused_request_of_obstore_names_the_object(
    server: Refusing, bucket: str, tmp_path: Path, name: str
) -> None:
    server.refusals = [(400, "InvalidRequest")] * 50
    error = explained(acts(server.store, bucket, "by/it", tmp_path)[name])
    assert f"This & that: s3://{bucket}/by/it (InvalidRequest)" in str(error)


@WAYS
@pytest.mark.parametrize("name", ACTS)
def test_a_request_that_s3_waited_too_long_for_is_repeated(
    server: Refusing, bucket: str, tmp_path: Path, key: str, name: str
) -> None:
    server.store.write(bucket, key, b"x")
    server.refusals = [(400, "RequestTimeout")] * 2
    acts(server.store, bucket, key, tmp_path)[name]()
    assert server.refusals == []
    assert server.store.read(bucket, key) == b"x"


@WAYS
def test_a_large_file_is_sent_from_its_start_again(server: Refusing, bucket: str, tmp_path: Path, key: str) -> None:
    data = os.urandom(1 << 20) * (3 * PART >> 20)
    (tmp_path / "large").write_bytes(data)
    moved: list[int] = []
    server.refusals = [(400, "RequestTimeout")] * 2
    sent = server.store.send(tmp_path / "large", bucket, key, moved.append)
    assert server.refusals == []
    assert server.store.read(bucket, key, len(data)) == data
    assert sent.digest == server.store.digest(tmp_path / "large")
    if key == "by/obstore":
        assert sum(moved) == len(data)


def test_one_that_is_always_too_late_is_an_error_with_the_code(server: Refusing, bucket: str, tmp_path: Path) -> None:
    server.refusals = [(400, "RequestTimeout")] * 50
    error = explained(acts(server.store, bucket, "by/it", tmp_path)["read"])
    assert "RequestTimeout" in str(error)
    assert len(server.refusals) == 45


@WAYS
def test_an_object_that_is_deleted_before_a_conditional_write_is_not_written(
    server: Refusing, bucket: str, key: str
) -> None:
    server.store.write(bucket, key, b"old")
    server.refusals, server.spared = [(404, "NoSuchKey")], "GET"
    assert not server.store.write_if(bucket, key, b"new", expected=b"old")
    assert server.refusals == []
    server.refusals = [(400, "InvalidRequest")]
    with pytest.raises(Exception, match="InvalidRequest"):
        server.store.write_if(bucket, key, b"new", expected=b"old")
    assert server.store.read(bucket, key) == b"old"
