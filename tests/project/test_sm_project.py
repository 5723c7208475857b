"""The first releases' API in Python, by its own names."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.errors import EngineUnavailable, UsageError
from simple_sagemaker.sm_project import SageMakerProject


@pytest.fixture
def sm_project(here: Path) -> SageMakerProject:
    found = SageMakerProject("apiproj")
    found.setDefaultCodeParams(source_dir=None, entry_point="worker.py", dependencies=[])
    return found


def test_a_task_runs_before_any_instance_was_spoken_of(sm_project: SageMakerProject) -> None:
    assert sm_project.runTask("task").status == "Completed"
    assert sm_project.defaultInstanceParams.instance_type == "ml.m5.large"


def test_a_task_runs_twice_in_one_process(sm_project: SageMakerProject) -> None:
    first = sm_project.runTask("task", clean_state=True)
    assert sm_project.runTask("task", clean_state=True).name != first.name
    assert sm_project.runTask("task", force_running=True).name != first.name


def test_what_is_given_to_a_task_takes_precedence(sm_project: SageMakerProject, here: Path) -> None:
    (here / "other.sh").write_text("echo other\n")
    sm_project.setDefaultInstanceParams(instance_count=1)
    job = sm_project.runTask("task", entry_point="other.sh", instance_count=2)
    assert {host: lines[-1] for host, lines in job.logs().items()} == {"algo-1": "other", "algo-2": "other"}


def test_dependencies_are_neither_shared_nor_changed(sm_project: SageMakerProject, here: Path) -> None:
    (here / "lib").mkdir()
    (here / "lib/one.py").touch()
    (here / "list.sh").write_text("ls\n")
    mine = ["lib"]
    sm_project.setDefaultCodeParams(entry_point="list.sh", dependencies=mine)
    other = SageMakerProject("other")
    other.setDefaultCodeParams(entry_point="list.sh")
    for name in ("one", "two"):
        assert "lib" in sm_project.runTask(name).logs()["algo-1"]
    assert "lib" not in other.runTask("one").logs()["algo-1"]
    assert mine == ["lib"]


def test_what_the_caller_gives_is_left_as_it_is(sm_project: SageMakerProject) -> None:
    given: dict[str, Any] = {
        "hyperparameters": {"list": [1]},
        "tags": {"k": "v"},
        "metric_definitions": [{"Name": "a", "Regex": "a=(.*)"}],
        "additional_inputs": {},
    }
    before = copy.deepcopy(given)
    sm_project.runTask("task", **given)
    assert given == before


@pytest.mark.parametrize("word", ["input_distribution", "distribution"])
def test_the_data_is_shared_out_by_either_word(sm_project: SageMakerProject, here: Path, word: str) -> None:
    (here / "data").mkdir()
    for name in "ab":
        (here / "data" / name).touch()
    (here / "list.sh").write_text('ls "$SM_CHANNEL_DATA"\n')
    share: dict[str, Any] = {word: "ShardedByS3Key"}
    job = sm_project.runTask("task", entry_point="list.sh", instance_count=2, input_data_path="data", **share)
    assert sorted(lines[-1] for lines in job.logs().values()) == ["a", "b"]


def test_results_are_all_brought_or_those_that_are_chosen(sm_project: SageMakerProject, here: Path) -> None:
    sm_project.runTask("task")
    sm_project.downloadResults("task", here / "all")
    assert sorted(path.name for path in (here / "all").iterdir()) == ["logs", "model", "output", "state"]
    sm_project.downloadResults("task", here / "some", state=False, model=False, output=False, source=True)
    assert sorted(path.name for path in (here / "some").iterdir()) == ["logs", "source"]
    assert (here / "some/source/worker.py").exists()


def test_an_outcome_of_a_task_has_an_address(sm_project: SageMakerProject) -> None:
    job = sm_project.runTask("task")
    base = "s3://sagemaker-us-east-1-000000000000/apiproj/task"
    task = sm_project.tasks["task"]
    assert task.getOutputTargetUri(model=True) == f"{base}/{job.name}/output/model.tar.gz"
    assert task.getOutputTargetUri(source=True) == f"{base}/{job.name}/source/sourcedir.tar.gz"
    with pytest.raises(UsageError, match="choose one of model, output, state, source"):
        task.getOutputTargetUri()


def test_a_folder_is_cleaned_without_its_neighbours(sm_project: SageMakerProject, here: Path, tmp_path: Path) -> None:
    sm_project.runTask("task")
    neighbour = SageMakerProject("apiproj2")
    neighbour.setDefaultCodeParams(entry_point="worker.py")
    neighbour.runTask("task")
    sm_project.cleanState("task")
    sm_project.cleanFolder()
    assert [path.name for path in (tmp_path / "home/buckets").glob("[!.]*/*")] == ["apiproj2"]


def test_local_mode_runs_on_this_machine_without_a_word_in_the_environment(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSM_ENGINE")
    project = SageMakerProject("proj", local_mode=True)
    project.setDefaultCodeParams(entry_point="worker.py")
    project.setDefaultInstanceParams(instance_type="ml.p3.2xlarge")
    assert project.runTask("task").status == "Completed"


@pytest.mark.parametrize("tag", ["image_tag", "img_tag"])
def test_image_parameters_have_the_names_of_all_releases(sm_project: SageMakerProject, tag: str) -> None:
    sm_project.setDefaultImageParams(aws_repo="a", repo_name="b", docker_file_path="RUN true", **{tag: "c"})
    found = sm_project.defaultImageParams
    assert (found.aws_repo_name, found.repo_name, found.image_tag) == ("a", "b", "c")
    assert found.docker_file_path_or_content == "RUN true"


def test_an_image_that_was_not_built_is_recorded(sm_project: SageMakerProject) -> None:
    sm_project.setDefaultImageParams(framework="tensorflow", framework_version="2.11")
    image = sm_project.buildOrGetImage()
    assert "/tensorflow-training:2.11" in image
    job = sm_project.runTask("task", image)
    assert job.wait().described["AlgorithmSpecification"]["TrainingImage"] == image


def test_a_parameter_that_is_not_known_is_refused_by_name(sm_project: SageMakerProject) -> None:
    with pytest.raises(UsageError, match=r"setDefaultInstanceParams has no instances; it has instance_type, "):
        sm_project.setDefaultInstanceParams(instances=2)
    with pytest.raises(UsageError, match=r"There is no hyperparamters. Did you mean hyperparameters"):
        sm_project.runTask("task", hyperparamters={})


def test_two_ways_to_the_data_channel_are_refused(sm_project: SageMakerProject) -> None:
    with pytest.raises(UsageError, match="are the same channel"):
        sm_project.runTask("task", input_data_path="a", additional_inputs={"data": "s3://b/k"})


def test_a_dockerfile_without_an_image_is_refused_where_there_are_no_images(sm_project: SageMakerProject) -> None:
    sm_project.setDefaultImageParams(docker_file_path_or_content="RUN true")
    with pytest.raises(EngineUnavailable, match="builds an image"):
        sm_project.runTask("task")


def test_the_class_says_what_it_is() -> None:
    assert SageMakerProject.__doc__
    assert SageMakerProject.runTask.__doc__


def test_processing_tasks_do_not_share_what_they_were_given(sm_project: SageMakerProject, here: Path) -> None:
    (here / "show.py").write_text("import os\nprint('has', sorted(k for k in os.environ if k in ('ONE', 'TWO')))\n")
    env, tags = {"ONE": "1"}, {"k": "v"}
    first = sm_project.runProcessing("one", "show.py", env=env, tags=tags)
    second = sm_project.runProcessing("two", "show.py")
    assert "has ['ONE']" in first.logs()["algo-1"]
    assert "has []" in second.logs()["algo-1"]
    assert (env, tags) == ({"ONE": "1"}, {"k": "v"})
    assert "/apiproj/one/" in sm_project.tasks["one"].getOutputTargetUri(state=True)
    assert "/apiproj/two/" in sm_project.tasks["two"].getOutputTargetUri(state=True)
