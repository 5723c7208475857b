"""One job as listings and searches see it: the facts that they filter and sort by, its tags, and on demand the rest."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..job.folder import FINAL, JobFolder, name_of
from ..job.kinds import KINDS, Kind, kind_of
from .describe import describe

Stamp = tuple[int, int]  # inode and time of change of a job's folder
Row = list[Any]

# What reading a job raises that is gone, or whose files are not what we wrote.
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
_MOST_VALUES = 32
_KINDS = {kind.prefix: kind for kind in KINDS}
_TIMES = ("CreationTime", "LastModifiedTime")


class IndexedJob:
    """A job as it was read. There are many, of which few are shown: all but its row is made when somebody wants it.

    The row is as in the index's file: the folder's name, the prefix of the kind, the ARN, the status, the times of
    creation and of the last change in seconds, the tags, and the stamp.
    """

    __slots__ = ("_facts", "_jobs", "_packed", "_values", "row")

    def __init__(self, jobs: Path, row: Row) -> None:
        self.row = row
        self._jobs = jobs
        self._facts: Mapping[str, Any] | None = None
        self._packed = b""
        self._values: dict[str, Any] | None = None

    @staticmethod
    def of(folder: JobFolder, description: Mapping[str, Any], stamp: Stamp) -> IndexedJob:
        """What the index keeps of a job with this description. Raises one of UNREADABLE for tags that are none."""
        kind = kind_of(description)
        tags = [[str(tag["Key"]), str(tag["Value"])] for tag in folder.tags()]
        names = [description[name] for name in (f"{kind.prefix}JobArn", kind.status)]
        times = [description[name].timestamp() for name in _TIMES]
        return IndexedJob(folder.path.parent, [folder.folder, kind.prefix, *names, *times, tags, *stamp])

    @property
    def folder(self) -> str:
        """The name of its folder."""
        name: str = self.row[0]
        return name

    @property
    def name(self) -> str:
        """The job's name."""
        return name_of(self.folder)

    @property
    def kind(self) -> Kind:
        """Whether it trains or processes."""
        return _KINDS[self.row[1]]

    @property
    def arn(self) -> str:
        """The job's ARN."""
        arn: str = self.row[2]
        return arn

    @property
    def has_ended(self) -> bool:
        """Whether it had ended."""
        return self.row[3] in FINAL

    @property
    def stamp(self) -> Stamp:
        """That of its folder."""
        return self.row[7], self.row[8]

    @property
    def facts(self) -> Mapping[str, Any]:
        """Name, ARN, status and times, by the names that a description has for them."""
        if self._facts is None:
            _, prefix, arn, status, *seconds = self.row[:6]
            times = (datetime.fromtimestamp(one, tz=timezone.utc) for one in seconds)
            self._facts = {
                self.kind.name: self.name,
                f"{prefix}JobArn": arn,
                self.kind.status: status,
                **dict(zip(_TIMES, times, strict=True)),
            }
        return self._facts

    def order(self, name: str) -> Any:
        """What sorts jobs as the property of that name does."""
        return self.row[4 + _TIMES.index(name)] if name in _TIMES else self.value(name)

    def tag(self, wanted: str) -> str | None:
        """The value of a tag; None if the job has none of that key."""
        for key, value in self.row[6]:
            if key == wanted:
                text: str = value
                return text
        return None

    def tag_members(self) -> list[dict[str, str]]:
        """The tags as the API has them."""
        return [{"Key": key, "Value": value} for key, value in self.row[6]]

    def agrees_with(self, other: IndexedJob) -> bool:
        """Whether both say the same of a job."""
        return bool(self.row[:7] == other.row[:7])

    def value(self, name: str) -> Any:
        """A property by its dotted name; ``Tags.<key>`` and ``Metrics.<name>`` are the values of a tag and of a metric.

        None if absent, or gone. What is no fact is read from the job's folder, once for all properties.
        """
        if name.startswith("Tags."):
            return self.tag(name[len("Tags.") :])
        if name in self.facts:
            return self.facts[name]
        if self._values is None or len(self._values) >= _MOST_VALUES:
            self._values = {}
        if name not in self._values:
            self._values[name] = _member(self._description(), name)
        return self._values[name]

    def _description(self) -> Mapping[str, Any]:
        if not self._packed:  # a fifth of what the dictionaries take
            try:
                self._packed = pickle.dumps(describe(JobFolder(self._jobs / self.folder)))
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
