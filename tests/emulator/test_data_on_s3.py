"""Jobs of this machine whose data lies on S3, reached with the caller's own credentials."""

from __future__ import annotations

import os
from pathlib import Path

from tests.emulated import Emulator

WORKER = """
import json, os
from worker_toolkit import worker_lib
config = worker_lib.WorkerConfig()
print("data", sorted(os.listdir(config.channel_data)), "state", sorted(os.listdir(config.state)))
print("mine", sorted(name for name in os.environ if name.startswith("AWS_")))
open(config.instance_state + "/s", "w").write("s")
open(config.model_dir + "/m", "w").write("m")
"""
WORDS = ("-p", "p", "-t", "t", "--data_store", "s3")


def test_a_job_of_this_machine_has_its_data_on_s3_and_nothing_of_the_callers_keys(
    emulator: Emulator, tmp_path: Path
) -> None:
    (tmp_path / "worker.py").write_text(WORKER, encoding="utf-8")
    (tmp_path / "data").mkdir()
    for name in "ab":
        (tmp_path / "data" / name).write_text(name, encoding="utf-8")
    iam = emulator.client("iam")
    iam.create_user(UserName="caller")
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    secret = key["SecretAccessKey"]
    own_key = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": secret}
    here = {"SSM_ENGINE": "local", "SSM_HOME": str(tmp_path / "home"), **own_key}
    run = ("run", *WORDS, "-e", "worker.py", "-i", "data", "ShardedByS3Key", "--ic", "2")
    first = emulator.ssm(tmp_path, *run, "-o", "out", "--download_model", "--download_state", **here)
    assert first.returncode == 0, first.stderr
    assert "algo-2 | data ['b'] state ['algo-2']" in first.stdout
    assert "algo-1 | mine ['AWS_REGION']" in first.stdout
    assert (tmp_path / "out" / "model" / "m").read_text() == "m"
    assert (tmp_path / "out" / "state" / "algo-2" / "s").read_text() == "s"

    assert "Skipped" in emulator.ssm(tmp_path, *run, **here).stderr
    again = emulator.ssm(tmp_path, *run, "--force_running", **here)
    assert "algo-1 | data ['a'] state ['algo-1', 'algo-2']" in again.stdout, again.stderr

    listed = emulator.client("s3").list_objects_v2(Bucket="sagemaker-us-east-1-000000000000", Prefix="p/t/")
    keys = [entry["Key"] for entry in listed["Contents"]]
    assert {"p/t/input/a", "p/t/state/algo-1/s"} <= {*keys}
    assert sum(key.endswith("/output/model.tar.gz") for key in keys) == 2
    assert emulator.client("sagemaker").list_training_jobs()["TrainingJobSummaries"] == []
    assert not (tmp_path / "home" / "buckets").exists()
    written = [Path(folder, name) for folder, _, names in os.walk(tmp_path / "home") for name in names]
    assert [path for path in written if path.is_file() and secret.encode() in path.read_bytes()] == []

    brought = emulator.ssm(tmp_path, "data", *WORDS, "-o", "later", "--download_model", **here)
    assert brought.returncode == 0, brought.stderr
    assert (tmp_path / "later" / "model" / "m").exists()


def test_without_credentials_the_command_says_so_and_how_to_do_without(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("", encoding="utf-8")
    nobody = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": os.devnull}
    done = emulator.ssm(tmp_path, "run", *WORDS, "-e", "worker.py", "--it", "local", **nobody)
    assert done.returncode == 5
    assert "leave out --data_store s3" in done.stderr


def test_a_store_that_cannot_be_meant_is_refused(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("", encoding="utf-8")
    run = ("run", "-p", "p", "-t", "t", "-e", "worker.py", "--data_store")
    done = emulator.ssm(tmp_path, *run, "disk", "--it", "local")
    assert (done.returncode, "--data_store 'disk'" in done.stderr) == (2, True)
    done = emulator.ssm(tmp_path, *run, "local")
    assert (done.returncode, "jobs on AWS have their data on S3" in done.stderr) == (2, True)


def test_names_with_line_ends_reach_a_job_and_come_back_from_its_state(emulator: Emulator, tmp_path: Path) -> None:
    names = ["a\nb", "tail\n", "two\r\nlines", " x ", "%20", "#?"]
    copies = """
import os, shutil
for name in os.listdir(os.environ["SM_CHANNEL_DATA"]):
    shutil.copy(os.path.join(os.environ["SM_CHANNEL_DATA"], name), os.environ["SSM_STATE"])
"""
    (tmp_path / "worker.py").write_text(copies, encoding="utf-8")
    (tmp_path / "data").mkdir()
    for name in names:
        (tmp_path / "data" / name).write_text(name, encoding="utf-8", newline="")
    here = {"SSM_ENGINE": "local", "SSM_HOME": str(tmp_path / "home")}
    run = ("run", "-p", "lines", "-t", "t", "--data_store", "s3", "-e", "worker.py", "-i", "data")
    done = emulator.ssm(tmp_path, *run, "-o", "out", "--download_state", **here)
    assert done.returncode == 0, done.stderr
    state = {path.name: path.read_bytes().decode() for path in (tmp_path / "out/state").iterdir()}
    assert state == {name: name for name in names}
