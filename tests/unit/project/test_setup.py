"""A project before any of its tasks has run, and what all of its tasks have. The engine is this machine's."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from simple_sagemaker import Project
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.options.arguments import Arguments
from simple_sagemaker.project import setup
from simple_sagemaker.project.arguments import arguments_of, assign
from simple_sagemaker.project.file import FileSettings, completed
from simple_sagemaker.project.progress import Logged
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import World

TUNE = frozenset({"project_name", "task_name", "hp_space", "tune_for", "tune_resource", "warn_if", "hyperparameters"})
PROCESS = frozenset({"project_name", "task_name", "entrypoint", "command", "input_at", "output_from", "env", "inputs"})


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SSM_PYTHON", sys.executable)
    monkeypatch.setenv("SSM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SSM_ISOLATION", "plain")


def test_the_bucket_is_the_one_named_or_the_engines_and_is_made_once(tmp_path: Path) -> None:
    project = Project("p", engine="local")
    default = project.bucket_name
    assert default.startswith("sagemaker-us-east-1-")
    assert not (tmp_path / "home/buckets" / default).exists()
    assert project.make_bucket() == project.make_bucket() == default
    assert (tmp_path / "home/buckets" / default).is_dir()
    named = Project("p", engine="local", bucket_name="one-of-ours")
    assert (named.bucket_name, named.make_bucket()) == ("one-of-ours", "one-of-ours")
    assert (tmp_path / "home/buckets/one-of-ours").is_dir()


def test_somebody_elses_bucket_is_not_made() -> None:
    services = World(MemoryStore()).services()
    place = Place(project="p", task="t", bucket="theirs", bucket_owner="999999999999")
    asked: list[Any] = []

    class Access:
        """Buckets, of which it is told who asks for what."""

        def has_bucket(self, bucket: str, *, owner: str | None = None) -> bool:
            asked.append((bucket, owner))
            return bucket == "theirs"

        def make_bucket(self, bucket: str) -> None:
            asked.append(f"made {bucket}")

        def default_bucket(self) -> str:
            return "default"

    services = replace(services, access=cast("Any", Access()))
    assert setup.make_bucket(place, services) == "theirs"
    assert setup.make_bucket(Place(project="p", task="t"), services) == "default"
    assert asked == [("theirs", "999999999999"), ("default", None), "made default"]


def test_a_role_may_use_the_projects_folder_and_read_what_is_named() -> None:
    needs: list[Any] = []

    class Access:
        """Roles, of which it is told what they need."""

        def default_bucket(self) -> str:
            return "default"

        def role(self, wanted: Any) -> Any:
            needs.append(wanted)
            return Role()

    class Role:
        arn = "arn:aws:iam::000000000000:role/made"

    services = replace(World(MemoryStore()).services(), access=cast("Any", Access()))
    place = Place(project="p", task="t", prefix="pre")
    made = setup.make_role(place, services, role_name="mine", read_buckets=["one", "two"])
    assert made == Role.arn
    (one,) = needs
    assert (one.project, one.role_name, one.image, one.reads) == ("p", "mine", "", {"s3://one/", "s3://two/"})
    assert (one.place.bucket, one.place.project, one.place.prefix) == ("default", "p", "pre")


def test_an_image_of_processes_is_the_ready_made_one_and_a_dockerfile_is_told_not_to_be_built(
    caplog: pytest.LogCaptureFixture,
) -> None:
    project = Project("p", engine="local")
    ready = project.build_image(framework_version="2.6")
    assert ready.endswith("/pytorch-training:2.6-cpu-py312")
    assert caplog.records == []
    assert project.build_image(framework_version="2.6", docker_file_path_or_content="RUN true") == ready
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == ["No image is built"]
    assert project.build_image(image_uri="mine:1") == "mine:1"


def test_what_a_task_does_not_name_is_the_projects() -> None:
    project = Project("p", engine="local", instance_type="local", role_name="r", prefix="a/b", if_changed=True)
    made = project._with_defaults({"hyperparameters": {}})
    assert (made["instance_type"], made["role_name"], made["if_changed"]) == ("local", "r", True)
    assert (made["project_name"], made["prefix"], made["bucket_name"]) == ("p", "a/b", None)
    made = project._with_defaults({"instance_type": "ml.m5.large", "if_changed": False})
    assert (made["instance_type"], made["if_changed"]) == ("ml.m5.large", False)
    assert "if_changed" not in project._with_defaults({}, reruns=False)
    assert Project("p")._with_defaults({})["prefix"] is None
    Path("ssm.toml").write_text('[project]\nname = "p"\nrole_name = "of-file"\n')
    assert Project.from_file()._with_defaults({})["role_name"] is None  # the file completes it
    assert Project.from_file()._role_name == "of-file"  # for the role alone


def test_a_task_that_is_not_there_is_told_by_every_look() -> None:
    project = Project("p", engine="local")
    project.make_bucket()
    for look in (lambda: project.result("t"), lambda: project.download("t", "out"), project.clean_all):
        with pytest.raises(InputNotFound):
            look()


def tuned(**options: object) -> Arguments:
    return arguments_of("tune", {"project_name": "p", "task_name": "t", **options}, known=TUNE)


def processed(**options: object) -> Arguments:
    return arguments_of("process", {"project_name": "p", "task_name": "t", **options}, known=PROCESS)


def values(arguments: Arguments, name: str) -> list[tuple[str, tuple[object, ...]]]:
    return [(use.flag, tuple(use.values)) for use in arguments.each(name)]


@pytest.mark.parametrize("goal", [("loss", "min"), ["loss", "min"], {"loss": "min"}])
def test_a_metric_and_its_goal_are_two_words_or_a_dictionary_of_one(goal: object) -> None:
    assert values(tuned(tune_for=goal), "tune_for") == [("tune_for", ("loss", "min"))]


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"tune_for": {"loss": "min", "acc": "max"}}, "tune_for is a list, not"),
        ({"tune_for": "loss"}, "tune_for is a metric's name and min or max"),
        ({"tune_for": ("loss", "min", "x")}, "tune_for is a metric's name and min or max"),
        ({"tune_resource": ("epochs", 1)}, "tune_resource is a name and two numbers"),
        ({"hp_space": [1]}, "hp_space is a dictionary, not [1]."),
    ],
)
def test_a_search_that_cannot_be_meant_is_refused(option: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError) as refused:
        tuned(**option)
    assert str(refused.value).startswith(told)


def test_options_of_searches_and_processing_are_read_into_their_uses() -> None:
    made = tuned(hp_space={"lr": "0..1", "kind": ["a", "b"]}, tune_resource=("epochs", 1, 27), warn_if="loss > 1")
    assert values(made, "hp_space") == [("hp_space['lr']", ("lr", "0..1")), ("hp_space['kind']", ("kind", ["a", "b"]))]
    assert values(made, "tune_resource") == [("tune_resource", ("epochs", 1, 27))]
    assert values(made, "warn_if") == [("warn_if", ("loss > 1",))]
    made = processed(
        entrypoint="python -m x", command=["a b", "c"], input_at={"data": "/opt/a"}, output_from={"out": "/opt/b"},
        env={"A": "1", "B": "2"},
    )  # fmt: skip
    assert values(made, "entrypoint") == [("entrypoint", ("python -m x",))]
    assert values(made, "command") == [("command", (["a b", "c"],))]
    assert values(made, "input_at") == [("input_at['data']", ("data", "/opt/a"))]
    assert values(made, "output_from") == [("output_from['out']", ("out", "/opt/b"))]
    assert values(made, "env") == [("env", ("A", "1")), ("env", ("B", "2"))]
    assert values(processed(command=[]), "command") == []


def test_a_hyperparameter_changed_later_has_no_effect() -> None:
    layers = [1, 2]
    made = tuned(hyperparameters={"layers": layers, "none": None})
    layers.append(3)
    assert made.hyperparameters == [("layers", [1, 2]), ("none", None)]


@pytest.mark.parametrize(
    ("template", "python"),
    [
        ("Write {hp:eta} {value!r}", "Write {hp:eta} = {value!r}"),
        ("Write {max_run_mins} 20", "Write {max_run_mins}=20"),
        ("{input_s3} {channel} {uri} {how}", "{input_s3} {channel} {uri} {how}"),
        ("nothing of it", "nothing of it"),
    ],
)
def test_advice_gives_values_as_python_does(template: str, python: str) -> None:
    assert assign(template) == python


def test_an_error_says_what_the_file_has_to_do_with_it_and_others_stay(tmp_path: Path) -> None:
    (tmp_path / "ssm.toml").write_text('[project]\nname = "p"\n[task.train]\nentry_point = "train.py"\n')
    settings = FileSettings(None, None)
    told = UsageError("missing: entry_point.")
    with (
        pytest.raises(UsageError) as raised,
        completed(arguments_of("ls", {"task_name": "trian"}, known=TUNE), settings),
    ):
        raise told
    assert raised.value is not told
    assert raised.value.__cause__ is told
    assert "ssm.toml has no task 'trian'; did you mean train?" in str(raised.value)
    other = InputNotFound("Nothing is there.")
    with pytest.raises(InputNotFound) as unchanged, completed(arguments_of("ls", {}, known=TUNE), settings):
        raise other
    assert unchanged.value is other
    assert unchanged.value.__cause__ is None
    with pytest.raises(UsageError) as without, completed(arguments_of("ls", {}, known=TUNE), None):
        raise told
    assert without.value is told


def test_what_is_done_and_what_a_job_prints_go_to_loggers_of_their_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    logged = Logged()
    logged.note("100 % done")
    logged.lines("algo-1", ["a", "50 %s"])
    logged.phase("Training", "Training image download completed.")
    assert [(record.name, record.getMessage()) for record in caplog.records[:3]] == [
        ("simple_sagemaker.task", "100 % done"),
        ("simple_sagemaker.lines", "algo-1 | a"),
        ("simple_sagemaker.lines", "algo-1 | 50 %s"),
    ]
    assert caplog.records[3].name == "simple_sagemaker.task"
    assert "Training" in caplog.records[3].getMessage()
