"""Mirrors hosts' folders while they run, and schedules the passes over them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from ...core.layout import split_uri
from ...core.store import Store
from ..data.mirror import Mirror
from ..hosts.host import Host
from ..requests.request import Work

MANY_FILES = (
    10_000  # our number: AWS documents none, but users report that its sync of checkpoints stalls on many files
)
_PAUSE_S = 1.0
_SHARE = 10  # passes may take one part in so many of the time


class Mirrors:
    """The mirrors of all hosts of one attempt. ``on_remark`` gets a host's name and a remark for its log."""

    def __init__(self, work: Work, hosts: Sequence[Host], store: Store, on_remark: Callable[[str, str], None]) -> None:
        self._work = work
        self._names = [host.name for host in sorted(hosts, key=lambda host: host.number)]
        self._store = store
        self._on_remark = on_remark
        self._mirrors: list[Mirror] = []
        self._remarked: set[tuple[str, str]] = set()

    def restore(self, host: Host) -> Iterator[None]:
        """Start mirroring a host's folders; first download those that are restored, one object a step."""
        for mirrored in self._work.mirrored_folders():
            bucket, key = split_uri(mirrored.uri)
            prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
            folder = host.inside(mirrored.path)
            mirror = Mirror(folder, bucket, prefix, self._store, host.name, self._names, deletes=mirrored.deletes)
            self._mirrors.append(mirror)
            if mirrored.restores:
                yield from mirror.restore()
                self._report(mirror)

    def passes(self) -> Iterator[bool]:
        """Passes over all mirrors, each after a pause that grows with how long the last one took.

        Each step yields whether it did something.
        """
        due = 0.0
        while True:
            if time.monotonic() < due:
                yield False
                continue
            began = time.monotonic()
            for mirror in self._mirrors:
                for _ in mirror.pass_once():
                    yield True
                self._report(mirror)
            now = time.monotonic()
            due = now + max(_PAUSE_S, (now - began) * _SHARE)

    def flush(self) -> None:
        """Upload everything as it is now."""
        for mirror in self._mirrors:
            for _ in mirror.pass_once():
                pass
            self._report(mirror)

    def _report(self, mirror: Mirror) -> None:
        """Remark once for each host on files that cannot be uploaded, and on too many files for AWS."""
        for path, why in mirror.refused.items():
            self._remark_once(mirror.host, f"refused {path}", f"{mirror.folder.name}/{path} is not kept: {why}")
        if mirror.count > MANY_FILES:
            self._remark_once(
                mirror.host,
                "many",
                f"{mirror.folder.name} holds more than {MANY_FILES:,} files. That is no trouble here; on AWS the sync "
                "of checkpoints is known to stall on very many files: pack them into fewer.",
            )

    def _remark_once(self, host: str, kind: str, text: str) -> None:
        if (host, kind) not in self._remarked:
            self._remarked.add((host, kind))
            self._on_remark(host, text)
