"""examples/processing_cli/run.sh runs as it stands, on this machine and against the emulator."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.emulated import Emulator
from tests.examples.conftest import Clone


@pytest.fixture(params=["local", pytest.param("emulator", marks=pytest.mark.long)])
def clone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clone]:
    if request.param == "local":
        made = Clone(tmp_path)
        made.environment["SSM_ENGINE"] = "local"
        yield made
        return
    emulator = Emulator(tmp_path / "aws")
    yield Clone(tmp_path, emulator)
    emulator.stop()


def test_the_processing_examples_do_what_their_comments_say(clone: Clone) -> None:
    done = subprocess.run(
        ["examples/processing_cli/run.sh", "out"],
        cwd=clone.folder,
        env=clone.environment,
        capture_output=True,
        text=True,
        timeout=600,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    out = clone.folder / "out"

    def log(task: str, host: int = 0) -> str:
        return (out / task / "logs" / f"logs{host}").read_text().splitlines()[-1]

    assert (out / "clean/output/first.csv").read_text() == "1\n2\n"
    assert (out / "clean/output/second.csv").read_text() == "6\n"
    assert log("count") == "algo-1 run 1: {'first.csv': 3}"
    assert log("count", 1) == "algo-2 run 1: {'second.csv': 2}"
    assert log("count_again") == "algo-1 run 2: {'first.csv': 3}"
    assert (out / "count_again/state/algo-2/runs").read_text() == "2"
    assert sorted(path.name for path in (out / "count/output").iterdir()) == ["algo-1.json", "algo-2.json"]
    assert log("command") == "host algo-1 of 1"
    assert log("train") == "mean of 3 values: 3.0"
    assert log("report") == "the model says 3.0"
