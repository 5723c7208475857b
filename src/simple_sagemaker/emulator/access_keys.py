"""The access keys that may sign requests: the administrator's, those of IAM's users, and temporary ones issued here.

All chance in moto becomes that of the operating system, because the keys that it makes must not be guessable.
"""

from __future__ import annotations

import secrets
import string
import threading
from datetime import datetime, timedelta, timezone
from random import SystemRandom
from typing import Any

from ..core.records import dataclass
from .mock_aws import MockAws

_LETTERS = string.ascii_uppercase + "234567"


@dataclass(frozen=True, kw_only=True)
class AccessKey:
    """A key: temporary ones have a token, an end, and may act as another key's user."""

    access_key: str
    secret: str
    token: str = ""
    expires: datetime | None = None
    acts_as: str | None = None

    def has_expired(self) -> bool:
        """Whether a temporary key has come to its end."""
        return self.expires is not None and datetime.now(timezone.utc) >= self.expires


def new_access_key(prefix: str = "AKIA") -> tuple[str, str]:
    """A random access key and its secret."""
    return prefix + "".join(secrets.choice(_LETTERS) for _ in range(16)), secrets.token_urlsafe(30)


class KeyRing:
    """The keys known here, those in moto's memory included."""

    def __init__(self, aws: MockAws) -> None:
        self._aws = aws
        self._keys: dict[str, AccessKey] = {}
        self._roles: dict[str, AccessKey] = {}
        self._seen: dict[int, int] = {}
        self._lock = threading.Lock()
        _take_chance_from_the_system()

    def add(self, key: AccessKey) -> None:
        """Let a key sign."""
        self._keys[key.access_key] = key

    def issue_session(self, user: str, seconds: float) -> AccessKey:
        """Issue a temporary key that acts as the owner of the access key ``user``."""
        name, secret = new_access_key("ASIA")
        expires = datetime.now(timezone.utc) + timedelta(seconds=seconds)
        key = AccessKey(access_key=name, secret=secret, token=secrets.token_urlsafe(96), expires=expires, acts_as=user)
        self.add(key)
        return key

    def find(self, access_key: str) -> AccessKey | None:
        """The key of that name; None if there is none, or it is inactive."""
        key = self._keys.get(access_key) or self._roles.get(access_key)
        if key is None:
            key = self._users_key(access_key) or self._role_key(access_key)
        if key is not None and key.acts_as is not None and self.find(key.acts_as) is None:
            return None
        return key

    def _users_key(self, access_key: str) -> AccessKey | None:
        """The key of a user of IAM, which can be deleted or made inactive at any time."""
        from moto.iam.models import iam_backends

        with self._aws.lock():
            for backend in _backends(iam_backends):
                key = backend.access_keys.get(access_key)
                if key and key.user_name in backend.users and key.status == "Active":
                    return AccessKey(access_key=access_key, secret=key.secret_access_key)
        return None

    def _role_key(self, access_key: str) -> AccessKey | None:
        """The key of an assumed role; those assumed since the last look are read from moto's list."""
        from moto.sts.models import sts_backends

        with self._aws.lock(), self._lock:
            for backend in _backends(sts_backends):
                start = self._seen.get(id(backend), 0)
                for role in backend.assumed_roles[start:]:
                    self._roles[role.access_key_id] = AccessKey(
                        access_key=role.access_key_id,
                        secret=role.secret_access_key,
                        token=role.session_token,
                        expires=role.expiration.replace(tzinfo=timezone.utc),
                    )
                self._seen[id(backend)] = len(backend.assumed_roles)
        return self._roles.get(access_key)


def _backends(accounts: Any) -> list[Any]:
    return [backend for account in list(accounts.values()) for backend in list(account.values())]


def _take_chance_from_the_system() -> None:
    from moto.moto_api._internal import mock_random

    system = SystemRandom()
    mock_random.random = system.random  # type: ignore[method-assign]
    mock_random.getrandbits = system.getrandbits  # type: ignore[method-assign]
