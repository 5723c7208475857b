"""An S3 that is far away and counts what it is asked at the same time, and an engine whose buckets are there."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from simple_sagemaker.local.api.cloudwatch_logs import LocalLogs
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.storage.s3.store import S3Store
from tests.local.conftest import Engine, settings
from tests.storage.conftest import session
from tests.storage.servers import empty_moto, moto_application

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

LATENCY_S = 0.03
VARIABLES = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
Answer = str | None  # a status in place of the server's own


@dataclass
class FarS3:
    """moto behind a latency, with a bucket of its own.

    ``before`` is called with a request's method and key; it may wait, or refuse the request.
    """

    url: str = ""
    bucket: str = field(default_factory=lambda: f"far-{uuid.uuid4()}")
    before: Callable[[str, str], Answer] = lambda _, __: None
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)  # methods and keys that succeeded
    most: Counter[str] = field(
        default_factory=Counter
    )  # by method, how many requests at the same time; LIST is about a whole bucket
    _now: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def store(self, *keys: str) -> S3Store:
        """A store with these objects, too, in the bucket; what the server counted until then is forgotten."""
        store = S3Store(session(), endpoint=self.url)
        store.make_bucket(self.bucket)
        threads = [threading.Thread(target=self._put, args=(store, keys[part::32])) for part in range(32)]
        for act in (threading.Thread.start, threading.Thread.join):
            for thread in threads:
                act(thread)
        self.forget()
        return store

    def _put(self, store: S3Store, keys: Iterable[str]) -> None:
        for key in keys:
            store.write(self.bucket, key, key.encode())

    def forget(self) -> None:
        self.answered.clear()
        self.most.clear()

    def count(self, method: str, prefix: str) -> int:
        """How many requests succeeded."""
        return sum(count for (one, key), count in self.answered.items() if one == method and key.startswith(prefix))

    def ask(self, method: str, key: str, serve: Callable[[], tuple[str, list[bytes]]]) -> list[bytes] | str:
        """Answer a request with ``serve``, later; a text is a status in place of its answer."""
        with self._lock:
            self._now[method] += 1
            self.most[method] = max(self.most[method], self._now[method])
        try:
            time.sleep(LATENCY_S)
            if refusal := self.before(method, key):
                return refusal
            status, body = serve()
            if key and status.startswith("2"):
                self.answered[method, key] += 1
            return body
        finally:
            with self._lock:
                self._now[method] -= 1


@contextmanager
def far_s3() -> Iterator[FarS3]:
    """A server that answers one request at a time, each after a while."""
    from werkzeug.serving import make_server

    application, one, far = moto_application(), threading.Lock(), FarS3()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        key = environ["PATH_INFO"].encode("latin-1").decode("utf-8").lstrip("/").partition("/")[2]
        statuses: list[str] = []

        def start(status: str, *more: object) -> object:
            statuses.append(status)
            return start_response(status, *more)  # type: ignore[arg-type]

        def serve() -> tuple[str, list[bytes]]:
            with one:
                body = list(application(environ, start))
            return statuses[-1], body

        result = far.ask(environ["REQUEST_METHOD"] if key else "LIST", key, serve)
        if isinstance(result, str):
            start_response(result, [("Content-Length", "0")])
            return []
        return result

    server = make_server("127.0.0.1", 0, answer, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    far.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield far
    finally:
        far.before = lambda _, __: None
        server.shutdown()
        thread.join()
        server.server_close()
        empty_moto()


class FarEngine(Engine):
    """An engine whose bucket is on a far S3. The test's environment has ``VARIABLES`` and the server's address."""

    def __init__(self, root: Path, far: FarS3) -> None:
        self.home = Home(root)
        self.bucket = far.bucket
        self.store = far.store()  # type: ignore[assignment]
        variables = {**VARIABLES, "AWS_ENDPOINT_URL_S3": far.url}
        self.direct = self.service(settings(callers_s3=True), variables)
        self.client = self.direct
        self.logs = LocalLogs(self.home)
        self._count = 0
