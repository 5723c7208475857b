"""``ssm data``: what a task left brought here, or its state cleared, and what was done told."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import layout
from ..core.layout import TaskPlace
from ..core.progress import counted
from ..core.specs import DataSpec, Download
from ..jobs import display as show
from ..jobs import results
from ..tasks import stored as task_data

if TYPE_CHECKING:
    from ..core.services import Services


def data(spec: DataSpec, at_hand: Services) -> int:
    """Do what is asked and give 0, however the job ended whose results these are."""
    place = task_data.place_of(spec, at_hand)
    if spec.download.path is not None:
        _bring(spec, spec.download.path, place, at_hand)
    if spec.clean_state:
        cleared = task_data.clear_state(place, at_hand)
        _say(f"State: {counted(cleared)} cleared under {layout.uri(place.bucket, place.state)}")
    return 0


def _bring(spec: DataSpec, folder: Path, place: TaskPlace, at_hand: Services) -> None:
    described = task_data.job_of(spec, place, at_hand)
    job = described.name
    with show.screen(1) as screen:
        brought = results.bring(spec.download, described, at_hand, screen)
    _say(f"{described.status}: {job}\nResults: {folder}/ ({', '.join(brought)})")
    _say_what_else(spec, job, place, at_hand)
    first = folder / "logs" / "logs0"
    if first.exists():
        _say(f"Next: cat {first}")


def _say_what_else(spec: DataSpec, job: str, place: TaskPlace, at_hand: Services) -> None:
    """What these results are not: those of a newer job, and the parts that were not asked for."""
    newer = None if spec.job else task_data.newer_than(job, place, at_hand)
    if newer:
        name, status = newer.name, newer.status
        _say(f"Newer than that: {name} ({status}), whose results come with --job {name} once it has ended")
    if left_out := _left_out(spec.download):
        _say(f"Not brought: add {', '.join(left_out)}")


def _left_out(download: Download) -> list[str]:
    parts = {
        "--download_model": download.model,
        "--download_output": download.output,
        "--download_state": download.state,
    }
    return [] if any(parts.values()) else list(parts)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
