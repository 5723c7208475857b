"""Checkpoints of a training, by which an interrupted one goes on with its next round.

AWS's container of xgboost 3 writes one checkpoint, after its first round, under a name that it never looks for, and so
begins again; older ones kept the newest five as ``xgboost-checkpoint.<round>``. This one keeps five, and reads both.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from .log import note, warn

_KEPT = 5
_NAMES = re.compile(r"xgboost-checkpoint(?:_(?P<new>[0-9]+)\.ubj|\.(?P<old>[0-9]+))")


def load(folder: str | None) -> bytes | None:
    """The newest checkpoint that can be read, as a model's bytes; None if there is none."""
    import xgboost

    for _, file in reversed(_listed(folder)):
        content = file.read_bytes()
        try:
            booster = xgboost.Booster(model_file=bytearray(content))
        except (xgboost.core.XGBoostError, ValueError):
            warn("damaged-checkpoint", f"{file.name} cannot be read; the one before it is used")
            continue
        note(f"Checkpoint loaded from {file}")
        note(f"Resuming from iteration {booster.num_boosted_rounds()}")
        return content
    return None


def save(booster: Any, folder: str, number: int) -> None:
    """Write the checkpoint of a round (from 0) at once or not at all, and remove all but the newest."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    scratch = place / f"xgboost-checkpoint_{number}.ubj.sagemaker-ignore"
    scratch.write_bytes(booster.save_raw(raw_format="ubj"))
    scratch.replace(place / f"xgboost-checkpoint_{number}.ubj")
    for _, file in _listed(folder)[:-_KEPT]:
        file.unlink(missing_ok=True)


def _listed(folder: str | None) -> list[tuple[int, Path]]:
    """The checkpoints of a folder by their rounds."""
    if not folder or not os.path.isdir(folder):
        return []
    known = ((match, name) for name in os.listdir(folder) if (match := _NAMES.fullmatch(name)))
    return sorted((int(match["new"] or match["old"]), Path(folder, name)) for match, name in known)
