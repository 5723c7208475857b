"""One job as listings and searches see it: the facts that they filter and sort by, its tags, and on demand the rest."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from typing import Any

from ..job.folder import FINAL, JobFolder
from ..job.kinds import Kind, kind_of
from .describe import describe

Stamp = tuple[int, int]  # inode and time of change of a job's folder
Tags = tuple[tuple[str, str], ...]  # key and value

# What reading a job raises that is gone, or whose files are not what we wrote.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
_MOST_VALUES = 32
_TIMES = ("CreationTime", "LastModifiedTime")


class IndexedJob:
    """A job as it was read. ``folder`` is the name of its folder.

    ``facts`` are name, ARN, status and times, by the names that a description has for them.
    """

    __slots__ = (
        "_folder",
        "_packed",
        "_values",
        "arn",
        "facts",
        "folder",
        "has_ended",
        "kind",
        "name",
        "stamp",
        "tags",
    )

    def __init__(self, folder: JobFolder, kind: Kind, facts: Mapping[str, Any], tags: Tags, stamp: Stamp) -> None:
        self._folder = folder
        self._packed = b""
        self._values: dict[str, Any] = {}
        self.name = folder.name
        self.folder = folder.folder
        self.kind = kind
        self.facts = facts
        self.tags = tags
        self.stamp = stamp
        self.arn: str = facts[f"{kind.prefix}JobArn"]
        self.has_ended = facts[kind.status] in FINAL

    @staticmethod
    def of(folder: JobFolder, description: Mapping[str, Any], stamp: Stamp) -> IndexedJob:
        """What the index keeps of a job with this description. Raises one of UNREADABLE for tags that are none."""
        kind = kind_of(description)
        members = (kind.name, f"{kind.prefix}JobArn", kind.status, *_TIMES)
        tags = tuple((str(tag["Key"]), str(tag["Value"])) for tag in folder.tags())
        return IndexedJob(folder, kind, {name: description[name] for name in members}, tags, stamp)

    def tag_members(self) -> list[dict[str, str]]:
        """The tags as the API has them."""
        return [{"Key": key, "Value": value} for key, value in self.tags]

    def agrees_with(self, other: IndexedJob) -> bool:
        """Whether both say the same of a job."""
        return (self.facts, self.tags) == (other.facts, other.tags)

    def value(self, name: str) -> Any:
        """A property by its dotted name; ``Tags.<key>`` and ``Metrics.<name>`` are the values of a tag and of a metric.

        None if absent, or gone. What is no fact is read from the job's folder, once for all properties.
        """
        if name in self.facts:
            return self.facts[name]
        if name.startswith("Tags."):
            wanted = name[len("Tags.") :]
            for key, value in self.tags:
                if key == wanted:
                    return value
            return None
        if name not in self._values:
            if len(self._values) >= _MOST_VALUES:
                self._values.clear()
            self._values[name] = _member(self._description(), name)
        return self._values[name]

    def _description(self) -> Mapping[str, Any]:
        if not self._packed:  # a fifth of what the dictionaries take
            try:
                self._packed = pickle.dumps(describe(self._folder))
            except UNREADABLE:
                return {}
        description: Mapping[str, Any] = pickle.loads(self._packed)  # noqa: S301 - made above, and never stored
        return description


def _member(description: Mapping[str, Any], name: str) -> Any:
    if name.startswith("Metrics."):
        metrics = description.get("FinalMetricDataList", ())
        return next((one["Value"] for one in metrics if one["MetricName"] == name[len("Metrics.") :]), None)
    if name.startswith("HyperParameters."):  # whose names may have dots
        return description.get("HyperParameters", {}).get(name[len("HyperParameters.") :])
    member: Any = description
    for part in name.split("."):
        member = member.get(part) if isinstance(member, dict) else None
    return member
