"""``ssm data``: brings what a task left, or clears its state, and prints what was done."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import layout
from ..core.layout import TaskPlace
from ..core.progress import file_count
from ..core.specs import DataSpec, Download
from ..jobs import display, results
from ..tasks import stored

if TYPE_CHECKING:
    from ..core.services import Services


def data(spec: DataSpec, services: Services) -> int:
    """Bring and clear what the spec says; return 0, however the job ended whose results these are."""
    place = stored.place_of(spec, services)
    if spec.download.path is not None:
        _bring(spec, spec.download.path, place, services)
    if spec.clean_state:
        cleared = stored.clear_state(place, services)
        _print(f"State: {file_count(cleared)} cleared under {layout.uri(place.bucket, place.state)}")
        if services.store.folders(place.bucket, place.trials):
            _print(
                "The trials of its study keep their states: ssm rm --trial NUMBER --state deletes that of one, with "
                "its jobs, and ssm rm --state all of them, with the study"
            )
    return 0


def _bring(spec: DataSpec, folder: Path, place: TaskPlace, services: Services) -> None:
    job = stored.job_of(spec, place, services)
    with display.screen(1) as screen:
        parts = results.download(spec.download, job, services, screen)
    trial = stored.trial_of(job, place)
    if trial is not None:
        _print(f"Trial {trial}{', the best' if spec.trial is None and not spec.job else ''}")
    _print(f"{job.status}: {job.name}\nResults{'' if job.has_ended else ' so far'}: {folder}/ ({', '.join(parts)})")
    _print_what_else(spec, job.name, place, services)
    first = folder / "logs" / "logs0"
    if first.exists():
        _print(f"Next: cat {shlex.quote(str(first))}")


def _print_what_else(spec: DataSpec, job: str, place: TaskPlace, services: Services) -> None:
    """Print what these results are not: those of a newer job, and the parts that were not chosen."""
    newer = None if spec.job else stored.newer_than(job, place, services)
    if newer:
        name, status = newer.name, newer.status
        _print(f"Newer than that: {name} ({status}), whose results come with --job {name} once it has ended")
    if others := _parts_not_chosen(spec.download):
        _print(f"Not brought: add {', '.join(others)}")


def _parts_not_chosen(download: Download) -> list[str]:
    parts = {
        "--download_model": download.model,
        "--download_output": download.output,
        "--download_state": download.state,
    }
    return [] if any(parts.values()) else list(parts)


def _print(text: str) -> None:
    from ..core.printable import clean

    print(clean(text), file=sys.stderr, flush=True)
