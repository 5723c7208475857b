"""Permissions on AWS: buckets that are ours or trusted, and a role with exactly the permissions that a job needs."""

from __future__ import annotations

from ..core.access import Needs, Role
from .buckets import Buckets
from .clients import Clients
from .roles import Roles


class AwsAccess:
    """Implements :class:`simple_sagemaker.core.access.Access` with S3 and IAM."""

    def __init__(self, clients: Clients) -> None:
        self._buckets = Buckets(clients)
        self._roles = Roles(clients)
        self._made_bucket = False

    def default_bucket(self) -> str:
        return self._buckets.default()

    def has_bucket(self, bucket: str, *, owner: str | None) -> bool:
        return self._buckets.has(bucket, owner=owner)

    def make_bucket(self, bucket: str) -> str:
        done = self._buckets.make(bucket)
        self._made_bucket = bool(done)
        return done

    def buckets(self) -> list[str]:
        return self._buckets.names()

    def role(self, needs: Needs, *, change: bool = True) -> Role:
        if needs.role_name:
            return self._roles.existing(needs.role_name)
        return self._roles.fit(needs, change=change, likely_new=self._made_bucket)
