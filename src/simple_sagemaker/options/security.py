"""By which role a job acts, in whose network, and what is encrypted: ids in the forms that AWS gives them."""

from __future__ import annotations

import re

from ..core.names import check_bucket
from ..core.specs import Security
from ..errors import UsageError
from .parsed import Words

SUBNET_LIMIT, GROUP_LIMIT = 16, 5  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VpcConfig.html

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
_ROLE = re.compile(r"[\w+=,.@-]{1,64}|arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,576}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}")
# https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html
_KEY_ID = r"(?:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|mrk-[0-9a-fA-F]{32})"
_ALIAS = r"alias/[A-Za-z0-9/_-]{1,250}"
_KEY = re.compile(rf"{_KEY_ID}|{_ALIAS}|arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{{12}}:(?:key/{_KEY_ID}|{_ALIAS})")
_SUBNET = re.compile(r"subnet-[0-9a-zA-Z]{1,25}")
_GROUP = re.compile(r"sg-[0-9a-zA-Z]{1,29}")


def security(words: Words) -> Security:
    """What was said about role, network and encryption. Raises UsageError."""
    subnets = _ids(words, "vpc_subnets", _SUBNET, "subnet-0123456789abcdef0", SUBNET_LIMIT)
    groups = _ids(words, "vpc_security_groups", _GROUP, "sg-0123456789abcdef0", GROUP_LIMIT)
    if bool(subnets) != bool(groups):
        given, other = ("vpc_subnets", "vpc_security_groups") if subnets else ("vpc_security_groups", "vpc_subnets")
        raise UsageError(f"--{given}: a job in a network of yours needs --{other} too.")
    return Security(
        role_name=_matching(words, "role_name", _ROLE, "a role's name or ARN"),
        read_buckets=tuple(check_bucket(word, use.flag) for use in words.each("read_buckets") for word in use.words),
        vpc_subnets=subnets,
        vpc_security_groups=groups,
        kms_key_id=_matching(words, "kms_key_id", _KEY, "a key's id, alias (alias/NAME) or ARN"),
        network_isolation=words.has("network_isolation"),
        encrypt_traffic=words.has("encrypt_traffic"),
    )


def bucket_owner(words: Words) -> str | None:
    """The account that somebody else's bucket belongs to. Raises UsageError without a bucket."""
    owner = _matching(words, "bucket_owner", _ACCOUNT, "an account, which has 12 digits")
    if owner and not words.has("bucket_name"):
        raise UsageError(
            f"--bucket_owner {owner}: say whose bucket it is, with --bucket_name; the default one is yours."
        )
    return owner


def _matching(words: Words, name: str, form: re.Pattern[str], meant: str) -> str | None:
    word = words.one(name)
    if word is None or form.fullmatch(word):
        return word
    raise UsageError(f"--{name} {word!r} is not {meant}.")


def _ids(words: Words, name: str, form: re.Pattern[str], example: str, most: int) -> tuple[str, ...]:
    found = tuple(word for use in words.each(name) for word in use.words)
    wrong = next((word for word in found if not form.fullmatch(word)), None)
    if wrong is not None:
        advice = " Put blanks between ids, no commas." if "," in wrong else ""
        raise UsageError(f"--{name} {wrong!r} is no id, such as {example}.{advice}")
    twice = next((word for word in found if found.count(word) > 1), None)
    if twice:
        raise UsageError(f"--{name}: {twice} is given twice: keep one.")
    if len(found) > most:
        raise UsageError(f"--{name}: {len(found)} of them; a job can have {most}.")
    return found
