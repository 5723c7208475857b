"""Bodies of requests: read to their end and no further, within what they may cost."""

from __future__ import annotations

import io
import time
from contextlib import suppress
from typing import Any

import pytest

from simple_sagemaker.emulator.authentication import _UNVERIFIED
from simple_sagemaker.emulator.bodies import BodyTooLarge, Budget, BudgetSpent, IncompleteBody, read_body

KIB = 1024


def environ(body: bytes, **more: str) -> dict[str, Any]:
    return {"wsgi.input": io.BytesIO(body), **more}


def test_a_body_is_read_to_its_length_and_can_be_read_again() -> None:
    request = environ(b"abcdef", CONTENT_LENGTH="3")
    assert read_body(request, 3) == b"abc"
    assert request["wsgi.input"].read() == b"abc"
    assert (request["CONTENT_LENGTH"], request["wsgi.input_terminated"]) == ("3", True)
    assert read_body(environ(b"abc"), 3) == b""
    assert read_body(environ(b"abc", CONTENT_LENGTH=""), 3) == b""


def test_chunks_become_a_body_with_a_length() -> None:
    request = environ(b"3 ;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nt: u\r\n\r\nmore", HTTP_TRANSFER_ENCODING="chunked")
    assert read_body(request, 13) == b"abc0123456789"
    assert request["CONTENT_LENGTH"] == "13"
    assert "HTTP_TRANSFER_ENCODING" not in request


@pytest.mark.parametrize(
    ("body", "more", "why"),
    [
        (b"ab", {"CONTENT_LENGTH": "3"}, "number of bytes specified by the Content-Length"),
        (b"x\r\nabc\r\n", {}, "size of a chunk cannot be read"),
        (
            b"3\r\nabcd\r\n0\r\n\r\n",
            {},
            "the body ends before its last chunk|a line of it has no end|longer than its size",
        ),
        (b"3\r\nabc", {}, "ends before its last chunk"),
        (b"0\r\n" + b"n: v\r\n" * 300 + b"\r\n", {}, "trailer is too long"),
    ],
)
def test_a_body_that_ends_early_says_how(body: bytes, more: dict[str, str], why: str) -> None:
    chunked = {} if more else {"HTTP_TRANSFER_ENCODING": "chunked"}
    with pytest.raises(IncompleteBody, match=why):
        read_body(environ(body, **more, **chunked), 1 << 20)


def test_a_trailer_of_a_kilobyte_is_dropped() -> None:
    line = b"n: " + b"v" * 500 + b"\r\n"
    body = b"1\r\na\r\n0\r\n" + line * 2 + b"\r\n"
    assert read_body(environ(body, HTTP_TRANSFER_ENCODING="chunked"), 9) == b"a"


@pytest.mark.parametrize(
    "request_",
    [environ(b"abcd", CONTENT_LENGTH="4"), environ(b"2\r\nab\r\n2\r\ncd\r\n", HTTP_TRANSFER_ENCODING="chunked")],
)
def test_what_is_larger_than_it_may_be_is_refused_with_the_bound(request_: dict[str, Any]) -> None:
    with pytest.raises(BodyTooLarge, match="more than the 3 bytes that are taken"):
        read_body(request_, 3)


def test_what_all_unknown_senders_have_together_is_bounded_and_comes_back() -> None:
    budget = Budget(most=100, reserve=0)
    with budget.lend() as one, budget.lend() as other:
        one.take(60)
        other.take(40)
        with pytest.raises(BudgetSpent):
            other.take(1)
        assert (one.taken, other.taken) == (60, 40)
    with budget.lend() as again:
        again.take(100)
    with suppress(KeyError), budget.lend() as failed:
        failed.take(100)
        raise KeyError
    with budget.lend() as again:
        again.take(100)


def test_a_reserve_is_kept_for_the_beginnings_of_bodies() -> None:
    budget = Budget(most=200 * KIB, reserve=100 * KIB)
    with budget.lend() as large, budget.lend() as small:
        large.take(64 * KIB)
        large.take(36 * KIB)
        with pytest.raises(BudgetSpent):
            large.take(1)
        small.take(64 * KIB)
        with pytest.raises(BudgetSpent):
            small.take(1)
        with budget.lend() as third:
            third.take(36 * KIB)
            with pytest.raises(BudgetSpent):
                third.take(1)


class Connection:
    """A socket that is only told how long to wait."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []

    def settimeout(self, seconds: float | None) -> None:
        self.waits.append(seconds)


@pytest.mark.parametrize("length", ["3", "9"])
def test_a_connection_waits_for_ever_again_after_a_body_with_a_loan(length: str) -> None:
    connection = Connection()
    request = {**environ(b"abc", CONTENT_LENGTH=length), "werkzeug.socket": connection}
    with Budget(most=100, reserve=0).lend() as loan, suppress(IncompleteBody):
        read_body(request, 100, loan)
    assert loan.taken == 3
    assert connection.waits[-1] is None
    assert all(55 < (seconds or 0) <= 60 for seconds in connection.waits[:-1])


def test_unknown_senders_have_128_mb_together_half_of_it_for_small_bodies() -> None:
    with _UNVERIFIED.lend() as large, _UNVERIFIED.lend() as small:
        large.take(64 * KIB)
        large.take(64 * KIB * KIB - 64 * KIB)
        with pytest.raises(BudgetSpent):
            large.take(1)
        small.take(64 * KIB)


def test_a_sender_has_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    with Budget(most=1, reserve=0).lend() as loan:
        began = time.monotonic()
        assert 55 < loan.left_s() <= 60
        monkeypatch.setattr("time.monotonic", lambda: began + 61)
        with pytest.raises(IncompleteBody, match="not read from or written to within the timeout period"):
            loan.left_s()
