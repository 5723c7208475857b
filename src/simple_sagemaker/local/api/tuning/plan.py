"""What is decided once when a tuning job is created, kept in its folder beside the request."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ....core.records import asdict, dataclass
from ....core.regular_files import read_plain
from ....storage.private import write_private
from ....tuning.ranges import Values
from ...job.folder import JobFolder
from ...job.home import Settings
from .trials import Facts

_LARGEST = 1 << 28


@dataclass(frozen=True, kw_only=True)
class ParentTrial:
    """A trial of a parent that ended with an objective: all its hyperparameters, and its summary's members."""

    tuning_job: str
    name: str
    values: Values
    tuned: Values
    facts: Facts


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The seed; how the jobs of each definition run; the trials of parents, in the order in which they began."""

    seed: int
    settings: Sequence[Settings]
    parents: Sequence[ParentTrial] = ()


def write_plan(folder: Path, plan: Plan) -> None:
    """Write the plan into the folder of a tuning job that is being made. Settings may hold the URL of credentials."""
    members = {
        "seed": plan.seed,
        "settings": [asdict(one) for one in plan.settings],
        "parents": [asdict(one) for one in plan.parents],
    }
    write_private(folder / "plan.json", json.dumps(members))


def read_plan(job: JobFolder) -> Plan:
    """The plan of a tuning job."""
    members: Mapping[str, Any] = json.loads(read_plain(job.path / "plan.json", _LARGEST))
    return Plan(
        seed=members["seed"],
        settings=[Settings.from_json(one) for one in members["settings"]],
        parents=[ParentTrial(**one) for one in members["parents"]],
    )
