"""The policies of a role, as IAM's JSON; pure: grants in, documents out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ..core import layout
from ..core.experiments import mlflow_arn_kind
from ..errors import UsageError
from .grants import Grant, without_covered
from .identity import Identity

NAME = "simple-sagemaker"
_LONGEST = 10_240  # characters of all inline policies of a role, without white space
_VERSION = "2012-10-17"
_NAMESPACE = "/aws/sagemaker/"  # of log groups and of metrics alike

_CHANNELS = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
# What keeps a run, for our launcher and for the script beside it; nothing that deletes, and no model registry.
_RUNS = (
    "CreateExperiment",
    "CreateRun",
    "DeleteTag",
    "Get*",
    "ListArtifacts",
    "Log*",
    "Search*",
    "SetTag",
    "UpdateRun",
)
_NETWORK = (
    "CreateNetworkInterface",
    "CreateNetworkInterfacePermission",
    "DeleteNetworkInterface",
    "DeleteNetworkInterfacePermission",
    "DescribeDhcpOptions",
    "DescribeNetworkInterfaces",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeVpcs",
)


def trust(account: str) -> str:
    """The trust policy: SageMaker may assume the role, on behalf of this account."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }
    return json.dumps({"Version": _VERSION, "Statement": [statement]})


def document(grants: Iterable[Grant], identity: Identity, role: str) -> str:
    """The whole policy of a role with these grants, the same for the same grants. Raises UsageError when too long."""
    minimal = without_covered(grants)
    statements = [
        *_on_s3(minimal, identity),
        *_on_images([one.what for one in minimal if one.kind == "image"]),
        *_on_logs(identity),
        *_on_keys([one.what for one in minimal if one.kind == "key"]),
        *_on_mlflow([one.what for one in minimal if one.kind == "mlflow"]),
    ]
    if any(one.kind == "vpc" for one in minimal):
        statements.append(_allow("Network", [f"ec2:{action}" for action in _NETWORK], ["*"]))
    if any(one.kind == "debug" for one in minimal):
        statements.append(_allow("Debug", [f"ssmmessages:{action}" for action in _CHANNELS], ["*"]))
    text = json.dumps({"Version": _VERSION, "Statement": statements}, separators=(",", ":"))
    if len(text) > _LONGEST:
        raise UsageError.naming(
            "The role {role} has so many grants that its policy would have {length} characters; IAM allows {most}.\n"
            "Read whole buckets rather than single addresses, or use a role of your own ({role_name}).",
            role=role,
            length=len(text),
            most=_LONGEST,
        )
    return text


def _on_s3(grants: list[Grant], identity: Identity) -> list[dict[str, Any]]:
    """The statements for the project's own folders and everything else it reads.

    The folders count only in a bucket of this account, or of one that was named as its owner: a bucket that was deleted
    may be somebody else's by now. What else is read may be public, so that its owner is nobody's business.
    Listing is allowed on whole buckets: where a role may list only below a prefix, S3 answers 403 instead of 404 for
    every missing object, and code that checks before it writes breaks.
    """
    partition = identity.partition
    owners = [identity.account, *sorted(one.what for one in grants if one.kind == "owner")]
    places = [_objects(one.what, partition) for one in grants if one.kind == "place"]
    reads = [_objects(one.what, partition) for one in grants if one.kind == "read"]
    objects = [_objects(one.what, partition) for one in grants if one.kind == "object"]
    buckets = sorted({_bucket(one.what, partition) for one in grants if one.kind in {"place", "read", "object"}})
    results = [f"{folder}*/{part}/*" for folder in places for part in ("output", "tensorboard-output")]
    own = [
        _allow("Own", ["s3:GetObject"], [f"{folder}*" for folder in places]),
        _allow("State", ["s3:PutObject", "s3:DeleteObject"], [f"{folder}*/state/*" for folder in places]),
        _allow("Results", ["s3:PutObject"], results),
    ]
    statements = [{**one, "Condition": {"StringEquals": {"aws:ResourceAccount": owners}}} for one in own]
    if reads or objects:
        statements.append(_allow("Read", ["s3:GetObject"], [*(f"{prefix}*" for prefix in reads), *objects]))
    return [*statements, _allow("Look", ["s3:ListBucket", "s3:GetBucketLocation"], buckets)]


def _on_images(repositories: list[str]) -> list[dict[str, Any]]:
    if not repositories:
        return []
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    return [_allow("Registry", ["ecr:GetAuthorizationToken"], ["*"]), _allow("Pull", pull, repositories)]


def _on_logs(identity: Identity) -> list[dict[str, Any]]:
    actions = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    groups = f"arn:{identity.partition}:logs:*:{identity.account}:log-group:{_NAMESPACE}*"
    metrics = _allow("Metrics", ["cloudwatch:PutMetricData"], ["*"])
    return [
        _allow("Logs", actions, [groups]),
        {**metrics, "Condition": {"StringLike": {"cloudwatch:namespace": f"{_NAMESPACE}*"}}},
    ]


def _on_keys(keys: list[str]) -> list[dict[str, Any]]:
    """The statements to use keys. An alias cannot be a resource, so it becomes a condition on its account's keys."""
    statements = []
    for number, arn in enumerate(keys):
        resource, condition = arn, {}
        if ":alias/" in arn:
            start, _, alias = arn.partition(":alias/")
            resource = f"{start}:key/*"
            condition = {"ForAnyValue:StringEquals": {"kms:ResourceAliases": f"alias/{alias}"}}
        use = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*"]
        lend = {**condition, "Bool": {"kms:GrantIsForAWSResource": "true"}}
        using = _allow(f"Key{number}", use, [resource])
        statements.append({**using, "Condition": condition} if condition else using)
        statements.append({**_allow(f"Volume{number}", ["kms:CreateGrant"], [resource]), "Condition": lend})
    return statements


def _on_mlflow(arns: list[str]) -> list[dict[str, Any]]:
    """The statements to keep runs: an app has one action for everything, a tracking server one for each operation.

    https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-create-tracking-server-iam.html
    """
    apps = [arn for arn in arns if mlflow_arn_kind(arn) == "mlflow-app"]
    servers = [arn for arn in arns if arn not in apps]
    statements = [_allow("MlflowApp", ["sagemaker:CallMlflowAppApi"], apps)] if apps else []
    if servers:
        statements.append(_allow("Mlflow", [f"sagemaker-mlflow:{action}" for action in _RUNS], servers))
    return statements


def _allow(sid: str, actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def _bucket(address: str, partition: str) -> str:
    return f"arn:{partition}:s3:::{layout.split_uri(address)[0]}"


def _objects(address: str, partition: str) -> str:
    """The beginning of the ARNs of all objects under an address, with wildcard characters escaped."""
    key = "".join(f"${{{letter}}}" if letter in "*?$" else letter for letter in layout.split_uri(address)[1])
    return f"{_bucket(address, partition)}/{key}"
