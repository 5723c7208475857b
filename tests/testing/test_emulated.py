"""An emulated AWS in a test: its jobs, beginning again, the environment, several of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.errors import InputNotFound, SsmError, UsageError
from simple_sagemaker.testing import Emulated, JobTimeout, emulator
from tests.counts import examples
from tests.emulated import request


@pytest.fixture(scope="module", params=["here", "in a process of its own"])
def aws(request: pytest.FixtureRequest) -> Iterator[Emulated]:
    with emulator(own_process=request.param != "here") as aws:
        yield aws


def start(aws: Emulated, name: str, script: str) -> None:
    s3 = aws.client("s3")
    place = {} if aws.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": aws.region}}
    s3.create_bucket(Bucket="bucket", **place)
    s3.put_object(Bucket="bucket", Key="code/run.sh", Body=script.encode())
    aws.client("sagemaker").create_training_job(**request(name, "bucket"))


def test_a_job_runs_and_what_it_printed_is_there(aws: Emulated) -> None:
    aws.reset()
    start(aws, "good", "echo one; echo two")
    ended = aws.wait("good")
    assert ended["TrainingJobStatus"] == "Completed"
    assert aws.logs("good") == ["one", "two"]
    start(aws, "bad", "echo no >&2; exit 3")
    assert aws.wait("bad")["TrainingJobStatus"] == "Failed"
    assert aws.jobs == ["bad", "good"]


@pytest.mark.parametrize("own_process", [pytest.param(False, marks=pytest.mark.long), True])
def test_a_job_runs_where_all_requests_would_go_by_a_proxy(own_process: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with emulator(own_process=own_process) as aws:
        start(aws, "behind", "echo here")
        assert aws.wait("behind")["TrainingJobStatus"] == "Completed"


@pytest.mark.parametrize("own_process", [False, pytest.param(True, marks=pytest.mark.long)])
def test_an_hour_passes_in_a_second_where_the_clock_is_quick(own_process: bool) -> None:
    with emulator(own_process=own_process, clock_speed=3600) as aws:
        s3 = aws.client("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="code/run.sh", Body=b"sleep 600")
        limits = {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 24 * 3600}
        spot = request("long", "bucket", StoppingCondition=limits, EnableManagedSpotTraining=True)
        aws.client("sagemaker").create_training_job(**spot)
        ended = aws.wait("long")
    assert (ended["TrainingJobStatus"], ended["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert ended["StoppingCondition"] == limits
    assert 3600 <= ended["BillableTimeInSeconds"] <= ended["TrainingTimeInSeconds"] < 60 * 3600


@pytest.mark.parametrize("speed", [0, 0.5, -1, 1_000_001, float("nan"), "2"])
def test_a_clock_that_cannot_be_is_refused(speed: float) -> None:
    with (
        pytest.raises(UsageError, match=r"clock_speed=.* is no factor from 1 to 1,000,000"),
        emulator(clock_speed=speed),
    ):
        pass


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"faults": "thorttle=1"}, r"There is no fault 'thorttle'"),
        ({"region": ""}, r"region='' is not a region"),
        ({"role_delay_s": 2}, r"role_delay_s needs enforce_iam=True"),
        ({"stop_grace_s": -1}, r"stop_grace_s=-1 is not a number of seconds"),
        ({"home": "/dev/null/home"}, r"The home /dev/null/home cannot be made: Not a directory"),
    ],
)
def test_what_an_emulator_cannot_be_is_refused_in_words(words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said), emulator(**words):
        pass


def test_a_home_that_cannot_be_made_is_named_by_an_emulator_of_its_own_too() -> None:
    with (
        pytest.raises(UsageError, match=r"The home /dev/null/home cannot be made: Not a directory"),
        emulator(own_process=True, home="/dev/null/home"),
    ):
        pass


def test_after_a_reset_there_is_nothing_and_names_are_free(aws: Emulated) -> None:
    aws.reset()
    start(aws, "job", "echo first")
    aws.wait("job")
    aws.client("iam").create_role(RoleName="role", AssumeRolePolicyDocument="{}")
    long = f"600.{os.getpid()}"  # as no other test's on this machine
    start(aws, "long", f"sleep {long}")
    aws.reset()
    assert aws.jobs == []
    assert aws.client("s3").list_buckets()["Buckets"] == []
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("logs").describe_log_groups()["logGroups"] == []
    with pytest.raises(InputNotFound, match="no job job"):
        aws.describe("job")
    start(aws, "job", "echo second")
    assert aws.wait("job")["TrainingJobStatus"] == "Completed"
    assert aws.logs("job") == ["second"]
    assert not processes(f"sleep\x00{long}")


def processes(words: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [str(path)] if path.read_bytes().startswith(words.encode()) else []
        except OSError:
            continue
    return found


def test_what_a_test_does_to_a_client_is_no_other_clients(aws: Emulated) -> None:
    broken = aws.client("sagemaker")
    broken.meta.events.register("before-send", lambda **_: pytest.fail("asked by this client"))
    aws.reset()
    start(aws, "watched", "true")
    assert aws.wait("watched")["TrainingJobStatus"] == "Completed"
    assert aws.jobs == ["watched"]


def test_a_job_in_another_region_is_seen_from_there_alone(aws: Emulated) -> None:
    aws.reset()
    europe = aws.in_region("eu-west-1")
    start(europe, "far", "echo $AWS_REGION")
    assert europe.wait("far")["TrainingJobStatus"] == "Completed"
    assert (europe.jobs, europe.logs("far"), aws.jobs) == (["far"], ["eu-west-1"], [])
    with pytest.raises(InputNotFound, match=r"no job far in the emulator's region us-east-1"):
        aws.wait("far")
    with pytest.raises(UsageError, match="region='Europe' is not a region"):
        aws.in_region("Europe")
    europe.set_faults("throttle=1")
    assert aws.faults == europe.faults == "throttle=1"
    europe.set_faults("")


def test_waiting_has_an_end(aws: Emulated) -> None:
    aws.reset()
    start(aws, "long", "sleep 600")
    with pytest.raises(JobTimeout, match=r"Job long has not ended within 0.5 s: it is InProgress \("):
        aws.wait("long", within_s=0.5)
    aws.client("sagemaker").stop_training_job(TrainingJobName="long")
    assert aws.wait("long")["TrainingJobStatus"] == "Stopped"


def test_faults_come_and_go(aws: Emulated) -> None:
    aws.reset()
    s3 = aws.client("s3")
    aws.set_faults("error=1")
    with pytest.raises(s3.exceptions.ClientError):
        s3.list_buckets()
    aws.set_faults("")
    assert s3.list_buckets()["Buckets"] == []
    with pytest.raises(SsmError, match="There is no fault 'eror'"):
        aws.set_faults("eror=1")


def test_a_job_can_be_watched_while_everything_that_the_code_under_test_asks_fails(aws: Emulated) -> None:
    aws.reset()
    start(aws, "watched", "echo here")
    aws.set_faults("throttle=1")
    with pytest.raises(ClientError, match="Throttling"):
        aws.client("sagemaker").list_training_jobs()
    assert aws.wait("watched")["TrainingJobStatus"] == "Completed"
    assert (aws.jobs, aws.logs("watched")) == (["watched"], ["here"])
    aws.set_faults("")


def test_a_process_has_one_at_a_time_and_many_one_after_another() -> None:
    script = """
