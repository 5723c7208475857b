"""Calls as the first releases' scripts make them: by position and by keyword, with every name that was documented."""

from __future__ import annotations

import inspect
import logging
from pathlib import Path
from typing import Any, Literal

import boto3
import pytest

from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.sm_project import SageMakerProject, SageMakerTask

BUCKET = "sagemaker-us-east-1-000000000000"


class SdkSession:
    """What the API reads of a ``sagemaker.Session``."""

    def __init__(self, boto_session: object = None, bucket: str | None = None, *, local_mode: bool = False) -> None:
        self.boto_session = boto_session
        self._default_bucket_name_override = bucket
        self.local_mode = local_mode


@pytest.fixture
def early(here: Path) -> SageMakerProject:
    project = SageMakerProject("apiproj")
    project.setDefaultCodeParams(None, "worker.py", [])
    return project


def data_folder(here: Path) -> Path:
    (here / "data").mkdir()
    (here / "data/a.txt").write_text("a")
    return here / "data"


# The order of each method's parameters, which scripts of the first releases rely on.
ORDER = {
    "__init__": "project_name boto3_session role_name bucket_name smSession local_mode prefix",
    "setDefaultCodeParams": "source_dir entry_point dependencies",
    "setDefaultInstanceParams": "instance_type instance_count volume_size use_spot_instances max_run_mins "
    "max_wait_mins",
    "setDefaultImageParams": "aws_repo_name repo_name image_tag docker_file_path_or_content framework "
    "framework_version py_version",
    "buildOrGetImage": "instance_type",
    "runTask": "task_name image_uri hyperparameters input_data_path clean_state force_running tags metric_definitions "
    "enable_sagemaker_metrics",
    "getInputConfig": "task_name output_type distribution subdir return_s3uri",
    "downloadResults": "task_name output_base logs state model output source",
    "allowAccessToS3Bucket": "bucket_name policy_name",
    "addTask": "task_name smTask",
    "cleanState": "task_name",
    "cleanFolder": "",
    "createBucket": "",
    "createIAMRole": "",
}


@pytest.mark.parametrize(("method", "order"), ORDER.items())
def test_parameters_keep_the_first_releases_order_and_can_be_named(method: str, order: str) -> None:
    names = list(inspect.signature(getattr(SageMakerProject, method)).parameters.values())[1:]
    first = names[: len(order.split())]
    assert [one.name for one in first] == order.split()
    assert all(one.kind is one.POSITIONAL_OR_KEYWORD for one in first)


@pytest.mark.parametrize("by_name", [False, True])
def test_default_parameters_are_set_by_position_and_by_name(early: SageMakerProject, by_name: bool) -> None:
    def call(method: str, *values: object) -> None:
        named = dict(zip(ORDER[method].split(), values, strict=False)) if by_name else {}
        getattr(early, method)(*(() if named else values), **named)

    call("setDefaultImageParams", "ours", "mine", "v2", "RUN true", "tensorflow", "2.11", "py39")
    assert early.defaultImageParams == ("ours", "mine", "v2", "RUN true", "tensorflow", "2.11", "py39")
    call("setDefaultInstanceParams", "ml.p3.2xlarge", 2, 40, False, 15)
    assert early.defaultInstanceParams == ("ml.p3.2xlarge", 2, 40, False, 15, 0)
    call("setDefaultCodeParams", "code", "train.py", ["lib"])
    assert early.defaultCodeParams == ("code", "train.py", ("lib",))


def test_default_parameters_that_are_left_out_are_as_documented(early: SageMakerProject) -> None:
    early.setDefaultImageParams("ours", "mine")
    assert early.defaultImageParams == ("ours", "mine", "latest", None, "pytorch", None, None)
    early.setDefaultInstanceParams()
    assert early.defaultInstanceParams == ("ml.m5.large", 1, 30, True, 24 * 60, 0)


def test_a_parameter_by_both_of_its_names_is_refused(early: SageMakerProject) -> None:
    with pytest.raises(UsageError, match=r"setDefaultImageParams: img_tag is the earlier name of image_tag: drop one"):
        early.setDefaultImageParams("a", "b", "c", img_tag="d")
    with pytest.raises(UsageError, match="setDefaultImageParams has no tag; it has aws_repo_name, "):
        early.setDefaultImageParams(tag="a")


def test_an_image_is_built_with_parameters_of_the_call(early: SageMakerProject) -> None:
    early.setDefaultImageParams(framework="tensorflow", framework_version="2.11")
    image = early.buildOrGetImage("ml.m5.large", framework_version="2.10")
    assert "/tensorflow-training:2.10" in image
    assert early.defaultImageParams.framework_version == "2.11"


