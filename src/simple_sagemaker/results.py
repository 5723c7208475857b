"""What a job left, brought to a folder of this machine: logs, model, output, state and source.

Each part is replaced as a whole (``parts``); nothing else in the folder is touched. A part that cannot be brought keeps
none of the others away.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from . import archives, joblogs, layout, parts
from .errors import SsmError
from .filling import Filling, Unholdable
from .job import Job
from .parts import Fill, NotBrought, Part
from .refusals import in_our_words
from .specs import Download, TaskOutput

if TYPE_CHECKING:
    from .bundle import Services


def bring(download: Download, job: Job, services: Services) -> list[str]:
    """Bring the parts that were asked for and say which are there now. Needs ``download.path``.

    What a job never wrote is an empty part. Raises UnsafeArchive or NotBrought, when all that could be is brought.
    """
    folder = download.path
    if folder is None:
        return []
    try:
        with parts.held(folder):
            return _brought(folder, _fills(download, job, services))
    except OSError as error:
        raise _unwritable(folder, error) from error


def _fills(download: Download, job: Job, services: Services) -> dict[TaskOutput | str, Fill]:
    """How each part that was asked for is filled."""
    return {name: _fill(name, job, services) for name in parts.wanted(download)}


def _fill(name: Part, job: Job, services: Services) -> Fill:
    if name == "logs":
        return partial(_logs, job, services)
    address = job.outputs.get(name)
    if address is None:
        return _nothing
    return partial(_copied if address.endswith("/") else _unpacked, name, address, services)


def _brought(folder: Path, fills: dict[TaskOutput | str, Fill]) -> list[str]:
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


def _put(folder: Path, name: str, fill: Fill) -> None:
    try:
        parts.replace(folder, name, fill)
    except OSError as error:
        raise _unwritable(folder / name, error) from error


def _unwritable(place: Path, error: OSError) -> NotBrought:
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
    with in_our_words(region=services.region):
        for name in joblogs.streams(job.name, services.logs, group):
            with open(to / f"logs{joblogs.host_number(name) - 1}", "ab") as out:
                for page in joblogs.pages(name, services.logs, group):
                    out.writelines(line.encode("utf-8", "surrogateescape") + b"\n" for line in page)
                    read += 1
                    if read % services.reading.pages == 0:
                        time.sleep(services.reading.breath_s)


def _unpacked(_: str, uri: str, services: Services, to: Path) -> None:
    """An archive's content; an archive that is not there (nothing was written) leaves the part empty."""
    bucket, key = layout.split_uri(uri)
    keep = to.with_name(parts.PACKED)
    with ExitStack() as stack:
        try:
            packed = stack.enter_context(services.store.opened(bucket, key, keep))
        except FileNotFoundError:
            return
        archives.unpack_stream(packed, to, size=packed.size, address=uri)


def _copied(kind: str, uri: str, services: Services, to: Path) -> None:
    """The objects under an address; every name is claimed before the first byte is fetched."""
    bucket, prefix = layout.split_uri(uri)
    keys = [found.key for found in services.store.list(bucket, prefix) if not found.key.endswith("/")]
    filling = Filling(to)
    try:
        for key in keys:
            os.close(filling.new_file(key[len(prefix) :]))
    except Unholdable as error:
        raise NotBrought(f"The {kind} at {uri} was not brought: {error}.\nNothing of it was kept here.") from error
    for key in keys:
        services.store.fetch(bucket, key, to / key[len(prefix) :])
