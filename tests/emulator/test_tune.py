"""``ssm tune`` against an emulated AWS: driven by the command, and by a tuning job of the service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.emulated import Emulator

WORKER = """
import argparse, os
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--kind")
args = parser.parse_args()
open(os.environ["SM_MODEL_DIR"] + "/rate", "w").write(repr(args.rate))
open(os.environ["SSM_STATE"] + "/rate", "w").write(repr(args.rate))
print(f"loss={abs(args.rate - 0.3):.6f}")
"""
SEARCH = ("--md", "loss", r"loss=(\S+)", "--tune_for", "loss", "min", "--hp_space", "rate", "0.0..1.0")
SPACE = ("--hp_space", "kind", "good|bad", "--tune_jobs", "3", "--tune_at_once", "2", "--tune_seed", "7")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "w.py").write_text(WORKER)
    return tmp_path


def search(emulator: Emulator, folder: Path, task: str, *more: str) -> Any:
    words = ("tune", "-p", "tuned", "-t", task, "-e", "w.py", *SEARCH, *SPACE, *more)
    return emulator.ssm(folder, *words, SSM_HOME=str(folder / "home"))


@pytest.mark.parametrize("driver", [pytest.param("client", marks=pytest.mark.long), "aws"])
def test_a_search_on_aws_brings_its_best_trial(emulator: Emulator, folder: Path, driver: str) -> None:
    done = search(emulator, folder, driver, "--tune_on", driver, "-o", "out", "--download_state")
    assert done.returncode == 0, done.stderr
    study = json.loads((folder / "out" / "study.json").read_text())
    assert [trial["objective"] for trial in study["trials"]] == sorted(one["objective"] for one in study["trials"])
    assert len(study["trials"]) == 3
    assert {trial["hyperparameters"]["kind"] for trial in study["trials"]} <= {"good", "bad"}
    best = repr(float(study["best"]["hyperparameters"]["rate"]))
    assert (folder / "out" / "model" / "rate").read_text() == best
    states = [path.read_text() for path in (folder / "out" / "state").rglob("rate")]
    assert states == [best]
    again = search(emulator, folder, driver, "--tune_on", driver)
    assert again.returncode == 0, again.stderr
    assert "Nothing ran" in again.stderr


def test_a_tuning_job_goes_on_without_the_command(emulator: Emulator, folder: Path) -> None:
    left = search(emulator, folder, "left", "--tune_on", "aws", "--no_wait")
    assert left.returncode == 0, left.stderr
    client = emulator.client("sagemaker")
    described = client.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=left.stdout.strip())
    assert described["HyperParameterTuningJobConfig"]["Strategy"] == "Random"
    followed = search(emulator, folder, "left", "--tune_on", "aws", "-o", "out")
    assert followed.returncode == 0, followed.stderr
    assert len(json.loads((folder / "out" / "study.json").read_text())["trials"]) == 3
    more = search(emulator, folder, "left", "--tune_on", "client")
    assert more.returncode == 2
    assert "driven by: aws -> client" in more.stderr


@pytest.fixture(scope="module")
def begun(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a search by a tuning job that runs or has ended."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "w.py").write_text(WORKER)
    done = search(emulator, folder, "begun", "--tune_on", "aws", "--no_wait")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize(
    ("more", "option"),
    [
        (("--tune_target", "0.1"), "--tune_target: SageMaker cannot change"),
        pytest.param(("--tune_mins", "5"), "--tune_mins: SageMaker cannot change", marks=pytest.mark.long),
        pytest.param(("--tune_patience", "4"), "--tune_patience: SageMaker cannot change", marks=pytest.mark.long),
        pytest.param(("--tag", "a", "b"), "\n  tags\n", marks=pytest.mark.long),
        (("--max_run_mins", "9"), "\n  time limits\n"),
        (("--role_name", "other"), "other"),
    ],
)
def test_what_a_tuning_job_cannot_change_is_refused(
    emulator: Emulator, begun: Path, more: tuple[str, ...], option: str
) -> None:
    again = search(emulator, begun, "begun", "--tune_on", "aws", *more)
    assert again.returncode == 2
    assert option in again.stderr


@pytest.mark.long
def test_a_tuning_job_of_another_task_is_not_followed(emulator: Emulator, folder: Path) -> None:
    for task in ("mine", "others"):
        assert search(emulator, folder, task, "--tune_on", "aws", "--no_wait").returncode == 0
    s3 = emulator.client("s3")
    bucket = next(one["Name"] for one in s3.list_buckets()["Buckets"])
    mine, others = (f"tuned/{task}/study/study.json" for task in ("mine", "others"))
    theirs = json.loads(s3.get_object(Bucket=bucket, Key=others)["Body"].read())
    known = json.loads(s3.get_object(Bucket=bucket, Key=mine)["Body"].read())
    known["tuning_job"] = theirs["tuning_job"]
    s3.put_object(Bucket=bucket, Key=mine, Body=json.dumps(known).encode())
    again = search(emulator, folder, "mine", "--tune_on", "aws")
    assert again.returncode == 1
    assert f"the tuning job {theirs['tuning_job']} is not its own" in again.stderr
