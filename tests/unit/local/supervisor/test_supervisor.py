"""How a job ends, and with which words, when its hosts never run, when saving fails, and after an interruption."""

from __future__ import annotations

import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("jobs need Linux or macOS", allow_module_level=True)

from simple_sagemaker.local.supervisor.attempt import Attempt, JobSetup, Outcome
from simple_sagemaker.local.supervisor.supervisor import StateLost, Supervisor, _permission_failure
from simple_sagemaker.storage.folder_store import FolderStore
from tests.unit.local.supervisor.jobs import Idle, journal, make_setup, training

DOWNLOADING = {"secondary": "Downloading", "message": "Downloading input data", "isolation": "plain"}
UPLOADING = {"secondary": "Uploading", "message": "Uploading generated training model"}
STOPPING = {"secondary": "Stopping", "message": "Stopping the training job"}
CODE = (
    "AlgorithmError: Framework Error: \ns3://b/none: An error occurred (404) when calling the HeadObject operation: "
    "Not Found, exit code: 1"
)
NOT_SAVED = "ClientError: state cannot be saved to s3://b/state/: No space left on device"
SPOT: dict[str, Any] = {"EnableManagedSpotTraining": True}
STATE: dict[str, Any] = {"CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/state"}}


class Broken(FolderStore):
    """Buckets that take nothing, for a reason."""

    def __init__(self, root: Path, error: Exception) -> None:
        super().__init__(root)
        self.error = error

    def send(self, *arguments: Any, **named: Any) -> Any:
        raise self.error


def run(setup: JobSetup) -> dict[str, Any]:
    """Run a job to its end, which is the last entry of its journal."""
    Supervisor(setup).run()
    return journal(setup)[-1]


def attempt_of(supervisor: Supervisor, setup: JobSetup) -> Attempt:
    """An attempt whose hosts have their folders, and whose mirrors have begun."""
    attempt = supervisor._attempt = Attempt(setup, 1, supervisor._limits)
    for host in setup.hosts:
        host.prepare(1)
        for _ in attempt.mirrors.restore(host):
            pass
    return attempt


def ended(setup: JobSetup, outcome: Outcome) -> dict[str, Any]:
    """The last entry of a job whose hosts ended so."""
    supervisor = Supervisor(setup)
    attempt_of(supervisor, setup)
    setup.hosts[0].inside("/opt/ml/model/weights").write_text("x")
    supervisor._end(outcome)
    return journal(setup)[-1]


def test_a_stop_before_anything_ran_is_one(tmp_path: Path) -> None:
    setup = make_setup(tmp_path, training())
    setup.job.stop_mark.touch()
    last = run(setup)
    assert journal(setup)[0] == STOPPING
    assert (last["status"], last["secondary"], last["message"]) == ("Stopped", "Stopped", "Training job stopped")
    assert (last["reason"], last["metrics"], last["said"]) == (None, [], None)
    assert "clock_speed" not in last


def test_a_spot_job_that_waited_too_long_says_so(tmp_path: Path) -> None:
    limits: dict[str, Any] = {"StoppingCondition": {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}}
    setup = make_setup(tmp_path, training(**SPOT, **limits), spot_wait_s=60.0, clock_speed=10.0)
    last = run(setup)
    assert journal(setup) == [
        {
            "secondary": "Starting",
            "message": "Insufficient capacity error from EC2 while launching instances, retrying!",
        },
        last,
    ]
    assert (last["status"], last["secondary"]) == ("Stopped", "MaxWaitTimeExceeded")
    assert last["message"] == "Training job wait time exceeded MaxWaitTimeInSeconds"
    assert last["clock_speed"] == 10.0


def test_only_spot_jobs_wait_and_as_long_as_the_settings_say(tmp_path: Path) -> None:
    began = time.monotonic()
    assert run(make_setup(tmp_path / "a", training(), spot_wait_s=600.0))["status"] == "Failed"
    assert time.monotonic() - began < 300
    began = time.monotonic()
    setup = make_setup(tmp_path / "b", training(**SPOT), spot_wait_s=0.2)
    run(setup)
    assert time.monotonic() - began >= 0.2
    assert journal(setup)[0]["secondary"] == "Starting"
    setup = make_setup(tmp_path / "c", training(**SPOT))
    run(setup)
    assert journal(setup)[0] == DOWNLOADING


