"""Over S3 the engine moves many objects at once, goes on where it was, and attends to its jobs meanwhile."""

from __future__ import annotations

import itertools
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.core.store import no_progress
from simple_sagemaker.local.data.channels import Channel
from simple_sagemaker.local.data.mirror import Mirror
from simple_sagemaker.local.hosts.host import Host
from simple_sagemaker.local.requests.training import Training
from simple_sagemaker.local.supervisor.limits import EndedEarly
from simple_sagemaker.local.supervisor.mirroring import Mirrors
from simple_sagemaker.storage.s3.store import S3Store
from tests.counts import examples
from tests.local import searches
from tests.local.conftest import channel, processes_only
from tests.local.far_s3 import VARIABLES, FarEngine, FarS3, far_s3
from tests.local.scripts import ML

COUNT = examples(120, 200)
KEYS = [f"data/d{number % 7}/{number:03}" for number in range(COUNT)]


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[FarS3]:
    with far_s3() as server:
        for name, value in {**VARIABLES, "AWS_ENDPOINT_URL_S3": server.url}.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def engine(far: FarS3, tmp_path: Path) -> Iterator[FarEngine]:
    made = FarEngine(tmp_path / "home", far)
    yield made
    for summary in made.direct.list_training_jobs(StatusEquals="InProgress")["TrainingJobSummaries"]:
        made.direct.stop_training_job(TrainingJobName=summary["TrainingJobName"])
        made.end(summary["TrainingJobName"])


def fill(folder: Path, count: int = COUNT) -> None:
    folder.mkdir(parents=True)
    for number in range(count):
        (folder / f"{number:03}").write_text(str(number))


def kept(far: FarS3) -> dict[str, object]:
    return {"CheckpointConfig": {"S3Uri": f"s3://{far.bucket}/state", "LocalPath": "/opt/ml/checkpoints"}}


def a_host(folder: Path, far: FarS3) -> Host:
    machines = {"InstanceType": "ml.m5.large", "InstanceCount": 1}
    work = Training({"TrainingJobName": "j", "ResourceConfig": machines, **kept(far)})
    return Host(name="algo-1", number=0, folder=folder, work=work, isolated=True)


def mirror(folder: Path, store: S3Store, far: FarS3) -> Mirror:
    return Mirror(folder, far.bucket, "data/", store, "algo-1", ["algo-1"])


