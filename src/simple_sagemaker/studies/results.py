"""What ``-o`` brings of a search: the best trial's results, ``trials.csv`` and ``study.json``."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import job as jobs
from ..core.json_form import json_form, utc
from ..core.progress import Watcher
from ..core.records import replace
from ..jobs.result_parts import NotDownloaded

if TYPE_CHECKING:
    from ..core.services import Services
    from .records import StudyRecord, TrialRecord
    from .spec import TuneSpec

_HEAD = ("trial", "status")
_TAIL = ("resource", "values", "began", "seconds", "billed_s", "job", "why_stopped", "reason")


def bring(record: StudyRecord, spec: TuneSpec, services: Services, watcher: Watcher) -> None:
    """Bring the best trial's logs and model, and what else was asked for, with two files about the whole study.

    Does nothing without a folder. Raises NotDownloaded, after everything that can be is brought.
    """
    folder = spec.task.download.path
    if folder is None:
        return
    from ..jobs import results

    try:
        folder.mkdir(parents=True, exist_ok=True)
        names = [one.name for one in spec.space]
        _write(folder / "trials.csv", trials_csv(record.trials, names, record.metric))
        _write(folder / "study.json", json.dumps(json_form(record), indent=2) + "\n")
    except OSError as error:
        raise NotDownloaded(f"{folder}: {error.strerror}. Name another folder, or make room.") from error
    if record.best is not None:
        download = replace(spec.task.download, model=True)
        described = jobs.describe(record.best.job, "training", services.sagemaker)
        results.download(download, described, services, watcher)


def trials_csv(trials: Sequence[TrialRecord], names: Sequence[str], metric: str) -> str:
    """The trials as CSV, best first, a column for each searched hyperparameter; times are in UTC."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow((*_HEAD, metric, *names, *_TAIL))
    for one in trials:
        values = [one.hyperparameters.get(name, "") for name in names]
        objective = "" if one.objective is None else repr(one.objective)
        rows.writerow((
            *(one.number, one.status, objective, *values),
            *("" if one.resource is None else one.resource, one.values, utc(one.began), one.seconds, one.billed_s),
            *(one.job, one.why_stopped or "", one.reason or ""),
        ))  # fmt: skip
    return out.getvalue()


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole."""
    new = path.with_name(f".{path.name}.new-{os.getpid()}")
    try:
        new.write_text(text, encoding="utf-8")
        os.replace(new, path)
    finally:
        new.unlink(missing_ok=True)
