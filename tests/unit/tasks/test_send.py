"""What becomes of the lock on a task when its job is not started, is refused, or Ctrl-C comes in between."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.access import Role
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.specs import Download, ProcessSpec, TaskSpec
from simple_sagemaker.core.store import Copied, ProgressCallback, Stored, no_progress
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks.prepared import PreparedJob
from simple_sagemaker.tasks.run import Run, prepare
from tests.unit.cli.typed import meant
from tests.unit.tasks.service import Notes, World, refused, training

PLACE = TaskPlace(bucket="sagemaker-eu-west-1-123456789012", project="p", task="task")


@pytest.fixture
def world(tmp_path: Path) -> World:
    store = FolderStore(tmp_path / "buckets")
    store.make_bucket(PLACE.bucket)
    return World(store)


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TaskSpec:
    (tmp_path / "code").mkdir()
    (tmp_path / "code/w.py").write_text("print()")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x").write_text("x")
    monkeypatch.chdir(tmp_path / "code")
    return meant(["run", "-p", "p", "-t", "task", "-e", "w.py", "-i", "../data"])


def locked_for(world: World) -> str | None:
    """The job that the task is locked for."""
    try:
        return str(json.loads(world.store.read(PLACE.bucket, PLACE.claim))["job"])
    except FileNotFoundError:
        return None


def prepared(spec: TaskSpec, world: World) -> Run:
    run = prepare(spec, world.services(), Notes())
    assert isinstance(run, Run)
    return run


def test_a_job_that_is_started_keeps_the_lock(spec: TaskSpec, world: World) -> None:
    run = prepared(spec, world)
    assert locked_for(world) == run.name
    run.launch(Notes())
    assert (locked_for(world), run.has_job, [*world.sage.jobs]) == (run.name, True, [run.name])


class Ending(FolderStore):
    """A store where an error comes at a moment, a method and a part of its key, once the task is locked."""

    def __init__(self, root: Path, moment: str, error: BaseException) -> None:
        super().__init__(root)
        self._method, _, self._part = moment.partition(" ")
        self._error = error
        self.locked_for: str | None = None

    def _come(self, method: str, key: str) -> None:
        locked = method == self._method and self._part in key and locked_for(World(self))
        if locked:
            self.locked_for = locked
            self._method = ""
            raise self._error

    def send(self, path: Path | str, bucket: str, key: str, on_progress: ProgressCallback = no_progress) -> Copied:
        self._come("send", key)
        return super().send(path, bucket, key, on_progress)

    def write(self, bucket: str, key: str, data: bytes) -> None:
        self._come("write", key)
        super().write(bucket, key, data)

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        self._come("list", prefix)
        return super().list(bucket, prefix)

    def folders(self, bucket: str, prefix: str) -> Sequence[str]:
        self._come("folders", prefix)
        return super().folders(bucket, prefix)


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), OSError("disk"), PermissionError("s3:PutObject")], ids=["ctrl-c", "disk", "denied"]
)
@pytest.mark.parametrize(
    ("kind", "moment"),
    [
        ("run", "folders "),  # looked again for other jobs
        *(("run", "send source/sourcedir"), ("run", "write source/run.json"), ("run", "send input/")),
        ("process", "list state/"),  # for the request
    ],
)
def test_what_ends_early_while_it_sends_releases_the_lock(
    spec: TaskSpec, world: World, kind: str, moment: str, error: BaseException
) -> None:
    store = world.store = Ending(Path(world.store.place), moment, error)
    asked = spec if kind == "run" else parse(["process", "-p", "p", "-t", "task", "--code", "w.py"])
    assert isinstance(asked, TaskSpec | ProcessSpec)
    with pytest.raises(type(error)):
        prepare(asked, world.services(), Notes())
    assert store.locked_for
    assert locked_for(world) is None


def test_a_role_that_cannot_be_had_releases_the_lock(
    spec: TaskSpec, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(*_: object) -> Role:
        assert locked_for(world)
        raise PermissionError("iam:CreateRole")

    services = world.services()
    monkeypatch.setattr(services.access, "role", deny)
    with pytest.raises(PermissionError):
        prepare(spec, services, Notes())
    assert locked_for(world) is None


def test_a_refused_request_releases_the_lock(spec: TaskSpec, world: World) -> None:
    def refuse(_: Mapping[str, Any]) -> None:
        raise refused("ResourceLimitExceeded", "quota", "CreateTrainingJob")

    run = prepared(spec, world)
    world.sage.on_create = refuse
    with pytest.raises(ClientError, match="quota"):
        run.launch(Notes())
    assert locked_for(world) is None
    assert not run.has_job


def test_a_name_that_is_taken_is_our_own_job_of_an_earlier_try(spec: TaskSpec, world: World) -> None:
    def made_before(request: Mapping[str, Any]) -> None:
        world.sage.jobs[request["TrainingJobName"]] = training(request["TrainingJobName"], "InProgress")
        raise refused("ResourceInUse", "there already", "CreateTrainingJob")

    run = prepared(spec, world)
    world.sage.on_create = made_before
    run.launch(Notes())
    assert (run.has_job, locked_for(world)) == (True, run.name)


@pytest.mark.parametrize("arrived", [False, True])
def test_an_interrupted_request_releases_the_lock_unless_the_job_exists(
    spec: TaskSpec, world: World, arrived: bool
) -> None:
    def interrupt(request: Mapping[str, Any]) -> None:
        if arrived:
            world.sage.jobs[request["TrainingJobName"]] = training(request["TrainingJobName"], "InProgress")
        raise KeyboardInterrupt

    run = prepared(spec, world)
    world.sage.on_create = interrupt
    with pytest.raises(KeyboardInterrupt):
        run.launch(Notes())
    assert run.has_job is arrived
    assert locked_for(world) == (run.name if arrived else None)


def test_an_interrupted_watch_keeps_the_lock_of_the_running_job(
    spec: TaskSpec, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = prepared(spec, world)
    run.launch(Notes())

    def interrupt(**_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(world.sage, "describe_training_job", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run.follow(Notes())
    assert locked_for(world) == run.name
    second = prepared(spec, world)
    assert (second.name, second.has_job, second.is_running) == (run.name, True, True)


def test_a_job_that_another_command_completed_meanwhile_is_taken_and_the_lock_released(
    spec: TaskSpec, world: World
) -> None:
    """Another command's job begins and ends between the first look and the lock."""
    other = "task-2030-01-31-11-59-00-bbbbbbbb"

    class Quick(FolderStore):
        def write_if(self, bucket: str, key: str, data: bytes, *, expected: bytes | None) -> bool:
            self.write(PLACE.bucket, PLACE.source(other) + "run.json", b"{}")
            world.sage.jobs[other] = training(other, "Completed")
            return super().write_if(bucket, key, data, expected=expected)

    world.store = Quick(Path(world.store.place))
    run = prepared(spec, world)
    assert (run.name, run.is_skipped) == (other, True)
    assert locked_for(world) is None


