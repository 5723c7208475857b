"""AWS's instance types, as far as the model of botocore knew them when ``tools/refresh_instance_types.py`` ran.

AWS may have newer ones, so what is not here is refused only where it reads as one that is here, mistyped.
"""

from __future__ import annotations

import re
from functools import cache

from .spelling import nearest

_TRAINING = """\
c4 xlarge 2xlarge 4xlarge 8xlarge
c5 xlarge 2xlarge 4xlarge 9xlarge 18xlarge
c5n xlarge 2xlarge 4xlarge 9xlarge 18xlarge
c6i xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge
c7i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
c7i-flex xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
c8i xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge
c8i-flex xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
g4dn xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
g5 xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
g6 xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
g6e xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
g7 2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge
g7e 2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge
m4 xlarge 2xlarge 4xlarge 10xlarge 16xlarge
m5 large xlarge 2xlarge 4xlarge 12xlarge 24xlarge
m6i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge
m7i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
m7i-flex large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
m8i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge
m8i-flex large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
p2 xlarge 8xlarge 16xlarge
p3 2xlarge 8xlarge 16xlarge
p3dn 24xlarge
p4d 24xlarge
p4de 24xlarge
p5 4xlarge 48xlarge
p5e 48xlarge
p5en 48xlarge
p6-b200 48xlarge
p6-b300 48xlarge
p6e-gb200 36xlarge
r5 large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge
r5d large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge
r6i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge
r7i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
r8i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge
r8i-flex large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
t3 medium large xlarge 2xlarge
trn1 2xlarge 32xlarge
trn1n 32xlarge
trn2 48xlarge
"""
_PROCESSING = """\
c4 xlarge 2xlarge 4xlarge 8xlarge
c5 xlarge 2xlarge 4xlarge 9xlarge 18xlarge
c6i xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge
c7i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
c7i-flex xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
c8i xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge
c8i-flex xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
g4dn xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
g5 xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
g6 xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
g6e xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
g7 2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge
g7e 2xlarge 4xlarge 8xlarge 12xlarge 24xlarge 48xlarge
m4 xlarge 2xlarge 4xlarge 10xlarge 16xlarge
m5 large xlarge 2xlarge 4xlarge 12xlarge 24xlarge
m6i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge
m7i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
m7i-flex large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
m8i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge
m8i-flex large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
p2 xlarge 8xlarge 16xlarge
p3 2xlarge 8xlarge 16xlarge
p5 4xlarge
r5 large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge
r5d large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge
r6i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge
r7i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge
r8i large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge
r8i-flex large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge
t3 medium large xlarge 2xlarge
"""
_FORM = re.compile(r"ml\.([a-z-]+?)([0-9]+)([a-z0-9-]*)\.((?:[0-9]+)?xlarge|large|medium)")
_NEWER = 3  # generations of a family's letters that may have come since
_SHOWN = 6


@cache
def _families(*, processing: bool) -> dict[str, list[str]]:
    families: dict[str, list[str]] = {}
    for line in (_PROCESSING if processing else _TRAINING).splitlines():
        family, *sizes = line.split()
        families[family] = [*sizes]
    return families


def names_of_types(*, processing: bool) -> list[str]:
    """Every type of the table, for training or for processing jobs."""
    return [f"ml.{family}.{size}" for family, sizes in _families(processing=processing).items() for size in sizes]


def is_known(instance_type: str, *, processing: bool) -> bool:
    """Whether the table has the type, for training or for processing jobs."""
    prefix, family, size = instance_type.split(".") if instance_type.count(".") == 2 else ("", "", "")
    return prefix == "ml" and size in _families(processing=processing).get(family, ())


def nearest_types(instance_type: str, *, processing: bool) -> list[str]:
    """The legal types that a mistyped one may stand for, nearest first; empty for one that AWS may have added."""
    families = _families(processing=processing)
    match = _FORM.fullmatch(instance_type)
    if match and _may_be_new(match, families):
        return []
    parts = instance_type.lower().removeprefix("ml.").split(".")
    family = nearest(parts[0], families)
    if family is None:
        return ["ml.m5.large", "ml.g5.xlarge"]
    sizes = families[family]
    size = nearest(parts[1], sizes) if len(parts) > 1 and parts[1] else None
    if len(parts) > 1 and parts[1]:
        size = next((one for one in sizes if one.startswith(parts[1])), size)
    return [f"ml.{family}.{one}" for one in ([size] if size else sizes[:_SHOWN])]


def _may_be_new(match: re.Match[str], families: dict[str, list[str]]) -> bool:
    letters, generation, suffix, size = match.groups()
    name = f"{letters}{generation}{suffix}"
    if name in families:  # a size that was added to a family
        return size in {one for sizes in families.values() for one in sizes}
    known = [re.match(r"([a-z-]+?)([0-9]+)", one) for one in families]
    generations = [int(one[2]) for one in known if one and one[1] == letters]
    if generations:
        return int(generation) <= max(generations) + _NEWER
    return nearest(name, families) is None
