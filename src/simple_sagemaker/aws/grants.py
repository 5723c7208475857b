"""All grants that a project was ever given, stored on its role: each in a tag of the role.

Setting one tag is atomic, so any number of commands can add grants at once and none is lost (docs/decisions/0006).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..core import layout
from ..core.access import Needs
from ..errors import UsageError
from .identity import Identity

_TAG = "ssm:"
_LIMITS = (50, 256)  # tags of a role, characters of a tag's value
# A tag holds letters, digits and `_.:/=+-@`: other bytes are written `=XX`, as in quoted mail.
_ODD = re.compile(rb"[^A-Za-z0-9_.:/+@-]")
_CODED = re.compile(rb"=([0-9A-F]{2})")
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html
_ECR = re.compile(r"(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z0-9.-]+/([^:@]+)(?:[:@].*)?")


@dataclass(frozen=True, order=True)
class Grant:
    """Permission for jobs to use one thing.

    ``place``: a project's folder (an address); ``read``: another address to read, with all
    keys that begin with it; ``object``: one object to read; ``image``: a repository's ARN;
    ``key``: the ARN of a key or of its alias; ``vpc``: any network of the user's; ``owner``: another account, whose
    bucket holds the project's folder; ``debug``: remote debugging; ``mlflow``: the ARN of a tracking server or an app.
    """

    kind: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.what}" if self.what else self.kind

    def covers(self, other: Grant) -> bool:
        """Whether this grant includes ``other``."""
        if other.kind in {"read", "object"} and self.kind in {"read", "place"}:
            return other.what.startswith(self.what)
        return self == other


def of(needs: Needs, identity: Identity, region: str) -> frozenset[Grant]:
    """The grants that a task needs, in the caller's account and that region."""
    place = needs.place
    grants = {Grant("place", layout.uri(place.bucket, place.project_folder))}
    if needs.bucket_owner and needs.bucket_owner != identity.account:
        grants.add(Grant("owner", needs.bucket_owner))
    grants |= {Grant("read", address) for address in needs.reads}
    grants |= {Grant("object", address) for address in needs.objects}
    if image := _ECR.fullmatch(needs.image):
        owner, where, repository = image.groups()
        grants.add(Grant("image", f"arn:{identity.partition}:ecr:{where}:{owner}:repository/{repository}"))
    if needs.kms_key:
        grants.add(Grant("key", _key_arn(needs.kms_key, identity, region)))
    if needs.vpc:
        grants.add(Grant("vpc"))
    if needs.mlflow:
        grants.add(Grant("mlflow", needs.mlflow))
    return frozenset(grants)


def _key_arn(key: str, identity: Identity, region: str) -> str:
    if key.startswith("arn:"):
        return key
    name = key if key.startswith("alias/") else f"key/{key}"
    return f"arn:{identity.partition}:kms:{region}:{identity.account}:{name}"


def missing(required: Iterable[Grant], known: Iterable[Grant]) -> frozenset[Grant]:
    """Those of ``required`` that none of ``known`` covers."""
    known_grants = list(known)
    return frozenset(one for one in required if not any(have.covers(one) for have in known_grants))


def without_covered(known: Iterable[Grant]) -> list[Grant]:
    """The grants that no other one covers, in a fixed order."""
    ordered = sorted(known)
    return [one for one in ordered if not any(have != one and have.covers(one) for have in ordered)]


def as_tags(new: Iterable[Grant]) -> dict[str, str]:
    """The tags that store these grants. Raises UsageError for one that no tag can hold."""
    tags = {}
    for grant in sorted(new):
        text = f"{grant.kind}:{grant.what}".encode("utf-8", "surrogateescape")
        coded = _ODD.sub(lambda odd: b"=%02X" % odd.group()[0], text).decode("ascii")
        if len(coded) > _LIMITS[1]:
            raise UsageError.naming(
                "{address}: the role would have to store this address in a tag, and it is too long for one.\n"
                "Use a shorter one, or a role of your own ({role_name}).",
                address=grant.what,
            )
        tags[_TAG + hashlib.sha256(text).hexdigest()[:12]] = coded
    return tags


def from_tags(tags: Mapping[str, str]) -> frozenset[Grant]:
    """The grants that a role's tags store; other tags are ignored."""
    grants = set()
    for coded in (value for key, value in tags.items() if key.startswith(_TAG)):
        text = _CODED.sub(lambda code: bytes([int(code.group(1), 16)]), coded.encode())
        kind, _, what = text.decode("utf-8", "surrogateescape").partition(":")
        grants.add(Grant(kind, what))
    return frozenset(grants)


def check_room(tags: Mapping[str, str], new: Mapping[str, str], role: str) -> None:
    """Raise UsageError if a role's tags cannot hold the new ones."""
    if len({*tags, *new}) > _LIMITS[0]:
        raise UsageError.naming(
            "The role {role} stores its grants in tags, and AWS allows it {most}.\n"
            "Give the project a role of your own ({role_name}), or remove tags that are no longer used:\n"
            "aws iam list-role-tags --role-name {role}; aws iam untag-role --role-name {role} --tag-keys KEY …",
            role=role,
            most=_LIMITS[0],
        )
