"""Spot jobs: interrupted on request and begun again, or waiting for machines that do not come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.api.cloudwatch_logs import GROUP
from simple_sagemaker.local.api.sagemaker import LocalSageMaker
from tests.local.conftest import Engine, channel, processes_only, settings, with_time
from tests.local.scripts import ML, last_json, python

SPOT: dict[str, Any] = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600},
    "CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/opt/ml/checkpoints"},
}
# the first time it goes on until it is ended, the second time it says what it found
TWICE = """
import pathlib, signal, sys, time
base = pathlib.Path(ML)
def names(*folders):
    return sorted(str(path.relative_to(base)) for name in folders for path in (base / name).rglob("*"))
who = json.loads((base / "input/config/resourceconfig.json").read_text())["current_host"]
run = json.loads((base / "input/config/init-config.json").read_text())["jobRunInfo"]["jobRunNumber"]
mark = base / "checkpoints" / who
if mark.exists():
    inputs = sorted(path.name for path in (base / "input/data/d").iterdir())
    here = names("model", "output/data") + [str(p) for p in pathlib.Path(os.environ["HOME"]).glob("left*")]
    print(json.dumps([run, mark.read_text(), here, inputs]))
    sys.exit()
if run > 1:  # the machine was busy: nobody would end this one
    sys.exit("interrupted before it was ready")
(base / "model" / who).write_text("half")
(base / "output/data" / who).write_text("half")
(base / "input/data/d/more").write_text("more")
pathlib.Path(os.environ["HOME"], "left").write_text("left")
def asked(*_):
    mark.write_text("asked in run %d" % run)
    sys.exit(0)
signal.signal(signal.SIGTERM, asked)
print("ready", flush=True)
while True:
    time.sleep(0.05)
