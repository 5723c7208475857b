"""Who may do what: the buckets that are ours, and the role that a project's jobs act by.

On AWS it is :class:`simple_sagemaker.aws.access.AwsAccess`; on this machine nobody asks, and :class:`Open` answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from . import names
from .layout import TaskPlace
from .store import Store


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What the job of a task must be allowed to do.

    Everything under the project's folder is read; ``reads`` are the further addresses it reads, ``s3://bucket/`` for
    all of another bucket, or a prefix outside the project's folder in its own. ``image`` is the image's address,
    ``kms_key`` the key that encrypts its results, ``vpc`` whether it runs in a network of the person's own.
    ``role_name`` is an existing role's name or ARN, which is taken as it is.
    """

    project: str
    place: TaskPlace
    image: str
    reads: frozenset[str] = frozenset()
    kms_key: str | None = None
    vpc: bool = False
    role_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role's ARN, and in a line what was done (or would be) to make it fit; empty when nothing was."""

    arn: str
    note: str = ""


class Access(Protocol):
    """Whoever lets jobs and their data in."""

    def default_bucket(self) -> str:
        """The bucket when none is named: ``sagemaker-<region>-<account>``, as AWS's own tools call it."""
        ...

    def has_bucket(self, bucket: str, *, owner: str | None) -> bool:
        """Whether the bucket is there. Raises AccessDenied or UsageError for one that is not to be used.

        The default bucket must be the caller's own; any other one too, unless ``owner`` is the account that owns it.
        """
        ...

    def make_bucket(self, bucket: str) -> str:
        """Make the bucket, private; says in a line what was done, and nothing when it was there."""
        ...

    def role(self, needs: Needs, *, change: bool = True) -> Role:
        """The role of the job, made and changed as it must be; without ``change`` only said what would be done."""
        ...


class Open:
    """This machine, where every bucket is ours and a role is no more than a name."""

    def __init__(self, store: Store, *, account: str, region: str) -> None:
        self._store = store
        self._account = account
        self._region = region

    def default_bucket(self) -> str:
        return f"sagemaker-{self._region}-{self._account}"

    def has_bucket(self, bucket: str, *, owner: str | None) -> bool:  # noqa: ARG002 - every bucket is ours here
        return self._store.has_bucket(bucket)

    def make_bucket(self, bucket: str) -> str:
        self._store.make_bucket(bucket)
        return "" if bucket == self.default_bucket() else f"Bucket: made {bucket}"

    def role(self, needs: Needs, *, change: bool = True) -> Role:  # noqa: ARG002 - nothing is ever changed here
        return _named_role(needs, self._account)


class OnS3:
    """Jobs of this machine with their data on S3: buckets are as AWS has them, and a role is no more than a name."""

    def __init__(self, buckets: Access, *, account: str) -> None:
        self._buckets = buckets
        self._account = account

    def default_bucket(self) -> str:
        return self._buckets.default_bucket()

    def has_bucket(self, bucket: str, *, owner: str | None) -> bool:
        return self._buckets.has_bucket(bucket, owner=owner)

    def make_bucket(self, bucket: str) -> str:
        return self._buckets.make_bucket(bucket)

    def role(self, needs: Needs, *, change: bool = True) -> Role:  # noqa: ARG002 - nothing is ever changed here
        return _named_role(needs, self._account)


def _named_role(needs: Needs, account: str) -> Role:
    named = needs.role_name or names.role_name(needs.project)
    return Role(arn=named if named.startswith("arn:") else f"arn:aws:iam::{account}:role/{named}")
