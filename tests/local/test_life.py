"""A job from Starting to each of its ends."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.local.conftest import Engine, channel, settings

# What a job does is the same whichever way it was started: the short run has most of these through one door.
one_door = pytest.mark.parametrize(
    "engine", ["direct", *(pytest.param(door, marks=pytest.mark.long) for door in ("boto3", "http"))], indirect=True
)


def statuses(described: Any) -> list[str]:
    return [transition["Status"] for transition in described["SecondaryStatusTransitions"]]


def test_a_job_whose_hosts_all_exit_0_is_completed(engine: Engine) -> None:
    described = engine.run("echo hello", hosts=2)
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Completed", "Completed")
    assert statuses(described) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert "FailureReason" not in described
    assert engine.printed("job-1") == {"algo-1": ["hello"], "algo-2": ["hello"]}


@one_door
def test_times_are_in_order_and_billing_starts_with_the_download(engine: Engine) -> None:
    began = time.monotonic()
    described = engine.run("sleep 1")
    whole_s = time.monotonic() - began
    assert (
        described["CreationTime"]
        <= described["TrainingStartTime"]
        < described["TrainingEndTime"]
        <= described["LastModifiedTime"]
    )
    assert described["CreationTime"].tzinfo is not None
    assert 1 <= described["BillableTimeInSeconds"] <= described["TrainingTimeInSeconds"] <= whole_s + 1


def test_a_failing_host_gives_its_exit_code_and_the_upload_still_happens(engine: Engine) -> None:
    described = engine.run(_writes("model/m") + "exit 3")
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Failed", "Failed")
    assert described["FailureReason"] == "AlgorithmError: , exit code: 3"
    assert statuses(described)[-2:] == ["Uploading", "Failed"]
    assert engine.archive("job-1", "model") == {"m": b"x\n"}


@one_door
def test_the_failure_file_is_the_reason_and_is_cut_at_1024(engine: Engine) -> None:
    script = f"{_base()}\nprintf 'mine %01100d' 7 > $ML/output/failure; exit 4"
    reason = engine.run(script)["FailureReason"]
    assert reason.startswith("AlgorithmError: mine 000")
    assert len(reason) == 1024


@one_door
def test_a_job_that_exits_0_is_completed_whatever_its_failure_file_holds_and_a_line_warns(engine: Engine) -> None:
    described = engine.run(f"{_base()}\necho no good > $ML/output/failure")
    assert described["TrainingJobStatus"] == "Completed"
    assert "FailureReason" not in described
    assert "WARNING: /opt/ml/output/failure holds a text" in engine.printed("job-1")["algo-1"][-1]


@one_door
def test_an_empty_failure_file_gives_way_to_the_last_line_of_the_output(engine: Engine) -> None:
    described = engine.run(f"{_base()}\n: > $ML/output/failure; echo before; echo 'ValueError: bad' >&2; exit 1")
    assert described["FailureReason"] == "AlgorithmError: ValueError: bad, exit code: 1"


@one_door
def test_one_failing_host_ends_the_others(engine: Engine) -> None:
    script = f"""{_base()}
