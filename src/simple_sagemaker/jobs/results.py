"""Downloading a job's results to a folder of this machine: logs, model, output, state and source.

Each part is replaced as a whole (``result_parts``); nothing else in the folder is touched. A part that cannot be
downloaded does not stop the others.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..core import layout
from ..core.aws_errors import translate_errors
from ..core.job import Job
from ..core.progress import Meter, Watcher, file_count, size
from ..core.specs import Download
from ..errors import SsmError
from ..storage.archives import unpack
from ..storage.safe_paths import UnusableName
from ..storage.sync.download import Earlier, FolderDownload
from . import logs, result_parts
from .logs import Event
from .result_parts import Fill, NotDownloaded, Part

if TYPE_CHECKING:
    from ..core.services import Services

_PACKED_AT = {"model": f"{layout.BASE}/model", "output": f"{layout.BASE}/output/data"}  # of what jobs leave
_MOST_NOTES = 20


def download(spec: Download, job: Job, services: Services, watcher: Watcher | None = None) -> list[str]:
    """Download the parts of ``spec`` to its path, and return their names; nothing without a path.

    What a job never wrote becomes an empty part. ``watcher`` shows progress. Raises UnsafeArchive or NotDownloaded,
    after everything that can be is downloaded.
    """
    folder = spec.path
    if folder is None:
        return []
    try:
        with result_parts.lock(folder):
            parts = result_parts.parts_of(spec)
            return _save_all(folder, {name: _source(name, job, services, watcher) for name in parts})
    except OSError as error:
        raise _unwritable(folder, error) from error


class _Source(NamedTuple):
    """How a part is filled; with its address if a try that ended early can be resumed."""

    fill: Fill
    address: str = ""


def _source(name: Part, job: Job, services: Services, watcher: Watcher | None) -> _Source:
    if name == "logs":
        return _Source(partial(_write_logs, job, services))
    address = job.outputs.get(name)
    if address is None:
        return _Source(_leave_empty)
    if address.endswith("/"):
        return _Source(partial(_download_objects, name, address, services, watcher), address)
    return _Source(partial(_download_archive, name, address, services, watcher), address)


def _save_all(folder: Path, sources: dict[Part, _Source]) -> list[str]:
    saved: list[str] = []
    errors: list[SsmError] = []
    for name, source in sources.items():
        try:
            _save(folder, name, source)
            saved.append(name)
        except SsmError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise NotDownloaded("\n".join(map(str, errors)))
    return saved


def _save(folder: Path, name: str, source: _Source) -> None:
    try:
        result_parts.replace(folder, name, source.fill, address=source.address)
    except OSError as error:
        raise _unwritable(folder / name, error) from error


def _unwritable(place: Path, error: OSError) -> NotDownloaded:
    if error.errno is None:  # raised by a store, which has no errno, not by the system
        return NotDownloaded(f"The results cannot be downloaded to {place}: {error}.")
    about = f" ({error.filename})" if error.filename and Path(error.filename) != place else ""
    return NotDownloaded(
        f"The results cannot be written to {place}: {error.strerror or error}{about}.\n"
        "They are kept where the job wrote them: choose another folder and download them with ssm data -o FOLDER."
    )


def _leave_empty(_: Path) -> None:
    """Leave the part empty: the job has no such output."""


def _write_logs(job: Job, services: Services, to: Path) -> None:
    """Write ``logs0`` for algo-1, ``logs1`` for algo-2 …: each host's streams in the order of their beginning.

    For a job with metrics, ``metrics.csv`` has every value in them.
    """
    read, group = 0, logs.GROUPS[job.kind]
    with translate_errors(region=services.region), _metrics_table(job, to) as take:
        for name in logs.streams(job.name, services.logs, group):
            with open(to / f"logs{logs.host_number(name) - 1}", "ab") as out:
                for page in logs.events(name, services.logs, group):
                    out.writelines(event.line.encode("utf-8", "surrogateescape") + b"\n" for event in page)
                    take(name, page)
                    read += 1
                    if read % services.reading.pages == 0:
                        time.sleep(services.reading.breath_s)


@contextmanager
def _metrics_table(job: Job, to: Path) -> Iterator[Callable[[str, list[Event]], None]]:
    """A function that takes the events of a stream and writes the metrics' values in them; for most jobs nothing."""
    if not job.metrics:
        yield lambda _stream, _page: None
        return
    from .metrics import Table

    with open(to / "metrics.csv", "w", encoding="utf-8", errors="backslashreplace", newline="") as out:
        yield Table(job.metrics, out).add


class _Few:
    """Notes on what was not unpacked: the first few one by one, the others as a number."""

    def __init__(self, kind: str, watcher: Watcher | None) -> None:
        self._kind, self._watcher, self._count = kind, watcher, 0

    def add(self, why: str) -> None:
        self._count += 1
        if self._watcher and self._count <= _MOST_NOTES:
            self._watcher.note(f"{self._kind.capitalize()}: left out: {why}")

    def finish(self) -> None:
        if self._watcher and self._count > _MOST_NOTES:
            self._watcher.note(f"{self._kind.capitalize()}: {self._count - _MOST_NOTES} more were left out")


def _download_archive(kind: str, uri: str, services: Services, watcher: Watcher | None, to: Path) -> None:
    """Download and unpack an archive; a missing archive (the job wrote nothing) leaves the part empty.

    If interrupted, what has arrived of the archive is kept for another try; what was unpacked is not.
    """
    bucket, key = layout.split_uri(uri)
    for earlier in result_parts.earlier_tries(to):
        shutil.rmtree(earlier)
    meter = Meter(what=f"Fetching the {kind}", files=1)
    with ExitStack() as stack:
        try:
            packed = stack.enter_context(
                services.store.open_stream(bucket, key, to.with_name(result_parts.PACKED), meter.add_bytes)
            )
        except FileNotFoundError:
            return
        meter.size = packed.size
        stack.enter_context(watcher.moving(meter) if watcher else nullcontext())
        place = _PACKED_AT.get(kind)
        if place is None:
            unpack.unpack_stream(packed, to, size=packed.size, address=uri)
        else:
            notes = _Few(kind, watcher)
            unpack.unpack_stream(packed, to, size=packed.size, address=uri, packed_at=place, on_left_out=notes.add)
            notes.finish()
    if watcher:
        watcher.note(f"{kind.capitalize()}: {size(packed.size)} fetched and unpacked")


def _download_objects(kind: str, uri: str, services: Services, watcher: Watcher | None, to: Path) -> None:
    """Download the objects under an address, except those unchanged since an earlier download."""
    bucket, prefix = layout.split_uri(uri)
    before = Earlier(to.parent.parent / kind, ours=False)
    meter = Meter(what=f"Fetching the {kind}")
    fetching = FolderDownload(
        store=services.store,
        bucket=bucket,
        prefix=prefix,
        to=to,
        arriving=to.with_name(result_parts.ARRIVING),
        earlier=[*(Earlier(folder, ours=True) for folder in result_parts.earlier_tries(to)), before],
        meter=meter,
    )
    try:
        with watcher.moving(meter) if watcher else nullcontext():
            done = fetching.run()
    except UnusableName as error:
        raise NotDownloaded(
            f"The {kind} at {uri} was not downloaded: {error}.\nNothing of it was kept here."
        ) from error
    if watcher:
        watcher.note(
            f"{kind.capitalize()}: {file_count(done.files)}, {done.fetched:,} fetched ({size(done.fetched_bytes)})"
        )
