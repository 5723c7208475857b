"""Which objects of a channel each host gets, and under which names.

Rules: S3DataSource in
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html; how they are shared out was
recovered from recorded jobs: objects in the order of their keys, object i to host i mod n.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ...core import layout
from ...core.layout import split_uri
from ...core.records import dataclass
from ...core.store import ProgressCallback, Store, Stored, TooLarge, no_progress
from ...storage.safe_paths import SafeFolder, UnusableName, check_job_path
from . import augmented_manifest

_LISTED_TOGETHER = 1000
_LARGEST_MANIFEST = 1 << 30  # bytes, of some million lines
_Shared = TypeVar("_Shared")


class ChannelError(Exception):
    """A channel cannot be read; the message is the service's."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """One object of a channel: its address, its path below the channel's folder, and its size when it was listed."""

    bucket: str
    key: str
    path: str
    size: int = 0


Part = Item | bytes  # of a stream: an object's content, or the bytes themselves


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One channel of a request, as the engine reads it.

    Used in Pipe mode only: ``gzip`` (the objects are compressed), ``recordio`` (each is wrapped as a record),
    ``seed`` (the order is shuffled, anew each epoch), ``attributes`` (of an augmented manifest). ``folder`` is the path
    that a processing job chose for it; a training job has it under its name. ``groups`` are the groups of machines that
    get it, all if there are none.
    """

    name: str
    uri: str
    data_type: str
    sharded: bool
    mode: str
    gzip: bool = False
    recordio: bool = False
    seed: int | None = None
    folder: str | None = None
    attributes: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The channel's folder in the job."""
        return self.folder or f"{layout.CHANNELS}/{self.name}"

    @classmethod
    def from_config(cls, config: Mapping[str, Any], default_mode: str) -> Channel:
        """Read a member of ``InputDataConfig``. Raises ChannelError for a data source that is not supported here."""
        name = config["ChannelName"]
        source = config["DataSource"].get("S3DataSource")
        if source is None:
            raise ChannelError(f"Channel {name}: only S3DataSource can be read on this machine")
        return cls(
            name=name,
            uri=source["S3Uri"],
            data_type=source["S3DataType"],
            sharded=source.get("S3DataDistributionType") == "ShardedByS3Key",
            mode=config.get("InputMode", default_mode),
            gzip=config.get("CompressionType") == "Gzip",
            recordio=config.get("RecordWrapperType") == "RecordIO",
            seed=config.get("ShuffleConfig", {}).get("Seed"),
            attributes=tuple(source.get("AttributeNames", ())),
            groups=tuple(source.get("InstanceGroupNames", ())),
        )

    def items(self, store: Store, on_progress: ProgressCallback = no_progress) -> list[Item]:
        """All objects of the channel in list order, of all hosts. Raises ChannelError if there are none.

        ``on_progress`` is called with 0 again and again, and may raise to stop.
        """
        try:
            bucket, key = split_uri(self.uri)
            if self.data_type == "ManifestFile":
                items = _manifest(store, bucket, key, on_progress)
            elif self.data_type == "S3Prefix":
                items = [
                    Item(bucket=bucket, key=one.key, path=local_path(key, one.key), size=one.size)
                    for one in _list(store, bucket, key, on_progress)
                    if not one.key.endswith("/")
                ]
            elif self.data_type == "AugmentedManifestFile" and self.mode == "Pipe":
                return [part for parts in self._lines(store) for part in parts if isinstance(part, Item)]
            else:
                raise ChannelError(f"Channel {self.name}: S3DataType {self.data_type} needs Pipe mode")
        except TooLarge as error:
            raise ChannelError(f"Channel {self.name}: its manifest cannot be read: {error}") from error
        except (FileNotFoundError, ValueError, RecursionError):
            items = []
        if not items:
            raise ChannelError(_nothing_message(self.uri))
        if self.mode != "Pipe":
            _refuse_clashes(self.name, items)
        return items

    def parts(self, items: Sequence[Item], store: Store) -> Sequence[Sequence[Part]]:
        """What Pipe mode streams, in the units that are shuffled and shared out: objects, or lines of a manifest."""
        return self._lines(store) if self.data_type == "AugmentedManifestFile" else [[item] for item in items]

    def share(self, items: Sequence[_Shared], host: int, hosts: int) -> Sequence[_Shared]:
        """The share of host number ``host`` (from 0) of ``hosts``."""
        return items[host::hosts] if self.sharded else items

    def epoch(self, parts: Sequence[_Shared], number: int, *, host: int, hosts: int) -> Sequence[_Shared]:
        """What a host's pipe ``number`` streams. With a seed, order and shares change on all hosts every epoch."""
        ordered = list(parts)
        if self.seed is not None:
            import random

            random.Random(f"{self.seed}/{number}").shuffle(ordered)
        return self.share(ordered, host, hosts)

    def _lines(self, store: Store) -> list[list[Part]]:
        bucket, key = split_uri(self.uri)
        try:
            lines = list(augmented_manifest.read_lines(store.read(bucket, key, _LARGEST_MANIFEST), self.attributes))
        except ValueError as error:
            raise ChannelError(f"Channel {self.name}: {self.uri} is not an augmented manifest: {error}") from error
        if not lines:
            raise ChannelError(_nothing_message(self.uri))
        return [[part if isinstance(part, bytes) else _item(*part) for part in parts] for parts in lines]


