"""What a job left, brought to a folder of this machine: logs, model, output, state and source.

Each part is replaced as a whole (``parts``); nothing else in the folder is touched. A part that cannot be brought keeps
none of the others away.
"""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..core import layout
from ..core.aws_errors import translate_errors
from ..core.job import Job
from ..core.progress import Meter, Watcher, file_count, size
from ..core.specs import Download
from ..errors import SsmError
from ..storage.archives import unpack as archives
from ..storage.safe_paths import UnusableName
from ..storage.sync.download import Earlier, FolderDownload
from . import logs as joblogs
from . import result_parts as parts
from .result_parts import Fill, NotBrought, Part

if TYPE_CHECKING:
    from ..core.services import Services


def bring(download: Download, job: Job, services: Services, watcher: Watcher | None = None) -> list[str]:
    """Bring the parts that were asked for and say which are there now. Needs ``download.path``.

    What a job never wrote is an empty part. ``watcher`` is told of what moves. Raises UnsafeArchive or NotBrought, when
    all that could be is brought.
    """
    folder = download.path
    if folder is None:
        return []
    try:
        with parts.held(folder):
            return _brought(folder, {name: _filled(name, job, services, watcher) for name in parts.wanted(download)})
    except OSError as error:
        raise _unwritable(folder, error) from error


class _Filled(NamedTuple):
    """How a part is filled; from an address where a try that ended early can be gone on with."""

    fill: Fill
    address: str = ""


def _filled(name: Part, job: Job, services: Services, watcher: Watcher | None) -> _Filled:
    if name == "logs":
        return _Filled(partial(_logs, job, services))
    address = job.outputs.get(name)
    if address is None:
        return _Filled(_nothing)
    if address.endswith("/"):
        return _Filled(partial(_copied, name, address, services, watcher), address)
    return _Filled(partial(_unpacked, name, address, services, watcher), address)


def _brought(folder: Path, fills: dict[Part, _Filled]) -> list[str]:
    brought: list[str] = []
    refused: list[SsmError] = []
    for name, fill in fills.items():
        try:
            _put(folder, name, fill)
            brought.append(name)
        except SsmError as error:
            refused.append(error)
    if len(refused) == 1:
        raise refused[0]
    if refused:
        raise NotBrought("\n".join(map(str, refused)))
    return brought


def _put(folder: Path, name: str, filled: _Filled) -> None:
    try:
        parts.replace(folder, name, filled.fill, address=filled.address)
    except OSError as error:
        raise _unwritable(folder / name, error) from error


def _unwritable(place: Path, error: OSError) -> NotBrought:
    if error.errno is None:  # not the system, but a store that speaks of missing and refused as the system does
        return NotBrought(f"The results cannot be brought to {place}: {error}.")
    about = f" ({error.filename})" if error.filename and Path(error.filename) != place else ""
    return NotBrought(
        f"The results cannot be put in {place}: {error.strerror or error}{about}.\n"
        "They are kept where the job wrote them: choose another folder and bring them with ssm data -o FOLDER."
    )


def _nothing(_: Path) -> None:
    """A job that leaves nothing of a kind."""


def _logs(job: Job, services: Services, to: Path) -> None:
    """``logs0`` for algo-1, ``logs1`` for algo-2 …: every stream of a host in the order of its beginning."""
    read, group = 0, joblogs.GROUPS[job.kind]
    with translate_errors(region=services.region):
        for name in joblogs.streams(job.name, services.logs, group):
            with open(to / f"logs{joblogs.host_number(name) - 1}", "ab") as out:
                for page in joblogs.pages(name, services.logs, group):
                    out.writelines(line.encode("utf-8", "surrogateescape") + b"\n" for line in page)
                    read += 1
                    if read % services.reading.pages == 0:
                        time.sleep(services.reading.breath_s)


def _unpacked(kind: str, uri: str, services: Services, watcher: Watcher | None, to: Path) -> None:
    """An archive's content; an archive that is not there (nothing was written) leaves the part empty.

    What has arrived of it is kept for another try, what was unpacked is not.
    """
    bucket, key = layout.split_uri(uri)
    for earlier in parts.earlier_tries(to):
        shutil.rmtree(earlier)
    meter = Meter(what=f"Fetching the {kind}", files=1)
    with ExitStack() as stack:
        try:
            packed = stack.enter_context(
                services.store.open_stream(bucket, key, to.with_name(parts.PACKED), meter.add_bytes)
            )
        except FileNotFoundError:
            return
        meter.size = packed.size
        stack.enter_context(watcher.moving(meter) if watcher else nullcontext())
        archives.unpack_stream(packed, to, size=packed.size, address=uri)
    if watcher:
        watcher.note(f"{kind.capitalize()}: {size(packed.size)} fetched and unpacked")


def _copied(kind: str, uri: str, services: Services, watcher: Watcher | None, to: Path) -> None:
    """The objects under an address; what has not changed since they were brought before is not fetched again."""
    bucket, prefix = layout.split_uri(uri)
    before = Earlier(to.parent.parent / kind, ours=False)
    meter = Meter(what=f"Fetching the {kind}")
    fetching = FolderDownload(
        store=services.store,
        bucket=bucket,
        prefix=prefix,
        to=to,
        arriving=to.with_name(parts.ARRIVING),
        earlier=[*(Earlier(folder, ours=True) for folder in parts.earlier_tries(to)), before],
        meter=meter,
    )
    try:
        with watcher.moving(meter) if watcher else nullcontext():
            done = fetching.run()
    except UnusableName as error:
        raise NotBrought(f"The {kind} at {uri} was not brought: {error}.\nNothing of it was kept here.") from error
    if watcher:
        watcher.note(
            f"{kind.capitalize()}: {file_count(done.files)}, {done.fetched:,} fetched ({size(done.fetched_bytes)})"
        )