def test_a_task_runs_with_all_of_its_arguments_by_position(early: SageMakerProject, here: Path) -> None:
    image, data = early.buildOrGetImage("ml.m5.large"), str(data_folder(here))
    tags, metrics = {"k": "v"}, {"score": "score=(.*)"}
    early.runTask("task", image, {"stage": 1})
    job = early.runTask("task", image, {"stage": 1}, data, True, False, tags, metrics, True)
    described = job.wait().described
    assert not job.skipped
    assert described["AlgorithmSpecification"]["TrainingImage"] == image
    assert [one["Name"] for one in described["AlgorithmSpecification"]["MetricDefinitions"]] == ["score"]
    assert described["InputDataConfig"][0]["ChannelName"] == "data"
    assert described["HyperParameters"]["stage"] == "1"
    assert (tags, metrics) == ({"k": "v"}, {"score": "score=(.*)"})


def test_a_task_runs_with_all_of_its_arguments_by_name(early: SageMakerProject, here: Path) -> None:
    job = early.runTask(
        task_name="task",
        image_uri=early.buildOrGetImage(instance_type="ml.m5.large"),
        hyperparameters={"stage": 1},
        input_data_path=str(data_folder(here)),
        clean_state=False,
        force_running=False,
        tags={},
        metric_definitions={},
        enable_sagemaker_metrics=False,
        model_uri=None,
        distribution="ShardedByS3Key",
    )
    (data,) = (one for one in job.wait().described["InputDataConfig"] if one["ChannelName"] == "data")
    assert data["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "ShardedByS3Key"


def test_two_tasks_are_chained_as_the_first_examples_do(here: Path) -> None:
    data = str(data_folder(here))
    (here / "code").mkdir()
    (here / "code/algo.sh").write_text('echo "$SM_CHANNELS"; echo model > "$SM_MODEL_DIR/m"; ls "$SM_CHANNEL_DATA"\n')
    sm_project = SageMakerProject("examples", prefix="tests/")
    sm_project.setDefaultImageParams("task_repo", "task_repo", "latest", None)
    sm_project.setDefaultCodeParams(str(here / "code"), "algo.sh", [])
    sm_project.setDefaultInstanceParams("ml.m5.large", 2, 30, True, 15)
    image = sm_project.buildOrGetImage(instance_type=sm_project.defaultInstanceParams.instance_type)
    spread: Literal["ShardedByS3Key"] = "ShardedByS3Key"
    sm_project.runTask("Task1", image, {"stage": 1}, data, model_uri=None, distribution=spread, clean_state=True)
    sm_project.downloadResults("Task1", str(here / "output1"))
    inputs: dict[str, Any] = {}
    inputs["model1"] = sm_project.getInputConfig("Task1", "model")
    uri = sm_project.tasks["Task1"].getOutputTargetUri(model=True)
    assert (here / "output1/model/m").read_text() == "model\n"
    job = sm_project.runTask(
        *("Task2", image, {"stage": 2}, data),
        model_uri=uri,
        distribution=spread,
        additional_inputs=inputs,
        clean_state=True,
        task_type="Training",
    )
    lines = job.logs()
    assert sorted(lines) == ["algo-1", "algo-2"]
    assert all('["data","model","model1"]' in one for one in lines.values())
    assert sum("a.txt" in one for one in lines.values()) == 1
    assert job.wait().described["StoppingCondition"]["MaxRuntimeInSeconds"] == 15 * 60


def test_data_in_the_place_of_a_flag_clears_no_state(early: SageMakerProject) -> None:
    early.runTask("task")
    with pytest.raises(UsageError, match="clean_state must be True or False, not 'data'"):
        early.runTask("task", None, {}, None, "data")  # type: ignore[arg-type]
    assert early.runTask("task").skipped


def test_what_a_task_returns_unpacks_as_it_did(early: SageMakerProject) -> None:
    task, name = early.runTask("task")
    assert isinstance(task, SageMakerTask)
    assert name == early.tasks["task"].job.name
    assert task.getOutputTargetUri(True) == f"s3://{BUCKET}/apiproj/task/{name}/output/model.tar.gz"


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("task_type", "runProcessing"),
        ("inputs", "additional_inputs"),
        ("outputs", "SSM_OUTPUT"),
        ("smSession", "takes"),
    ],
)
def test_an_argument_that_something_else_replaces_says_what(early: SageMakerProject, name: str, instead: str) -> None:
    with pytest.raises(UsageError, match=f"runTask has no {name}: .*{instead}"):
        early.runTask("task", **{name: "Processing"})  # type: ignore[arg-type]


