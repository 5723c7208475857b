"""A run of a task from its job on: described, stopped, followed, its results brought, its cost told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.experiments import Experiment, MlflowStore
from simple_sagemaker.core.job import of_training
from simple_sagemaker.core.records import replace
from simple_sagemaker.core.specs import Code, Download, Instances, LocalInput, Place, S3Input, Spec, TaskSpec
from simple_sagemaker.errors import AccessDenied
from simple_sagemaker.jobs.follow import result
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.tasks.prepared import PreparedJob
from simple_sagemaker.tasks.run import Run
from simple_sagemaker.tasks.submission import Submission
from simple_sagemaker.tasks.training_request import Setting, training_request
from simple_sagemaker.tasks.uploads import changed_uploads, is_large
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import PLACE, Notes, Sage, World, refused, training

JOB = "task-2030-01-31-11-00-00-aaaaaaaa"


class Stopping(Sage):
    """Jobs that can be stopped."""

    def stop_training_job(self, *, TrainingJobName: str) -> None:  # noqa: N803 - the service's name
        self.jobs[TrainingJobName] = training(TrainingJobName, "Stopped")


def made(status: str = "InProgress", *, ended: bool = False, download: Download | None = None) -> tuple[Run, World]:
    world = World(MemoryStore("p/task/state/x"), sage=Stopping())
    times = {"TrainingTimeInSeconds": 60, "BillableTimeInSeconds": 60}
    world.sage.jobs[JOB] = {**training(JOB, status), **times, "CheckpointConfig": {"S3Uri": "s3://b/p/task/state"}}
    job = of_training(world.sage.jobs[JOB]) if ended else None
    run = Run(JOB, PLACE, world.services(), kind="training", download=download or Download(), ended=job)
    return run, world


def test_a_job_that_is_described_as_ended_is_not_asked_about_again() -> None:
    run, world = made("Completed")
    assert run.describe().status == "Completed"
    del world.sage.jobs[JOB]
    assert run.follow(Notes()).status == "Completed"
    run, world = made("InProgress")
    assert run.describe().status == "InProgress"
    run.stop()
    assert run.describe().status == "Stopped"


def test_an_error_while_a_job_is_followed_is_in_our_words() -> None:
    run, world = made()

    def deny(**_: Any) -> Any:
        raise refused("AccessDeniedException", "no", "DescribeTrainingJob")

    world.sage.describe_training_job = deny  # type: ignore[method-assign]
    with pytest.raises(AccessDenied, match="DescribeTrainingJob"):
        run.follow(Notes())


def test_results_are_brought_where_a_folder_is_named(tmp_path: Path) -> None:
    run, world = made("Completed", ended=True)
    assert run.bring(result(of_training(world.sage.jobs[JOB])), Notes()) == []
    wanted = Download(path=tmp_path / "out", logs=False, state=True)
    run, world = made("Completed", ended=True, download=wanted)
    assert run.bring(result(of_training(world.sage.jobs[JOB])), Notes()) == ["state"]
    assert (tmp_path / "out/state/x").exists()


def test_what_a_run_took_is_told_unless_nothing_ran() -> None:
    run, world = made("Completed")
    found = result(of_training(world.sage.jobs[JOB]))
    assert run.cost_line(found) == "Took: 60 s trained, 60 s billed"
    skipped, _ = made("Completed", ended=True)
    assert skipped.cost_line(found) == ""
    assert (skipped.is_skipped, skipped.is_running, run.is_running) == (True, False, True)


@pytest.mark.parametrize(
    ("request_", "name"),
    [
        ({"AlgorithmSpecification": {"TrainingImage": "1.dkr.ecr/x/pytorch:2.6"}}, "pytorch:2.6"),
        ({"AppSpecification": {"ImageUri": "sklearn:1"}}, "sklearn:1"),
        ({}, ""),
    ],
)
def test_an_image_is_named_by_the_end_of_its_address(request_: Mapping[str, Any], name: str) -> None:
    job: Any = PreparedJob(name=JOB, place=PLACE, kind="training", request=request_, is_role_new=False)  # type: ignore[arg-type]
    assert job.image_name == name


SETTING = Setting(job=JOB, place=PLACE, role_arn="r", region="eu-west-1", image_uri="i")
PLAIN = TaskSpec(kind="run", place=Place(project="p", task="task"), code=Code(entry_point="w.py"))


@pytest.mark.parametrize(
    ("changes", "member", "value"),
    [
        ({"experiment": Experiment(name="e")}, "ExperimentConfig", {"ExperimentName": "e"}),
        (
            {"experiment": Experiment(name="e", trial="t")},
            "ExperimentConfig",
            {"ExperimentName": "e", "TrialName": "t"},
        ),
        ({"mlflow": MlflowStore(uri="local")}, "Environment", {"SSM_MLFLOW": "local"}),
        ({"mlflow": MlflowStore(uri="http://h")}, "Environment", None),
        ({"environment": {"A": "1"}}, "Environment", {"A": "1"}),
        ({"instances": Instances(retry_attempts=2)}, "RetryStrategy", {"MaximumRetryAttempts": 2}),
        ({}, "RetryStrategy", None),
        ({"keeps_state": False}, "CheckpointConfig", None),
    ],
)
def test_a_member_is_there_only_where_it_was_asked_for(changes: dict[str, Any], member: str, value: Any) -> None:
    request: Mapping[str, Any] = training_request(replace(PLAIN, **changes), SETTING, [])
    assert request.get(member) == value


ARN = "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/mine"


@pytest.mark.parametrize(
    ("changes", "mlflow"),
    [({"mlflow": MlflowStore(uri=ARN)}, ARN), ({"mlflow": MlflowStore(uri="http://h")}, None), ({}, None)],
)
def test_a_role_may_write_to_the_mlflow_of_sagemakers_that_was_named(
    changes: dict[str, Any], mlflow: str | None
) -> None:
    spec: Spec = replace(PLAIN, **changes)
    submission = Submission(
        spec=spec, place=PLACE, services=World(MemoryStore()).services(), watcher=Notes(), bucket_exists=True
    )
    assert submission.needs("image").mlflow == mlflow
    assert submission.needs("image").image == "image"


class Counted(FolderStore):
    """A store that counts its listings."""

    count = 0

    def list(self, bucket: str, prefix: str, below: Sequence[str] = ()) -> Any:
        self.count += 1
        return super().list(bucket, prefix)


def test_local_inputs_are_compared_with_what_an_earlier_job_was_sent(tmp_path: Path) -> None:
    store = Counted(tmp_path / "buckets")
    store.make_bucket("b")
    for name in ("same", "changed", "unknown", "empty"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text("x")
    (tmp_path / "empty/f").unlink()
    inputs: list[Any] = [
        *(
            LocalInput(name=name, path=tmp_path / name, is_main=False)
            for name in ("same", "changed", "unknown", "empty")
        ),
        S3Input(name="far", uri="s3://b/x"),
    ]
    store.write("b", PLACE.named_input("changed") + "f", b"y")
    from simple_sagemaker.tasks.uploads import upload_of

    digest = upload_of(inputs[0], PLACE)[1].survey.digest
    digests = {"inputs/same/": digest, "inputs/changed/": "another", "inputs/empty/": "x"}
    services = World(store).services()
    found = list(changed_uploads(inputs, PLACE, services, digests))
    assert [name for name, _ in found] == ["changed", "empty"]
    assert found[0] == ("changed", "f changed")
    assert store.count == 1, "nothing is listed for what is the same"
    assert not is_large(inputs[0])
    assert not is_large(inputs[3])
