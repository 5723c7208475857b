"""What a job left, brought to a folder of this machine: logs, model, output and state.

Each part (``logs``, ``model``, ``output``, ``state``) is made beside its place and then put there as a whole: a reader
sees the old part or the new one. Nothing else in the folder is touched.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from . import history, joblogs, layout
from .errors import SsmError
from .specs import Download, TaskOutput

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef

    from .bundle import Services


class UnsafeArchive(SsmError):
    """An archive has a member that would land outside its folder; nothing of it was kept."""


def bring(download: Download, described: DescribeTrainingJobResponseTypeDef, services: Services) -> list[str]:
    """Bring the parts that were asked for and say which are there now; logs always are. Needs ``download.path``."""
    folder = download.path
    if folder is None:
        return []
    brought = [_part(folder, "logs", lambda to: _logs(to, described["TrainingJobName"], services))]
    wanted: list[tuple[TaskOutput, bool]] = [
        ("model", download.model),
        ("output", download.output),
        ("state", download.state),
    ]
    for kind, asked in wanted:
        if asked:
            uri = history.output_uri(described, kind)
            fill = _state if kind == "state" else _unpacked
            brought.append(_part(folder, kind, lambda to, fill=fill, uri=uri: fill(to, uri, services)))  # type: ignore[misc]
    return brought


def _part(folder: Path, name: str, fill: Callable[[Path], None]) -> str:
    """Make one part beside its place, then put it there."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh, place, old = folder / f".{name}.new-{os.getpid()}", folder / name, folder / f".{name}.old-{os.getpid()}"
    try:
        fresh.mkdir()
        fill(fresh)
        if place.exists():
            os.rename(place, old)
        os.rename(fresh, place)
    finally:
        for path in (fresh, old):
            shutil.rmtree(path, ignore_errors=True)
    return name


def _logs(to: Path, job: str, services: Services) -> None:
    """``logs0`` for algo-1, ``logs1`` for algo-2 …: every stream of a host in the order of its beginning."""
    for name in joblogs.streams(job, services.logs):
        with open(to / f"logs{joblogs.host_number(name) - 1}", "ab") as out:
            out.writelines(line.encode("utf-8", "surrogateescape") + b"\n" for line in _lines(name, services))


def _lines(stream: str, services: Services) -> Iterator[str]:
    token: str | None = None
    while True:
        lines, following = joblogs.read(stream, token, services.logs)
        yield from lines
        if following == token:
            return
        token = following


def _unpacked(to: Path, uri: str, services: Services) -> None:
    """An archive's content; an archive that is not there (nothing was written) leaves the part empty."""
    bucket, key = layout.split_uri(uri)
    packed = to.with_name(to.name + ".tar.gz")
    try:
        services.store.fetch(bucket, key, packed)
        with tarfile.open(packed) as archive:
            archive.extractall(to, filter="data")
    except FileNotFoundError:
        return
    except tarfile.TarError as error:
        raise UnsafeArchive(f"{uri} cannot be unpacked: {error}\nNothing of it was kept.") from error
    finally:
        packed.unlink(missing_ok=True)


def _state(to: Path, uri: str, services: Services) -> None:
    bucket, prefix = layout.split_uri(uri)
    for found in services.store.list(bucket, prefix):
        services.store.fetch(bucket, found.key, to / found.key[len(prefix) :])
