"""A task prepared: run, joined or skipped, with everything said and made that belongs to it, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.access import Needs, Role
from simple_sagemaker.core.image_builder import MadeImage, PlannedImage, Recipe
from simple_sagemaker.core.layout import TaskPlace
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Services
from simple_sagemaker.core.specs import ProcessSpec, TaskSpec
from simple_sagemaker.core.store import Stored
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.tasks.explain import Explanation, explain
from simple_sagemaker.tasks.prepared import DryRun
from simple_sagemaker.tasks.run import Run, prepare
from simple_sagemaker.tasks.send import create
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import NOON, Notes, Sage, World, processing, refused, training

PLACE = TaskPlace(bucket="bbb", project="p", task="task")
NAME = "task-2030-01-31-12-00-00-a1B2c3D4"
EARLIER = "task-2030-01-31-11-00-00-aaaaaaaa"
TASK = ("-p", "p", "-t", "task", "-b", "bbb")
RUN = ("run", *TASK, "-e", "w.py", "--fv", "2.6", "--pv", "py312")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.py").write_text("print()")
    Path("data").mkdir()
    Path("data/x").write_text("x")


class Builder:
    """Images that are planned, pulled and built."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_new = True
        self.on_make: Callable[[], object] = lambda: None

    def plan(self, recipe: Recipe) -> PlannedImage:
        self.asked.append("plan")
        return PlannedImage(address=f"would/{recipe.name}", notes=("Image: would be built",))

    def make(self, recipe: Recipe, report: Callable[[str], None]) -> MadeImage:
        self.asked.append("make")
        report("Image: built")
        self.on_make()
        return MadeImage(address=f"made/{recipe.name}", is_new=self.is_new)

    def pull(self, address: str, platform: str, report: Callable[[str], None]) -> None:
        self.asked.append(f"pull {platform}")


class Tagged(Sage):
    """Jobs with a tag, processing jobs too."""

    def list_tags(self, **_: Any) -> Any:
        return {"Tags": [{"Key": "team", "Value": "a"}, {"Key": "SimpleSagemakerTask", "Value": "task"}]}

    def create_processing_job(self, **request: Any) -> Any:
        self.on_create(request)
        return {}


class Store(MemoryStore):
    """A store whose bucket has a name that S3 takes."""

    def has_bucket(self, bucket: str) -> bool:
        return bucket == "bbb"

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Iterator[Stored]:
        return super().list("b" if bucket == "bbb" else bucket, prefix)


class Task:
    """A task in a bucket, by its command line."""

    def __init__(self) -> None:
        self.store, self.notes, self.images = Store(), Notes(), Builder()
        self.world = World(self.store, sage=Tagged())
        self.changes: dict[str, Any] = {"images": self.images}

    @property
    def services(self) -> Services:
        return replace(self.world.services(), **self.changes)

    def spec(self, words: tuple[str, ...]) -> TaskSpec | ProcessSpec:
        spec = parse(words)
        assert isinstance(spec, TaskSpec | ProcessSpec)
        return spec

    def prepare(self, *options: str, words: tuple[str, ...] = RUN) -> Run:
        run = prepare(self.spec((*words, *options)), self.services, self.notes)
        assert isinstance(run, Run)
        return run

    def dry_run(self, *options: str, words: tuple[str, ...] = RUN) -> DryRun:
        before = dict(self.store.objects)
        dry = prepare(self.spec((*words, "--dry_run", *options)), self.services, self.notes)
        assert isinstance(dry, DryRun)
        assert self.store.objects == before, "a dry run wrote something"
        return dry

    def explain(self, *options: str, words: tuple[str, ...] = RUN) -> Explanation:
        return explain(self.spec((*words, *options)), self.services, self.notes)

    def earlier(self, status: str, *options: str) -> None:
        """An earlier job of the task, made from the same code with these options."""
        self.world.now = NOON.replace(hour=11)
        token, self.changes["token"] = self.changes.get("token"), lambda: "aaaaaaaa"
        run = self.prepare(*options)
        requests: list[Mapping[str, Any]] = []
        self.world.sage.on_create = requests.append
        run.launch(Notes())
        self.world.sage.on_create = lambda _: None
        (request,) = requests
        described = {**request, **training(run.name, status), "TrainingJobArn": "arn", "CreationTime": self.world.now}
        described["ResourceConfig"] = request["ResourceConfig"]
        self.world.sage.jobs[run.name] = described
        self.world.now, self.notes = NOON, Notes()
        del self.changes["token"]
        assert (run.name, token) == (EARLIER, None)


