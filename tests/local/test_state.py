"""Checkpoints: restored at the start, kept while a job runs, flushed at every end."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.local.conftest import Engine, with_time
from tests.local.scripts import IS_FIRST, ML, RELEASED, WAIT, run_json

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)
KEPT = {"CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/opt/ml/checkpoints"}}
LOOK = """
found = {}
for at, _, names in os.walk(ML + "/checkpoints"):
    for path in [os.path.join(at, name) for name in names]:
        found[os.path.relpath(path, ML + "/checkpoints")] = open(path).read()
print(json.dumps(found))
"""


def put(engine: Engine, *keys: str) -> None:
    for key in keys:
        engine.store.write("b", key, key.encode())


def test_the_state_is_there_on_every_host_before_the_start(engine: Engine) -> None:
    put(engine, "state/a", "state/algo-1/x", "state/algo-2/y", "state2/other")
    held = {"a": "state/a", "algo-1/x": "state/algo-1/x", "algo-2/y": "state/algo-2/y"}
    assert run_json(engine, LOOK, hosts=2, **KEPT) == {"algo-1": held, "algo-2": held}
    assert engine.keys("state/") == ["a", "algo-1/x", "algo-2/y"]
    assert not [key for key in engine.keys("p/t/") if key.endswith(".tar.gz")]


def test_the_state_follows_the_folder_while_the_job_runs(engine: Engine) -> None:
    put(engine, "state/old")
    script = f"""{ML} cd $ML/checkpoints; trap 'exit 0' TERM
echo 1 > kept; echo 1 > dropped; mkdir d; echo 1 > d/deep
{RELEASED}
rm dropped old; echo 22 > kept; rm -r d
while :; do sleep 0.05; done
"""
    name = engine.start(script, **KEPT)
    engine.until(name, lambda _: engine.keys("state/") == ["d/deep", "dropped", "kept", "old"])
    engine.release(name)
    engine.until(name, lambda _: engine.keys("state/") == ["kept"])
    engine.until(name, lambda _: engine.store.read("b", "state/kept") == b"22\n")
    engine.client.stop_training_job(TrainingJobName=name)
    assert engine.end(name)["TrainingJobStatus"] == "Stopped"


def test_a_file_that_is_rewritten_with_its_size_and_times_is_kept_as_it_is(engine: Engine) -> None:
    script = f"""{ML} cd $ML/checkpoints
echo first > in_place; echo first > copied; echo first > old; touch -d 2020-01-01 in_place copied old
{RELEASED}
echo again > in_place; echo again > new; touch -d 2020-01-01 in_place new; cp -p new copied; mv new old
"""
    name = engine.start(script, **KEPT)
    engine.until(name, lambda _: engine.keys("state/") == ["copied", "in_place", "old"])
    engine.release(name)
    assert engine.end(name)["TrainingJobStatus"] == "Completed"
    assert {key: engine.store.read("b", f"state/{key}") for key in engine.keys("state/")} == dict.fromkeys(
        ("copied", "in_place", "old"), b"again\n"
    )


def test_links_inside_are_kept_as_what_they_lead_to_and_others_are_named(engine: Engine) -> None:
    script = f"""{ML} cd $ML/checkpoints; echo ten > step=10; mkdir d; echo deep > d/x
ln -s step=10 last; ln -s d best; ln -s /etc/hostname outside; ln -s nothing lost
{RELEASED}; echo eleven > step=11; ln -sfn step=11 last; rm best
"""
    name = engine.start(script, **KEPT)
    engine.until(name, lambda _: {"step=10", "last", "best/x"} <= {*engine.keys("state/")})
    engine.release(name)
    assert engine.end(name)["TrainingJobStatus"] == "Completed"
    kept = {key: engine.store.read("b", f"state/{key}") for key in engine.keys("state/")}
    assert kept == {"step=10": b"ten\n", "step=11": b"eleven\n", "d/x": b"deep\n", "last": b"eleven\n"}
    lines = "\n".join(engine.printed("job-1")["algo-1"])
    assert "checkpoints/outside is not kept: it is a link that leads outside, to /etc/hostname" in lines
    assert "checkpoints/lost is not kept" in lines


def test_what_is_no_file_at_the_end_is_named(engine: Engine) -> None:
    script = f"""{ML} cd $ML/checkpoints; echo x > kept; mkfifo pipe gone; mkdir d
