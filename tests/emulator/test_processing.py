"""``ssm process`` on an emulated AWS that enforces IAM, with as few calls as a training task needs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from simple_sagemaker.local.isolation.choose import choose
from tests.emulated import Emulator

WORKER = """
import pathlib, urllib.request
from worker_toolkit import worker_lib
config = worker_lib.WorkerConfig()
count = pathlib.Path(config.instance_state, "count")
count.write_text((count.read_text() if count.exists() else "") + "x")
print("count", count.read_text())
pathlib.Path(config.output_data_dir, "out").write_text("out")
pathlib.Path(config.model_dir, "model").write_text("model")
import boto3
from botocore.exceptions import ClientError
s3, own = boto3.client("s3"), "sagemaker-us-east-1-000000000000"
for key in ("proj/task/state/x", "proj/task/job/output/x", "proj/task/job/source/x", "other/task/state/x"):
    try:
        s3.put_object(Bucket=own, Key=key, Body=b"")
        print("may write", key)
    except ClientError as error:
        print("may not write", key)
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator that enforces."""
    made = Emulator(tmp_path_factory.mktemp("processing"), "--enforce_iam")
    yield made
    made.stop()


def run(emulator: Emulator, folder: Path, *arguments: str) -> str:
    done = emulator.ssm(folder, *arguments)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout + done.stderr


def test_a_role_lets_processing_write_where_its_results_go_and_nothing_else(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "w.py").write_text(WORKER)
    arguments = ("process", "-p", "proj", "-t", "task", "--code", "w.py", "-o", "out")
    emulator.calls()
    output = run(emulator, tmp_path, *arguments, "--download_output", "--download_model", "--download_state")
    first = emulator.requests()
    first.pop("pricing.GetProducts", 0)  # kept for a week in this home
    assert sum(first.values()) <= 12, first
    assert "may write proj/task/state/x" in output
    assert "may write proj/task/job/output/x" in output
    assert "may not write proj/task/job/source/x" in output
    assert "may not write other/task/state/x" in output
    assert (tmp_path / "out/output/out").read_text() == "out"
    assert (tmp_path / "out/model/model").read_text() == "model"
    assert (tmp_path / "out/state/algo-1/count").read_text() == "x"
    assert "count x" in (tmp_path / "out/logs/logs0").read_text()
    assert "Skipped" in run(emulator, tmp_path, *arguments)
    skipped = emulator.requests()
    assert skipped == {"sts.GetCallerIdentity": 1, "s3.HeadBucket": 1, "sagemaker.DescribeProcessingJob": 1}
    assert "count xx" in run(emulator, tmp_path, *arguments, "--fr")
    again = emulator.requests()
    assert sum(again.values()) <= 8, again


@pytest.mark.long
def test_training_reads_processing_and_the_reverse(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "p.py").write_text("import os; open(os.environ['SSM_OUTPUT'] + '/made', 'w').write('x')")
    (tmp_path / "t.sh").write_text("ls $SM_CHANNEL_IN; echo x > $SM_MODEL_DIR/weights")
    (tmp_path / "q.sh").write_text("ls $SM_CHANNEL_IN")
    run(emulator, tmp_path, "process", "-p", "chain", "-t", "one", "--code", "p.py")
    output = run(emulator, tmp_path, "run", "-p", "chain", "-t", "two", "-e", "t.sh", "--iit", "in", "one", "output")
    assert "| made" in output
    output = run(
        emulator, tmp_path, "process", "-p", "chain", "-t", "three", "--code", "q.sh", "--iit", "in", "two", "model"
    )
    assert "| model.tar.gz" in output


def test_jobs_of_both_kinds_are_found_by_their_tags(tmp_path: Path, emulator: Emulator) -> None:
    (tmp_path / "p.sh").write_text("true")
    run(emulator, tmp_path, "process", "-p", "tagged", "-t", "one", "--code", "p.sh")
    tagging = emulator.client("resourcegroupstaggingapi")
    by_tag = [{"Key": "SimpleSagemakerProject", "Values": ["tagged"]}]
    for kind, count in (("processing-job", 1), ("training-job", 0)):
        page = tagging.get_resources(TagFilters=by_tag, ResourceTypeFilters=[f"sagemaker:{kind}"])
        assert len(page["ResourceTagMappingList"]) == count


OF_AWS = """
import pathlib
place = pathlib.Path("/opt/ml/processing")
rows = (place / "input/raw.csv").read_text().splitlines()
for name, part in (("train", rows[:1]), ("test", rows[1:])):
    (place / name / "deep").mkdir(parents=True, exist_ok=True)
    (place / name / "deep/rows.csv").write_text("\\n".join(part))
(place / "new_model/model.txt").write_text((place / "model/weights").read_text())
"""


@pytest.mark.long
def test_placed_inputs_and_outputs_are_found_brought_and_chained(tmp_path: Path, emulator: Emulator) -> None:
    if choose("auto").how == "plain":
        pytest.skip("a plain process has no file system of its own")
    (tmp_path / "p.py").write_text(OF_AWS)
    (tmp_path / "data").mkdir()
    (tmp_path / "data/raw.csv").write_text("a\nb\nc")
    (tmp_path / "weights").write_text("w")
    run(
        *(emulator, tmp_path, "process", "-p", "placed", "-t", "one", "--code", "p.py", "-i", "data"),
        *("--input_local", "trained", "weights", "--input_at", "trained", "/opt/ml/processing/model"),
        *("--input_at", "data", "/opt/ml/processing/input", "--output_from", "train", "/opt/ml/processing/train"),
        *("--output_from", "test", "/opt/ml/processing/test", "--output_from", "model", "/opt/ml/processing/new_model"),
        *("-o", "out", "--download_output", "--download_model"),
    )
    assert (tmp_path / "out/output/train/deep/rows.csv").read_text() == "a"
    assert (tmp_path / "out/output/test/deep/rows.csv").read_text() == "b\nc"
    assert (tmp_path / "out/model/model.txt").read_text() == "w"
    output = run(
        *(emulator, tmp_path, "process", "-p", "placed", "-t", "two", "--entrypoint", "find /opt/ml/processing/in/"),
        *("--iit", "in", "one", "output", "FullyReplicated", "test", "--input_at", "in", "/opt/ml/processing/in"),
    )
    assert "| /opt/ml/processing/in/deep/rows.csv" in output