@pytest.fixture
def task() -> Task:
    return Task()


def test_a_new_task_is_sent_and_says_so(task: Task) -> None:
    run = task.prepare("-i", "data")
    assert (run.name, run.has_job, run.is_skipped, run.kind) == (NAME, False, False, "training")
    assert task.images.asked == ["pull linux/amd64"]
    assert any(note.startswith("Input: 1 file, 1 sent") for note in task.notes.notes)
    kept = json.loads(task.store.read("bbb", PLACE.source(NAME) + "run.json"))
    assert kept["made_from"]["input_marks"] == {"data": [1, 1]}
    assert [*kept["made_from"]["local_inputs"]] == ["input/"]
    assert set(kept["made_from"]["files"]) == {"w.py"}
    assert kept["fingerprint"]["inputs"]


@pytest.mark.parametrize(
    ("status", "options", "decision", "reason"),
    [
        ("Completed", (), "skipped", "its newest job completed; nothing differs"),
        ("Completed", ("--if_changed",), "skipped", "its newest job completed; nothing differs"),
        ("Completed", ("--hp", "lr", "2"), "skipped", "--if_changed would run it, since something differs"),
        (
            "Completed",
            ("--hp", "lr", "2", "--if_changed"),
            "run",
            "--if_changed runs it again, since something differs",
        ),
        ("Completed", ("--force_running",), "run", "--force_running runs it in any case"),
        ("Completed", ("--clean_state",), "run", "--clean_state runs it again"),
        ("Failed", (), "run", "its newest job failed"),
        ("Stopped", ("--clean_state",), "run", "its newest job stopped"),
        ("InProgress", (), "joined", "its newest job is in progress"),
        ("InProgress", ("--hp", "lr", "2", "--if_changed"), "joined", "its newest job is in progress"),
        ("InProgress", ("--force_running",), "run", "--force_running runs it in any case"),
    ],
)
def test_what_becomes_of_a_task_is_as_explained(
    task: Task, status: str, options: tuple[str, ...], decision: str, reason: str
) -> None:
    task.earlier(status)
    told = task.explain(*options)
    assert (told.decision, told.job, told.status) == (decision, EARLIER, status)
    assert told.reason.endswith(reason)
    run = task.prepare(*options)
    assert run.name == (NAME if decision == "run" else EARLIER)
    assert (run.has_job, run.is_skipped) == (decision != "run", decision == "skipped")


def test_a_task_without_a_job_is_run(task: Task) -> None:
    assert task.explain() == Explanation(decision="run", reason="the task has no job yet")


def test_what_is_joined_skipped_or_run_again_is_said_with_what_differs(task: Task) -> None:
    task.earlier("InProgress")
    task.prepare()
    task.prepare("--hp", "lr", "2")
    joining = f"Joining {EARLIER}, which is in progress"
    asked = f"{joining}; what this run asks for differs in: lr: not given -> 2 (--force_running starts it anyway)"
    assert task.notes.notes == [joining, asked]
    task.world.sage.jobs[EARLIER] = {**task.world.sage.jobs[EARLIER], "TrainingJobStatus": "Completed"}
    task.notes = Notes()
    skipped = task.prepare("--hp", "lr", "2")
    assert task.notes.notes == [f"Skipped: the task was completed by {EARLIER}"]
    assert [str(one) for one in skipped.differences] == ["lr: not given -> 2"]
    task.prepare("--hp", "lr", "2", "--if_changed")
    again = f"Running again: since {EARLIER} changed: lr: not given -> 2"
    assert [note for note in task.notes.notes if note.startswith("Running again")] == [again], "once"


