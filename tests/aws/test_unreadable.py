"""Answers that are no service's end in a message, or are asked for again while a job is followed."""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from simple_sagemaker.aws.clients import Clients, connect
from simple_sagemaker.core import aws_errors, unreadable
from simple_sagemaker.core.retries import is_transient
from simple_sagemaker.errors import SsmError
from simple_sagemaker.storage.s3.store import S3Store

BODIES = (b"\xff\xfe{", b"<html>Sign in</html>", b"{", b"null", b"[]", b"", b"{}")
REFUSAL = b"<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>"  # in S3's form


class _Answers(http.server.BaseHTTPRequestHandler):
    """A server that answers everything with one status and body."""

    status, body = 200, b""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[type[_Answers], Clients]]:
    class Handler(_Answers):
        pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    serving.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for name, value in {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    yield Handler, connect(os.environ, "")
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.mark.parametrize("body", BODIES)
def test_an_answer_of_another_form_is_said_and_transient(answers: tuple[type[_Answers], Clients], body: bytes) -> None:
    handler, clients = answers
    handler.body = body
    calls = (clients.sagemaker.list_training_jobs, lambda: clients.identity)
    for call in calls[: 1 if body == b"{}" else 2]:
        message = r"An answer cannot be read.*\n.*AWS_ENDPOINT_URL"
        with pytest.raises(SsmError, match=message) as told, aws_errors.translate_errors():
            call()
        assert is_transient(told.value.__cause__)  # type: ignore[arg-type]


@pytest.mark.parametrize("status", [301, 403])
def test_a_refusal_in_another_services_form_is_a_refusal(answers: tuple[type[_Answers], Clients], status: int) -> None:
    handler, clients = answers
    handler.status, handler.body = status, REFUSAL
    with pytest.raises(SsmError, match="AWS refused GetCallerIdentity"), aws_errors.translate_all_errors():
        _ = clients.identity


def test_an_operation_that_answers_nothing_may_answer_nothing(answers: tuple[type[_Answers], Clients]) -> None:
    assert answers[1].sagemaker.stop_training_job(TrainingJobName="a")


@pytest.mark.parametrize(("right", "wrong"), [("<Size>3<", "<Size>three<"), ("2026-11-25", "the 25th")])
def test_a_listing_with_what_is_no_number_or_time_is_said(
    answers: tuple[type[_Answers], Clients], right: str, wrong: str
) -> None:
    handler, clients = answers
    found = "<Key>a</Key><LastModified>2026-11-25T13:40:03.000Z</LastModified><Size>3</Size><ETag>&quot;t&quot;</ETag>"
    page = f"<ListBucketResult><Contents>{found}</Contents></ListBucketResult>"
    store = S3Store(clients.session)
    handler.body = page.encode()
    assert [one.size for one in store.list("b", "")] == [3]
    handler.body = page.replace(right, wrong).encode()
    with pytest.raises(SsmError, match="An answer cannot be read"), aws_errors.translate_errors():
        list(store.list("b", ""))


def test_mistakes_of_our_own_are_no_answers() -> None:
    for kind in (KeyError, AttributeError, ValueError, TypeError):
        with pytest.raises(kind) as raised:
            raise kind("ours")
        assert not unreadable.is_unreadable(raised.value)
        assert not is_transient(raised.value)


def test_pages_are_turned_until_the_last_and_never_back_to_the_same() -> None:
    request: dict[str, Any] = {}
    assert unreadable.turn_page(request, {"NextToken": "a"})
    assert unreadable.turn_page(request, {"NextToken": "b"})
    assert request == {"NextToken": "b"}
    assert not unreadable.turn_page(request, {})
    assert not unreadable.turn_page(request, {"NextToken": ""})
    with pytest.raises(SsmError, match="A list does not end"):
        unreadable.turn_page(request, {"NextToken": "b"})