"""


def spot(engine: Engine, **changes: Any) -> Engine:
    """The same engine with settings for spot jobs."""
    engine.client = engine.direct = LocalSageMaker(engine.home, settings=settings(**changes))
    return engine


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path / "home", "direct")


def statuses(described: Mapping[str, Any]) -> list[str]:
    return [transition["Status"] for transition in described["SecondaryStatusTransitions"]]


def streams(engine: Engine, name: str) -> list[str]:
    page = engine.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=f"{name}/")
    return [stream["logStreamName"] for stream in page["logStreams"]]


def interrupted(
    engine: Engine, script: str, *, spots: Mapping[str, Any] | None = None, **changes: Any
) -> Mapping[str, Any]:
    """A spot job whose every host had printed "ready" when it was interrupted."""

    def run(after_s: int) -> Mapping[str, Any]:
        engine.store.delete("b", [f"state/{key}" for key in engine.keys("state/")])
        spot(engine, interrupt_after_s=(after_s,), **(spots or {}))
        return engine.run(script, **changes, **SPOT)

    return with_time(run, lambda described: were_ready(engine, described, hosts=changes.get("hosts", 1)))


def were_ready(engine: Engine, described: Mapping[str, Any], *, hosts: int) -> bool:
    """Whether every host had printed "ready" before it was interrupted."""
    printed = engine.printed(described["TrainingJobName"])
    return len(printed) == hosts and all(
        "ready" in text.partition("spot interruption")[0].splitlines() for text in map("\n".join, printed.values())
    )


@pytest.mark.parametrize("hosts", [1, 2])
def test_an_interrupted_job_begins_again_with_nothing_but_its_checkpoints(engine: Engine, hosts: int) -> None:
    engine.store.write("b", "in/x", b"x")
    described = interrupted(engine, python(TWICE), hosts=hosts, channels=[channel("d", "s3://b/in/")])
    name = described["TrainingJobName"]
    attempt = ["Starting", "Downloading", "Training"]
    assert statuses(described) == [*attempt, "Interrupted", *attempt, "Uploading", "Completed"], engine.printed(name)
    expected = [2, "asked in run 1", [], ["x"]]
    assert last_json(engine, name) == {f"algo-{number}": expected for number in range(1, hosts + 1)}
    assert len(streams(engine, name)) == 2 * hosts
    assert described["BillableTimeInSeconds"] <= described["TrainingTimeInSeconds"]
    assert engine.keys(f"p/t/{name}/") == []  # the halves of the first attempt are gone


def test_a_list_interrupts_one_attempt_after_the_other(engine: Engine) -> None:
    script = f"{ML} cd $ML/checkpoints; n=$(cat n || echo 0); echo $((n + 1)) > n; [ $n = 2 ] || exec sleep 500"

    def run(after_s: int) -> Mapping[str, Any]:
        engine.store.write("b", "state/n", b"0\n")
        spot(engine, interrupt_after_s=(0.3 * after_s, 0.3 * after_s))
        limits = {"MaxRuntimeInSeconds": 20 * after_s, "MaxWaitTimeInSeconds": 20 * after_s}
        return engine.run(script, **{**SPOT, "StoppingCondition": limits})

    described = with_time(run, lambda _: engine.store.read("b", "state/n") == b"3\n")
    assert statuses(described).count("Interrupted") == 2
    assert engine.store.read("b", "state/n") == b"3\n"
    assert len(streams(engine, described["TrainingJobName"])) >= 2


def test_the_time_between_machines_is_not_billed(engine: Engine) -> None:
    script = f"{ML} [ -e $ML/checkpoints/m ] && exit; : > $ML/checkpoints/m; echo ready; exec sleep 50"
    described = interrupted(engine, script, spots={"spot_wait_s": 3.0})
    assert described["TrainingJobStatus"] == "Completed"
    assert described["TrainingTimeInSeconds"] - described["BillableTimeInSeconds"] >= 2
    assert described["TrainingStartTime"] - described["CreationTime"] >= timedelta(seconds=3)


def test_without_spot_nothing_is_interrupted_and_nothing_waited_for(engine: Engine) -> None:
    spot(engine, interrupt_after_s=(0.2,), spot_wait_s=30.0)
    assert "Interrupted" not in statuses(engine.run("sleep 1"))


def test_a_job_done_before_its_interruption_is_completed(engine: Engine) -> None:
    spot(engine, interrupt_after_s=(20.0,))
    assert "Interrupted" not in statuses(engine.run("true", **SPOT))


def test_what_ignores_sigterm_is_killed_and_its_last_write_kept(engine: Engine) -> None:
    loop = "trap '' TERM; while :; do n=$((n + 1)); echo $n > n.tmp; mv n.tmp n; sleep 0.1; done"
    script = f"{ML} cd $ML/checkpoints; [ -e n ] && {{ cat n; exit; }}; echo ready; {loop}"
    described = interrupted(engine, script, spots={"stop_grace_s": 1.5})
    assert statuses(described).count("Interrupted") == 1
    last = int(engine.printed(described["TrainingJobName"])["algo-1"][-1])
    assert last >= 8, "the writes of the grace are kept"


@processes_only
def test_the_runtime_limit_counts_all_attempts(engine: Engine) -> None:
    spot(engine, interrupt_after_s=(1.5,), stop_grace_s=0.1)
    limits = {"MaxRuntimeInSeconds": 3, "MaxWaitTimeInSeconds": 60}
    described = engine.run("exec sleep 50", **{**SPOT, "StoppingCondition": limits})
    assert described["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert "Interrupted" in statuses(described)
    phases = described["SecondaryStatusTransitions"]
    trained = sum((one["EndTime"] - one["StartTime"] for one in phases if one["Status"] == "Training"), timedelta())
    assert timedelta(seconds=2.9) <= trained < timedelta(seconds=4.4)  # and not 4.5, each attempt anew


def test_a_spot_job_that_gets_no_machines_ends_without_having_started(engine: Engine) -> None:
    spot(engine, spot_wait_s=60.0)
    limits = {"MaxRuntimeInSeconds": 1, "MaxWaitTimeInSeconds": 1}
    described = engine.run("true", **{**SPOT, "StoppingCondition": limits})
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
    absent = {"TrainingStartTime", "TrainingEndTime", "TrainingTimeInSeconds", "BillableTimeInSeconds", "FailureReason"}
    assert not absent & described.keys()
    assert "Downloading" not in statuses(described)


def test_the_wait_limit_ends_a_job_that_waits_for_new_machines_and_one_that_runs(engine: Engine) -> None:
    def run(limit_s: int) -> Mapping[str, Any]:
        limits = {"MaxRuntimeInSeconds": 2 * limit_s, "MaxWaitTimeInSeconds": 2 * limit_s}
        return engine.run("exec sleep 500", **{**SPOT, "StoppingCondition": limits})

    for pauses in ({"interrupt_after_s": (0.3,), "spot_wait_s": 1.2}, {"spot_wait_s": 0.7}):
        spot(engine, **pauses)
        described = with_time(run, lambda described: "Training" in statuses(described))
        assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Stopped", "MaxWaitTimeExceeded")
        assert described["TrainingTimeInSeconds"] >= 1


@pytest.mark.parametrize("moment", ["waiting", "again", "grace"])
def test_a_stop_ends_an_interrupted_job(engine: Engine, moment: str) -> None:
    spot(engine, interrupt_after_s=(0.5,), spot_wait_s=0.0 if moment != "waiting" else 2.0)
    if moment == "grace":
        script = (
            f"{ML} trap 'echo asked; : > $ML/model/kept; sleep 1; exit 0' TERM; echo up; while :; do sleep 0.1; done"
        )
    else:
        script = f"{ML} : > $ML/checkpoints/kept; echo up; exec sleep 50"
    name = engine.start(script, **SPOT)
    if moment == "grace":
        engine.until_printed(name, "asked")
    else:
        engine.until(name, lambda described: "Interrupted" in statuses(described))
    engine.client.stop_training_job(TrainingJobName=name)
    described = engine.end(name, within_s=300)
    assert (described["TrainingJobStatus"], described["SecondaryStatus"]) == ("Stopped", "Stopped")
    if moment == "grace":
        assert engine.archive(name, "model") == {"kept": b""}
    else:
        assert engine.keys("state/") == ["kept"]


def test_a_stop_ends_a_job_that_waits_for_its_first_machines(engine: Engine) -> None:
    spot(engine, spot_wait_s=60.0)
    name = engine.start("true", **SPOT)
    engine.client.stop_training_job(TrainingJobName=name)
    described = engine.end(name, within_s=300)
    assert described["SecondaryStatus"] == "Stopped"
    assert "TrainingStartTime" not in described


def test_a_read_only_input_does_not_keep_an_interrupted_job_from_beginning_again(engine: Engine) -> None:
    engine.store.write("b", "in/deep/x", b"x")
    script = f"{ML} [ -e $ML/checkpoints/m ] && exit; : > $ML/checkpoints/m; echo ready; exec sleep 50"
    described = interrupted(engine, script, channels=[channel("d", "s3://b/in/", InputMode="FastFile")])
    assert described["TrainingJobStatus"] == "Completed", described
