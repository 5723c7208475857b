"""Which engine a job gets, and what its services are made of. Nothing is asked of AWS, and no job is started."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.emulator_spec import EmulatorSpec
from simple_sagemaker.core.job_specs import JobsSpec
from simple_sagemaker.core.names import TOKEN_LENGTH
from simple_sagemaker.core.services import no_price
from simple_sagemaker.core.specs import Code, Image, Instances, Place, TaskSpec
from simple_sagemaker.errors import EngineUnavailable, UsageError
from simple_sagemaker.services import choose, processes
from simple_sagemaker.services.docker import build_options, find_docker
from simple_sagemaker.services.prestart import prestart
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.s3.store import S3Store

HERE = {"SSM_PYTHON": sys.executable, "SSM_ISOLATION": "plain"}
AWS = {"AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "no-secret", "AWS_REGION": "eu-west-1"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment with keys for AWS, which boto3 reads itself."""
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    return AWS


@pytest.fixture
def docker(tmp_path: Path) -> dict[str, str]:
    """An environment with a Docker command whose daemon answers."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/docker").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "bin/docker").chmod(0o755)
    return {"PATH": f"{tmp_path / 'bin'}:{os.defpath}", "SSM_PYTHON": sys.executable}


@pytest.mark.parametrize(
    ("instance_type", "variable", "own_image", "engine"),
    [
        ("ml.m5.large", "", False, "aws"),
        ("ml.m5.large", "", True, "aws"),
        ("ml.m5.large", "local", False, "local"),
        ("ml.m5.large", "local", True, "local"),
        ("ml.m5.large", "docker", False, "docker"),
        ("local", "", False, "local"),
        ("local", "", True, "docker"),
        ("local_gpu", "aws", False, "local"),
        ("local", "docker", False, "docker"),
        ("local", "local", True, "docker"),
    ],
)
def test_the_engine_is_the_jobs_own_word_before_the_environments(
    instance_type: str, variable: str, own_image: bool, engine: str
) -> None:
    assert choose.choose_engine(instance_type, {"SSM_ENGINE": variable}, own_image=own_image) == engine


@pytest.mark.parametrize("instance_type", ["local", "ml.m5.large"])
def test_an_engine_that_is_none_is_refused_with_those_there_are(instance_type: str) -> None:
    with pytest.raises(UsageError, match=r"SSM_ENGINE='cloud' is not an engine\.\nUse one of: aws, local, docker\."):
        choose.choose_engine(instance_type, {"SSM_ENGINE": "cloud"})
    with pytest.raises(UsageError, match="did you mean SSM_ENGINE"):
        choose.choose_engine(instance_type, {"SSM_ENGIN": "local"})


def test_without_an_image_of_its_own_a_job_of_this_machine_needs_no_container() -> None:
    assert choose.choose_engine("local", {}) == "local"


def test_two_wrong_letters_are_another_programs_variable() -> None:
    assert choose.choose_engine("", {"SSM_ENGAN": "local", "SSH_AGENT": "x"}) == "aws"


def test_jobs_of_this_machine_have_its_folders_its_processors_and_its_identity(tmp_path: Path) -> None:
    services = choose.compose("local", {**HERE, "SSM_HOME": str(tmp_path)}, instead="x")
    assert (services.engine, services.region, services.is_emulated) == ("local", "us-east-1", False)
    assert services.python == sys.executable
    assert isinstance(services.store, FolderStore)
    assert services.bucket_folder("b") == str(tmp_path / "buckets" / "b")
    assert (services.jobs, services.cache) == (tmp_path / "jobs", tmp_path / "cache" / "sent")
    assert services.processors == processes.processors()
    assert services.process == processes.identity()
    assert services.lives(services.process) == (True if services.process else None)
    assert [services.pace(at) for at in (0.0, 0.99, 1.0, 1000.0)] == [0.01, 0.01, 0.02, 0.02]  # at no cost
    assert re.fullmatch(f"[0-9A-Za-z]{{{TOKEN_LENGTH}}}", services.token())
    assert services.token() != services.token()
    assert services.now().utcoffset() is not None
    assert services.experiments
    assert services.experiments() is not None
    assert services.remote_debug is None
    assert services.price("ml.m5.large", "training") is None


def test_jobs_in_containers_have_their_images_pythons(docker: dict[str, str], tmp_path: Path) -> None:
    services = choose.compose("docker", {**docker, "SSM_HOME": str(tmp_path)}, instead="x")
    assert (services.engine, services.python) == ("docker", "")
    assert type(services.images) is not type(choose.compose("local", HERE, instead="x").images)


@pytest.mark.parametrize("name", ["DOCKER_HOST", "CONTAINER_HOST"])
@pytest.mark.parametrize("scheme", ["tcp", "ssh", "http", "https"])
def test_containers_of_another_machine_are_refused(docker: dict[str, str], name: str, scheme: str) -> None:
    with pytest.raises(EngineUnavailable, match="are on another machine, and would not see this one's folders"):
        choose.compose("docker", {**docker, name: f"{scheme}://far"}, instead="x")
    choose.compose("docker", {**docker, name: "unix:///run/docker.sock"}, instead="x")


def test_jobs_of_this_machine_with_data_on_s3_have_the_callers_region_and_no_bucket_folders(
    aws: dict[str, str], tmp_path: Path
) -> None:
    environment = {**HERE, **aws, "SSM_HOME": str(tmp_path)}
    services = choose.compose("local", environment, instead="x", data_store="s3")
    assert (services.engine, services.region, services.buckets) == ("local", "eu-west-1", None)
    assert isinstance(services.store, S3Store)
    assert services.bucket_folder("b") == "b"
    in_folders = choose.compose("local", environment, instead="x", data_store="local")
    assert (in_folders.region, in_folders.buckets) == ("us-east-1", tmp_path / "buckets")


def test_jobs_on_aws_cannot_have_their_data_here() -> None:
    with pytest.raises(UsageError, match="is for jobs on this machine; jobs on AWS have their data on S3"):
        choose.compose("aws", AWS, instead="x", data_store="local")


@pytest.mark.parametrize(
    ("endpoint", "is_emulated"), [("", False), ("http://127.0.0.1:5555", True), ("https://aws.example", False)]
)
def test_jobs_on_aws_are_looked_at_as_seldom_as_aws_wishes_and_an_emulators_at_once(
    aws: dict[str, str], tmp_path: Path, endpoint: str, is_emulated: bool
) -> None:
    environment = {**aws, "AWS_ENDPOINT_URL": endpoint, "SSM_HOME": str(tmp_path), "SSM_PRICES": "0"}
    services = choose.compose("aws", environment, instead="x", data_store="s3")
    assert (services.engine, services.region, services.is_emulated) == ("aws", "eu-west-1", is_emulated)
    assert isinstance(services.store, S3Store)
    assert (services.pace(10_000) >= 30) is not is_emulated
    assert (services.buckets, services.jobs, services.python) == (None, None, "")
    assert services.cache == tmp_path / "cache" / "sent"
    assert services.process == processes.identity()
    assert services.lives(services.process) == (True if services.process else None)
    assert services.remote_debug
    assert services.experiments
    assert id(services.experiments()) == id(services.sagemaker)
    assert services.price("ml.m5.large", "training") is None


def test_commands_for_jobs_need_no_container_where_they_run_none(docker: dict[str, str]) -> None:
    spec = JobsSpec(place=Place(project="p", task=""))
    environment = {**docker, "SSM_ENGINE": "docker"}
    assert choose.for_jobs(spec, environment).engine == "local"
    assert choose.for_jobs(spec, environment, runs_job=True).engine == "docker"
    here = JobsSpec(place=Place(project="p", task="", is_local=True))
    assert choose.for_jobs(here, HERE).engine == "local"


@pytest.mark.parametrize(
    ("image", "engine"),
    [(Image(), "local"), (Image(uri="x:1"), "docker"), (Image(docker_file="FROM x"), "docker")],
)
def test_a_task_with_an_image_of_its_own_runs_in_containers(image: Image, engine: str) -> None:
    spec = TaskSpec(
        kind="run",
        place=Place(project="p", task="t"),
        code=Code(entry_point="w.py"),
        instances=Instances(type="local"),
        image=image,
    )
    assert choose.engine_of(spec, {}) == engine


def test_a_task_has_its_data_where_it_says(aws: dict[str, str], tmp_path: Path) -> None:
    environment = {**HERE, **aws, "SSM_HOME": str(tmp_path)}
    for data_store, kind in ((None, FolderStore), ("local", FolderStore), ("s3", S3Store)):
        place = Place(project="p", task="t", data_store=data_store)  # type: ignore[arg-type]
        spec = TaskSpec(kind="run", place=place, code=Code(entry_point="w.py"), instances=Instances(type="local"))
        assert type(choose.for_task(spec, environment).store) is kind
        at = JobsSpec(place=Place(project="p", task="t", is_local=True, data_store=data_store))  # type: ignore[arg-type]
        assert type(choose.for_jobs(at, environment).store) is kind


def test_an_engine_of_this_machine_knows_whose_data_its_jobs_read(aws: dict[str, str], tmp_path: Path) -> None:
    environment = {**HERE, **aws, "SSM_HOME": str(tmp_path), "TOKEN": "secret"}
    made = choose.compose("local", environment, instead="x", data_store="s3").sagemaker._settings_for({})  # type: ignore[attr-defined]
    assert (made.region, made.callers_s3, made.isolation) == ("eu-west-1", True, "plain")
    made = choose.compose("local", environment, instead="x").sagemaker._settings_for({})  # type: ignore[attr-defined]
    assert (made.region, made.callers_s3) == ("us-east-1", False)


def test_a_supervisor_that_was_started_ahead_gets_the_tasks_job(tmp_path: Path) -> None:
    place = Place(project="p", task="t")
    spec = TaskSpec(kind="run", place=place, code=Code(entry_point="w.py"), instances=Instances(type="local"))
    environment = {**HERE, "SSM_HOME": str(tmp_path)}
    ahead = prestart(["run"], {**environment, "SSM_ENGINE": "local"})
    assert ahead is not None
    try:
        starter = choose.for_task(spec, environment, ahead).sagemaker._starter  # type: ignore[attr-defined]
        assert (starter._jobs, starter._waiting, starter._variables) == (tmp_path / "jobs", [ahead], None)
        assert choose.for_task(spec, environment).sagemaker._starter._waiting == []  # type: ignore[attr-defined]
    finally:
        os.kill(ahead.pid, signal.SIGKILL)
        os.waitpid(ahead.pid, 0)


def test_jobs_have_the_callers_credentials_where_their_data_is_on_s3_alone(aws: dict[str, str], tmp_path: Path) -> None:
    environment = {**HERE, **aws, "SSM_HOME": str(tmp_path), "TOKEN": "secret"}
    on_s3 = choose.compose("local", environment, instead="x", data_store="s3")
    assert on_s3.sagemaker._starter._variables == AWS  # type: ignore[attr-defined]
    in_folders = choose.compose("local", environment, instead="x")
    assert in_folders.sagemaker._starter._variables is None  # type: ignore[attr-defined]


def test_experiments_are_of_the_region_that_jobs_have(aws: dict[str, str], tmp_path: Path) -> None:
    environment = {**HERE, **aws, "SSM_HOME": str(tmp_path)}
    services = choose.compose("local", environment, instead="x", data_store="s3")
    assert services.experiments
    made: Any = services.experiments()
    assert ":eu-west-1:" in made.create_experiment(ExperimentName="one")["ExperimentArn"]


def test_prices_are_asked_for_unless_the_environment_says_no(aws: dict[str, str], tmp_path: Path) -> None:
    environment = {**aws, "SSM_HOME": str(tmp_path)}
    asked = choose.compose("aws", environment, instead="x").price
    assert asked is not no_price
    assert choose.compose("aws", {**environment, "SSM_PRICES": "0"}, instead="x").price is no_price
    assert choose.compose("aws", {**environment, "SSM_PRICES": "1"}, instead="x").price is not no_price


@pytest.mark.parametrize(
    ("environment", "keys"),
    [
        ({}, None),
        ({"AWS_ACCESS_KEY_ID": "A"}, None),
        ({"AWS_SECRET_ACCESS_KEY": "s"}, None),
        ({"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}, ("A", "s")),
        ({"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": ""}, ("A", "s")),
        ({"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"}, None),
        ({"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SECURITY_TOKEN": "t"}, None),
    ],
)
def test_an_emulator_takes_a_persons_keys_and_no_sessions(
    environment: dict[str, str], keys: tuple[str, str] | None
) -> None:
    assert choose._emulator_keys(environment) == keys


def test_an_emulator_that_others_can_reach_needs_keys(tmp_path: Path) -> None:
    spec = EmulatorSpec(
        port=0,
        home=None,
        region="us-east-1",
        s3_endpoint=None,
        registry=None,
        enforce_iam=False,
        role_delay_s=0,
        faults="",
        env_file=None,
        bind="0.0.0.0",
    )
    with pytest.raises(UsageError, match=r"^--bind needs keys that its clients have"):
        choose.emulator(spec, tmp_path, HERE, lambda _: None)


@pytest.mark.parametrize(
    ("asked", "variable", "is_refused"),
    [
        ("", "", False),
        ("throttle=0.5", "", False),
        ("", "throttle=0.5", False),
        ("throttle=0.5", "nonsense", False),  # what is typed goes before what is in the environment
        ("", "nonsense", True),
        ("nonsense", "throttle=0.5", True),
    ],
)
def test_an_emulators_faults_are_those_typed_or_else_the_environments(
    tmp_path: Path, asked: str, variable: str, *, is_refused: bool
) -> None:
    spec = EmulatorSpec(
        port=0,
        home=None,
        region="us-east-1",
        s3_endpoint="http://127.0.0.1:9",
        registry=None,
        enforce_iam=False,
        role_delay_s=0,
        faults=asked,
        env_file=None,
        bind="",
    )
    environment = {**HERE, "SSM_EMULATOR_FAULTS": variable, "AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "s"}
    if is_refused:
        with pytest.raises(UsageError, match="nonsense"):
            choose.emulator(spec, tmp_path, environment, lambda _: None)
        return
    server = choose.emulator(spec, tmp_path, environment, lambda _: None)
    server.start()
    server.stop(0)


@pytest.mark.parametrize(
    ("text", "words"), [("", ()), ("--network host", ("--network", "host")), ("-a 'b c'", ("-a", "b c"))]
)
def test_the_words_of_every_build_are_read_as_a_shell_does(text: str, words: tuple[str, ...]) -> None:
    assert build_options({"SSM_DOCKER_BUILD": text}) == words
    assert build_options({}) == ()
    with pytest.raises(UsageError, match=r"SSM_DOCKER_BUILD=.* cannot be read as words"):
        build_options({"SSM_DOCKER_BUILD": f"{text} 'no end"})


def test_docker_is_looked_for_when_the_first_image_needs_it(docker: dict[str, str]) -> None:
    assert find_docker(docker)().command == ("docker",)
    find = find_docker({"PATH": "/nowhere"})
    with pytest.raises(EngineUnavailable, match="no program 'docker'"):
        find()
