"""STS's temporary keys: who gets them, for how long, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest

from simple_sagemaker.emulator import sessions
from simple_sagemaker.emulator.access_keys import AccessKey, KeyRing
from simple_sagemaker.emulator.authentication import Caller
from tests.unit.emulator.rings import ring_of

ENVIRON = {"REQUEST_METHOD": "POST", "PATH_INFO": "/", "CONTENT_TYPE": "application/x-www-form-urlencoded"}
USER = AccessKey(access_key="AKIAUSER", secret="secret")


@pytest.fixture(scope="module")
def keys() -> KeyRing:
    return ring_of(USER)


def ask(
    keys: KeyRing, body: str, name: str = "sts.GetSessionToken", key: AccessKey = USER, **more: Any
) -> tuple[str, str]:
    caller = Caller(key, "sts", "us-east-1")
    status, _, answer = sessions.answer(dict(ENVIRON), name, body.encode(), caller, keys, **{"enforce": False, **more})
    return status, answer.decode()


def issued(keys: KeyRing, answer: str) -> tuple[AccessKey, float]:
    """The key of an answer as the ring has it, and for how many seconds it lives."""
    tags = {element.tag.rpartition("}")[2]: element.text or "" for element in ET.fromstring(answer).iter()}
    key = keys.find(tags["AccessKeyId"])
    assert key
    assert (key.secret, key.token) == (tags["SecretAccessKey"], tags["SessionToken"])
    assert key.expires
    assert tags["Expiration"] == f"{key.expires:%Y-%m-%dT%H:%M:%SZ}"
    return key, (key.expires - datetime.now(timezone.utc)).total_seconds()


@pytest.mark.parametrize(
    ("body", "longest_s", "seconds"),
    [
        ("", 0, 43_200),
        ("DurationSeconds=900", 0, 900),
        ("DurationSeconds=129600", 0, 129_600),
        ("DurationSeconds=900", 5, 5),
        ("", 100_000, 43_200),
    ],
)
def test_a_session_acts_as_its_user_for_as_long_as_was_asked_for(
    keys: KeyRing, body: str, longest_s: float, seconds: float
) -> None:
    status, answer = ask(keys, body, longest_s=longest_s)
    assert status == "200 OK"
    key, lives_s = issued(keys, answer)
    assert key.acts_as == "AKIAUSER"
    assert key.access_key.startswith("ASIA")
    assert seconds - 60 < lives_s <= seconds
    assert not key.has_expired()


@pytest.mark.parametrize("seconds", ["899", "129601", "soon", "-900", "", "99999999"])
def test_a_length_out_of_bounds_is_refused_with_them(keys: KeyRing, seconds: str) -> None:
    status, answer = ask(keys, f"DurationSeconds={seconds}&x=y")
    if seconds:
        assert status.startswith("400")
        assert "DurationSeconds must be between 900 and 129600." in answer
    else:
        assert status == "200 OK"  # nothing was asked for


@pytest.mark.parametrize(
    ("user", "is_taken"),
    [("ab", True), ("a" * 32, True), ("a_+=,.@-1", True), ("a", False), ("a" * 33, False), ("é1", False)],
)
def test_a_federated_user_has_a_name(keys: KeyRing, user: str, is_taken: bool) -> None:
    status, answer = ask(keys, f"Name={quote(user)}", "sts.GetFederationToken")
    assert (status == "200 OK") is is_taken
    assert (f"<Arn>arn:aws:sts::000000000000:federated-user/{user}</Arn>" in answer) is is_taken
    assert "FederatedUser" not in ask(keys, "")[1]


def test_a_session_gets_no_session(keys: KeyRing) -> None:
    over = datetime.now(timezone.utc) + timedelta(hours=1)
    session = AccessKey(access_key="ASIAX", secret="s", token="t", expires=over, acts_as="AKIAUSER")
    status, answer = ask(keys, "", key=session)
    assert status.startswith("403")
    assert "Cannot call GetSessionToken with session credentials" in answer


def test_with_iam_enforced_no_federated_user_is_let_in_without_its_policy(keys: KeyRing) -> None:
    status, answer = ask(keys, "Name=ab", "sts.GetFederationToken", enforce=True)
    assert (status, "--enforce_iam" in answer) == ("501 Not Implemented", True)
    assert ask(keys, "", enforce=True)[0] == "200 OK"
