"""What a project was ever given, grant by grant, as its role remembers it: each in a tag of the role's own.

To set one tag is atomic, so any number of commands add theirs at once and none is lost (docs/decisions/0006).
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
    """One thing that jobs may use.

    ``place``: a project's folder (an address); ``read``: another address that is read; ``image``: a repository's ARN;
    ``key``: the ARN of a key or of its alias; ``vpc``: a network of the person's own, which is nothing more exact.
    """

    kind: str
    what: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.what}" if self.what else self.kind

    def covers(self, other: Grant) -> bool:
        """Whether whoever has this one needs ``other`` no more."""
        if other.kind == "read" and self.kind in {"read", "place"}:
            return other.what.startswith(self.what)
        return self == other


def of(needs: Needs, identity: Identity, region: str) -> frozenset[Grant]:
    """What a task needs of the caller's account in that region, as grants."""
    place = needs.place
    found = {Grant("place", layout.uri(place.bucket, place.project_folder))}
    found |= {Grant("read", address) for address in needs.reads}
    if image := _ECR.fullmatch(needs.image):
        owner, where, repository = image.groups()
        found.add(Grant("image", f"arn:{identity.partition}:ecr:{where}:{owner}:repository/{repository}"))
    if needs.kms_key:
        found.add(Grant("key", _key_arn(needs.kms_key, identity, region)))
    if needs.vpc:
        found.add(Grant("vpc"))
    return frozenset(found)


def _key_arn(key: str, identity: Identity, region: str) -> str:
    if key.startswith("arn:"):
        return key
    name = key if key.startswith("alias/") else f"key/{key}"
    return f"arn:{identity.partition}:kms:{region}:{identity.account}:{name}"


def missing(wanted: Iterable[Grant], known: Iterable[Grant]) -> frozenset[Grant]:
    """Those of ``wanted`` that none of ``known`` covers."""
    there = list(known)
    return frozenset(one for one in wanted if not any(have.covers(one) for have in there))


def needed(known: Iterable[Grant]) -> list[Grant]:
    """The grants that no other one covers, in a fixed order."""
    there = sorted(known)
    return [one for one in there if not any(have != one and have.covers(one) for have in there)]


def as_tags(new: Iterable[Grant]) -> dict[str, str]:
    """The tags that remember these grants. Raises UsageError for one that no tag can hold."""
    tags = {}
    for grant in sorted(new):
        text = f"{grant.kind}:{grant.what}".encode("utf-8", "surrogateescape")
        coded = _ODD.sub(lambda odd: b"=%02X" % odd.group()[0], text).decode("ascii")
        if len(coded) > _LIMITS[1]:
            raise UsageError(
                f"{grant.what}: the role would have to remember this address, and it is too long for a tag.\n"
                "Use a shorter one, or a role of your own (--role_name)."
            )
        tags[_TAG + hashlib.sha256(text).hexdigest()[:12]] = coded
    return tags


def from_tags(tags: Mapping[str, str]) -> frozenset[Grant]:
    """The grants that a role's tags remember; other tags are passed over."""
    found = set()
    for coded in (value for key, value in tags.items() if key.startswith(_TAG)):
        text = _CODED.sub(lambda code: bytes([int(code.group(1), 16)]), coded.encode())
        kind, _, what = text.decode("utf-8", "surrogateescape").partition(":")
        found.add(Grant(kind, what))
    return frozenset(found)


def check_room(tags: Mapping[str, str], new: Mapping[str, str], role: str) -> None:
    """Raises UsageError when a role's tags cannot hold what is new."""
    if len({*tags, *new}) > _LIMITS[0]:
        raise UsageError(
            f"The role {role} remembers what it was given in its tags, and AWS lets it have {_LIMITS[0]}.\n"
            f"Give the project a role of your own (--role_name), or take away what is no longer used:\n"
            f"aws iam list-role-tags --role-name {role}; aws iam untag-role --role-name {role} --tag-keys KEY …"
        )