def test_a_skip_says_which_inputs_it_did_not_look_at(task: Task) -> None:
    task.store.write("bbb", "far/x", b"x")
    inputs = ("-i", "data", "--iis", "far", "s3://bbb/far/")
    task.earlier("Completed", *inputs)
    assert task.prepare(*inputs).unseen == ("far",)
    assert task.prepare(*inputs, "--if_changed").unseen == ()
    Path("data/x").write_text("y")
    assert [str(one) for one in task.prepare(*inputs).differences] == ["data: x changed"]
    task.store.write("bbb", "far/y", b"y")
    assert not task.prepare(*inputs, "--if_changed").is_skipped


def test_a_job_in_progress_keeps_its_state(task: Task) -> None:
    task.earlier("InProgress")
    with pytest.raises(UsageError, match=f"--clean_state: the job {EARLIER} of this task is in progress and writes"):
        task.prepare("--clean_state")
    assert task.prepare("--clean_state", "--force_running").name == NAME


def test_a_state_is_cleared_and_it_is_said(task: Task) -> None:
    task.store.write("bbb", PLACE.state + "x", b"x")
    assert f"State: would be cleared under s3://bbb/{PLACE.state}" in task.dry_run("--clean_state").notes
    assert not any("State" in note for note in task.dry_run().notes)
    task.prepare("--clean_state")
    assert f"State: 1 file cleared under s3://bbb/{PLACE.state}" in task.notes.notes
    assert PLACE.state + "x" not in task.store.objects


def test_a_study_is_not_run_as_a_task(task: Task) -> None:
    task.store.write("bbb", PLACE.study + "study.json", b"{}")
    for options in ((), ("--force_running",)):
        with pytest.raises(UsageError, match="--task_name task has a study"):
            task.prepare(*options)


def test_a_job_that_another_command_started_meanwhile_is_joined(task: Task) -> None:
    other = "task-2030-01-31-11-59-00-bbbbbbbb"
    content = {"job": other, "kind": "training", "at": NOON.isoformat(), "process": ""}
    task.store.write("bbb", PLACE.claim, json.dumps(content).encode())
    task.world.sage.jobs[other] = training(other, "InProgress")
    run = task.prepare()
    assert (run.name, run.has_job, run.is_running) == (other, True, True)
    assert task.notes.notes[-1] == f"Joining {other}, which another command started"
    assert task.prepare("--force_running").name == NAME


def test_a_dry_run_says_what_would_be_made_and_sent(task: Task) -> None:
    task.changes["price"] = lambda *_: 2.0
    dry = task.dry_run("-i", "data", "--no_spot", "--max_run_mins", "60")
    request: Any = dry.request
    assert request["TrainingJobName"] == NAME
    assert request["RoleArn"].startswith("arn:aws:iam::123456789012:role/")
    assert "pytorch-training:2.6" in request["AlgorithmSpecification"]["TrainingImage"]
    assert request["HyperParameters"]["sagemaker_region"] == '"eu-west-1"'
    assert "Input: 1 file to s3://bbb/p/task/input/" in dry.notes
    assert "Price: $2.000 an hour (ml.m5.large), $2.00 at most" in dry.notes
    assert dry.notes[-1] == f"Code: would be sent to s3://bbb/{PLACE.source(NAME)}"
    assert "" not in dry.notes
    assert not any(note.startswith("Bucket") for note in dry.notes)
    assert task.images.asked == []


