"""The bucket and the role of a project, before any of its tasks has run; a run makes both by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..core import layout
from ..core.access import Needs
from ..core.layout import TaskPlace

if TYPE_CHECKING:
    from ..core.services import Services
    from ..core.specs import Place


def bucket_of(place: Place, services: Services) -> str:
    """The project's bucket: the one named, else the default one."""
    return place.bucket or services.access.default_bucket()


def make_bucket(place: Place, services: Services) -> str:
    """Create the project's bucket unless it exists, and return its name. Raises UsageError for somebody else's."""
    bucket = bucket_of(place, services)
    if not services.access.has_bucket(bucket, owner=place.bucket_owner):
        services.access.make_bucket(bucket)
    return bucket


def make_role(place: Place, services: Services, *, role_name: str | None, read_buckets: Iterable[str]) -> str:
    """Create the role of the project's jobs, or complete it, and return its ARN.

    It may then use the project's folder and read ``read_buckets``; what a task needs besides, its run adds.
    An existing ``role_name`` is only looked up.
    """
    needs = Needs(
        project=place.project,
        place=TaskPlace(bucket=bucket_of(place, services), project=place.project, task=place.task, prefix=place.prefix),
        image="",
        reads=frozenset(map(layout.uri, read_buckets)),
        role_name=role_name,
    )
    return services.access.role(needs).arn
