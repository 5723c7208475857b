"""AWS's sagemaker-training toolkit, as a function that tests can ask: the real package in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.payload.job import JobFolder

SERVER = Path(__file__).with_name("toolkit_server.py")


def python() -> str:
    """An interpreter that has the toolkit: TOOLKIT_PYTHON when set, else this one."""
    return os.environ.get("TOOLKIT_PYTHON", sys.executable)


def is_installed() -> bool:
    return "TOOLKIT_PYTHON" in os.environ or importlib.util.find_spec("sagemaker_training") is not None


class Toolkit:
    """One process of the toolkit. It reads its files below ``base``, which every job asked about has to use."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "input/config").mkdir(parents=True)
        self._process = subprocess.Popen(
            [python(), str(SERVER)],
            env={"PATH": os.environ["PATH"], "HOME": str(base), "SAGEMAKER_BASE_DIR": str(base)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self, job: JobFolder) -> dict[str, Any]:
        """What the toolkit makes of ``job``, whose files are written as they are."""
        assert job.base == self.base
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"environment": job.environment}) + "\n")
        self._process.stdin.flush()
        report: dict[str, Any] = json.loads(self._process.stdout.readline())
        return report

    def close(self) -> None:
        self._process.communicate(timeout=300)