def test_a_bucket_is_made_only_by_a_run(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    monkeypatch.setattr(task.store, "has_bucket", lambda bucket: bucket in made)
    monkeypatch.setattr(task.store, "make_bucket", made.append)
    services = task.services
    monkeypatch.setattr(services.access, "buckets", list)
    spec = task.spec((*RUN, "--dry_run"))
    dry = prepare(spec, services, task.notes)
    assert isinstance(dry, DryRun)
    assert "Bucket: bbb would be created" in dry.notes
    assert made == []
    assert isinstance(prepare(task.spec(RUN), services, task.notes), Run)
    assert made == ["bbb"]
    assert "Bucket: created bbb" in task.notes.notes


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("RUN echo", True),
        ("FROM python:3.12\nRUN echo", False),
    ],
)
def test_an_image_is_planned_for_a_dry_run_and_built_for_a_run(task: Task, text: str, note: bool) -> None:
    dry = task.dry_run("--df", text)
    request: Any = dry.request
    assert request["AlgorithmSpecification"]["TrainingImage"] == "would/simple-sagemaker/p"
    assert dry.notes[0] == "Image: would be built"
    assert task.images.asked == ["plan"]
    task.notes = Notes()
    run = task.prepare("--df", text)
    assert task.images.asked == ["plan", "make"]
    assert run._prepared
    made: Any = run._prepared.request
    assert made["AlgorithmSpecification"]["TrainingImage"] == "made/simple-sagemaker/p"
    built_on = [
        one for one in task.notes.notes if one.startswith("Image: the Dockerfile has no FROM, so it is built on")
    ]
    assert bool(built_on) is note
    assert "Image: built" in task.notes.notes


def test_a_new_images_job_is_named_when_it_is_built_and_its_inputs_are_looked_at_again(task: Task) -> None:
    def build() -> None:
        task.world.now = NOON.replace(hour=13)
        Path("data/y").write_text("y")

    task.images.on_make = build
    run = task.prepare("--df", "RUN echo", "-i", "data")
    assert run.name == "task-2030-01-31-13-00-00-a1B2c3D4"
    assert PLACE.input + "y" in task.store.objects
    task.images.is_new, task.images.on_make = False, lambda: None
    task.world.now = NOON.replace(hour=14)
    task.images.on_make = lambda: setattr(task.world, "now", NOON.replace(hour=15))
    assert task.prepare("--df", "RUN echo", "--force_running").name == "task-2030-01-31-14-00-00-a1B2c3D4"


def test_scripts_for_spark_need_its_image(task: Task) -> None:
    words = ("process", *TASK, "-f", "spark", "--code", "w.py", "--it", "ml.m5.xlarge")
    assert task.prepare(words=words).kind == "processing"
    task.changes["engine"] = "local"
    with pytest.raises(UsageError, match="--framework spark starts scripts with smspark-submit"):
        task.prepare("--force_running", words=words)
    task.prepare("--force_running", words=("process", *TASK, "--code", "w.py"))


def test_where_no_image_is_needed_a_missing_one_is_said(task: Task) -> None:
    words = ("run", *TASK, "-e", "w.py", "-f", "sklearn", "--it", "ml.p3.2xlarge")
    with pytest.raises(UsageError):
        task.prepare(words=words)
    task.changes["engine"] = "local"
    run = task.prepare(words=words)
    assert any(note.startswith("Here no image is used. On AWS: ") for note in task.notes.notes)
    assert run._prepared
    request: Any = run._prepared.request
    assert request["AlgorithmSpecification"]["TrainingImage"] == "sklearn"


def test_a_processing_job_is_created_by_its_own_operation(task: Task) -> None:
    sent: list[Mapping[str, Any]] = []
    task.world.sage.on_create = sent.append
    task.prepare(words=("process", *TASK, "--code", "w.py")).launch(Notes())
    assert [one["ProcessingJobName"] for one in sent] == [NAME]


