"""The commands for jobs that there are, of studies on an emulated AWS: the bucket is S3, and tags are the service's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.emulated import Emulator

WORKER = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
rate = parser.parse_args().rate
print(f"loss={abs(rate - 0.3):.6f}")
"""


@pytest.mark.long
@pytest.mark.parametrize("driver", ["client", "aws"])
def test_a_study_is_shown_compared_and_deleted(emulator: Emulator, tmp_path: Path, driver: str) -> None:
    (tmp_path / "w.py").write_text(WORKER)

    def ssm(*argv: str) -> str:
        done = emulator.ssm(tmp_path, *argv, SSM_HOME=str(tmp_path / "home"))
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    here = ("-p", "studied", "-t", driver)
    search = ("--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min", "--hp_space", "rate", "0.3|0.9")
    ssm("tune", *here, "-e", "w.py", *search, "--tune_by", "grid", "--tune_at_once", "2", "--tune_on", driver)
    record = json.loads(ssm("status", *here, "--json"))
    assert (record["status"], record["best"]["hyperparameters"]) == ("Completed", {"rate": "0.3"})
    assert [one["objective"] for one in record["trials"]] == [0.0, 0.6]
    best = record["best"]["number"]
    assert [one["trial"] for one in json.loads(ssm("compare", *here, "--json"))] == [best, 3 - best]
    assert "loss=0.600000" in ssm("logs", *here, "--trial", str(3 - best))
    ssm("data", *here, "--trial", str(3 - best), "-o", "out")
    assert "loss=0.600000" in (tmp_path / "out" / "logs" / "logs0").read_text()
    other = emulator.ssm(tmp_path, "stop", *here, SSM_HOME=str(tmp_path / "home"))
    assert other.returncode == 4
    ssm("rm", *here, "--yes")
    assert json.loads(ssm("ls", *here, "--json")) == []
    ssm("run", *here, "-e", "w.py", "--rate", "0.5")