grep -q '"current_host": "algo-2"' $ML/input/config/resourceconfig.json && exit 5; sleep 1000"""
    began = time.monotonic()
    described = engine.run(script, hosts=3)
    assert described["FailureReason"] == "AlgorithmError: , exit code: 5"
    assert time.monotonic() - began < 500


@one_door
def test_a_process_killed_by_a_signal_reports_128_and_its_number(engine: Engine) -> None:
    assert "exit code: 137" in engine.run("sh -c 'kill -9 $$'; exit $?")["FailureReason"]


@one_door
def test_an_entry_point_that_is_not_there_fails_the_job_and_says_so(engine: Engine) -> None:
    described = engine.run("", algorithm={"ContainerEntrypoint": ["/no/such/program"]})
    assert described["TrainingJobStatus"] == "Failed"
    assert "/no/such/program" in "".join(engine.printed("job-1")["algo-1"])


def test_a_stopped_job_gets_sigterm_and_keeps_what_it_writes_then(engine: Engine) -> None:
    script = (
        f"{_base()}\ntrap 'echo bye; echo x > $ML/model/partial; exit 0' TERM\necho ready; while :; do sleep 0.1; done"
    )
    name = engine.start(script)
    engine.until_printed(name, "ready")
    engine.client.stop_training_job(TrainingJobName=name)
    assert engine.client.describe_training_job(TrainingJobName=name)["TrainingJobStatus"] in {"Stopping", "Stopped"}
    described = engine.end(name)
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert "Stopping" in statuses(described)
    assert engine.printed(name)["algo-1"][-1] == "bye"
    assert engine.archive(name, "model") == {"partial": b"x\n"}
    with pytest.raises(ClientError, match="is in status Stopped"):
        engine.client.stop_training_job(TrainingJobName=name)


@one_door
def test_a_process_that_ignores_sigterm_is_killed_after_the_grace(engine: Engine) -> None:
    name = engine.start("trap '' TERM\necho ready; while :; do sleep 0.1; done")
    engine.until_printed(name, "ready")
    requested_at = time.monotonic()
    engine.client.stop_training_job(TrainingJobName=name)
    assert engine.end(name)["TrainingJobStatus"] == "Stopped"
    assert time.monotonic() - requested_at >= 3


def test_a_host_that_has_stopped_itself_sees_sigterm_and_ends_at_once(engine: Engine) -> None:
    """Only a plain host can: elsewhere the kernel keeps the first process from it."""
    engine.direct = engine.service(settings(isolation="plain", stop_grace_s=3600))
    engine.client = engine.direct
    name = engine.start("trap 'echo bye; exit 0' TERM\necho ready; kill -STOP $$; while :; do sleep 0.1; done")
    engine.until_printed(name, "ready")
    time.sleep(0.3)
    engine.client.stop_training_job(TrainingJobName=name)
    assert engine.end(name)["TrainingJobStatus"] == "Stopped"
    assert engine.printed(name)["algo-1"][-1] == "bye"


@one_door
def test_the_runtime_limit_stops_a_job_without_a_failure_reason(engine: Engine) -> None:
    described = engine.run("sleep 100", StoppingCondition={"MaxRuntimeInSeconds": 1})
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert "FailureReason" not in described


@one_door
def test_a_killed_supervisor_leaves_no_process_and_a_failed_job(engine: Engine) -> None:
    name = engine.start("(setsid sleep 300 &) ; echo ready; sleep 300", hosts=2)
    engine.until_printed(name, "ready")
    supervisor = _supervisor(engine, name)
    below = _descendants(supervisor)
    os.kill(supervisor, signal.SIGKILL)
    described = engine.end(name, within_s=300)
    assert described["TrainingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("InternalServerError: the supervisor")
    if os.environ.get("SSM_ISOLATION") != "plain":
        limit = time.monotonic() + 300
        while time.monotonic() < limit and any(_runs(pid) for pid in below):
            time.sleep(0.02)
        assert not [pid for pid in below if _runs(pid)]


@one_door
def test_a_daemon_left_behind_does_not_outlive_the_job(engine: Engine) -> None:
    seconds = f"4242{random.randrange(10**6)}"
    name = engine.start(f"(setsid sleep {seconds} &) ; echo ready; sleep 0.5")
    engine.end(name)
    assert not [pid for pid in _processes() if f"sleep {seconds}" in _words(pid)]


@one_door
def test_output_without_an_end_of_line_and_long_lines_arrive_whole(engine: Engine) -> None:
    engine.run("printf '%0300000d' 0; echo; printf tail")
    lines = engine.printed("job-1")["algo-1"]
    assert [len(line) for line in lines] == [262144, 300000 - 262144, 4]


@one_door
def test_the_journal_survives_half_a_line(engine: Engine) -> None:
    name = engine.start("echo ready; sleep 300")
    engine.until_printed(name, "ready")
    supervisor = _supervisor(engine, name)
    os.kill(supervisor, signal.SIGKILL)
    with open(engine.home.jobs / name / "journal.jsonl", "ab") as journal:
        journal.write(b'{"at": 17')
    assert engine.end(name, within_s=300)["TrainingJobStatus"] == "Failed"


@one_door
def test_an_input_that_vanishes_after_submit_fails_the_job_with_a_reason(engine: Engine) -> None:
    for number in range(300):
        engine.store.write("b", f"in/{number}", b"x")
    name = engine.start("true", channels=[channel("data", "s3://b/in/")])
    engine.store.delete("b", [f"in/{number}" for number in range(300)])
    described = engine.end(name)
    assert described["TrainingJobStatus"] in {"Completed", "Failed"}
    if described["TrainingJobStatus"] == "Failed":
        assert "in/" in described["FailureReason"]


def _base() -> str:
    """Shell words that set ML to the job's /opt/ml, also where it has no view of its own."""
    return "ML=${SAGEMAKER_BASE_DIR:-/opt/ml}"


def _writes(path: str) -> str:
    return f"{_base()}; echo x > $ML/{path}; "


def _supervisor(engine: Engine, name: str) -> int:
    return int((engine.home.jobs / name / "supervisor.pid").read_text())


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _words(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as command_line:
            return command_line.read().replace(b"\0", b" ").decode("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _descendants(top: int) -> list[int]:
    from simple_sagemaker.local.isolation.plain import living_descendants

    return living_descendants(top)


def _runs(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] != b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
