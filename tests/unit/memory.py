"""A store that keeps objects in memory: it holds every key that S3 holds, also those that a folder cannot."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from simple_sagemaker.core.store import LARGEST_RECORD, Copied, ProgressCallback, Stored, TooLarge, no_progress
from simple_sagemaker.storage.s3.streaming import MemorySource


class MemoryStore:
    """One bucket named ``b``."""

    def __init__(self, *keys: str) -> None:
        self.objects = {key: key.encode() for key in keys}

    @property
    def place(self) -> str:
        return "memory"

    def has_bucket(self, bucket: str) -> bool:
        return bucket == "b"

    def make_bucket(self, bucket: str) -> None:
        raise NotImplementedError

    def folders(self, bucket: str, prefix: str) -> list[str]:
        return sorted({key[len(prefix) :].partition("/")[0] for key in self.objects if "/" in key[len(prefix) :]})

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        if bucket != "b":
            raise FileNotFoundError(f"no bucket {bucket!r}")
        for key in sorted(self.objects, key=str.encode):
            if key.startswith(prefix):
                yield Stored(key=key, size=len(self.objects[key]), modified=0.0, tag=self._tag(key))

    def read(self, bucket: str, key: str, most: int = LARGEST_RECORD) -> bytes:
        if key not in self.objects:
            raise FileNotFoundError(key)
        if len(self.objects[key]) > most:
            raise TooLarge(bucket, key, most)
        return self.objects[key]

    def write(self, bucket: str, key: str, data: bytes) -> None:
        self.objects[key] = data

    def write_if(self, bucket: str, key: str, data: bytes, *, expected: bytes | None) -> bool:
        found = self.objects.get(key) == expected
        if found:
            self.objects[key] = data
        return found

    def fetch(
        self, bucket: str, key: str, to: Path, on_progress: ProgressCallback = no_progress, keep: Path | None = None
    ) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_bytes(self.read(bucket, key))

    def fill(self, bucket: str, key: str, to: str, on_progress: ProgressCallback = no_progress) -> None:
        Path(to).write_bytes(self.read(bucket, key))

    @contextmanager
    def open_stream(
        self, bucket: str, key: str, keep: Path, on_progress: ProgressCallback = no_progress
    ) -> Iterator[MemorySource]:
        yield MemorySource(self.read(bucket, key), on_progress)

    def copy(self, bucket: str, key: str, to: str) -> None:
        self.objects[to] = self.read(bucket, key)

    def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
        path = Path(path)
        self.objects[key] = path.read_bytes()
        return Copied(stat=path.stat(), digest="", tag=self._tag(key))

    def digest(self, path: Path, on_progress: ProgressCallback = no_progress) -> str:
        return ""

    def holds(
        self, bucket: str, stored: Stored, path: Path, on_progress: ProgressCallback = no_progress
    ) -> bool | None:
        return self.objects[stored.key] == path.read_bytes()

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        for key in keys:
            self.objects.pop(key, None)

    def _tag(self, key: str) -> str:
        return hashlib.sha256(self.objects[key]).hexdigest()