def test_an_output_is_an_input_by_its_address(early: SageMakerProject, here: Path) -> None:
    job = early.runTask("first")
    base = f"s3://{BUCKET}/apiproj/first"
    model = early.getInputConfig("first", "model", "FullyReplicated", "", True)
    assert model == f"{base}/{job.name}/output/model.tar.gz"
    state = early.getInputConfig("first", "state", subdir="algo-1", return_s3uri=True)
    assert state == f"{base}/state/algo-1"
    (here / "list.sh").write_text('ls "$SM_CHANNEL_A" "$SM_CHANNEL_B"\n')
    inputs: dict[str, Any] = {"a": model, "b": early.getInputConfig("first", "state", return_s3uri=True)}
    lines = early.runTask("second", entry_point="list.sh", additional_inputs=inputs).logs()["algo-1"]
    assert {"model.tar.gz", "kept"} <= set(lines)
    again = SageMakerProject("apiproj")  # another process, which ran none of the tasks
    assert again.getInputConfig("first", "model", return_s3uri=True) == model


def test_an_address_that_is_not_there_is_refused(early: SageMakerProject) -> None:
    early.runTask("task")
    with pytest.raises(InputNotFound, match="'nosuch'"):
        early.getInputConfig("nosuch", "model", return_s3uri=True)
    with pytest.raises(UsageError, match="'modle' is none of state, model"):
        early.getInputConfig("task", "modle", return_s3uri=True)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a task's model is one packed file; it has no folder 'sub'"):
        early.getInputConfig("task", "model", subdir="sub", return_s3uri=True)


@pytest.mark.parametrize("word", ["output_base", "output_path"])
def test_results_are_brought_to_the_folder_by_either_name(early: SageMakerProject, here: Path, word: str) -> None:
    early.runTask("task")
    early.downloadResults(task_name="task", **{word: str(here / "out")})  # type: ignore[arg-type]
    assert (here / "out/model/of_algo-1").exists()
    early.downloadResults("task", here / "some", True, False, True, False, True)
    assert sorted(path.name for path in (here / "some").iterdir()) == ["logs", "model", "source"]


def test_results_need_one_folder(early: SageMakerProject) -> None:
    early.runTask("task")
    with pytest.raises(UsageError, match="name one folder"):
        early.downloadResults("task")
    with pytest.raises(UsageError, match="name one folder"):
        early.downloadResults("task", "a", output_path="b")


def test_a_policys_name_is_taken_and_not_used(early: SageMakerProject, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="simple_sagemaker.task"):
        early.allowAccessToS3Bucket("public-data", "my-policy")
        early.allowAccessToS3Bucket(bucket_name="public-more", policy_name="my-policy")
    assert "Policy my-policy is not made" in caplog.text
    assert early.runTask("task").status == "Completed"


def test_a_bucket_and_a_role_are_made_ahead(early: SageMakerProject, tmp_path: Path) -> None:
    assert early.bucket_name == BUCKET
    early.createBucket()
    early.createBucket()
    assert (tmp_path / "home/buckets" / BUCKET).is_dir()
    early.createIAMRole()
    named = SageMakerProject("apiproj", None, None, "ours-of-old")
    named.createBucket()
    assert named.bucket_name == "ours-of-old"
    assert (tmp_path / "home/buckets/ours-of-old").is_dir()


def test_a_task_is_added_once(early: SageMakerProject) -> None:
    task, _ = early.runTask("task")
    assert isinstance(task, SageMakerTask)
    early.addTask("again", task)
    early.addTask(task_name="third", smTask=task.job)
    assert {early.tasks[name].job.name for name in ("task", "again", "third")} == {task.job.name}
    with pytest.raises(UsageError, match="there is a task 'again' already"):
        early.addTask("again", task)


def test_a_local_session_of_the_sdk_runs_here(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSM_ENGINE")
    session = SdkSession(local_mode=True)
    for project in (SageMakerProject("p", None, None, None, session), SageMakerProject("p", smSession=session)):
        assert project.local_mode
        assert project.runTask("task", entry_point="worker.py").status == "Completed"


def test_a_session_of_the_sdk_gives_its_boto3_session_and_bucket(here: Path) -> None:
    ours = boto3.Session(region_name="eu-west-1")
    project = SageMakerProject("p", smSession=SdkSession(ours, "from-sdk"))
    assert project.boto3_session is ours
    assert project.bucket_name == "from-sdk"
    given = boto3.Session(region_name="eu-west-1")
    project = SageMakerProject("p", given, None, "given", SdkSession(ours, "from-sdk"), True, "x/")
    assert project.boto3_session is given
    assert project.bucket_name == "given"
    assert project.local_mode


def test_a_session_of_boto3_is_not_one_of_the_sdk(here: Path) -> None:
    with pytest.raises(UsageError, match=r"smSession is a sagemaker\.Session, not Session; a boto3\.Session is boto3_"):
        SageMakerProject("p", smSession=boto3.Session(region_name="eu-west-1"))


def test_local_mode_is_also_taken_where_it_was_before(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSM_ENGINE")
    job = SageMakerProject("p", None, None, None, True, "x/").runTask("task", entry_point="worker.py")  # type: ignore[arg-type]
    assert "/x/p/task/" in job.wait().uri("model")