from simple_sagemaker.errors import EngineUnavailable
from simple_sagemaker.testing import emulator
for number in range(COUNT):
    with emulator() as aws:
        s3 = aws.client("s3")
        assert s3.list_buckets()["Buckets"] == []
        s3.create_bucket(Bucket="bucket")
        if number == 1:
            with emulator(own_process=True, set_environment=False) as other:
                assert other.client("s3").list_buckets()["Buckets"] == []
                try:
                    with emulator():
                        raise AssertionError("two in one process")
                except EngineUnavailable as error:
                    print(error)
            s3.head_bucket(Bucket="bucket")
"""
    counted = script.replace("COUNT", str(examples(2, 20)))
    done = subprocess.run(
        [sys.executable, "-c", counted],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "This process has an emulator already." in done.stdout


def test_what_comes_after_one_in_this_process_finds_moto_as_it_was() -> None:
    script = """
import os, boto3
from moto import mock_aws
from simple_sagemaker.errors import SsmError
from simple_sagemaker.testing import emulator
before = dict(os.environ)
with emulator(enforce_iam=True) as aws:
    aws.client("s3").create_bucket(Bucket="bucket")
assert dict(os.environ) == before
try:
    with emulator(faults="nonsense=1"):
        raise AssertionError("it serves")
except SsmError:
    assert dict(os.environ) == before
keys = dict(aws_access_key_id="any", aws_secret_access_key="any", region_name="us-east-1")
with mock_aws():
    boto3.client("s3", **keys).create_bucket(Bucket="mine")
    print(boto3.client("sts", **keys).get_caller_identity()["Account"])
with emulator() as aws:
    boto3.client("s3", endpoint_url=aws.url).create_bucket(Bucket="bucket")
    print(aws.client("sts").get_caller_identity()["Account"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["123456789012", "000000000000"]


def test_an_emulator_ends_with_the_process_that_wanted_it(tmp_path: Path) -> None:
    script = "import time\nfrom simple_sagemaker.testing import emulator\n"
    script += f"with emulator(own_process=True, home={str(tmp_path)!r}) as aws:\n    print(aws.url, flush=True)\n"
    script += "    time.sleep(600)\n"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGKILL)
    until = time.monotonic() + 30
    while any(str(tmp_path).encode() in command for command in command_lines()):
        assert time.monotonic() < until
        time.sleep(0.1)


def command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:
            continue


def test_jobs_end_with_an_emulator_that_is_killed_and_the_next_one_removes_its_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    script = """
import os
from simple_sagemaker.testing import emulator
from tests.testing.test_emulated import start
with emulator(region="eu-west-1", stop_grace_s=0) as aws:
    start(aws, "long", "sleep 54321")
    while aws.describe("long")["SecondaryStatus"] != "Training":
        pass
    os.kill(os.getpid(), 9)
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False)
    assert killed.returncode == -9
    (home,) = tmp_path.glob("ssm-emulator-*")
    until = time.monotonic() + 30
    while not any('"Stopped"' in journal.read_text() for journal in home.rglob("journal.jsonl")):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not [command for command in command_lines() if b"54321" in command]
    with emulator():
        assert home not in tmp_path.glob("ssm-emulator-*")


def test_what_cannot_start_is_said() -> None:
    with pytest.raises(SsmError, match="There is no fault"), emulator(faults="nonsense=1"):
        raise AssertionError("it serves")
    with pytest.raises(UsageError, match="There is no fault"), emulator(faults="nonsense=1", own_process=True):
        raise AssertionError("it serves")