def test_machines_that_cannot_be_had_fail_the_job_and_are_cleaned_up(tmp_path: Path) -> None:
    setup = make_setup(tmp_path, training())
    last = run(setup)
    assert journal(setup) == [DOWNLOADING, UPLOADING, last]
    assert (last["status"], last["reason"]) == ("Failed", "ClientError: no machine")
    assert last["message"] == "Training job failed"
    backend = setup.backend
    assert isinstance(backend, Idle)
    assert backend.cleaned == 1


def test_a_channel_without_data_fails_the_job_and_nothing_is_uploaded(tmp_path: Path) -> None:
    source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/none"}}
    setup = make_setup(tmp_path, training(InputDataConfig=[{"ChannelName": "c", "DataSource": source}]))
    last = run(setup)
    assert journal(setup) == [DOWNLOADING, last]
    assert last["reason"].startswith('ClientError: No S3 objects found under S3 URL "s3://b/none"')
    assert [*setup.store.list("b", "")] == []


def test_code_that_cannot_be_unpacked_fails_the_job_in_its_own_words(tmp_path: Path) -> None:
    request = training(HyperParameters={"sagemaker_program": "a.py", "sagemaker_submit_directory": "s3://b/none"})
    request["AlgorithmSpecification"]["ContainerEntrypoint"] = []
    last = run(make_setup(tmp_path, request))
    assert (last["status"], last["reason"]) == ("Failed", CODE)


def test_results_are_saved_of_a_job_that_is_done_and_of_one_that_failed(tmp_path: Path) -> None:
    for name, outcome in (("a", Outcome(ending="done")), ("b", Outcome(ending="failed", reason="why"))):
        setup = make_setup(tmp_path / name, training(count=2, **STATE))
        supervisor = Supervisor(setup)
        attempt = attempt_of(supervisor, setup)
        for host in setup.hosts:
            host.inside(f"/opt/ml/model/{host.name}").write_text(host.name)
            host.inside(f"/opt/ml/output/data/{host.name}").write_text(host.name)
            host.inside("/state/shared").write_text("state")
        attempt._streams["algo-2"].feed(b"loss=2.5;\n")
        supervisor._end(outcome)
        last = journal(setup)[-1]
        assert journal(setup)[0] == UPLOADING
        assert (last["status"], last["reason"]) == (("Completed", None) if name == "a" else ("Failed", "why"))
        assert [(one["name"], one["value"], one["host"]) for one in last["metrics"]] == [("loss", 2.5, "algo-2")]
        assert before_now(last["detected"])
        archives = {one.key for one in setup.store.list("b", "")}
        assert archives >= {"out/job/output/model.tar.gz", "out/job/output/output.tar.gz"}
        assert any(key.startswith("state/") for key in archives)
        assert members(setup, "model") == {"algo-1", "algo-2"}
        assert members(setup, "output") == {"algo-1"}  # the first host's alone
        assert not (setup.job.host("algo-1") / "tmp").exists()


def before_now(moment: float) -> bool:
    return time.time() - 60 < moment <= time.time()


def members(setup: JobSetup, archive: str) -> set[str]:
    path = setup.job.path / "archive"
    setup.store.fetch("b", f"out/job/output/{archive}.tar.gz", path)
    with tarfile.open(path) as tar:
        return {one.name.removeprefix("./") for one in tar if one.isfile()}


@pytest.mark.parametrize(
    ("ending", "secondary", "text"),
    [
        ("stopped", "Stopped", "stopped"),
        ("timeout", "MaxRuntimeExceeded", "runtime exceeded MaxRuntimeInSeconds"),
        ("waited", "MaxWaitTimeExceeded", "wait time exceeded MaxWaitTimeInSeconds"),
    ],
)
def test_a_job_that_was_ended_is_stopped_and_its_phase_stays(
    tmp_path: Path, ending: Any, secondary: str, text: str
) -> None:
    setup = make_setup(tmp_path, training())
    last = ended(setup, Outcome(ending=ending))
    assert journal(setup) == [last]
    assert (last["status"], last["secondary"], last["message"]) == ("Stopped", secondary, f"Training job {text}")


