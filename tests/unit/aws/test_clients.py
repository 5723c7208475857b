"""Calls of AWS with credentials that expire while a job is followed: read anew where they come from, once."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ClientError

from simple_sagemaker.aws.clients import _Later, renew
from tests.unit.tasks.service import refused

KEYS = "[{0}]\naws_access_key_id = {1}\naws_secret_access_key = secret of {1}\naws_session_token = token of {1}\n"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of credentials, with a default and a profile."""
    path = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    write(path, "OLD")
    return path


def write(path: Path, key: str) -> None:
    path.write_text(KEYS.format("default", key) + KEYS.format("other", f"{key}-OF-OTHER"))


def keys(session: botocore.session.Session) -> tuple[str, str, str | None]:
    found = session.get_credentials()
    assert found
    return found.access_key, found.secret_key, found.token


@pytest.mark.parametrize(("profile", "end"), [(None, ""), ("other", "-OF-OTHER")])
def test_credentials_are_read_anew_for_every_client_of_the_session(file: Path, profile: str | None, end: str) -> None:
    session = botocore.session.Session(profile=profile)
    assert keys(session)[0] == f"OLD{end}"
    assert not renew(session), "they are the same still"
    write(file, "NEW")
    assert renew(session)
    assert keys(session) == (f"NEW{end}", f"secret of NEW{end}", f"token of NEW{end}")


def test_without_credentials_or_with_some_that_renew_themselves_nothing_is_read(file: Path) -> None:
    class Session:
        profile = None

        def __init__(self, credentials: object) -> None:
            self._credentials = credentials

        def get_credentials(self) -> object:
            return self._credentials

    assert not renew(Session(None))  # type: ignore[arg-type]
    own = RefreshableCredentials("A", "b", "c", datetime.now(tz=timezone.utc), dict, "sso")
    assert not renew(Session(own))  # type: ignore[arg-type]
    session = botocore.session.Session()
    assert keys(session)[0] == "OLD"
    file.unlink()
    assert not renew(session)


class Service:
    """An operation that fails so often, and something that is no operation."""

    def __init__(self, *errors: str) -> None:
        self.errors = list(errors)
        self.calls: list[Any] = []
        self.meta = SimpleNamespace(method_to_api_mapping={"describe": "Describe"}, region_name="r")
        self.other = 7

    def describe(self, *args: Any, **request: Any) -> str:
        self.calls.append((args, request))
        if self.errors:
            raise refused(self.errors.pop(0), "no", "Describe")
        return "answer"


@pytest.mark.parametrize(
    ("errors", "renews", "answers", "calls"),
    [
        ([], True, True, 1),
        (["ExpiredTokenException"], True, True, 2),
        (["ExpiredTokenException"], False, False, 1),
        (["ExpiredTokenException", "ExpiredTokenException"], True, False, 2),
        (["ThrottlingException"], True, False, 1),
    ],
)
def test_a_call_is_made_again_once_with_renewed_credentials(
    errors: list[str], renews: bool, answers: bool, calls: int
) -> None:
    service, made = Service(*errors), list[int]()

    def make() -> Service:
        made.append(1)
        return service

    client = _Later(make, lambda: renews)
    assert made == []
    if answers:
        assert client.describe(1, a=2) == "answer"
    else:
        with pytest.raises(ClientError):
            client.describe(1, a=2)
    assert service.calls == [((1,), {"a": 2})] * calls
    assert (client.other, client.meta.region_name, made) == (7, "r", [1])
