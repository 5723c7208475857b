"""Inputs of a task as they are surveyed: what counts as data, and what counts as a change of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from simple_sagemaker.core.specs import Code, Input, LocalInput, Place, Rerun, S3Input, TaskInput, TaskSpec
from simple_sagemaker.core.store import Stored
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.tasks import channels
from simple_sagemaker.tasks.channels import Plan, Planner
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import PLACE, Notes, World, training


class TimedStore(MemoryStore):
    """A store that says when each object was last written."""

    def __init__(self, *keys: str) -> None:
        super().__init__(*keys)
        self.times = dict.fromkeys(keys, 1000.0)

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        for one in super().list(bucket, prefix):
            yield one._replace(modified=self.times.get(one.key, 0.0))


def spec_of(*inputs: Input, model_uri: str | None = None, rerun: Rerun | None = None) -> TaskSpec:
    return TaskSpec(
        kind="run",
        place=Place(project="p", task="task"),
        code=Code(entry_point="w.py"),
        inputs=inputs,
        model_uri=model_uri,
        rerun=rerun or Rerun(),
    )


def plan(store: MemoryStore, *inputs: Input, model_uri: str | None = None) -> Plan:
    return Planner(spec_of(*inputs, model_uri=model_uri), PLACE, World(store).services(), note=lambda _: None).plan()


def on_s3(uri: str = "s3://b/data/") -> S3Input:
    return S3Input(name="x", uri=uri)


def fingerprint(store: MemoryStore, *inputs: Input) -> str:
    return plan(store, *(inputs or (on_s3(),))).fingerprint


def test_an_unchanged_input_has_the_same_fingerprint() -> None:
    assert fingerprint(TimedStore("data/a", "data/b")) == fingerprint(TimedStore("data/a", "data/b", "other"))


@pytest.mark.parametrize("change", ["time", "size", "name", "more", "fewer", "last time"])
def test_a_change_of_an_input_changes_the_fingerprint(change: str) -> None:
    before, store = fingerprint(TimedStore("data/a", "data/b")), TimedStore("data/a", "data/b")
    if change == "time":  # written again with as many bytes
        store.times["data/a"] += 0.001
    elif change == "last time":
        store.times["data/b"] += 0.001
    elif change == "size":
        store.objects["data/b"] += b"x"
    elif change == "name":
        store.objects["data/c"] = store.objects.pop("data/b")
        store.times["data/c"] = store.times["data/b"]
    elif change == "more":
        store.objects["data/c"] = b""
    else:
        del store.objects["data/b"]
    assert fingerprint(store) != before


def test_what_channels_are_called_and_how_they_are_shared_is_in_the_fingerprint() -> None:
    store = TimedStore("data/a")
    ways = [
        fingerprint(store, one)
        for one in (on_s3(), replace(on_s3(), name="y"), replace(on_s3(), distribution="ShardedByS3Key"))
    ]
    assert len({*ways, fingerprint(store, on_s3("s3://b/data"))}) == 4


def test_a_local_file_that_is_written_again_changes_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    local, store = LocalInput(name="data", path=tmp_path), MemoryStore()
    before = fingerprint(store, local)
    assert fingerprint(store, local) == before
    os.utime(tmp_path / "f", ns=(1, 1))
    assert fingerprint(store, local) != before


@pytest.mark.parametrize("keys", [(), ("data/",), ("data/", "data/sub/"), ("database",), ("data2/a",)])
def test_a_folder_without_data_is_no_input(keys: tuple[str, ...]) -> None:
    with pytest.raises(InputNotFound, match="nothing is there"):
        plan(MemoryStore(*keys), on_s3())


def test_a_folder_marker_beside_data_is_no_hindrance() -> None:
    store = TimedStore("data/", "data/sub/", "data/sub/x")
    assert [channel.uri for channel in plan(store, on_s3()).channels] == ["s3://b/data/"]
    before = fingerprint(store)
    store.times["data/sub/"] += 1  # what was passed over on the way to the first key counts as well
    assert fingerprint(store) != before


@pytest.mark.parametrize(("uri", "mode"), [("s3://b/data/x", "File"), ("s3://b/data/", "Pipe"), ("s3://b/da", "Pipe")])
def test_a_single_object_is_brought_as_a_file(uri: str, mode: str) -> None:
    spec = TaskSpec(
        kind="run",
        place=Place(project="p", task="task"),
        code=Code(entry_point="w.py"),
        inputs=(on_s3(uri),),
        input_mode="Pipe",
    )
    planned = Planner(spec, PLACE, World(MemoryStore("data/x")).services(), note=lambda _: None).plan()
    assert [channel.input_mode for channel in planned.channels] == [mode]


def test_a_bucket_that_is_not_there_is_named() -> None:
    with pytest.raises(InputNotFound, match="no bucket 'other'"):
        plan(MemoryStore(), on_s3("s3://other/data/"))


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("s3://b/data/", f"data/deep/{'n' * 256}"),
        ("s3://b/data", f"data/{'é' * 128}/x"),
        ("s3://b/da", "data/../x"),
        ("s3://b/data/", "data//x"),
        ("s3://b/data/", "data/" + "/".join(["d"] * 201)),
    ],
)
def test_an_object_that_no_job_can_have_as_a_file_is_refused_before_the_job(uri: str, key: str) -> None:
    with pytest.raises(UsageError, match="an object there cannot be a file of a job"):
        _ = fingerprint(MemoryStore("data/a", key), on_s3(uri))


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("s3://b/data/", f"data/{'n' * 255}/{'é' * 127}"),
        ("s3://b/data/", "data/a\nb"),
        ("s3://b/data/", "data/x y\r\n"),
        (f"s3://b/{'p' * 300}", f"{'p' * 300}/x"),
        (f"s3://b/{'p' * 300}/", f"{'p' * 300}/x"),
        ("s3://b/data/", f"data/{'n' * 300}/"),
    ],
)
def test_odd_names_that_a_job_can_have_are_no_obstacle(uri: str, key: str) -> None:
    assert fingerprint(MemoryStore("data/a", key, "p" * 300 + "/x"), on_s3(uri))


def test_the_marks_of_channels_are_their_objects_and_bytes_without_folder_markers(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("four")
    (tmp_path / "g").write_text("five5")
    store = MemoryStore("data/", "data/a", "data/bc", "more/x")
    made = plan(
        store, on_s3(), S3Input(name="y", uri="s3://b/more/x"), LocalInput(name="data", path=tmp_path, is_main=True)
    )
    assert made.marks == {"x": (2, 13), "y": (1, 6), "data": (2, 9)}


def test_what_lies_in_the_tasks_own_folder_is_not_among_what_was_listed() -> None:
    """A state that is read by the task itself differs in each run, and is no change of its inputs."""
    own = S3Input(name="own", uri="s3://b/p/task/state/")

    def listed(*keys: str, name: str = "x") -> str:
        return plan(TimedStore(*keys), replace(on_s3(), name=name), own).listed

    assert listed("data/a", "p/task/state/a") == listed("data/a", "p/task/state/a", "p/task/state/b")
    assert listed("data/a", "p/task/state/a") != listed("data/a", "data/b", "p/task/state/a")
    assert listed("data/a", "p/task/state/a") != listed("data/a", "p/task/state/a", name="y")


def test_local_inputs_have_a_digest_each_by_the_place_they_go_to(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    made = plan(
        MemoryStore(),
        LocalInput(name="data", path=tmp_path, is_main=True),
        LocalInput(name="other", path=tmp_path, is_main=False),
        model_uri=str(tmp_path),
    )
    assert [*made.local_digests] == ["input/", "inputs/other/"]
    assert all(made.local_digests.values())


def test_a_model_of_this_machine_is_sent_to_the_jobs_own_folder(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("x")
    store = MemoryStore()
    made = plan(store, model_uri=str(tmp_path))
    (channel,) = made.channels_of("a-job")
    assert (channel.name, channel.uri) == ("model", "s3://b/p/task/a-job/model/")
    assert channel.content_type == "application/x-sagemaker-model"
    watcher = Notes()
    channels.send(made, "a-job", World(store).services(), watcher)
    assert [*store.objects] == ["p/task/a-job/model/m"]
    assert watcher.notes == ["Input: 1 file, 1 sent (1 B), 0 deleted"]


def test_a_model_on_s3_is_read_where_it_is_and_must_be_there() -> None:
    (channel,) = plan(MemoryStore("models/m"), model_uri="s3://b/models/").channels_of("a-job")
    assert (channel.uri, channel.content_type) == ("s3://b/models/", "application/x-sagemaker-model")
    with pytest.raises(InputNotFound, match="Channel 'model' reads s3://b/models/, and nothing is there"):
        plan(MemoryStore(), model_uri="s3://b/models/")


def test_files_are_sent_to_the_tasks_folder_and_not_into_another_task(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("x")
    store, local = MemoryStore("p/task/input/old"), LocalInput(name="data", path=tmp_path, is_main=True)
    made, watcher = plan(store, local), Notes()
    channels.send(made, "a-job", World(store).services(), watcher)
    assert [*store.objects] == ["p/task/input/f"]
    assert watcher.notes == ["Input: 1 file, 1 sent (1 B), 1 deleted"]
    claim = b'{"job": "x-2030-01-31-11-00-00-aaaaaaaa", "at": "2030-01-31T11:00:00+00:00"}'
    store.write("b", "p/task/input/claim.json", claim)
    with pytest.raises(UsageError, match=r"s3://b/p/task/input/ is the folder of another task.*mirrored from a folder"):
        channels.send(made, "a-job", World(store).services(), watcher)


EARLIER = "other-2030-01-31-11-00-00-aaaaaaaa"


class Chain:
    """A task ``other`` with a job, whose outcome the task reads."""

    def __init__(self, status: str = "Completed", task: str = "other", state: str = "") -> None:
        self.task = task
        self.store = MemoryStore(f"p/{task}/{EARLIER}/source/run.json", f"p/{task}/{EARLIER}/output/model.tar.gz")
        self.store.write("b", f"p/{task}/state/x/y", b"")
        self.world = World(self.store)
        model = {"S3ModelArtifacts": f"s3://b/p/{task}/{EARLIER}/output/model.tar.gz"}
        self.world.sage.jobs[EARLIER] = {
            **training(EARLIER, status),
            "ModelArtifacts": model,
            "CheckpointConfig": {"S3Uri": state},
        }
        self.notes: list[str] = []

    def plan(self, type_: str = "model", subdir: str = "", rerun: Rerun | None = None) -> Plan:
        one = TaskInput(name="c", task=self.task, type=type_, subdir=subdir)  # type: ignore[arg-type]
        return Planner(spec_of(one, rerun=rerun), PLACE, self.world.services(), note=self.notes.append).plan()


def test_the_outcome_of_another_task_is_that_of_its_newest_completed_job() -> None:
    chain = Chain()
    made = chain.plan()
    assert [channel.uri for channel in made.channels] == [f"s3://b/p/other/{EARLIER}/output/model.tar.gz"]
    assert made.jobs == {"c": EARLIER}
    assert chain.notes == []


def test_a_folder_of_the_state_of_another_task_is_read() -> None:
    chain = Chain(state="s3://b/p/other/state")
    assert [channel.uri for channel in chain.plan("state", "/x/").channels] == ["s3://b/p/other/state/x/"]
    with pytest.raises(InputNotFound, match=rf"--input_task c: {EARLIER} of task 'other' keeps no state"):
        Chain().plan("state")


def test_a_task_without_a_completed_job_has_no_outcome() -> None:
    with pytest.raises(InputNotFound, match=r"--input_task c: no completed job of task 'other' .* s3://b/p/other/"):
        Chain("Failed").plan()


def test_the_end_of_a_task_in_progress_is_awaited_and_said_once() -> None:
    chain = Chain("InProgress")

    def passing() -> None:
        if chain.world.waits == 5:
            chain.world.sage.jobs[EARLIER] = {**chain.world.sage.jobs[EARLIER], "TrainingJobStatus": "Completed"}

    chain.world.passing = passing
    assert chain.plan().jobs == {"c": EARLIER}
    assert chain.notes == [f"Waiting for {EARLIER}, whose output is an input"]
    assert chain.world.waits == 5


def test_a_state_that_is_cleared_cannot_be_read_as_well() -> None:
    state, cleared = "s3://b/p/task/state", Rerun(clean_state=True)
    with pytest.raises(UsageError, match="--clean_state clears the state that --input_task c would read: drop one"):
        Chain(task="task", state=state).plan("state", rerun=cleared)
    assert Chain(task="task", state=state).plan("state").channels
    assert Chain(task="task", state=state).plan("model", rerun=cleared).channels
    assert Chain(state="s3://b/p/other/state").plan("state", rerun=cleared).channels
