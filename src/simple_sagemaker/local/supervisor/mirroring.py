"""The folders of hosts that are kept while they run, and when they are looked through."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from ...core.layout import split_uri
from ...core.store import Store
from ..data.mirror import Mirror
from ..hosts.host import Host
from ..requests.request import Work

MANY_FILES = 10_000  # ours: AWS gives no number, users report that its sync of checkpoints stalls on many files
_PAUSE_S = 1.0
_SHARE = 10  # of the time, looking may use one part in so many


class Keeping:
    """The mirrors of all hosts of one attempt. ``say`` takes a host's name and a remark for whoever reads its log."""

    def __init__(self, work: Work, hosts: Sequence[Host], store: Store, say: Callable[[str, str], None]) -> None:
        self._work = work
        self._names = [host.name for host in sorted(hosts, key=lambda host: host.number)]
        self._store = store
        self._say = say
        self._mirrors: list[Mirror] = []
        self._remarked: set[tuple[str, str]] = set()

    def restore(self, host: Host) -> Iterator[None]:
        """Begin to keep a host's folders, those filled first that begin with what is kept; one object a step."""
        for kept in self._work.kept():
            bucket, key = split_uri(kept.uri)
            prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
            folder = host.inside(kept.path)
            mirror = Mirror(folder, bucket, prefix, self._store, host.name, self._names, deletes=kept.deletes)
            self._mirrors.append(mirror)
            if kept.restores:
                yield from mirror.restore()
                self._remark(mirror)

    def passes(self) -> Iterator[bool]:
        """Passes over all mirrors, each after a pause that grows with how long the last one took.

        Each step says whether it did something.
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
                self._remark(mirror)
            now = time.monotonic()
            due = now + max(_PAUSE_S, (now - began) * _SHARE)

    def flush(self) -> None:
        """Keep everything as it is now."""
        for mirror in self._mirrors:
            for _ in mirror.pass_once():
                pass
            self._remark(mirror)

    def _remark(self, mirror: Mirror) -> None:
        """Say once for each host what its owner should know: what could not be kept, and what AWS may choke on."""
        for path, why in mirror.refused.items():
            self._once(mirror.host, f"refused {path}", f"{mirror.folder.name}/{path} is not kept: {why}")
        if mirror.count > MANY_FILES:
            self._once(
                mirror.host,
                "many",
                f"{mirror.folder.name} holds more than {MANY_FILES:,} files. That is no trouble here; on AWS the sync "
                "of checkpoints is known to stall on very many files: pack them into fewer.",
            )

    def _once(self, host: str, kind: str, text: str) -> None:
        if (host, kind) not in self._remarked:
            self._remarked.add((host, kind))
            self._say(host, text)