def test_a_run_that_was_never_prepared_to_start_starts_nothing(world: World) -> None:
    run = Run("j", PLACE, world.services(), kind="training", download=Download())
    run.launch(Notes())
    assert (run.has_job, run.is_skipped, world.sage.jobs) == (True, False, {})


def test_a_prepared_job_says_whether_its_role_is_new(spec: TaskSpec, world: World) -> None:
    run = prepared(spec, world)
    assert isinstance(run._prepared, PreparedJob)
    assert not run._prepared.is_role_new


class Remembering(FolderStore):
    """A store that has these keys of the task's state, folder markers too, until they are deleted."""

    def __init__(self, root: Path, keys: list[str]) -> None:
        super().__init__(root)
        self._keys = keys

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        if prefix == PLACE.state:
            return iter([Stored(key=prefix + key, size=0, modified=0.0, tag="") for key in self._keys])
        return super().list(bucket, prefix)


@pytest.mark.parametrize(
    ("keys", "options", "expected"),
    [([], [], False), (["d/"], [], False), (["x"], [], True), (["x"], ["--cs"], False)],
    ids=["none", "a marker", "a state", "cleared"],
)
def test_a_processing_job_gets_the_state_of_earlier_ones(
    spec: TaskSpec, world: World, keys: list[str], options: list[str], expected: bool
) -> None:
    world.store = Remembering(Path(world.store.place), keys)
    asked = parse(["process", "-p", "p", "-t", "task", "--code", "w.py", *options])
    assert isinstance(asked, TaskSpec | ProcessSpec)
    run = prepare(asked, world.services(), Notes())
    assert isinstance(run, Run)
    assert run._prepared
    request: Any = run._prepared.request
    assert ("state_prev" in [one["InputName"] for one in request["ProcessingInputs"]]) is expected
