"""Trainings that AWS's own container has done: their input, and what came of it.

Recorded by running aws/sagemaker-xgboost-container at cb8df91 (June 2026), unchanged, with xgboost 3.2.0, on one host
without a GPU and random data of our own. `error` has the class and the first line of what it failed with.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).with_name("cases")
NAMES = sorted(file.stem for file in _FOLDER.glob("*.json"))
_PROGRAM = "import sys; from simple_sagemaker.local.xgboost_algorithm.main import main; sys.exit(main())"


@cache
def recorded(name: str) -> dict[str, Any]:
    """One case, with its files' contents in `data`."""
    case: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return case


def contents(name: str) -> dict[str, bytes]:
    """The files of a case's channels."""
    stored = recorded(name)["files"].items()
    return {
        path: "\n".join(content).encode() if isinstance(content, list) else base64.b64decode(content["base64"])
        for path, content in stored
    }


@dataclass(frozen=True)
class Trained:
    """What a training left below its `base`."""

    base: Path
    exit_status: int
    output: str
    errors: str

    @property
    def lines(self) -> list[str]:
        return [line for line in self.output.splitlines() if line.startswith("[") and "\t" in line]

    @property
    def model(self) -> bytes:
        return (self.base / "model" / "xgboost-model").read_bytes()

    @property
    def failure(self) -> str:
        return (self.base / "output" / "failure").read_text(encoding="utf-8")


def prepare(name: str, base: Path, **hyperparameters: str) -> Path:
    """Lay a case out below `base` as a host has it."""
    case = recorded(name)
    config = base / "input" / "config"
    for folder in (config, base / "model", base / "output" / "data", base / "checkpoints"):
        folder.mkdir(parents=True)
    for channel in case["channels"]:
        (base / "input" / "data" / channel).mkdir(parents=True)
    for path, content in contents(name).items():
        file = base / "input" / "data" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    written = {"hyperparameters": case["hyperparameters"] | hyperparameters, "inputdataconfig": case["channels"]}
    if case.get("checkpoints"):
        written["checkpointconfig"] = {"LocalPath": str(base / "checkpoints")}
    for stem, content in written.items():
        (config / f"{stem}.json").write_text(json.dumps(content), encoding="utf-8")
    return base


def keep_checkpoints(base: Path) -> None:
    """Make the next training below `base` write checkpoints, and begin from those that are there."""
    config = {"LocalPath": str(base / "checkpoints")}
    (base / "input" / "config" / "checkpointconfig.json").write_text(json.dumps(config), encoding="utf-8")


def start(base: Path) -> subprocess.Popen[str]:
    """Start the training of what lies below `base`, in a process of its own."""
    environment = {"SAGEMAKER_BASE_DIR": str(base), "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def train(base: Path) -> Trained:
    """Train what lies below `base`."""
    with start(base) as process:
        output, errors = process.communicate(timeout=300)
    return Trained(base, process.returncode, output, errors)