def test_a_role_that_was_changed_is_said_and_waited_for(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("simple_sagemaker.tasks.send.time.sleep", slept.append)
    services, asked = task.services, list[Needs]()

    def role(needs: Needs, *, change: bool = True) -> Role:
        asked.append(needs)
        return Role(arn="arn:aws:iam::1:role/r", note="Role: r was made" if change else "Role: r would be made")

    monkeypatch.setattr(services.access, "role", role)
    dry = prepare(task.spec((*RUN, "--dry_run")), services, task.notes)
    assert isinstance(dry, DryRun)
    assert "Role: r would be made" in dry.notes
    run = prepare(task.spec(RUN), services, task.notes)
    assert isinstance(run, Run)
    assert run._prepared
    assert run._prepared.is_role_new
    assert "Role: r was made" in task.notes.notes
    assert {needs.place for needs in asked} == {PLACE}
    tries: list[int] = []

    def refuse(_: object) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise refused("ValidationException", "Could not assume role arn:aws:iam::1:role/r", "CreateTrainingJob")

    task.world.sage.on_create = refuse
    run.launch(Notes())
    assert (len(tries), len(slept)) == (3, 2)
    assert all(pause_s >= 0.2 for pause_s in slept)


def test_a_role_that_was_there_is_not_waited_for() -> None:
    def send() -> None:
        raise refused("ValidationException", "Could not assume role arn:aws:iam::1:role/r", "CreateTrainingJob")

    with pytest.raises(ClientError, match="Could not assume role"):
        create(send, is_role_new=False)


def test_what_differs_beside_is_named_by_why(task: Task) -> None:
    task.earlier("Completed", "--job_env", "A", "1", "--job_env", "C", "3", "--tag", "team", "a")
    told = task.explain("--job_env", "A", "2", "--job_env", "B", "3", "--tag", "team", "b", "-v", "40")
    assert [(one.name, one.before, one.now) for one in told.differences] == [
        ("variable A", None, "another value"),
        ("variable C", "given", ""),
        ("variable B", "", "given"),
    ]
    assert [(one.name, one.before, one.now) for one in told.others] == [
        ("volume size", "30 GB", "40 GB"),
        ("tag team", "a", "b"),
    ]
    count = task.explain("--ic", "2", "--job_env", "A", "1", "--job_env", "C", "3", "--tag", "team", "a")
    assert ([one.name for one in count.differences], count.others) == (["instance count"], ())


def test_a_script_that_this_machine_cannot_start_is_refused(task: Task) -> None:
    Path("s.sh").write_bytes(b"#!/no/such/program -x\n")
    words = ("run", *TASK, "-e", "s.sh", "--fv", "2.6", "--pv", "py312")
    task.prepare(words=words)
    task.changes["engine"] = "local"
    for act in (task.prepare, task.explain):
        with pytest.raises(UsageError, match=r"--entry_point s.sh starts with /no/such/program, which is not on this"):
            act("--force_running", words=words)
    Path("s.sh").write_bytes(b"#!/bin/sh\n")
    task.prepare("--force_running", words=words)
    Path("w.py").write_bytes(b"#!/no/such/program\n")
    task.prepare("--force_running")


def test_the_price_is_said_when_a_job_starts_on_aws(task: Task) -> None:
    task.changes["price"] = lambda *_: 2.0
    notes = Notes()
    task.prepare("--no_spot", "--max_run_mins", "60").launch(notes)
    assert notes.notes == [f"Job {NAME}", "Price: $2.000 an hour (ml.m5.large), $2.00 at most"]
    task.changes |= {"engine": "local", "python": "/usr/bin/python3"}
    notes = Notes()
    task.prepare("--force_running").launch(notes)
    assert notes.notes[0] == f"Job {NAME}"
    assert notes.notes[1].startswith(
        "On this machine /usr/bin/python3 runs the code, not the image pytorch-training:2.6"
    )
    assert len(notes.notes) == 2


def test_an_unknown_instance_type_is_a_warning_on_aws_alone(task: Task) -> None:
    task.prepare("--it", "ml.zz9.large")
    warning = "Warning: this version does not know the instance type ml.zz9.large; AWS is asked for it"
    assert task.notes.notes.count(warning) == 1
    task.notes, task.changes["engine"] = Notes(), "docker"
    task.prepare("--it", "ml.zz9.large", "--force_running")
    assert warning not in task.notes.notes


def test_an_input_that_is_not_there_is_refused_before_anything_is_made(task: Task) -> None:
    with pytest.raises(InputNotFound, match="Channel 'far' reads s3://bbb/far/, and nothing is there"):
        task.prepare("--iis", "far", "s3://bbb/far/")
    assert task.store.objects == {}
    assert task.images.asked == []


PROCESS = ("process", *TASK, "--entrypoint", "ls -l")


@pytest.mark.parametrize(
    ("before", "now", "differs"),
    [
        (PROCESS, ("process", *TASK, "--entrypoint", "ls"), ["command: ls -l -> ls"]),
        (PROCESS, ("process", *TASK, "--entrypoint", "ls | wc"), ["command: ls -l -> ls | wc"]),
        (PROCESS, (*PROCESS, "-f", "pytorch", "--fv", "2.6"), ["image: sklearn 0.20.0 -> pytorch 2.6"]),
        (PROCESS, (*PROCESS, "--env", "A", "1"), ["environment: A is new"]),
        (RUN, (*RUN, "--", "x"), ["arguments: not given -> x"]),
        (RUN, (*RUN, "--image_tag", "t"), ["image: pytorch 2.6 py312 -> pytorch 2.6 py312 t"]),
        (RUN, (*RUN, "--distribution", '{"torch_distributed": {"enabled": true}}'), None),
        (RUN, (*RUN, "--ic", "2"), ["instance count: 1 -> 2"]),
        (RUN, (*RUN, "-i", "data"), ["data: not given -> data"]),
    ],
)
def test_what_is_made_from_something_else_runs_again_and_says_so(
    task: Task, before: tuple[str, ...], now: tuple[str, ...], differs: list[str] | None
) -> None:
    task.world.now = NOON.replace(hour=11)
    run = task.prepare(words=before)
    requests: list[Mapping[str, Any]] = []
    task.world.sage.on_create = requests.append
    run.launch(Notes())
    (request,) = requests
    done = {"CreationTime": task.world.now, "TrainingJobStatus": "Completed", "ProcessingJobStatus": "Completed"}
    task.world.sage.jobs[run.name] = {**request, **done}
    task.world.now, task.notes = NOON, Notes()
    assert task.prepare("--if_changed", words=before).is_skipped
    task.notes = Notes()
    assert not task.prepare(words=(now[0], "--if_changed", *now[1:])).is_skipped
    (said,) = [note for note in task.notes.notes if note.startswith("Running again")]
    if differs is None:
        assert "distribution: not given ->" in said
    else:
        assert said == f"Running again: since {run.name} changed: {', '.join(differs)}"


def test_a_model_on_s3_is_not_looked_at_by_a_skip(task: Task) -> None:
    task.store.write("bbb", "models/m", b"x")
    task.earlier("Completed", "--model_uri", "s3://bbb/models/")
    assert task.prepare("--model_uri", "s3://bbb/models/").unseen == ("model",)


def test_a_processing_job_is_looked_up_as_such_first_so_it_is_found_without_its_run_file(task: Task) -> None:
    task.world.sage.jobs[EARLIER] = {**processing(EARLIER, "InProgress"), "ProcessingJobArn": "arn"}
    task.store.write("b", PLACE.source(EARLIER) + "code.tar.gz", b"")
    assert task.explain(words=PROCESS).decision == "joined"
    assert task.prepare(words=PROCESS).name == EARLIER
