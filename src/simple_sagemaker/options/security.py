"""The role of a job, its network and encryption: ids in AWS's formats."""

from __future__ import annotations

import re

from ..core.late_regex import compile_late
from ..core.names import check_bucket
from ..core.specs import Security
from ..errors import UsageError
from .arguments import Arguments

SUBNET_LIMIT, GROUP_LIMIT = 16, 5  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_ROLE = compile_late(r"[\w+=,.@-]{1,64}|arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
_REGION = compile_late(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_ACCOUNT = compile_late(r"[0-9]{12}")
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
_KEY_ID = r"(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-fA-F]{32})"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_KEY = compile_late(rf"{_KEY_ID}|{_ALIAS}|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:(?:key/{_KEY_ID}|{_ALIAS})")
_SUBNET = compile_late(r"subnet-[0-9a-zA-Z]{1,25}")
_GROUP = compile_late(r"sg-[0-9a-zA-Z]{1,29}")


def security(arguments: Arguments) -> Security:
    """The options for role, network and encryption. Raises UsageError."""
    subnets = _ids(arguments, "vpc_subnets", _SUBNET, "subnet-0123456789abcdef0", SUBNET_LIMIT)
    groups = _ids(arguments, "vpc_security_groups", _GROUP, "sg-0123456789abcdef0", GROUP_LIMIT)
    if bool(subnets) != bool(groups):
        subnet_flag, group_flag = arguments.flag("vpc_subnets"), arguments.flag("vpc_security_groups")
        one, other = (subnet_flag, group_flag) if subnets else (group_flag, subnet_flag)
        raise UsageError(f"{one}: a job in your network needs {other} too.")
    return Security(
        role_name=_matching(arguments, "role_name", _ROLE, "a role's name or ARN"),
        read_buckets=tuple(
            check_bucket(bucket, arguments.flag("read_buckets")) for bucket in arguments.texts("read_buckets")
        ),
        vpc_subnets=subnets,
        vpc_security_groups=groups,
        kms_key_id=_matching(arguments, "kms_key_id", _KEY, "a key's id, alias (alias/NAME) or ARN"),
        network_isolation=arguments.has("network_isolation"),
        encrypt_traffic=arguments.has("encrypt_traffic"),
    )


def bucket_owner(arguments: Arguments) -> str | None:
    """The account that owns another account's bucket. Raises UsageError without a bucket."""
    owner = _matching(arguments, "bucket_owner", _ACCOUNT, "an account, which has 12 digits")
    if owner and not arguments.has("bucket_name"):
        flag, bucket = arguments.flag("bucket_owner"), arguments.flag("bucket_name")
        raise UsageError(f"{flag} {owner}: name that account's bucket with {bucket}; the default one is yours.")
    return owner


def aws_region(arguments: Arguments) -> str | None:
    """The region that was named. Raises UsageError for what reads as none."""
    return _matching(arguments, "aws_region", _REGION, "a region's name, such as us-east-1")


def _matching(arguments: Arguments, name: str, form: re.Pattern[str], description: str) -> str | None:
    text = arguments.text(name)
    if text is None or form.fullmatch(text):
        return text
    raise UsageError(f"{arguments.flag(name)} {text!r} is not {description}.")


def _ids(arguments: Arguments, name: str, form: re.Pattern[str], example: str, most: int) -> tuple[str, ...]:
    flag, ids = arguments.flag(name), arguments.texts(name)
    wrong = next((one for one in ids if not form.fullmatch(one)), None)
    if wrong is not None:
        advice = " Separate ids with spaces, not commas." if "," in wrong else ""
        raise UsageError(f"{flag} {wrong!r} is not an id, such as {example}.{advice}")
    twice = next((one for one in ids if ids.count(one) > 1), None)
    if twice:
        raise UsageError(f"{flag}: {twice} is given twice: keep one.")
    if len(ids) > most:
        raise UsageError(f"{flag}: {len(ids)} ids; a job can have {most}.")
    return ids
