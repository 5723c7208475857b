"""Mistakes that show only once a job runs: it fails with AWS's kind of error, and no answer has a local path."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.data import artifacts
from simple_sagemaker.local.data.failures import JobFault, explain
from simple_sagemaker.storage.folder_store import FolderStore
from tests.local.conftest import IMAGE, Engine, processes_only
from tests.local.processing import Processings, sent
from tests.local.scripts import ML

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)
NO_BUCKET = "(NoSuchBucket: The specified bucket does not exist)"
WRITES = f"{ML}echo x > $ML/model/m\n"
NOWHERE = {"S3OutputPath": "s3://nobody/x"}


def reason(engine: Engine, described: Mapping[str, Any]) -> str:
    """Why a job failed; the text has no path of this machine."""
    status = described.get("TrainingJobStatus") or described["ProcessingJobStatus"]
    assert status == "Failed", described
    text: str = described["FailureReason"]
    assert str(engine.home.root) not in text
    assert "Traceback" not in text
    return text


def test_a_model_without_a_bucket_is_a_failed_upload(engine: Engine) -> None:
    described = engine.run(WRITES, name="j", OutputDataConfig=NOWHERE)
    where = "s3://nobody/x/j/output/model.tar.gz"
    expected = f"ClientError: Artifact upload failed:Unable to upload file to {where} {NO_BUCKET}"
    assert reason(engine, described) == expected
    assert engine.run("true", OutputDataConfig=NOWHERE)["TrainingJobStatus"] == "Completed"  # which saves nothing


def test_code_that_failed_remains_the_reason_when_nothing_can_be_saved(engine: Engine) -> None:
    described = engine.run(f"{WRITES}exit 3", OutputDataConfig=NOWHERE)
    assert reason(engine, described) == "AlgorithmError: , exit code: 3"


def test_checkpoints_and_tensorboard_without_a_bucket_are_the_clients_error(engine: Engine) -> None:
    described = engine.run("true", CheckpointConfig={"S3Uri": "s3://nobody/x"})
    assert reason(engine, described).startswith("ClientError: Data download failed:")
    described = engine.run(f"{ML}echo x > $ML/output/tensorboard/e", TensorBoardOutputConfig=NOWHERE)
    text = reason(engine, described)
    assert text.startswith("ClientError: ")
    assert NO_BUCKET.strip("()") in text


@pytest.mark.parametrize("mode", ["EndOfJob", "Continuous"])
def test_a_processing_output_without_a_bucket_is_the_clients_error(engine: Engine, mode: str) -> None:
    jobs = Processings(engine)
    described = jobs.run("echo x > $P/o/f", outputs=[sent("o", "/opt/ml/processing/o", "s3://nobody/o", mode)])
    text = reason(engine, described)
    assert text.startswith("ClientError: ")
    assert NO_BUCKET.strip("()") in text
    assert "s3://nobody/o" in text


def packed(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{name}.py")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def submitted(address: str) -> dict[str, Any]:
    """The members of a script mode request with this submit directory."""
    return {
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "HyperParameters": {"sagemaker_program": "train.py", "sagemaker_submit_directory": address},
    }


GOOD = packed(train=b"print('ran')")
DAMAGED = {
    "no archive": b"not an archive",
    "empty": b"",
    "half": GOOD[: len(GOOD) // 2],
    "no gzip": tarfile.TarInfo("train.py").tobuf() + bytes(1024),
    "a huge header": packed(**{"x" * 70_000: b""}),
}


@processes_only
@pytest.mark.parametrize("what", DAMAGED)
def test_a_damaged_source_archive_is_the_algorithms_error(engine: Engine, what: str) -> None:
    engine.store.write("b", "src/s.tar.gz", DAMAGED[what])
    text = reason(engine, engine.run("", **submitted('"s3://b/src/s.tar.gz"')))
    assert text.startswith("AlgorithmError: Framework Error: \ns3://b/src/s.tar.gz was not unpacked")
    assert text.endswith(", exit code: 1")


@processes_only
@pytest.mark.parametrize(
    "address", ['"s3://b/none.tar.gz"', '"s3://nobody/s.tar.gz"', "{no", "3", '"/opt/ml/input/data/run/none"', "s3://"]
)
def test_a_source_archive_that_is_not_there_is_the_algorithms_error(engine: Engine, address: str) -> None:
    text = reason(engine, engine.run("", **submitted(address)))
    assert text.startswith("AlgorithmError: Framework Error: \n")
    assert text.endswith(", exit code: 1")


@processes_only
def test_the_submit_directory_may_be_written_without_quotes(engine: Engine) -> None:
    """As clients do that make the request themselves."""
    engine.store.write("b", "src/s.tar.gz", GOOD)
    described = engine.run("", name="raw", **submitted("s3://b/src/s.tar.gz"))
    assert described["TrainingJobStatus"] == "Completed"
    assert "ran" in engine.printed("raw")["algo-1"]


def test_a_full_disk_is_aws_error_of_that_name(engine: Engine, tmp_path: Path) -> None:
    del engine
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "m").write_bytes(os.urandom(1 << 20))
    scratch = tmp_path / "scratch"
    scratch.symlink_to("/dev/full")
    store = FolderStore(tmp_path / "buckets")
    store.make_bucket("b")
    with pytest.raises(JobFault, match="ClientError: Artifact upload failed:Insufficient disk space"):
        artifacts.upload([tmp_path / "model"], store, bucket="b", key="m.tar.gz", scratch=scratch)
    assert Path("/dev/full").exists()


def test_an_explanation_has_no_path(engine: Engine, tmp_path: Path) -> None:
    del engine
    store = FolderStore(tmp_path)
    for call in (
        (tmp_path / "none").read_bytes,
        tmp_path.read_bytes,
        lambda: list(store.list("none", "")),
        lambda: store.write("none", "k", b""),
    ):
        with pytest.raises(OSError) as caught:  # noqa: PT011 - whatever it is
            call()
        assert str(tmp_path) not in explain(caught.value)