def files(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_a_channel_is_fetched_with_many_requests_at_once(far: FarS3, tmp_path: Path) -> None:
    store = far.store(*KEYS)
    read = Channel(name="x", uri=f"s3://{far.bucket}/data/", data_type="S3Prefix", sharded=False, mode="File")
    host = a_host(tmp_path, far)
    (tmp_path / "opt/ml/input/data").mkdir(parents=True)
    for _ in host.fetch(read, read.items(store), store, no_progress):
        pass
    assert files(host.inside("/opt/ml/input/data/x")) == {key.removeprefix("data/"): key for key in KEYS}
    assert far.most["GET"] >= 4


def test_a_state_is_restored_sent_and_deleted_with_many_requests_at_once(far: FarS3, tmp_path: Path) -> None:
    store = far.store(*KEYS)
    one = mirror(tmp_path, store, far)
    for _ in one.restore():
        pass
    assert files(tmp_path) == {key.removeprefix("data/"): key for key in KEYS}
    assert far.most["GET"] >= 4
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        path.unlink()
    fill(tmp_path / "new")
    for _ in one.pass_once():
        pass
    assert far.most["PUT"] >= 4
    assert [stored.key for stored in store.list(far.bucket, "data/")] == [
        f"data/new/{number:03}" for number in range(COUNT)
    ]
    assert far.count("DELETE", "") + far.count("POST", "") < COUNT / 4


def test_what_a_job_leaves_as_its_state_is_sent_with_many_requests_at_once(engine: FarEngine, far: FarS3) -> None:
    script = f"{ML} for i in $(seq {COUNT}); do echo $i > $ML/checkpoints/$i; done"
    described = engine.run(script, **kept(far))
    assert described["TrainingJobStatus"] == "Completed", described
    assert len(engine.keys("state/")) == COUNT
    assert far.most["PUT"] >= 4


def test_a_pass_that_the_store_ended_is_gone_on_with_where_it_was(far: FarS3, tmp_path: Path) -> None:
    store = far.store()
    fill(tmp_path / "state")
    one = mirror(tmp_path / "state", store, far)
    begun = itertools.count()  # and not how many have succeeded: all may be under way before the first one has
    far.before = lambda method, _: "400 Bad Request" if method == "PUT" and next(begun) >= 50 else None
    for _ in one.pass_once():
        pass
    assert one.stalled is not None
    assert far.count("PUT", "") == 50
    far.before = lambda _, __: None
    for _ in one.pass_once(is_last=True):
        pass
    assert one.stalled is None
    assert far.count("PUT", "") == len(far.answered) == COUNT


def test_the_last_pass_sends_nothing_again_that_a_pass_under_way_has_sent(far: FarS3, tmp_path: Path) -> None:
    store = far.store()
    host = a_host(tmp_path / "host", far)
    mirrors = Mirrors(host.work, [host], store, lambda *_: None)
    for _ in mirrors.restore(host):
        pass
    fill(host.inside("/opt/ml/checkpoints") / "sub")
    for _ in mirrors.passes():
        if far.count("PUT", "state/"):
            break
    assert far.count("PUT", "state/") < COUNT
    assert mirrors.flush() == ""
    assert far.count("PUT", "state/") == len(far.answered) == COUNT


def test_a_restore_that_was_ended_early_replaces_nothing_of_the_state(far: FarS3, tmp_path: Path) -> None:
    def stop(_: int) -> None:
        if far.count("GET", ""):
            raise EndedEarly("stopped")

    store = far.store(*KEYS)
    one = mirror(tmp_path / "state", store, far)
    one.on_progress = stop
    with pytest.raises(EndedEarly):
        for _ in one.restore():
            pass
    one.on_progress = no_progress
    for _ in one.pass_once(is_last=True):
        pass
    assert (far.count("PUT", ""), far.count("DELETE", ""), far.count("POST", "")) == (0, 0, 0)
    assert len(list(store.list(far.bucket, "data/"))) == COUNT


def test_a_stop_acts_in_the_middle_of_a_download_that_gets_no_further(far: FarS3, tmp_path: Path) -> None:
    gate, held = threading.Event(), threading.Event()

    def wait(method: str, key: str) -> None:
        if method == "GET" and key.startswith("data/") and far.count("GET", "data/") >= 20:
            held.set()
            gate.wait(120)

    engine = FarEngine(tmp_path / "home", far)
    many = [f"data/{number:03}" for number in range(300)]
    far.store(*many)
    far.before = wait
    try:
        name = engine.start("echo ran", channels=[channel("x", f"s3://{far.bucket}/data/")])
        assert held.wait(60)
        engine.client.stop_training_job(TrainingJobName=name)
        assert engine.end(name)["TrainingJobStatus"] == "Stopped"
        assert engine.printed(name) == {}
        assert far.count("GET", "data/") < len(many)
    finally:
        gate.set()


def test_a_stop_reaches_the_hosts_while_no_upload_of_their_state_gets_on(engine: FarEngine, far: FarS3) -> None:
    gate = threading.Event()
    far.before = lambda method, key: (
        None if method != "PUT" or not key.startswith("state/") or gate.wait(120) else "400 Bad Request"
    )
    script = f"""{ML} trap 'echo asked to end; exit 0' TERM
for i in $(seq {COUNT}); do echo $i > $ML/checkpoints/$i; done; echo ready
while :; do sleep 0.05; done"""
    try:
        name = engine.start(script, **kept(far))
        engine.until_printed(name, "ready")
        until(lambda: far.most["PUT"] >= 4)
        engine.client.stop_training_job(TrainingJobName=name)
        engine.until_printed(name, "asked to end", within_s=60)
    finally:
        gate.set()
    assert engine.end(name)["TrainingJobStatus"] == "Stopped"
    assert len(engine.keys("state/")) == COUNT


def test_an_input_that_is_gone_when_it_is_fetched_fails_the_job_in_the_services_words(
    engine: FarEngine, far: FarS3
) -> None:
    far.store(*KEYS)
    far.before = lambda method, key: "404 Not Found" if method == "GET" and key == KEYS[70] else None
    described = engine.run("echo ran", channels=[channel("x", f"s3://{far.bucket}/data/")])
    assert described["TrainingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith(
        f'ClientError: No S3 objects found under S3 URL "s3://{far.bucket}/data/'
    )
    assert str(engine.home.root) not in described["FailureReason"]


def test_a_state_that_is_cleared_while_a_job_starts_is_passed_over(engine: FarEngine, far: FarS3) -> None:
    far.store(*(f"state/{number:03}" for number in range(COUNT)))
    far.before = lambda method, key: "404 Not Found" if method == "GET" and key in {"state/007", "state/100"} else None
    described = engine.run(f"{ML} ls $ML/checkpoints | wc -l", **kept(far))
    assert described["TrainingJobStatus"] == "Completed", described.get("FailureReason")
    assert engine.printed(described["TrainingJobName"])["algo-1"][-1].strip() == str(COUNT - 2)
    assert far.count("PUT", "state/") == 0


def test_a_pipe_brings_objects_in_order_that_were_fetched_with_many_requests_at_once(
    engine: FarEngine, far: FarS3
) -> None:
    keys = [f"data/{number:03}" for number in range(100)]
    far.store(*keys)
    pipe = channel("x", f"s3://{far.bucket}/data/", InputMode="Pipe")
    described = engine.run(
        f"{ML} cd $ML/input/data; head -c 30 x_0; echo; until [ -e x_1 ]; do sleep 0.05; done; cat x_1", channels=[pipe]
    )
    assert described["TrainingJobStatus"] == "Completed", described.get("FailureReason")
    first, second = engine.printed(described["TrainingJobName"])["algo-1"]
    assert (first, second) == ("".join(keys)[:30], "".join(keys))
    assert far.most["GET"] >= 4


def test_the_objects_of_a_manifest_are_looked_for_with_many_requests_at_once(engine: FarEngine, far: FarS3) -> None:
    keys = [f"data/{number:03}" for number in range(60)]
    lines = "".join(json.dumps({"x-ref": f"s3://{far.bucket}/{key}"}) + "\n" for key in [*keys, "data/none"])
    far.store(*keys).write(far.bucket, "list", lines.encode())
    source = {"S3DataType": "AugmentedManifestFile", "AttributeNames": ["x-ref"]}
    with pytest.raises(ClientError, match="data/none does not exist"):
        engine.start("echo", channels=[channel("x", f"s3://{far.bucket}/list", InputMode="Pipe", source=source)])
    assert far.most["LIST"] >= 4


@pytest.mark.parametrize("name", ["n" * 256, "é" * 128, "/".join(["d"] * 201)])
def test_an_object_that_no_folder_can_hold_is_refused_with_the_request(
    engine: FarEngine, far: FarS3, name: str
) -> None:
    far.store(f"data/{name}", "data/x")
    with pytest.raises(ClientError, match="no folder can hold this object") as refused:
        engine.start("echo ran", channels=[channel("x", f"s3://{far.bucket}/data/")])
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert str(engine.home.root) not in str(refused.value)


def test_an_object_with_the_longest_name_reaches_the_job(engine: FarEngine, far: FarS3) -> None:
    far.store(f"data/{'n' * 255}/{'é' * 127}")
    described = engine.run(f"{ML} cat $ML/input/data/x/*/*", channels=[channel("x", f"s3://{far.bucket}/data/")])
    assert described["TrainingJobStatus"] == "Completed", described.get("FailureReason")
    assert "é" * 127 in engine.printed(described["TrainingJobName"])["algo-1"][-1]


def until(holds: Callable[[], object], within_s: float = 60) -> None:
    """Wait until a function gives something true."""
    limit = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.02)


@processes_only
def test_the_trials_of_a_search_reach_the_callers_s3_also_after_its_process_was_killed(
    engine: FarEngine, far: FarS3
) -> None:
    name = searches.start(engine, searches.PRINTS_LR + 'echo m > "$SM_MODEL_DIR/m"', trials=2, parallel=1)
    searches.until(engine, name, lambda one: one["TrainingJobStatusCounters"]["InProgress"] == 1)
    os.kill(int((engine.home.jobs / name / "supervisor.pid").read_text(encoding="ascii")), signal.SIGKILL)
    described = searches.end(engine, name)
    assert described["TrainingJobStatusCounters"]["Completed"] == 2, described
    for one in searches.trials(engine, name):
        assert far.count("PUT", f"out/{one['TrainingJobName']}/output/model.tar.gz")
