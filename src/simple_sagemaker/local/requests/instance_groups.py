"""The groups of machines of a training job: those that its request names, or all machines as one.

https://docs.aws.amazon.com/sagemaker/latest/dg/train-heterogeneous-cluster.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...core.records import dataclass

WHOLE = "homogeneousCluster"  # the name of the group where the request has none


@dataclass(frozen=True, kw_only=True)
class Group:
    """Machines of one type. ``hosts`` are in the order of their numbers, which all groups share."""

    name: str
    instance_type: str
    hosts: Sequence[str]


def read_groups(request: Mapping[str, Any]) -> list[Group]:
    """The groups of a request, in its order."""
    resources = request["ResourceConfig"]
    whole = {**resources, "InstanceGroupName": WHOLE}
    groups, first = [], 1
    for one in resources.get("InstanceGroups") or [whole]:
        end = first + int(one["InstanceCount"])
        hosts = [f"algo-{number}" for number in range(first, end)]
        groups.append(Group(name=one["InstanceGroupName"], instance_type=one["InstanceType"], hosts=hosts))
        first = end
    return groups


def group_of(groups: Sequence[Group], host: str) -> Group:
    """The group of a host."""
    return next(group for group in groups if host in group.hosts)
