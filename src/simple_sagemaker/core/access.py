"""Permissions: the buckets that may be used, and the role that a project's jobs run with.

On AWS it is :class:`simple_sagemaker.aws.access.AwsAccess`; on this machine everything is allowed, as
:class:`LocalAccess` says.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from . import names
from .layout import TaskPlace
from .records import dataclass
from .store import Store


@dataclass(frozen=True, kw_only=True)
class Needs:
    """The permissions that the job of a task needs.

    The job may read everything under the project's folder; ``reads`` are the other addresses it reads:
    ``s3://bucket/`` for all of another bucket, or a prefix outside the project's folder in its own bucket; ``objects``
    are single objects there. ``bucket_owner`` is the account that was named as the owner of the bucket. ``image`` is
    the image's address, ``kms_key`` the key that encrypts its results, ``vpc`` whether it runs in the user's VPC.
    ``mlflow`` is the ARN of the MLflow of SageMaker's that keeps the job's run.
    ``role_name`` is an existing role's name or ARN, which is used unchanged.
    """

    project: str
    place: TaskPlace
    image: str
    bucket_owner: str | None = None
    reads: frozenset[str] = frozenset()
    objects: frozenset[str] = frozenset()
    kms_key: str | None = None
    vpc: bool = False
    mlflow: str | None = None
    role_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role's ARN, and a line about what was done (or would be) to make it fit; empty if nothing was."""

    arn: str
    note: str = ""


class Access(Protocol):
    """The buckets and roles of jobs."""

    def default_bucket(self) -> str:
        """The bucket when none is named: ``sagemaker-<region>-<account>``, as AWS's own tools call it."""
        ...

    def has_bucket(self, bucket: str, *, owner: str | None) -> bool:
        """Whether the bucket exists. Raises AccessDenied or UsageError for one that must not be used.

        The default bucket must be the caller's own; any other one too, unless ``owner`` is the account that owns it.
        """
        ...

    def make_bucket(self, bucket: str) -> str:
        """Create the bucket, private; return a line about what was done, "" if it existed."""
        ...

    def buckets(self) -> list[str]:
        """The names of the caller's buckets; none where the caller may not list them."""
        ...

    def role(self, needs: Needs, *, change: bool = True) -> Role:
        """The role of the job, created and changed as needed; without ``change`` it is only said what would be done."""
        ...


class LocalAccess:
    """This machine, where every bucket may be used and a role is only a name."""

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
        return "" if bucket == self.default_bucket() else f"Bucket: created {bucket}"

    def buckets(self) -> list[str]:
        root = Path(self._store.place)  # a bucket is a folder there
        return [path.name for path in root.glob("[!.]*") if path.is_dir()]

    def role(self, needs: Needs, *, change: bool = True) -> Role:  # noqa: ARG002 - nothing is ever changed here
        return _role_without_iam(needs, self._account)


class S3Access:
    """Jobs of this machine with their data on S3: buckets are AWS's, and a role is only a name."""

    def __init__(self, buckets: Access, *, account: str) -> None:
        self._buckets = buckets
        self._account = account

    def default_bucket(self) -> str:
        return self._buckets.default_bucket()

    def has_bucket(self, bucket: str, *, owner: str | None) -> bool:
        return self._buckets.has_bucket(bucket, owner=owner)

    def make_bucket(self, bucket: str) -> str:
        return self._buckets.make_bucket(bucket)

    def buckets(self) -> list[str]:
        return self._buckets.buckets()

    def role(self, needs: Needs, *, change: bool = True) -> Role:  # noqa: ARG002 - nothing is ever changed here
        return _role_without_iam(needs, self._account)


def _role_without_iam(needs: Needs, account: str) -> Role:
    role = needs.role_name or names.role_name(needs.project)
    return Role(arn=role if role.startswith("arn:") else f"arn:aws:iam::{account}:role/{role}")
