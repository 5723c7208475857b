"""``--df`` on AWS: built by a real daemon, pushed to a real registry where the emulator's ECR points to."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.docker import base
from tests.docker.daemon import Daemon, registry
from tests.emulated import Emulator, ended

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]


@dataclass
class Place:
    """A person's folder with a worker and an image's folder, an AWS, and a daemon."""

    folder: Path
    aws: Emulator
    docker: Daemon
    project: str

    @property
    def image(self) -> Path:
        return self.folder / "image"

    def dockerfile(self, text: str, **files: str) -> None:
        self.image.mkdir(exist_ok=True)
        (self.image / "Dockerfile").write_text(text)
        for name, content in files.items():
            (self.image / name.replace("__", ".")).write_text(content)

    def words(self, *more: str, task: str = "t", df: str = "image") -> list[str]:
        return ["run", "-p", self.project, "-t", task, "-e", "worker.py", "--df", df, "--no_wait", *more]

    def run(self, *more: str, task: str = "t", df: str = "image", status: int = 0, **changes: str) -> str:
        """What ``ssm run`` says on stderr."""
        done = self.aws.ssm(self.folder, *self.words(*more, task=task, df=df), **changes)
        assert done.returncode == status, done.stderr
        return done.stderr

    def start(self, *, task: str = "t", df: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "simple_sagemaker.cli.main", *self.words(task=task, df=df)],
            cwd=self.folder,
            env=self.aws.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def jobs(self) -> list[Any]:
        """The descriptions of the project's jobs, the newest last."""
        sagemaker = self.aws.client("sagemaker")
        found = sagemaker.list_training_jobs(SortBy="CreationTime", SortOrder="Ascending", MaxResults=100)
        names = [one["TrainingJobName"] for one in found["TrainingJobSummaries"]]
        jobs = [sagemaker.describe_training_job(TrainingJobName=name) for name in names]
        return [job for job in jobs if f"/{self.project}/" in job["OutputDataConfig"]["S3OutputPath"]]

    def images(self) -> list[str]:
        """The images of the project's jobs, the newest last."""
        return [job["AlgorithmSpecification"]["TrainingImage"] for job in self.jobs()]

    def inside(self, image: str, command: str) -> str:
        """What a shell prints in a container of an image that was pulled from the registry for it."""
        self.docker.docker("rmi", image, check=False)
        return self.docker.docker("run", "--rm", "--network", "none", image, "sh", "-c", command)

    def tags(self, repository: str) -> list[str]:
        with urllib.request.urlopen(f"http://{self.docker.registry}/v2/{repository}/tags/list") as answer:
            found: dict[str, list[str]] = json.load(answer)
        return sorted(found["tags"])


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory, daemon: Daemon) -> Iterator[Emulator]:
    made = Emulator(tmp_path_factory.mktemp("aws"), "--registry", daemon.registry)
    yield made
    made.stop()


@pytest.fixture
def place(tmp_path: Path, docker: Daemon, emulator: Emulator, request: pytest.FixtureRequest) -> Place:
    return make_place(tmp_path, docker, emulator, request)


def make_place(tmp_path: Path, docker: Daemon, emulator: Emulator, request: pytest.FixtureRequest) -> Place:
    emulator.environment |= {**docker.environment, "TMPDIR": str(tmp_path)}  # where what failed stays
    (tmp_path / "worker.py").write_text("print('ran')\n")
    project = re.sub(r"[^a-z0-9]+", "-", request.node.name)[-40:].strip("-")
    return Place(folder=tmp_path, aws=emulator, docker=docker, project=project)


def test_the_image_has_what_the_folder_has_and_the_job_names_it_by_its_digest(place: Place) -> None:
    place.dockerfile("FROM __BASE_IMAGE__\nCOPY a.txt /\nRUN echo made >/b.txt\n", a__txt="copied\n")
    said = place.run("--repo_name", "mine", "--aws_repo_name", "of_one_test", "--image_tag", "v1")
    assert f"Repository: created {place.docker.registry}/of_one_test" in said
    assert "build | Step 1/3" in said or "build | #1" in said
    assert "push | " in said
    (image,) = place.images()
    assert re.fullmatch(rf"{place.docker.registry}/of_one_test@sha256:[0-9a-f]{{64}}", image)
    assert place.inside(image, "cat /a.txt /b.txt; python3 -c 'print(1)'") == "copied\nmade\n1\n"
    own, content = sorted(place.tags("of_one_test"), key=lambda tag: tag.startswith("ssm-"))
    assert own == "v1"
    assert re.fullmatch(r"ssm-[0-9a-f]{32}", content)
    assert place.docker.docker("image", "inspect", "mine:v1")
    (made,) = place.aws.client("ecr").describe_repositories(repositoryNames=["of_one_test"])["repositories"]
    assert made["imageScanningConfiguration"] == {"scanOnPush": True}
    assert made["encryptionConfiguration"]["encryptionType"] == "AES256"