def test_results_that_cannot_be_saved_fail_a_job_that_was_done(tmp_path: Path) -> None:
    store = Broken(tmp_path / "buckets", FileNotFoundError("there is no bucket 'b'"))
    last = ended(make_setup(tmp_path, training(), store=store), Outcome(ending="done"))
    assert last["status"] == "Failed"
    assert last["reason"] == (
        "ClientError: Artifact upload failed:Unable to upload file to s3://b/out/job/output/model.tar.gz "
        "(NoSuchBucket: The specified bucket does not exist)"
    )


@pytest.mark.parametrize("error", [PermissionError("AccessDenied"), FileNotFoundError("there is no bucket 'b'")])
def test_a_job_that_failed_keeps_its_own_reason_whatever_saving_comes_to(tmp_path: Path, error: Exception) -> None:
    setup = make_setup(tmp_path, training(), store=Broken(tmp_path / "buckets", error))
    last = ended(setup, Outcome(ending="failed", reason="AlgorithmError: its own"))
    assert (last["status"], last["reason"]) == ("Failed", "AlgorithmError: its own")


@pytest.mark.parametrize(("ending", "reason"), [("done", NOT_SAVED), ("stopped", NOT_SAVED), ("failed", "why")])
def test_state_that_cannot_be_saved_fails_a_job_that_had_not_failed(tmp_path: Path, ending: Any, reason: str) -> None:
    store = Broken(tmp_path / "buckets", OSError(28, "No space left on device"))
    setup = make_setup(tmp_path, training(**STATE), store=store)
    supervisor = Supervisor(setup)
    attempt_of(supervisor, setup)
    setup.hosts[0].inside("/state/file").write_text("x")
    supervisor._end(Outcome(ending=ending, reason="why" if ending == "failed" else None))
    assert (journal(setup)[-1]["status"], journal(setup)[-1]["reason"]) == ("Failed", reason)


@pytest.mark.parametrize(
    ("ending", "status", "secondary"), [("done", "Stopped", "Stopped"), ("failed", "Failed", "Failed")]
)
def test_a_stop_while_results_are_saved_ends_that(tmp_path: Path, ending: Any, status: str, secondary: str) -> None:
    setup = make_setup(tmp_path, training(**STATE))
    supervisor = Supervisor(setup)
    attempt_of(supervisor, setup)
    setup.hosts[0].inside("/state/file").write_text("x")
    setup.job.stop_mark.touch()
    supervisor._end(Outcome(ending=ending, reason="why" if ending == "failed" else None))
    *_, note, stopping, last = journal(setup)
    assert note == {"note": "saving the results was ended before all were saved: stopped"}
    assert stopping == STOPPING
    assert (last["status"], last["secondary"]) == (status, secondary)
    assert last["reason"] == ("why" if ending == "failed" else None)


def test_an_interruption_keeps_what_is_in_the_bucket_and_nothing_else(tmp_path: Path) -> None:
    setup = make_setup(tmp_path, training(count=2, **STATE))
    supervisor = Supervisor(setup)
    attempt = attempt_of(supervisor, setup)
    for host in setup.hosts:
        host.inside(f"/state/{host.name}").write_text("x")
    supervisor._lose_hosts(attempt)
    assert journal(setup) == [
        {"secondary": "Interrupted", "message": "Training job interrupted"},
        {"secondary": "Starting", "message": "Starting the training job"},
    ]
    assert [host.folder.exists() for host in setup.hosts] == [False, False]
    assert {one.key.rpartition("/")[2] for one in setup.store.list("b", "state/")} >= {"algo-1", "algo-2"}
    assert supervisor._attempt is None


def test_an_interruption_that_loses_state_fails_the_job(tmp_path: Path) -> None:
    store = Broken(tmp_path / "buckets", OSError(28, "No space left on device"))
    setup = make_setup(tmp_path, training(**STATE), store=store)
    supervisor = Supervisor(setup)
    attempt = attempt_of(supervisor, setup)
    setup.hosts[0].inside("/state/file").write_text("x")
    with pytest.raises(StateLost, match="state cannot be saved to s3://b/state/: No space left on device"):
        supervisor._lose_hosts(attempt)
    assert setup.hosts[0].inside("/state/file").exists()


def test_a_refusal_of_this_machines_files_is_no_roles(tmp_path: Path) -> None:
    with pytest.raises(PermissionError, match="Permission denied"):
        _permission_failure(PermissionError(13, "Permission denied", str(tmp_path)))