def local_path(prefix: str, key: str) -> str:
    """The path below the channel's folder of one object found under a literal prefix.

    An exact key is a single object and keeps its base name. Where the prefix ends within a name (``p/tr`` finds
    ``p/train.csv``), the path begins with that whole name.
    """
    if key == prefix:
        return key.rpartition("/")[2]
    if prefix.endswith("/") or not prefix:
        return key[len(prefix) :]
    if key[len(prefix)] == "/":
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]


def _item(bucket: str, key: str) -> Item:
    return Item(bucket=bucket, key=key, path=key.rpartition("/")[2])


def fetch(
    channel: Channel, items: Sequence[Item], folder: Path, store: Store, on_progress: ProgressCallback
) -> Iterator[None]:
    """Download objects of a channel to its folder, which is empty, in steps.

    Raises ChannelError for an object that is gone, and for a name that the folder cannot hold.
    """
    from . import transfers  # which a command does not need

    def make_files() -> Iterator[Item]:
        safe = SafeFolder(folder)
        for item in items:
            try:
                os.close(safe.new_file(item.path))
            except UnusableName as why:
                raise ChannelError(f"Channel {channel.name}: s3://{item.bucket}/{item.key}: {why}") from why
            yield item

    def fetch_one(item: Item, on_bytes: ProgressCallback) -> None:
        try:
            target = f"{folder}/{item.path}"
            transfers.fetch(store, item.bucket, item.key, size=item.size, to=target, on_progress=on_bytes)
        except FileNotFoundError as gone:
            raise ChannelError(_nothing_message(f"s3://{item.bucket}/{item.key}")) from gone

    yield from transfers.transfer(
        fetch_one,
        make_files(),
        store=store,
        weigh=lambda item: transfers.weight_of_download(item.size),
        on_progress=on_progress,
    )


def _list(store: Store, bucket: str, prefix: str, on_progress: ProgressCallback) -> Iterator[Stored]:
    for number, stored in enumerate(store.list(bucket, prefix)):
        if number % _LISTED_TOGETHER == 0:
            on_progress(0)
        yield stored


def _manifest(store: Store, bucket: str, key: str, on_progress: ProgressCallback) -> list[Item]:
    match json.loads(store.read(bucket, key, _LARGEST_MANIFEST)):
        case [{"prefix": str(address)}, *names] if all(isinstance(name, str) for name in names):
            from_bucket, prefix = split_uri(address)
        case _:
            raise ChannelError(f's3://{bucket}/{key} is not a manifest: expected [{{"prefix": "s3://…"}}, "name", …]')
    sizes = {stored.key: stored.size for stored in _list(store, from_bucket, prefix, on_progress)}
    for name in names:
        if prefix + name not in sizes:
            raise ChannelError(_nothing_message(f"s3://{from_bucket}/{prefix}{name}"))
    return [Item(bucket=from_bucket, key=prefix + name, path=name, size=sizes[prefix + name]) for name in names]


def _refuse_clashes(channel: str, items: Iterable[Item]) -> None:
    files: dict[str, str] = {}
    for item in items:
        if files.setdefault(item.path, item.key) != item.key:
            raise ChannelError(
                f"Channel {channel}: {files[item.path]!r} and {item.key!r} would both be the file {item.path!r}"
            )
    for path in files:
        parts = path.split("/")
        if any("/".join(parts[:end]) in files for end in range(1, len(parts))):
            raise ChannelError(f"Channel {channel}: {path!r} lies below another of its objects, no folder holds both")
        try:
            check_job_path(path)
        except UnusableName as why:
            raise ChannelError(f"Channel {channel}: no folder can hold this object: {why}") from why


def _nothing_message(uri: str) -> str:
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that the bucket exists in '
        "the selected region, that objects exist under that S3 prefix, and that the role has "
        '"s3:ListBucket" permissions on the bucket.'
    )