def test_an_unchanged_image_is_neither_built_nor_pushed_and_needs_no_docker(place: Place) -> None:
    place.dockerfile("FROM __BASE_IMAGE__\nCOPY a.txt /\n", a__txt="1")
    place.run()
    place.aws.calls()
    said = place.run("--force_running", SSM_DOCKER=shlex.join([sys.executable, "-c", "raise SystemExit(9)"]))
    asked = {name: count for name, count in place.aws.calls().items() if name.startswith("ecr.")}
    assert asked == {"ecr.DescribeRepositories": 1, "ecr.BatchGetImage": 2}  # of the base, and of both tags
    assert "build |" not in said
    first, second = place.images()
    assert first == second


def test_a_changed_file_makes_another_image_and_an_ignored_one_does_not(place: Place) -> None:
    place.dockerfile("FROM __BASE_IMAGE__\nCOPY . /in\n", a__txt="1", notes__md="1", __dockerignore="*.md\n")
    place.run()
    (place.image / "notes.md").write_text("2")
    place.run("--force_running")
    (place.image / "a.txt").write_text("2")
    assert "build |" in place.run("--force_running")
    first, second, third = place.images()
    assert first == second != third
    assert place.inside(third, "cat /in/a.txt; ls /in") == "2Dockerfile\na.txt\n"


def test_a_base_that_moved_is_built_on_anew(place: Place) -> None:
    name = f"{place.project}:1"
    there = f"{place.docker.registry}/{name}"
    place.dockerfile(f"FROM 111111111111.dkr.ecr.us-east-1.amazonaws.com/{name}\n")
    for content in ("old", "new"):
        made = place.folder / content
        made.mkdir()
        (made / "Dockerfile").write_text(f"FROM {base.aws_names()[0]}\nRUN echo {content} >/which\n")
        place.docker.docker("build", "--network", "host", "--tag", there, str(made))
        place.docker.docker("push", there)
        place.run("--force_running")
    first, second = place.images()
    assert (place.inside(first, "cat /which"), place.inside(second, "cat /which")) == ("old\n", "new\n")


def test_a_run_without_names_and_a_text_without_from_get_what_they_need(place: Place) -> None:
    said = place.run(df="RUN echo hello >/hello")
    assert f"the Dockerfile has no FROM, so it is built on {base.aws_names()[0]}" in said
    (image,) = place.images()
    assert image.startswith(f"{place.docker.registry}/simple-sagemaker/{place.project}@sha256:")
    assert place.inside(image, "cat /hello") == "hello\n"
    assert "latest" in place.tags(f"simple-sagemaker/{place.project}")


@pytest.mark.parametrize("option", ["--aws_repo_name", "--repo_name"])
def test_one_name_serves_for_both(place: Place, option: str) -> None:
    said = place.run(option, "mine-alone", "--dry_run", df="RUN true")
    assert "Repository: mine-alone would be created" in said
    assert "/mine-alone:ssm-" in said


def test_a_tag_that_cannot_move_stays_and_the_job_runs_the_new_image(place: Place) -> None:
    place.aws.client("ecr").create_repository(repositoryName="fixed", imageTagMutability="IMMUTABLE")
    place.run("--ar", "fixed", df="RUN echo 1 >/n")
    said = place.run("--ar", "fixed", "--force_running", df="RUN echo 2 >/n")
    assert "the tag latest stays with another image" in said
    assert place.inside(place.images()[-1], "cat /n") == "2\n"
    assert place.inside(f"{place.docker.registry}/fixed:latest", "cat /n") == "1\n"


def test_a_step_that_fails_shows_its_lines_and_a_command_that_repeats_it(place: Place) -> None:
    place.dockerfile("FROM __BASE_IMAGE__\nRUN echo so far; ls /nowhere\n")
    said = place.run(status=1)
    assert "cannot access '/nowhere'" in said.partition("failed with status")[2]
    again = re.search(r"^This repeats it: (.*)$", said, re.MULTILINE)
    assert again
    repeated = subprocess.run(shlex.split(again[1]), capture_output=True, text=True, check=False)
    assert repeated.returncode != 0
    assert "cannot access '/nowhere'" in repeated.stdout + repeated.stderr
    assert place.images() == []


def test_a_dockerfile_alone_cannot_copy_and_is_told_to_be_a_folder(place: Place) -> None:
    place.dockerfile("FROM __BASE_IMAGE__\nCOPY a.txt /\n", a__txt="1")
    assert "Only a folder's files can be copied" in place.run(df="image/Dockerfile", status=1)


def test_a_base_that_is_nowhere_is_named(place: Place) -> None:
    nowhere = "222222222222.dkr.ecr.us-east-1.amazonaws.com/nowhere:1"
    said = place.run(df=f"FROM {nowhere}", status=4)
    assert f"The image {nowhere} is not here and cannot be pulled" in said


