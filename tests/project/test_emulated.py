"""Tasks from Python against an emulated AWS, by a session of the person's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from simple_sagemaker import Job, Project
from simple_sagemaker.errors import InputNotFound, NoCredentials, UsageError
from simple_sagemaker.sm_project import SageMakerProject
from tests.counts import examples
from tests.emulated import Emulator

THREADS = examples(4, 8)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    made = Emulator(tmp_path_factory.mktemp("emulator"))
    yield made
    made.stop()


@pytest.fixture
def away(here: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where nothing in the environment says who one is: only where AWS is."""
    monkeypatch.delenv("SSM_ENGINE")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(here / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return here


def test_a_session_of_ones_own_is_used(away: Path, emulator: Emulator) -> None:
    project = Project("proj", boto3_session=emulator.session())
    job = project.run("task", "worker.py", hyperparameters={"word": 7}, output_path="out", download_model=True)
    assert (away / "out/model/of_algo-1").read_text() == "7"
    assert job.result().described["EnableManagedSpotTraining"] is True
    assert project.result("task").uri("model").endswith(f"{job.name}/output/model.tar.gz")


def test_without_a_session_and_credentials_both_ways_out_are_named(away: Path) -> None:
    with pytest.raises(NoCredentials, match='engine="local", or SSM_ENGINE=local'):
        Project("proj").run("task", "worker.py")


def test_an_input_that_is_not_there_is_said_in_pythons_words(away: Path, emulator: Emulator) -> None:
    project = Project("proj", boto3_session=emulator.session())
    with pytest.raises(InputNotFound, match=r"^inputs\['left'\]: no completed job of task 'nosuch'"):
        project.run("other", "worker.py", inputs={"left": project.input_of("nosuch", "model")})


def test_threads_share_one_session(away: Path, emulator: Emulator) -> None:
    project = Project("threads", boto3_session=emulator.session())

    def run(number: int) -> Job:
        return project.run(f"task{number}", "worker.py", hyperparameters={"word": number}, use_spot_instances=False)

    with ThreadPoolExecutor(THREADS) as threads:
        jobs = list(threads.map(run, range(THREADS)))
    assert [f"hps [('word', {number})]" in job.logs()["algo-1"] for number, job in enumerate(jobs)] == [True] * THREADS


def test_a_bucket_that_jobs_are_let_into_is_in_their_role(away: Path, emulator: Emulator) -> None:
    project = SageMakerProject("lets-in", boto3_session=emulator.session())
    project.setDefaultCodeParams(entry_point="worker.py")
    emulator.client("s3").create_bucket(Bucket="another-bucket")
    project.allowAccessToS3Bucket("another-bucket")
    project.runTask("task")
    policy = emulator.client("iam").get_role_policy(RoleName="SageMakerIAMRole_lets-in", PolicyName="simple-sagemaker")[
        "PolicyDocument"
    ]
    assert "arn:aws:s3:::another-bucket/*" in json.dumps(policy)
    assert "s3:PutObject" not in json.dumps(
        [one for one in policy["Statement"] if "another-bucket" in json.dumps(one["Resource"])]
    )


class SdkSession:
    """What the API reads of a ``sagemaker.Session``."""

    def __init__(self, boto_session: object) -> None:
        self.boto_session = boto_session


def test_the_first_releases_make_a_bucket_and_a_role_ahead(away: Path, emulator: Emulator) -> None:
    project = SageMakerProject("ahead", smSession=SdkSession(emulator.session()), bucket_name="made-ahead")
    project.createBucket()
    project.createBucket()
    assert "made-ahead" in [one["Name"] for one in emulator.session().client("s3").list_buckets()["Buckets"]]
    project.allowAccessToS3Bucket("public-data", "my-policy")
    project.createIAMRole()
    iam = emulator.session().client("iam")
    (role,) = [one for one in iam.list_roles()["Roles"] if "ahead" in one["RoleName"]]
    policies = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
    granted = [iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)["PolicyDocument"] for name in policies]
    assert "arn:aws:s3:::public-data/*" in json.dumps(granted)
    assert project.runTask("task", entry_point="worker.py").status == "Completed"


def test_a_bucket_that_is_probably_mistyped_is_not_made_on_aws(away: Path, emulator: Emulator) -> None:
    Project("mistyped", boto3_session=emulator.session(), bucket_name="right-bucket").make_bucket()
    wrong = Project("mistyped", boto3_session=emulator.session(), bucket_name="rihgt-bucket")
    with pytest.raises(UsageError, match=r"bucket_name\['rihgt-bucket'\]: .* did you mean right-bucket\?\n.*aws s3 mb"):
        wrong.run("task", "worker.py")
    assert "rihgt-bucket" not in [one["Name"] for one in emulator.session().client("s3").list_buckets()["Buckets"]]
    wrong.make_bucket()  # which says that it is meant
    assert wrong.run("task", "worker.py").status == "Completed"
