"""``ssm emulator`` as a command: how it begins, what it says, how it ends."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path

import pytest

from tests import running_ssm
from tests.emulated import Emulator, ended, request


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return running_ssm.run("emulator", *arguments, environment={**os.environ, **changes})


def started(emulator: Emulator, name: str, text: str) -> None:
    s3 = emulator.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="code/run.sh", Body=text.encode())
    emulator.client("sagemaker").create_training_job(**request(name, "bucket"))


def supervisor(emulator: Emulator, name: str) -> int:
    path = emulator.home / "jobs" / name / "supervisor.pid"
    until = time.monotonic() + 300
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    return int(path.read_text())


def until_training(emulator: Emulator, name: str) -> None:
    client = emulator.client("sagemaker")
    until = time.monotonic() + 300
    while client.describe_training_job(TrainingJobName=name)["SecondaryStatus"] != "Training":
        assert time.monotonic() < until
        time.sleep(0.05)


def until_printed(emulator: Emulator, *names: str) -> None:
    until = time.monotonic() + 300
    for name in names:
        while not any(path.read_bytes() for path in (emulator.home / "jobs" / name / "logs").glob("*")):
            assert time.monotonic() < until
            time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_it_prints_is_for_a_shell_and_kept_from_others(tmp_path: Path) -> None:
    emulator = Emulator(tmp_path)
    exports = tmp_path / "exports"
    assert stat.S_IMODE(exports.stat().st_mode) == 0o600
    shown = subprocess.run(
        ["sh", "-c", f". {exports} && echo $AWS_ENDPOINT_URL $AWS_REGION $AWS_DEFAULT_REGION"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == f"{emulator.url} us-east-1 us-east-1\n"
    emulator.process.send_signal(signal.SIGINT)  # which ends jobs too, in the long run
    _, output = emulator.process.communicate(timeout=300)
    assert emulator.process.returncode == 0
    assert "To end it" in output
    with socket.socket() as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        port.bind(("127.0.0.1", int(emulator.url.rpartition(":")[2])))


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_an_end_stops_the_jobs_and_leaves_nobody(tmp_path: Path, number: signal.Signals) -> None:
    emulator = Emulator(tmp_path)
    started(
        emulator, "kind", "trap 'echo saved > /opt/ml/model/m; exit 0' TERM; echo ready; while :; do sleep 0.1; done"
    )
    until_training(emulator, "kind")  # the next script takes its place
    emulator.client("s3").put_object(
        Bucket="bucket", Key="code/run.sh", Body=b"trap '' TERM; echo ready; while :; do sleep 0.1; done"
    )
    emulator.client("sagemaker").create_training_job(**request("stubborn", "bucket"))
    until_printed(emulator, "kind", "stubborn")
    pids = [supervisor(emulator, "kind"), supervisor(emulator, "stubborn")]
    emulator.process.send_signal(number)
    emulator.process.communicate(timeout=300)
    assert emulator.process.returncode == 0
    assert [name for name, pid in zip(("kind", "stubborn"), pids, strict=True) if is_alive(pid)] == []
    left = subprocess.run(["pgrep", "-f", str(emulator.home)], capture_output=True, text=True, check=False)
    assert left.stdout == ""
    again = Emulator(tmp_path)
    described = again.client("sagemaker").describe_training_job(TrainingJobName="kind")
    assert described["TrainingJobStatus"] == "Stopped"
    again.stop()


def test_a_home_keeps_jobs_and_their_logs_for_the_next(tmp_path: Path) -> None:
    first = Emulator(tmp_path)
    started(first, "kept", "echo remember me")
    ended(first.client("sagemaker"), "kept")
    refused = run("--port", "0", "--home", str(first.home))
    assert refused.returncode == 6
    assert "Another emulator has the home" in refused.stderr
    first.stop()
    second = Emulator(tmp_path)
    assert ended(second.client("sagemaker"), "kept")["TrainingJobStatus"] == "Completed"
    events = second.client("logs").filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs")["events"]
    assert [event["message"] for event in events] == ["remember me"]
    second.stop()


def test_a_port_that_is_taken_is_refused(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = run("--port", str(taken.getsockname()[1]), "--home", str(tmp_path / "home"))
    assert refused.returncode == 6
    assert "is taken" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (("--port", "x"), "--port 'x' is not a port"),
        (("--region", "Mars"), "--region 'Mars' is not a region"),
        (("--faults", "x=1"), "There is no fault 'x'"),
        (("--s3_endpoint", "host:1"), "--s3_endpoint 'host:1' is not an address"),
        (("--unknown", "1"), "--unknown"),
    ],
)
def test_words_that_cannot_be_meant(arguments: tuple[str, ...], output: str) -> None:
    refused = run(*arguments)
    assert refused.returncode == 2
    assert output in refused.stderr


def test_without_moto_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "moto.py").write_text("raise ImportError('as if it were not installed')")
    refused = run("--port", "0", PYTHONPATH=str(tmp_path))
    assert refused.returncode == 6
    assert "pip install '.[emulator]'" in refused.stderr


def test_an_env_file_leads_sagemakers_sdks_here(tmp_path: Path) -> None:
    """tests/clients runs the SDKs themselves, where they are installed."""
    emulator = Emulator(tmp_path, "--region", "eu-west-1")
    try:
        path = Path(emulator.variables["SAGEMAKER_USER_CONFIG_OVERRIDE"])
        assert path == tmp_path / "exports.sagemaker.yaml"
        words = path.read_text().split()
    finally:
        emulator.stop()
    assert words[:2] == ["SchemaVersion:", "'1.0'"]
    assert words[words.index("DefaultS3Bucket:") + 1] == "sagemaker-eu-west-1-000000000000"
    assert words[words.index("TelemetryOptOut:") + 1] == "true"