def test_a_dry_run_says_what_would_be_built_and_changes_nothing(place: Place) -> None:
    said = place.run("--dry_run", df="RUN true")
    assert f"Repository: simple-sagemaker/{place.project} would be created" in said
    assert re.search(rf"Image: \S+/simple-sagemaker/{place.project}:ssm-\w+ would be built and pushed", said)
    place.run(df="RUN true")
    assert re.search(r"Image: \S+@sha256:\w+ exists", place.run("--dry_run", "--force_running", df="RUN true"))
    assert len(place.images()) == 1


def test_a_completed_task_is_skipped_without_a_build_and_says_that_its_image_changed(place: Place) -> None:
    place.dockerfile("FROM __BASE_IMAGE__\nCOPY a.txt /\n", a__txt="1")
    place.run()
    ended(place.aws.client("sagemaker"), place.jobs()[0]["TrainingJobName"])
    assert "differs" not in place.run()
    (place.image / "a.txt").write_text("2")
    said = place.run()
    assert "Skipped: the task was completed by" in said
    assert "differs from what that job had:\n  image\n" in said
    assert "build |" not in said
    assert "Running again" in place.run("--if_changed")
    assert len(place.images()) == 2


def test_two_builds_of_the_same_at_once_both_run(place: Place) -> None:
    started = [place.start(task=task, df="RUN echo together >/how") for task in ("t1", "t2")]
    said = [process.communicate()[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert [place.inside(image, "cat /how") for image in place.images()] == ["together\n"] * 2


def test_a_push_that_is_refused_is_an_error_and_is_all_that_is_done_again(
    tmp_path: Path, docker: Daemon, request: pytest.FixtureRequest
) -> None:
    with registry(tmp_path / "storage", read_only=True) as address:
        aws = Emulator(tmp_path / "aws", "--registry", address)
        place = make_place(tmp_path, docker, aws, request)
        place.dockerfile("FROM scratch\nCOPY a.txt /\n", a__txt="1")
        said = place.run(status=1)
        assert "build |" in said
        assert "The image could not be pushed." in said
        assert place.images() == []
    with registry(tmp_path / "storage", port=int(address.partition(":")[2])):
        assert "build |" not in place.run()
        assert len(place.images()) == 1
    aws.stop()


def test_a_registry_that_stops_in_the_middle_of_a_push_is_an_error(
    tmp_path: Path, docker: Daemon, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as stack:
        address = stack.enter_context(registry(tmp_path / "storage"))
        aws = Emulator(tmp_path / "aws", "--registry", address)
        place = make_place(tmp_path, docker, aws, request)
        process = place.start(df=f"FROM {base.aws_names()[1]}\nRUN head -c 80000000 /dev/urandom >/big")
        assert process.stderr
        said = ""
        while "push |" not in said:
            said += (line := process.stderr.readline())
            assert line, said
    said += process.communicate()[1]
    assert process.returncode == 1
    assert "The image could not be pushed." in said
    assert place.images() == []
    aws.stop()


def test_the_login_is_for_the_push_alone(
    tmp_path: Path, docker: Daemon, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = tmp_path / "accounts"
    accounts.write_text(f"AWS:{_bcrypt('000000000000-auth-token')}\n")
    config = tmp_path / "docker-config" / "config.json"
    config.parent.mkdir()
    config.write_text(own := json.dumps({"auths": {"mine.example": {"auth": "bWU6bWU="}}}))
    keychain = tmp_path / "tools" / "docker-credential-secretservice"
    keychain.parent.mkdir()
    keychain.write_text(f"#!/bin/sh\necho $@ >>{tmp_path}/asked\ncat >>{tmp_path}/asked\n")
    keychain.chmod(0o755)
    monkeypatch.setenv("PATH", f"{keychain.parent}:{os.environ['PATH']}")
    with registry(tmp_path / "storage", accounts=accounts) as address:
        aws = Emulator(tmp_path / "aws", "--registry", address)
        place = make_place(tmp_path, docker, aws, request)
        place.dockerfile("FROM scratch\nCOPY a.txt /\n", a__txt="1")
        place.run()
        refused = docker.docker("pull", place.images()[0], check=False)
        aws.stop()
    assert refused == ""
    assert config.read_text() == own
    assert "store" not in (asked.read_text() if (asked := tmp_path / "asked").exists() else "")


def _bcrypt(password: str) -> str:
    """As registries want it; the system's own crypt has it, by Perl, which every Debian has."""
    program = "print crypt($ARGV[0], q($2y$05$abcdefghijklmnopqrstuu))"
    made: Any = subprocess.run(["perl", "-e", program, password], capture_output=True, text=True, check=True)
    return str(made.stdout)
