"""Mirrors hosts' folders while they run, and schedules the passes over them."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing

from ...core.layout import split_uri
from ...core.store import ProgressCallback, Store, no_progress
from ..data.failures import download_failed, explain, is_missing
from ..data.mirror import Mirror
from ..hosts.host import Host
from ..job import beneath
from ..requests.request import Work

MANY_FILES = (
    10_000  # our number: AWS documents none, but users report that its sync of checkpoints stalls on many files
)
_PAUSE_S = 1.0
_SHARE = 10  # passes may take one part in so many of the time


def _restore(mirror: Mirror) -> Iterator[None]:
    """Download what a mirror begins with. Raises JobFault."""
    try:
        yield from mirror.restore()
    except FileNotFoundError as error:
        if is_missing(error):
            raise download_failed(f"s3://{mirror.bucket}/{mirror.prefix}", error) from error
        raise


class Mirrors:
    """The mirrors of all hosts of one attempt. ``on_remark`` gets a host's name and a remark for its log."""

    def __init__(
        self,
        work: Work,
        hosts: Sequence[Host],
        store: Store,
        on_remark: Callable[[str, str], None],
        on_progress: ProgressCallback = no_progress,
    ) -> None:
        self._work = work
        self._names = [host.name for host in sorted(hosts, key=lambda host: host.number)]
        self._store = store
        self._on_remark = on_remark
        self._on_progress = on_progress
        self._mirrors: list[Mirror] = []
        self._pass: Generator[None, None, None] | None = None  # that was begun and has not ended
        self._remarked: set[tuple[str, str]] = set()

    def restore(self, host: Host) -> Iterator[None]:
        """Start mirroring a host's folders; first download those that are restored, in steps."""
        for mirrored in self._work.mirrored_folders():
            bucket, key = split_uri(mirrored.uri)
            prefix = f"{key.rstrip('/')}/" if key.rstrip("/") else ""
            folder = host.inside(mirrored.path)
            mirror = Mirror(
                folder,
                bucket,
                prefix,
                self._store,
                host.name,
                self._names,
                deletes=mirrored.deletes,
                root=host.folder,
                seen_as=mirrored.path.rstrip("/"),
                on_progress=self._on_progress,
            )
            self._mirrors.append(mirror)
            if mirrored.restores:
                yield from _restore(mirror)
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
            self._pass = self._pass_once()
            for _ in self._pass:
                yield True
            self._pass = None
            now = time.monotonic()
            due = now + max(_PAUSE_S, (now - began) * _SHARE)

    def flush(self, on_progress: ProgressCallback = no_progress) -> str:
        """Upload everything as it is now; return why some of it could not be, or an empty text.

        A pass that was begun is ended first, so that nothing is sent twice. ``on_progress`` is called again and again,
        and may raise to stop.
        """
        problem = ""
        for mirror in self._mirrors:
            mirror.on_progress = on_progress
        for steps in (self._pass, self._pass_once(is_last=True)):
            if steps is not None:
                with closing(steps):
                    for _ in steps:
                        on_progress(0)
        self._pass = None
        for mirror in self._mirrors:
            if mirror.stalled:
                where = f"s3://{mirror.bucket}/{mirror.prefix}"
                problem = problem or f"{mirror.folder.name} cannot be saved to {where}: {explain(mirror.stalled)}"
        return problem

    def _pass_once(self, *, is_last: bool = False) -> Generator[None, None, None]:
        for mirror in self._mirrors:
            yield from mirror.pass_once(is_last=is_last)
            self._report(mirror)

    def _report(self, mirror: Mirror) -> None:
        """Remark once for each host on files that cannot be uploaded, and on too many files for AWS."""
        for path, why in mirror.refused.items():
            name = mirror.folder.name if path == "." else f"{mirror.folder.name}/{beneath.shown(path)}"
            self._remark_once(mirror.host, f"refused {path}", f"{name} is not kept: {why}")
        if mirror.stalled:
            self._remark_once(
                mirror.host,
                f"stalled {mirror.prefix}",
                f"{mirror.folder.name} cannot be saved now: {explain(mirror.stalled)}. The job goes on; saving is "
                "tried again every few seconds, and at the end of the job.",
            )
        elif (mirror.host, f"stalled {mirror.prefix}") in self._remarked:
            self._remarked.discard((mirror.host, f"stalled {mirror.prefix}"))
            self._on_remark(mirror.host, f"{mirror.folder.name} is saved again")
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
