"""Inputs and outputs at paths that the request chose: the same in processes and in containers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docker.containers import BASE
from tests.docker.daemon import Daemon
from tests.docker.test_same import files, ssm

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]

# As scripts of AWS's examples are: every path is written out.
SCRIPT = """
import json, os, pathlib, sys
place = pathlib.Path("/opt/ml/processing")
host = os.environ["SM_CURRENT_HOST"]
rows = (place / "input/raw.csv").read_text().splitlines()
for name, part in (("train", rows[:2]), ("test/deep", rows[2:])):
    (place / name).mkdir(parents=True, exist_ok=True)
    (place / name / (host + ".csv")).write_text("\\n".join(part))
(place / "new_model" / host).write_text((place / "model/weights").read_text())
found = {name: value for name, value in os.environ.items() if value.startswith("/opt/ml/processing") and "SM_" in name}
listed = sorted(path.name for path in (place / "input").iterdir())
(place / "train" / (host + ".json")).write_text(json.dumps([found, listed, sys.argv[1:]], sort_keys=True))
"""

PLACES = (
    *("--input_at", "data", "/opt/ml/processing/input", "--input_at", "trained", "/opt/ml/processing/model"),
    *("--output_from", "train", "/opt/ml/processing/train", "--output_from", "test", "/opt/ml/processing/test"),
    *("--output_from", "model", "/opt/ml/processing/new_model"),
)


def results(folder: Path, engine: str, image: str) -> tuple[dict[str, str], dict[str, str], str]:
    """The output data and the model that a job of two hosts left, and what a task that reads a placed output prints."""
    work = folder / engine
    (work / "data").mkdir(parents=True)
    (work / "data/raw.csv").write_text("a\nb\nc\nd")
    (work / "trained").mkdir()
    (work / "trained/weights").write_text("weights")
    (work / "prepare.py").write_text(SCRIPT)
    common = ("-p", "p", "--image_uri", image)
    done = ssm(
        *(work, engine, "process", *common, "-t", "prepare", "--code", "prepare.py", "--ic", "2", "-i", "data"),
        *("--input_local", "trained", "trained", *PLACES),
        *("-o", "out", "--download_output", "--download_model", "--", "a  b"),
    )
    assert done.returncode == 0, done.stderr
    chain = ("--iit", "only_test", "prepare", "output", "FullyReplicated", "test")
    again = (
        "--entrypoint",
        "find /opt/ml/processing/in -type f | sort",
        "--input_at",
        "only_test",
        "/opt/ml/processing/in",
    )
    read = ssm(work, engine, "process", *common, "-t", "read", *chain, *again)
    assert read.returncode == 0, read.stderr
    found = "".join(line for line in read.stdout.splitlines(keepends=True) if line.startswith("algo-1 | /opt/ml/"))
    return files(work / "out/output"), files(work / "out/model"), found


def test_placed_inputs_and_outputs_are_the_same_in_containers(docker: Daemon, tmp_path: Path) -> None:
    here, there = (results(tmp_path, engine, BASE) for engine in ("local", "docker"))
    assert there == here
    output, model, read = there
    assert sorted(output) == [
        *("test/deep/algo-1.csv", "test/deep/algo-2.csv", "train/algo-1.csv", "train/algo-1.json"),
        *("train/algo-2.csv", "train/algo-2.json"),
    ]
    assert output["test/deep/algo-2.csv"] == "c\nd"
    assert model == {"algo-1": "weights", "algo-2": "weights"}
    assert read == "".join(f"algo-1 | /opt/ml/processing/in/deep/{host}.csv\n" for host in ("algo-1", "algo-2"))
