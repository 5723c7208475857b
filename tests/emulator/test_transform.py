"""Batch transform on the emulator: models that serve by a script, and what becomes of objects."""

from __future__ import annotations

import gzip
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.emulated import Emulator
from tests.emulator.transforms import BUCKET, ECHO, OTHER_IMAGE, ROLE, Transforms, packed

pytestmark = pytest.mark.usefixtures("bucket")


@pytest.fixture(scope="module")
def bucket(emulator: Emulator) -> str:
    emulator.client("s3").create_bucket(Bucket=BUCKET)
    return BUCKET


@pytest.fixture(scope="module")
def transforms(emulator: Emulator, bucket: str) -> Transforms:
    """What makes jobs, with two models: ``double`` and ``echo``."""
    made = Transforms(emulator)
    made.model("double")
    made.model("echo", ECHO)
    return made


def test_every_object_becomes_an_output_in_its_order(transforms: Transforms) -> None:
    data = transforms.put("numbers", {"one.csv": b"1\n2\n3\n", "deep/two.csv": b"4", "empty.csv": b""})
    job = transforms.run("numbers", data, "double", Environment={"WORD": "x"}, Tags=[{"Key": "a", "Value": "b"}])
    assert job["TransformJobStatus"] == "Completed"
    assert transforms.outputs("numbers") == {
        "one.csv.out": b"2.0\n4.0\n6.0\n",
        "deep/two.csv.out": b"8.0\n",
        "empty.csv.out": b"",
    }
    assert job["CreationTime"] <= job["TransformStartTime"] <= job["TransformEndTime"]
    assert job["TransformJobArn"].endswith(":us-east-1:000000000000:transform-job/numbers".partition(":")[2])
    assert job["TransformInput"]["CompressionType"] == "None"
    assert job["DataProcessing"] == {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    assert not {"Tags", "Model", "RoleArn", "LastModifiedTime"} & job.keys()
    tags = transforms.sagemaker.list_tags(ResourceArn=job["TransformJobArn"])["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]
    assert any(
        "MaxConcurrentTransforms=1, MaxPayloadInMB=6, BatchStrategy=MULTI_RECORD" in line
        for line in transforms.lines("numbers")
    )
    listed = transforms.sagemaker.list_transform_jobs(NameContains="numb", StatusEquals="Completed")
    (summary,) = listed["TransformJobSummaries"]
    assert summary["TransformJobName"] == "numbers"
    assert summary["LastModifiedTime"] >= summary["CreationTime"]


REQUESTS = """
import json, os
def model_fn(model_dir, context):
    assert context.system_properties["model_dir"] == model_dir
    return sorted(os.listdir(model_dir))
def transform_fn(model, body, content_type, accept):
    names = ("SAGEMAKER_BATCH", "SAGEMAKER_BATCH_STRATEGY", "SAGEMAKER_MAX_PAYLOAD_IN_MB", "OF_MODEL", "OF_JOB")
    shown = [type(body).__name__, len(body), content_type, accept, model, [os.environ.get(name) for name in names]]
    return json.dumps(shown), accept
"""


def test_a_script_gets_the_requests_that_the_toolkit_would_give_it(transforms: Transforms) -> None:
    transforms.model("requests", REQUESTS, OF_MODEL="m")
    data = transforms.put("requests", {"a": b"1\n2\n3\n", "b": bytes(9)})
    both = ["code", "weights.txt"]
    one = {"BatchStrategy": "SingleRecord", "MaxPayloadInMB": 1, "Environment": {"OF_JOB": "j"}}
    transforms.start("single", f"{data}a", "requests", **one)
    transforms.start(
        "whole", f"{data}b", "requests", Input={"SplitType": None, "ContentType": "x/y"}, Output={"Accept": None}
    )
    transforms.ended("single")
    lines = [json.loads(line) for line in transforms.outputs("single")["a.out"].splitlines()]
    assert lines == [["str", 1, "text/csv", "text/csv", both, ["true", "SINGLE_RECORD", "1", "m", "j"]]] * 3
    transforms.ended("whole")
    assert json.loads(transforms.outputs("whole")["b.out"]) == [
        *("bytes", 9, "x/y", "application/json", both, ["true", None, None, "m", None])
    ]


def test_records_are_filtered_joined_and_kept_in_order_by_many_requests_at_once(transforms: Transforms) -> None:
    rows = [f"id{number},{number}" for number in range(200)]
    data = transforms.put("joined", {"rows.csv": "\n".join(rows).encode()})
    job = transforms.run(
        *("joined", data, "double"),
        BatchStrategy="SingleRecord",
        MaxConcurrentTransforms=4,
        DataProcessing={"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"},
    )
    assert job["TransformJobStatus"] == "Completed", job
    expected = [f"id{number},{2.0 * number}" for number in range(200)]
    assert transforms.outputs("joined")["rows.csv.out"].decode().splitlines() == expected


TRIPLED = """
import wording
def model_fn(folder):
    return 3
def predict_fn(data, model):
    return {wording.WORD: [model * value for value in data]}
"""


def test_defaults_read_and_write_json_by_the_script_in_s3(transforms: Transforms) -> None:
    script = TRIPLED
    transforms.put("scripts", {"source.tar.gz": packed(serve_py=script, wording_py="WORD = 'tripled'")})
    variables = {"SAGEMAKER_PROGRAM": "serve.py", "SAGEMAKER_SUBMIT_DIRECTORY": f"s3://{BUCKET}/scripts/source.tar.gz"}
    container = {"Image": OTHER_IMAGE, "Environment": variables}
    transforms.sagemaker.create_model(ModelName="tripled", ExecutionRoleArn=ROLE, Containers=[container])
    data = transforms.put("lists", {"list.json": b"[1]"})
    kind = "application/json"
    transforms.run("tripled", data, "tripled", Input={"ContentType": kind, "SplitType": None}, Output={"Accept": kind})
    assert json.loads(transforms.outputs("tripled")["list.json.out"]) == {"tripled": [3]}


def test_gzip_manifests_and_several_hosts(transforms: Transforms) -> None:
    objects = {f"{number}.gz": gzip.compress(b"%d\n" % number) for number in range(3)}
    data = transforms.put("zipped", {**objects, "left-out.gz": b"no gzip"})
    listing = json.dumps([{"prefix": data}, *objects]).encode()
    transforms.put("lists", {"manifest": listing})
    job = transforms.run(
        *("zipped", f"s3://{BUCKET}/lists/manifest", "double"),
        S3DataType="ManifestFile",
        Input={"CompressionType": "Gzip"},
        InstanceCount=2,
    )
    assert job["TransformJobStatus"] == "Completed", job
    assert transforms.outputs("zipped") == {"0.gz.out": b"0.0\n", "1.gz.out": b"2.0\n", "2.gz.out": b"4.0\n"}


def test_an_object_with_a_bad_record_has_no_output_and_fails_the_job_at_its_end(transforms: Transforms) -> None:
    data = transforms.put("bad", {"a.csv": b"1\n", "b.csv": b"2\nx\n3\n", "c.csv": b"3\n"})
    client = {"InvocationsMaxRetries": 0, "InvocationsTimeoutInSeconds": 60}
    job = transforms.run("bad", data, "double", BatchStrategy="SingleRecord", ModelClientConfig=client)
    assert (job["TransformJobStatus"], job["FailureReason"]) == (
        "Failed",
        "AlgorithmError: See job logs for more information",
    )
    assert transforms.outputs("bad") == {"a.csv.out": b"2.0\n", "c.csv.out": b"6.0\n"}
    lines = "\n".join(transforms.lines("bad"))
    assert f"[sagemaker logs]: {BUCKET}/bad/b.csv: Bad HTTP status received from algorithm: 500" in lines
    assert "could not convert string to float: 'x'" in lines


FLAKY = """
import os, sys, time
def model_fn(model_dir):
    return os.environ["TMPDIR"] if "TMPDIR" in os.environ else "/tmp"
def transform_fn(folder, body, content_type, accept):
    mark = os.path.join(folder, "tried-" + body.strip())
    if not os.path.exists(mark):
        open(mark, "w").close()
        {"dies": lambda: os._exit(3), "hangs": lambda: time.sleep(600), "raises": lambda: 1 / 0}[body.strip()]()
    return body
"""


def test_a_request_that_fails_is_sent_again(transforms: Transforms) -> None:
    transforms.model("flaky", FLAKY)
    data = transforms.put("flaky", {"a": b"raises\ndies\nhangs\n"})
    client = {"InvocationsTimeoutInSeconds": 1}
    job = transforms.run("flaky", data, "flaky", BatchStrategy="SingleRecord", ModelClientConfig=client)
    assert job["TransformJobStatus"] == "Completed", transforms.lines("flaky")
    assert transforms.outputs("flaky")["a.out"] == b"raises\ndies\nhangs\n"


def test_what_goes_wrong_fails_the_job_in_aws_words(transforms: Transforms) -> None:
    broken: dict[str, tuple[str, dict[str, object], str, str]] = {
        "no-model": (
            "def model_fn(d): 1 / 0",
            {},
            "AlgorithmError: Model container failed to respond to ping",
            "ZeroDiv",
        ),
        "no-script": ("", {"Environment": {"SAGEMAKER_PROGRAM": "x.py"}}, "AlgorithmError: Model", "no script x.py"),
        "too-much": (
            ECHO,
            {"Input": {"SplitType": "None"}, "MaxPayloadInMB": 1},
            "ClientError: See job",
            "Too much data",
        ),
        "columns": (ECHO, {"DataProcessing": {"InputFilter": "$[5]"}}, "ClientError: See job logs", "index 5 is out"),
    }
    data = transforms.put("much", {"a": b"1" * (1 << 20) + b"1"})
    for name, (script, members, _, _) in broken.items():
        transforms.start(name, data, transforms.model(name, script), **members)
    transforms.start("nothing", f"s3://{BUCKET}/nowhere/", "double")
    transforms.model("damaged")
    transforms.put("models/damaged", {"model.tar.gz": b"no archive"})
    transforms.start("damaged", data, "damaged")
    without_lines = {
        "nothing": f'ClientError: No S3 objects found under S3 URL "s3://{BUCKET}/nowhere/"',
        "damaged": f"ClientError: Failed to extract model data archive from URL s3://{BUCKET}/models/damaged/",
    }
    for name, reason in without_lines.items():
        assert transforms.ended(name)["FailureReason"].startswith(reason)
    for name, (_, _, reason, line) in broken.items():
        job = transforms.ended(name)
        assert job["TransformJobStatus"] == "Failed"
        assert job["FailureReason"].startswith(reason)
        assert any(line in one for one in transforms.lines(name)), transforms.lines(name)
        assert transforms.outputs(name) == {}


SLOW = """
import time
def model_fn(model_dir):
    return None
def transform_fn(model, body, content_type, accept):
    if "wait" in body:
        print("waiting", flush=True)
        time.sleep(600)
    return body
"""


def test_a_stopped_job_stores_nothing(transforms: Transforms) -> None:
    transforms.model("slow", SLOW)
    data = transforms.put("slow", {"a": b"1\n", "b": b"wait\n"})
    transforms.start("slow", data, "slow")
    while transforms.sagemaker.describe_transform_job(TransformJobName="slow")["TransformJobStatus"] == "InProgress":
        if "TransformStartTime" in transforms.sagemaker.describe_transform_job(TransformJobName="slow"):
            transforms.sagemaker.stop_transform_job(TransformJobName="slow")
    job = transforms.ended("slow")
    assert job["TransformJobStatus"] == "Stopped"
    assert transforms.outputs("slow") == {}
    with pytest.raises(ClientError, match="the transform job is in status Stopped"):
        transforms.sagemaker.stop_transform_job(TransformJobName="slow")


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_what_holds_the_model_ends_with_a_supervisor_that_is_killed(emulator: Emulator, transforms: Transforms) -> None:
    transforms.model("killed", SLOW, MARK_OF_A_TEST="killed")
    transforms.start("killed", transforms.put("killed", {"a": b"wait\n"}), "killed")
    until = time.monotonic() + 60
    while len(processes("MARK_OF_A_TEST=killed")) < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert processes("MARK_OF_A_TEST=killed")
    os.kill(int((emulator.home / "jobs" / "killed" / "supervisor.pid").read_text()), signal.SIGKILL)
    while processes("MARK_OF_A_TEST=killed") and time.monotonic() < until:
        time.sleep(0.05)
    assert processes("MARK_OF_A_TEST=killed") == []
    job = transforms.ended("killed")
    assert (job["TransformJobStatus"], job["FailureReason"].partition(":")[0]) == ("Failed", "InternalServerError")


def processes(variable: str) -> list[str]:
    """The processes with a variable in their environment."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            variables = Path("/proc", name, "environ").read_bytes()
        except OSError:  # it has ended, or is somebody else's
            continue
        found += [name] if variable.encode() in variables.split(b"\0") else []
    return found
