"""A job that is run again: what its request keeps, changes and leaves out, and which inputs make it another one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from simple_sagemaker.core.job import of_processing, of_training
from simple_sagemaker.core.job_specs import ReplaySpec
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.services import Services
from simple_sagemaker.core.specs import Place
from simple_sagemaker.core.store import Stored
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.jobs.catalog import Listed
from simple_sagemaker.tasks import replay
from simple_sagemaker.tasks.prepared import DryRun
from simple_sagemaker.tasks.run import Run
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import NOON, PLACE, Notes, Sage, World, processing, training

OLD = "task-2030-01-31-11-00-00-aaaaaaaa"
NEW = "task-2030-01-31-12-00-00-a1B2c3D4"
SPEC = ReplaySpec(place=Place(project="p", task="task"))
TAGS = {"team": "a", "aws:createdBy": "x", "owner": "b"}


def answer(**members: Any) -> dict[str, Any]:
    """A training job as described, with members of answers only and with empty ones."""
    return {
        **training(OLD, "Completed"),
        "TrainingJobArn": f"arn:aws:sagemaker:eu-west-1:123456789012:training-job/{OLD}",
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "OutputDataConfig": {"S3OutputPath": "s3://b/p/task", "KmsKeyId": ""},
        "HyperParameters": {"sagemaker_program": '"w.py"', "sagemaker_job_name": f'"{OLD}"', "lr": "0.1"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "EnableManagedSpotTraining": False,
        "Environment": {"A": "1"},
        "VpcConfig": {},
        "DebugRuleConfigurations": [],
        "BillableTimeInSeconds": 9,
        **members,
    }


def again(described: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    return replay.request_again(of_training(described), NEW, TAGS, replace(SPEC, **changes))


def test_the_request_is_the_same_but_for_the_name() -> None:
    before = answer(CheckpointConfig={"S3Uri": "s3://b/p/task/state"}, InputDataConfig=[{"x": [f"s3://b/{OLD}/y", 3]}])
    assert again(before) == {
        "TrainingJobName": NEW,
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "OutputDataConfig": {"S3OutputPath": "s3://b/p/task"},
        "HyperParameters": {"sagemaker_program": '"w.py"', "sagemaker_job_name": f'"{NEW}"', "lr": "0.1"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "EnableManagedSpotTraining": False,
        "Environment": {"A": "1"},
        "CheckpointConfig": {"S3Uri": "s3://b/p/task/state"},
        "InputDataConfig": [{"x": [f"s3://b/{NEW}/y", 3]}],
        "Tags": [{"Key": "team", "Value": "a"}, {"Key": "owner", "Value": "b"}],
    }
    assert before["ResourceConfig"] == training(OLD, "Completed")["ResourceConfig"], "the description was changed"


def test_a_key_that_encrypts_the_results_encrypts_them_again() -> None:
    output = {"S3OutputPath": "s3://b/p/task", "KmsKeyId": "key"}
    assert again(answer(OutputDataConfig=output))["OutputDataConfig"] == output


@pytest.mark.parametrize(
    ("changes", "member", "expected"),
    [
        ({"changed_type": "ml.c5.xlarge"}, "ResourceConfig", {"InstanceType": "ml.c5.xlarge"}),
        ({"instance_count": 3}, "ResourceConfig", {"InstanceCount": 3}),
        ({"volume_gb": 50}, "ResourceConfig", {"VolumeSizeInGB": 50}),
        ({"max_run_mins": 5}, "StoppingCondition", {"MaxRuntimeInSeconds": 300}),
        ({"hyperparameters": {"lr": "x", "b": "2"}}, "HyperParameters", {"lr": '"x"', "b": '"2"'}),
        ({"environment": {"A": "2", "B": "3"}}, "Environment", {"A": "2", "B": "3"}),
    ],
)
def test_what_is_to_be_changed_is_and_the_rest_stays(
    changes: dict[str, Any], member: str, expected: dict[str, Any]
) -> None:
    before, now = again(answer()), again(answer(), **changes)
    assert now == {**before, member: {**before[member], **expected}}


def test_an_algorithms_hyperparameters_stay_plain_and_its_own_metrics_stay_out() -> None:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
    metrics = [{"Name": "train:rmse", "Regex": "(.*)"}]
    before = answer(
        HyperParameters={"num_round": "9"},
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "File", "MetricDefinitions": metrics},
    )
    now = again(before, hyperparameters={"eta": "0.3"})
    assert now["HyperParameters"] == {"num_round": "9", "eta": "0.3"}
    assert now["AlgorithmSpecification"] == {"TrainingImage": image, "TrainingInputMode": "File"}
    mine = {**before["AlgorithmSpecification"], "TrainingImage": "mine:1"}
    assert again(answer(AlgorithmSpecification=mine))["AlgorithmSpecification"] == mine


def test_a_persons_tags_are_added_and_win() -> None:
    tags = again(answer(), tags={"owner": "c", "new": "d"})["Tags"]
    assert {one["Key"]: one["Value"] for one in tags} == {"team": "a", "owner": "c", "new": "d"}


@pytest.mark.parametrize(
    ("changes", "run_s", "wait_s"),
    [
        pytest.param({}, 3600, 7200, id="as it was"),
        pytest.param({"max_run_mins": 240}, 14400, 14400, id="waiting includes the run"),
        pytest.param({"max_wait_mins": 90}, 3600, 5400, id="less than before"),
        pytest.param({"max_wait_mins": 60}, 3600, 3600, id="just as long as it may run"),
        pytest.param({"no_spot": True}, 3600, None, id="no spot job any more"),
    ],
)
def test_a_spot_jobs_times_are_ones_that_the_service_takes(
    changes: dict[str, Any], run_s: int, wait_s: int | None
) -> None:
    limits = {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200}
    now = again(answer(EnableManagedSpotTraining=True, StoppingCondition=limits), **changes)
    assert now["EnableManagedSpotTraining"] is (wait_s is not None)
    waits = {} if wait_s is None else {"MaxWaitTimeInSeconds": wait_s}
    assert now["StoppingCondition"] == {"MaxRuntimeInSeconds": run_s, **waits}


@pytest.mark.parametrize(
    ("is_spot", "changes", "message"),
    [
        (False, {"max_wait_mins": 60}, "--max_wait_mins: only a spot job waits"),
        (True, {"max_wait_mins": 60, "no_spot": True}, "--max_wait_mins: only a spot job waits"),
        (True, {"max_wait_mins": 59}, "--max_wait_mins 59 is less than the job may run, 60 minutes"),
    ],
)
def test_times_that_cannot_be_are_refused(is_spot: bool, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        again(answer(EnableManagedSpotTraining=is_spot), **changes)


def test_a_processing_job_keeps_its_members_and_has_no_spot_machines() -> None:
    described = {
        **processing(OLD, "Completed"),
        "ProcessingOutputConfig": {"Outputs": [], "KmsKeyId": ""},
        "AppSpecification": {"ImageUri": "i"},
        "ExitMessage": "x",
    }
    now = replay.request_again(
        of_processing(described), NEW, {}, replace(SPEC, instance_count=2, max_run_mins=1, no_spot=True)
    )
    assert now == {
        "ProcessingJobName": NEW,
        "ProcessingOutputConfig": {"Outputs": []},
        "AppSpecification": {"ImageUri": "i"},
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2}},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        "Tags": [],
    }


class Tagged(Sage):
    """Jobs with tags."""

    def list_tags(self, **_: Any) -> Any:
        return {"Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()]}


class Timed(MemoryStore):
    """Objects that were changed at a time of their own: an hour before the job if nothing else is said."""

    def __init__(self, *keys: str) -> None:
        super().__init__(*keys)
        self.changed_s: dict[str, float] = {}

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Any:
        for one in super().list(bucket, prefix):
            when = NOON.timestamp() + self.changed_s.get(one.key, -3600.0)
            yield Stored(key=one.key, size=one.size, modified=when, tag=one.tag)


RUN = f"p/task/{OLD}/source/run.json"
CODE = f"p/task/{OLD}/source/sourcedir.tar.gz"
MODEL = f"p/task/{OLD}/model/m"


def channel(name: str, uri: str) -> dict[str, Any]:
    return {"ChannelName": name, "DataSource": {"S3DataSource": {"S3Uri": uri}}}


class Earlier:
    """A world with one completed job, its code, and what it read; ``made`` is what its run.json has."""

    def __init__(self, *channels: tuple[str, str], made: Any = None, **members: Any) -> None:
        self.store = Timed(CODE, MODEL, "p/task/input/a", "p/task/input/b", "p/task/input/")
        run = {"kind": "run"} if made is None else {"kind": "run", "made_from": made}
        self.store.write("b", RUN, json.dumps(run).encode())
        self.world = World(self.store, sage=Tagged())
        given = channels or (("data", "s3://b/p/task/input/"), ("ssm_source", f"s3://b/p/task/{OLD}/source/"))
        self.described = answer(InputDataConfig=[channel(*one) for one in given], **members)
        self.world.sage.jobs[OLD] = self.described
        self.notes = Notes()

    @property
    def services(self) -> Services:
        return self.world.services()

    def replay(self, **changes: Any) -> Run | DryRun:
        listed = Listed(of_training(self.described), "p", "task")
        return replay.prepare(listed, replace(SPEC, **changes), self.services, self.notes)

    def held(self) -> set[str]:
        return {*self.store.objects}


def test_the_code_is_copied_and_the_job_says_what_it_repeats() -> None:
    earlier = Earlier(made={"input_marks": {"data": [2, 28]}})
    before = earlier.held()
    run = earlier.replay()
    assert isinstance(run, Run)
    assert run.name == NEW
    assert earlier.held() - before == {key.replace(OLD, NEW) for key in (RUN, CODE, MODEL)} | {PLACE.claim}
    assert json.loads(earlier.store.read("b", RUN.replace(OLD, NEW))) == {
        "kind": "run",
        "made_from": {"input_marks": {"data": [2, 28]}},
        "replay_of": OLD,
    }
    assert earlier.store.read("b", CODE.replace(OLD, NEW)) == CODE.encode()
    sent: list[Mapping[str, Any]] = []
    earlier.world.sage.on_create = sent.append
    run.launch(Notes())
    assert [one["TrainingJobName"] for one in sent] == [NEW]
    assert {"Key": "team", "Value": "a"} in sent[0]["Tags"]


def test_a_dry_run_writes_nothing_and_shows_the_request() -> None:
    earlier = Earlier()
    before = earlier.held()
    dry = earlier.replay(dry_run=True, instance_count=2)
    assert isinstance(dry, DryRun)
    request = cast("Mapping[str, Any]", dry.request)
    assert request["ResourceConfig"]["InstanceCount"] == 2
    assert dry.notes == (f"Code: that of {OLD} would be copied",)
    assert earlier.held() == before


@pytest.mark.parametrize(
    ("changed_s", "made", "reason"),
    [
        pytest.param({"p/task/input/b": 1.0}, None, "data: s3://b/p/task/input/b was written since", id="newer"),
        pytest.param(
            {}, {"input_marks": {"data": [3, 28]}}, "data: 2 objects of 28 bytes, not 3 objects of 28 bytes", id="fewer"
        ),
        pytest.param(
            {}, {"input_marks": {"data": "?"}}, "data: 2 objects of 28 bytes, not what its run.json has", id="damaged"
        ),
    ],
)
def test_inputs_that_changed_since_are_named_and_nothing_is_written(
    changed_s: dict[str, float], made: Any, reason: str
) -> None:
    earlier = Earlier(made=made)
    earlier.store.changed_s = changed_s
    before = earlier.held()
    with pytest.raises(UsageError) as caught:
        earlier.replay()
    assert str(caught.value).splitlines()[1].startswith(reason)
    assert earlier.held() == before


@pytest.mark.parametrize("made", [{"input_marks": []}, {"input_marks": {"other": [1, 1]}}, "damaged", {}])
def test_inputs_of_which_nothing_was_kept_count_by_their_times(made: Any) -> None:
    earlier = Earlier(made=made)
    earlier.store.changed_s = {"p/task/input/b": 0.0}  # the very moment of the job
    assert isinstance(earlier.replay(), Run)


def test_five_reasons_are_named_and_the_others_counted() -> None:
    gone = [(f"c{number}", f"s3://b/gone/{number}") for number in range(5)]
    with pytest.raises(UsageError, match="c4: nothing is at s3://b/gone/4 any more\nRun the task itself"):
        Earlier(*gone).replay()
    more = [*gone, ("web", "https://example.com/x"), ("c6", "s3://b/gone/6")]
    with pytest.raises(UsageError, match="gone/4 any more\nand 2 more\nRun the task itself"):
        Earlier(*more).replay()
    with pytest.raises(UsageError, match=r"web: https://example\.com/x is not of the form s3://BUCKET/KEY"):
        Earlier(("web", "https://example.com/x")).replay()


def test_the_inputs_of_a_processing_job_count_but_for_code_and_state() -> None:
    inputs = [
        {"InputName": name, "S3Input": {"S3Uri": uri}}
        for name, uri in (("x", "s3://b/x"), ("ssm_source", "s3://b/s"), ("state_prev", "s3://b/t"), ("no", ""))
    ]
    job = of_processing({**processing(OLD, "Completed"), "ProcessingInputs": inputs})
    assert replay._addresses(job) == [("x", "s3://b/x")]


def test_a_job_without_its_code_or_a_place_and_a_trial_are_refused() -> None:
    earlier = Earlier()
    del earlier.store.objects[RUN]
    with pytest.raises(InputNotFound, match=f"code of {OLD} is not there any more \\(s3://b/p/task/{OLD}/source/\\)"):
        earlier.replay()
    with pytest.raises(UsageError, match="wrote to no place of this tool"):
        Earlier(ModelArtifacts={}, CheckpointConfig={}).replay()
    model = {"S3ModelArtifacts": f"s3://b/p/task/trials/003/{OLD}/output/model.tar.gz"}
    with pytest.raises(UsageError, match=f"{OLD} is trial 3 of the study of task task"):
        Earlier(ModelArtifacts=model).replay()


def test_a_task_with_a_job_in_progress_is_not_run_again() -> None:
    earlier = Earlier()
    running = "task-2030-01-31-11-59-00-bbbbbbbb"
    content = json.dumps({"job": running, "kind": "training", "at": NOON.isoformat(), "process": ""}).encode()
    earlier.store.write("b", PLACE.claim, content)
    earlier.world.sage.jobs[running] = training(running, "InProgress")
    before = earlier.held()
    with pytest.raises(UsageError, match=f"the job {running} of this task is in progress.\n.*ssm stop --job bbbbbbbb"):
        earlier.replay()
    assert earlier.held() == before


def test_a_failure_while_copying_releases_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = Earlier()

    def fail(*_: object) -> None:
        assert PLACE.claim in earlier.held()
        raise PermissionError("s3:PutObject")

    monkeypatch.setattr(earlier.store, "copy", fail)
    with pytest.raises(PermissionError):
        earlier.replay()
    assert PLACE.claim not in earlier.held()


def test_an_algorithm_does_not_go_on_from_the_checkpoints_of_the_job_it_repeats() -> None:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
    for image_uri, kept in ((image, False), ("mine:1", True)):
        earlier = Earlier(
            AlgorithmSpecification={"TrainingImage": image_uri, "TrainingInputMode": "File"},
            CheckpointConfig={"S3Uri": "s3://b/p/task/state"},
            HyperParameters={"num_round": "9"},
        )
        earlier.store.write("b", PLACE.state + "checkpoint.1", b"")
        earlier.replay()
        assert (PLACE.state + "checkpoint.1" in earlier.held()) is kept
        assert any("checkpoints of another training" in note for note in earlier.notes.notes) is not kept
