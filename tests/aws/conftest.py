"""AWS as moto has it, on a loopback port of this process, with the two things that moto leaves out of S3 and IAM."""

from __future__ import annotations

import io
import threading
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from botocore.exceptions import ClientError
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from werkzeug.serving import make_server

from simple_sagemaker.aws.access import AwsAccess
from simple_sagemaker.aws.clients import Clients, connect
from simple_sagemaker.core.access import Needs
from simple_sagemaker.core.layout import TaskPlace

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

ACCOUNT = "123456789012"  # moto's own
FOREIGN = "222222222222"
REGION = "eu-west-1"
DEFAULT = f"sagemaker-{REGION}-{ACCOUNT}"


class Moto:
    """One request at a time, as IAM and S3 change one thing at a time; ExpectedBucketOwner is looked at.

    ``closed`` are buckets that nobody may look at, ``moved`` the regions of buckets that answer only there;
    ``requests`` are the services and operations asked for, S3's by method and address.
    """

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._one = threading.Lock()
        self.closed: set[str] = set()
        self.moved: dict[str, str] = {}
        self.requests: list[str] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._one:
            self.requests.append(_asked(environ))
            bucket = environ["PATH_INFO"].split("/")[1]
            expected = environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER")
            owner = s3_backends.bucket_accounts.get(bucket, ("", expected))[1]
            if bucket in self.closed or (expected and owner != expected):
                start_response("403 Forbidden", [])
                return []
            if bucket in self.moved:
                start_response("301 Moved Permanently", [("x-amz-bucket-region", self.moved[bucket])])
                return []
            return list(self._app(environ, start_response))


def _asked(environ: WSGIEnvironment) -> str:
    """The service and operation of a request, by what it was signed for and how its protocol names operations."""
    scope = environ.get("HTTP_AUTHORIZATION", "").partition("Credential=")[2].split("/")
    service = scope[3] if len(scope) > 3 else "nobody"
    if target := environ.get("HTTP_X_AMZ_TARGET"):
        return f"{service} {target.rpartition('.')[2]}"
    if service == "s3":
        return f"s3 {environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return f"{service} {parse_qs(body.decode()).get('Action', ['?'])[0]}"


@dataclass
class Cloud:
    """The server's address, and what a test wants of it."""

    moto: Moto
    url: str
    calls: list[str] = field(default_factory=list)

    def clients(self, region: str = REGION, *, before: Callable[[str], None] | None = None) -> Clients:
        """Clients whose every request is written down in ``calls``, and told to ``before`` when it is to be sent."""
        clients = connect({"AWS_REGION": region}, "SSM_ENGINE=local")

        def sent(**request: Any) -> None:
            service, operation = request["event_name"].split(".")[1:3]
            self.calls.append(f"{service}.{operation}")
            if before:
                before(operation)

        clients.session.register("before-send", sent)
        return clients

    def access(self, region: str = REGION) -> AwsAccess:
        """A new command's access."""
        return AwsAccess(self.clients(region))

    def foreign_bucket(self, name: str) -> None:
        """A bucket of another account."""
        s3_backends[FOREIGN]["aws"].create_bucket(name, REGION)


@pytest.fixture(scope="session")
def _moto() -> Iterator[tuple[Moto, str]]:
    moto = Moto()
    server = make_server("127.0.0.1", 0, moto, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield moto, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def cloud(_moto: tuple[Moto, str], monkeypatch: pytest.MonkeyPatch) -> Cloud:
    moto, url = _moto
    urllib.request.urlopen(f"{url}/moto-api/reset", data=b"").close()
    s3_backends.bucket_accounts.clear()
    moto.closed.clear()
    moto.moved.clear()
    moto.requests.clear()
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")
    return Cloud(moto, url)


def needs(**given: Any) -> Needs:
    """What a plain task of the project ``proj`` needs."""
    image = f"763104351884.dkr.ecr.{REGION}.amazonaws.com/pytorch-training:2.6-cpu-py312"
    place = TaskPlace(bucket=given.pop("bucket", DEFAULT), project=given.get("project", "proj"), task="t", prefix="")
    return Needs(**{"project": "proj", "place": place, "image": image, **given})


def at_once(command: Callable[[], object], count: int) -> None:
    """Run the command so many times at once; its first error is raised here."""
    errors: list[BaseException] = []

    def run() -> None:
        try:
            command()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def refusal(code: str, message: str = "", operation: str = "CreateTrainingJob", status: int = 400) -> ClientError:
    """A service's refusal, as botocore raises it."""
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)