python3 -c 'import os, socket; os.chdir("d"); socket.socket(socket.AF_UNIX).bind("socket")'; sleep 0.5; rm gone
"""
    engine.run(script, **KEPT)
    lines = [line for line in engine.printed("job-1")["algo-1"] if "is not kept" in line]
    assert sorted(line.partition("checkpoints/")[2] for line in lines) == [
        "d/socket is not kept: it is a socket",
        "pipe is not kept: it is a named pipe",
    ]
    assert engine.keys("state/") == ["kept"]


@pytest.mark.parametrize(
    ("ending", "status"),
    [("exit 0", "Completed"), ("exit 9", "Failed"), (WAIT, "Stopped"), ("sh -c 'kill -9 $$'", "Failed")],
)
def test_the_last_write_before_any_end_is_kept(engine: Engine, ending: str, status: str) -> None:
    script = f"{ML} echo last > $ML/checkpoints/last; echo written; {ending}"
    described = with_time(
        lambda limit_s: engine.run(script, StoppingCondition={"MaxRuntimeInSeconds": limit_s}, **KEPT),
        lambda described: (
            "written" in engine.printed(described["TrainingJobName"]).get("algo-1", [])
            and described["TrainingJobStatus"] == status  # and was not stopped between the two
        ),
    )
    assert described["TrainingJobStatus"] == status
    assert engine.store.read("b", "state/last") == b"last\n"


def test_what_is_written_on_sigterm_is_kept(engine: Engine) -> None:
    script = f"{ML} trap 'echo bye > $ML/checkpoints/bye; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    name = engine.start(script, **KEPT)
    engine.until_printed(name, "ready")
    engine.client.stop_training_job(TrainingJobName=name)
    engine.end(name)
    assert engine.store.read("b", "state/bye") == b"bye\n"


def test_a_host_never_deletes_what_is_another_hosts(engine: Engine) -> None:
    put(engine, "state/algo-1/x", "state/algo-2/y", "state/shared")
    script = f"{ML} {IS_FIRST} || {{ rm -r $ML/checkpoints/algo-1 $ML/checkpoints/shared; exit 0; }}\n"
    assert engine.run(f"{script} rm $ML/checkpoints/algo-1/x", hosts=2, **KEPT)["TrainingJobStatus"] == "Completed"
    assert engine.keys("state/") == ["algo-2/y", "shared"]


def test_a_file_that_a_host_rewrote_is_its_own_to_delete(engine: Engine) -> None:
    put(engine, "state/algo-1/x")
    script = f"""{ML} cd $ML/checkpoints; {IS_FIRST} && {{ {RELEASED}; exit 0; }}
echo mine > algo-1/x; {RELEASED}; rm algo-1/x
"""
    name = engine.start(script, hosts=2, **KEPT)
    engine.until(name, lambda _: engine.store.read("b", "state/algo-1/x") == b"mine\n")
    engine.release(name)
    engine.end(name)
    assert engine.keys("state/") == []


def test_a_second_job_goes_on_from_the_state_of_the_first(engine: Engine) -> None:
    script = f"{ML} cd $ML/checkpoints; n=$(cat n 2>/dev/null || echo 0); echo $((n + 1)) > n"
    for _ in range(3):
        engine.run(script, **KEPT)
    assert engine.store.read("b", "state/n") == b"3\n"


def test_pipes_and_links_that_lead_up_in_the_state_are_passed_over(engine: Engine) -> None:
    described = engine.run(f"{ML} cd $ML/checkpoints; echo x > f; ln -s f l; mkfifo p; ln -s .. up", **KEPT)
    assert described["TrainingJobStatus"] == "Completed"
    assert engine.keys("state/") == ["f", "l"]


def test_a_checkpoint_that_its_own_job_made_unreadable_is_still_kept(engine: Engine) -> None:
    described = engine.run(f"{ML} cd $ML/checkpoints; mkdir d; echo x > d/f; chmod 000 d/f d", **KEPT)
    assert described["TrainingJobStatus"] == "Completed", described.get("FailureReason")
    assert engine.store.read("b", "state/d/f") == b"x\n"


def test_a_state_whose_bucket_is_missing_fails_the_job_with_a_reason(engine: Engine) -> None:
    described = engine.run("true", CheckpointConfig={"S3Uri": "s3://nobody/state"})
    assert described["TrainingJobStatus"] == "Failed"
    assert "nobody" in described["FailureReason"]


def test_a_file_that_cannot_be_kept_is_named_in_the_log(engine: Engine) -> None:
    script = f"""{ML}
S=$(sed 's/.*"LocalPath": *"\\([^"]*\\)".*/\\1/' $ML/input/config/checkpointconfig.json)
if {IS_FIRST}
then echo x > $S/x
else {RELEASED}; mkdir $S/x; echo y > $S/x/y
fi
"""
    name = engine.start(script, hosts=2, CheckpointConfig={"S3Uri": "s3://b/clash", "LocalPath": "/state"})
    engine.until(name, lambda _: engine.keys("clash/") == ["x"])
    engine.release(name)
    described = engine.end(name)
    assert described["TrainingJobStatus"] == "Completed"
    assert engine.keys("clash/") == ["x"]
    assert any("x/y is not kept" in line for line in engine.printed(described["TrainingJobName"])["algo-2"])


@pytest.mark.parametrize("is_mended", [True, False])
def test_a_store_that_fails_for_a_while_does_not_end_the_job_unless_it_fails_at_the_end(
    engine: Engine, tmp_path: Path, is_mended: bool
) -> None:
    scratch = engine.home.buckets / ".writing"  # a file in its place stands for a disk on which nothing can be written
    name = engine.start(
        f"{ML} echo started; trap 'exit 0' TERM; while :; do date > $ML/checkpoints/f; sleep 0.1; done", **KEPT
    )
    engine.until_printed(name, "started")
    while not scratch.is_file():
        scratch.rename(tmp_path / f"aside-{time.monotonic_ns()}")
        with suppress(FileExistsError, IsADirectoryError):
            scratch.touch(exist_ok=False)
    engine.until_printed(name, "checkpoints cannot be saved now")
    if is_mended:
        scratch.unlink()
        engine.until_printed(name, "checkpoints is saved again")
    engine.client.stop_training_job(TrainingJobName=name)
    described = engine.end(name)
    if is_mended:
        assert described["TrainingJobStatus"] == "Stopped"
        assert engine.keys("state/") == ["f"]
    else:
        assert described["TrainingJobStatus"] == "Failed"
        assert described["FailureReason"].startswith("ClientError: checkpoints cannot be saved to s3://b/state/: ")
