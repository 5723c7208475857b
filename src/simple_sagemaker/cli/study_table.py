"""The table of a study's trials, the best first, and the line below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from ..core.durations import duration
from ..jobs.metrics import number
from . import tables
from .tables import Column

if TYPE_CHECKING:
    from ..studies.records import TrialRecord

_COLOURS = {"Completed": "", "Failed": "red", "Stopped": "yellow", "Running": "green", "Pending": "dim"}


def trials_table(
    trials: Sequence[TrialRecord],
    *,
    metric: str,
    names: Sequence[str],
    now: datetime,
    best: int | None = None,
    newest: Mapping[int, Sequence[float]] | None = None,
    width: int | None = None,
) -> str:
    """A line a trial; ``names`` are of the searched hyperparameters, ``newest`` the values so far of running trials."""
    newest = newest or {}
    columns = [
        Column("TRIAL", right=True),
        Column("JOB"),
        Column("STATUS", gives_way=True),
        Column(metric.upper() if len(metric) < 4 else metric, right=True),
        *(Column(name, gives_way=True) for name in names),
        Column("UP TO", right=True),
        Column("VALUES", right=True),
        Column("RAN", right=True),
    ]
    rows = [_row(trial, names, now, newest.get(trial.number), is_best=trial.number == best) for trial in trials]
    return tables.table(columns, rows, width=width, colours=[_COLOURS.get(trial.status, "") for trial in trials])


def _row(
    trial: TrialRecord, names: Sequence[str], now: datetime, curve: Sequence[float] | None, *, is_best: bool
) -> list[str]:
    value = trial.objective if not curve else curve[-1]
    ran_s = trial.seconds if trial.ended else (now - trial.began).total_seconds()
    values = len(curve) if curve is not None else trial.values
    return [
        f"{'*' if is_best else ''}{trial.number}",
        trial.short_name,
        f"{trial.status}: {trial.why_stopped}" if trial.why_stopped and trial.status != "Completed" else trial.status,
        "" if value is None else number(value),
        *(shown(trial.hyperparameters.get(name, "")) for name in names),
        "" if trial.resource is None else str(trial.resource),
        str(values) if values else "",
        duration(ran_s),
    ]


def shown(value: str) -> str:
    """A hyperparameter's value as people read it: six digits of a number."""
    try:
        return number(float(value)) if "." in value or "e" in value.lower() else value
    except ValueError:
        return value


def values_line(hyperparameters: Mapping[str, str]) -> str:
    """A trial's values in a line."""
    return " ".join(f"{name}={shown(value)}" for name, value in hyperparameters.items())
