"""The buckets of a task: only our own are used unless an owner is named, and a new one is closed to everybody else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

from botocore.exceptions import ClientError

from ..core.aws_api import error_code
from ..core.aws_errors import is_denial
from ..errors import AccessDenied, SsmError, UsageError
from .clients import Clients

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CreateBucketRequestTypeDef, LifecycleRuleTypeDef

_TAKEN = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists", "OperationAborted"})
# Other S3 servers than AWS's lack these settings; rclone takes each request for another CreateBucket.
_UNKNOWN_HERE = frozenset({"NotImplemented", "MethodNotAllowed", "BucketAlreadyExists"})
_TURNS = 20
_PARTS_DAYS = 7  # no upload of one file takes longer


class Buckets:
    """Buckets as the caller sees them. ``wait`` sleeps for a number of seconds."""

    def __init__(self, clients: Clients, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._clients = clients
        self._wait = wait

    def default(self) -> str:
        """``sagemaker-<region>-<account>``, as AWS's own tools call it."""
        return f"sagemaker-{self._clients.region}-{self._clients.identity.account}"

    def has(self, bucket: str, *, owner: str | None) -> bool:
        """Whether the bucket exists, with one call. Raises AccessDenied or UsageError for one that must not be used.

        ``owner`` is the account that the user trusts as the owner of a bucket other than the default one.
        """
        ours = self._clients.identity.account
        expected = ours if bucket == self.default() else owner or ours
        try:
            answer = self._clients.s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=expected)
        except ClientError as error:
            if error_code(error) == "404":
                return False
            if error_code(error) == "301":
                self._refuse_far(bucket, _region_of(error.response))
            if error_code(error) == "403":
                self._refuse(bucket, owner, error)
            raise
        if (region := answer.get("BucketRegion")) and region != self._clients.region:
            self._refuse_far(bucket, region)
        return True

    def names(self) -> list[str]:
        """The names of the caller's buckets; none where the caller may not list them, or this server cannot."""
        try:
            answer = self._clients.s3.list_buckets()
        except ClientError as error:
            if is_denial(error_code(error)) or error_code(error) in _UNKNOWN_HERE:
                return []
            raise
        return [one["Name"] for one in answer.get("Buckets", [])]

    def make(self, bucket: str) -> str:
        """Create the bucket: no public access, encrypted, TLS only; parts of broken uploads are deleted after a week.

        Return lines about it; "" if another command was first.

        A bucket that could not be closed is deleted again, so that the next run starts over. If killed meanwhile, it
        leaves a bucket with S3's defaults: private and encrypted, but not TLS only.
        """
        request: CreateBucketRequestTypeDef = {"Bucket": bucket}
        if self._clients.region != "us-east-1":  # the one region that must not be named
            where: Any = self._clients.region
            request["CreateBucketConfiguration"] = {"LocationConstraint": where}
        try:
            self._clients.s3.create_bucket(**request)
        except ClientError as error:
            if error_code(error) not in _TAKEN:
                raise
            return self._await_other(bucket)
        try:
            left_out = self._close(bucket)
        except BaseException:
            with suppress(Exception):  # the first error is what counts; a bucket with data stays
                self._clients.s3.delete_bucket(Bucket=bucket)
            raise
        properties = ", ".join(name for name in ("private", "encrypted", "TLS only") if name not in left_out)
        return f"Bucket: created {bucket}" + (f" ({properties})" if properties else "") + self._tidy(bucket)

    def _close(self, bucket: str) -> list[str]:
        """Close a new bucket; return the names of the settings that this S3 server lacks."""
        s3, left_out = self._clients.s3, []
        steps: dict[str, Callable[[], object]] = {
            "private": lambda: s3.put_public_access_block(
                Bucket=bucket,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "IgnorePublicAcls": True,
                    "BlockPublicPolicy": True,
                    "RestrictPublicBuckets": True,
                },
            ),
            "encrypted": lambda: s3.put_bucket_encryption(
                Bucket=bucket,
                ServerSideEncryptionConfiguration={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
            ),
            "TLS only": lambda: s3.put_bucket_policy(
                Bucket=bucket, Policy=tls_only(bucket, self._clients.identity.partition)
            ),
        }
        for name, step in steps.items():
            try:
                step()
            except ClientError as error:
                if error_code(error) not in _UNKNOWN_HERE:
                    raise
                left_out.append(name)
        return left_out

    def _tidy(self, bucket: str) -> str:
        """Make S3 delete parts of broken uploads, which no listing shows and which cost storage.

        Return a note if the caller may not do that: the bucket works without it, so that is no error.
        """
        rule: LifecycleRuleTypeDef = {
            "ID": "parts of uploads that broke",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": _PARTS_DAYS},
        }
        try:
            self._clients.s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
        except ClientError as error:
            if is_denial(error_code(error)):
                return "\nBucket: parts of broken uploads stay in it and cost storage: no s3:PutLifecycleConfiguration"
            if error_code(error) not in _UNKNOWN_HERE:
                raise
        return ""

    def _await_other(self, bucket: str) -> str:
        """Wait until the bucket exists and is ours; return no note. Raises AccessDenied for one of another account."""
        for turn in range(_TURNS):
            if self.has(bucket, owner=None):
                return ""
            self._wait(0.1 * (turn + 1))
        raise SsmError(f"Bucket {bucket}: S3 says both that it exists and that it does not.\nTry again in a minute.")

    def _refuse(self, bucket: str, owner: str | None, error: ClientError) -> NoReturn:
        """Raise the error for an existing bucket that cannot be used: somebody else's, or closed to the caller."""
        caller = self._clients.identity
        try:
            self._clients.s3.head_bucket(Bucket=bucket)
            foreign = True
        except ClientError:
            foreign = False
        closed = "" if foreign else f", or {caller.arn} may not s3:ListBucket there"
        if bucket == self.default():
            raise AccessDenied.naming(
                "Bucket {bucket}, the default one, exists and belongs to another account{closed}.\n"
                "Its name is predictable, and somebody may have created it to collect data; nothing was sent there.\n"
                "Name a bucket of your own with {bucket_name}.",
                bucket=bucket,
                closed=closed,
            ) from error
        if foreign and owner:
            raise UsageError.naming(
                "{bucket_owner:owner} does not own the bucket {bucket}.", owner=owner, bucket=bucket
            ) from error
        raise AccessDenied.naming(
            "Bucket {bucket} belongs to another account than {owner}{closed}.\n"
            "If you trust its owner with code and data: {bucket_owner}, with the number of the account.",
            bucket=bucket,
            owner=owner or caller.account,
            closed=closed,
        ) from error

    def _refuse_far(self, bucket: str, region: str) -> NoReturn:
        raise UsageError.naming(
            "Bucket {bucket} is in {region}, and the job would run in {job_region}: SageMaker needs both in one "
            "region.\nRun there (AWS_REGION={variable}), or name another bucket with {bucket_name}.",
            bucket=bucket,
            region=region or "another region",
            job_region=self._clients.region,
            variable=region or "REGION",
        )


def tls_only(bucket: str, partition: str) -> str:
    """The policy that denies requests without TLS."""
    arn = f"arn:{partition}:s3:::{bucket}"
    refused = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        # AWS ignores the case of actions. moto 5.2.5 takes every condition on a bucket as met and so would close it to
        # everybody; it does not know this spelling: https://github.com/getmoto/moto/blob/5.2.5/moto/iam/policy_conditions.py
        "Action": "S3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [refused]})


def _region_of(response: Any) -> str:
    """The region that S3 names when it refuses a request sent to another one."""
    region: str = response["ResponseMetadata"].get("HTTPHeaders", {}).get("x-amz-bucket-region", "")
    return region
