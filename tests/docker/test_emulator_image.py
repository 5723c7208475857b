"""The emulator's image: built from its Dockerfile without a network, and used as examples/emulator has it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from tests.docker import wheels
from tests.docker.containers import BASE
from tests.docker.daemon import Daemon
from tests.emulated import ended, request

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

TOP = Path(__file__).parents[2]
EXAMPLE = TOP / "examples/emulator"
COMPOSE = yaml.safe_load((EXAMPLE / "compose.yaml").read_text(encoding="utf-8"))["services"]
WORKFLOW = yaml.safe_load((EXAMPLE / "workflow.yml").read_text(encoding="utf-8"))["jobs"]["tests"]
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "of-this-test"}


@dataclass(frozen=True)
class Images:
    """The image of the emulator and that of the tests beside it."""

    emulator: str
    tests: str


@pytest.fixture(scope="module")
def images(daemon: Daemon, tmp_path_factory: pytest.TempPathFactory) -> Images:
    """Both, by their Dockerfiles as they stand; pip finds what they install on this machine alone."""
    ours = f"{sys.version_info.major}.{sys.version_info.minor}"
    asked = "import sys; print('%d.%d' % sys.version_info[:2])"
    theirs = daemon.docker("run", "--rm", "--network", "none", BASE, "python3", "-c", asked).strip()
    if ours != theirs:
        pytest.skip(f"packages of Python {ours} are installed here, and the base has Python {theirs}")
    folder = tmp_path_factory.mktemp("wheels")
    packages = wheels.needed("simple-sagemaker[emulator]", "hatchling", "pytest")
    for name, distribution in packages.items():
        if name != "simple-sagemaker":
            wheels.pack(distribution, folder)
    made = Images(f"emulator:{os.urandom(4).hex()}", f"emulators-tests:{os.urandom(4).hex()}")
    with wheels.offered(folder) as links:
        words = ["build", "--network", "host", "--build-arg", f"BASE={BASE}"]
        words += ["--build-arg", "PIP_NO_INDEX=1", "--build-arg", f"PIP_FIND_LINKS={links}"]
        file = TOP / COMPOSE["emulator"]["build"]["dockerfile"]
        daemon.docker(*words, "--tag", made.emulator, "--file", str(file), str(TOP))
        daemon.docker(*words, "--tag", made.tests, str(EXAMPLE / COMPOSE["tests"]["build"]))
    return made


@pytest.fixture
def containers(docker: Daemon) -> Iterator[list[str]]:
    """Names of containers, networks and volumes (as ``KIND NAME``) that are removed in the end."""
    made: list[str] = []
    yield made
    for one in reversed(made):
        kind, name = one.split()
        docker.docker(kind, "rm", "--force", name, check=False)


def start(docker: Daemon, containers: list[str], *words: str) -> str:
    """A container that runs behind us; its words are those of ``docker run``."""
    name = f"emulator-{os.urandom(4).hex()}"
    containers.append(f"container {name}")
    docker.docker("run", "--detach", "--name", name, *words)
    return name


def own_network(docker: Daemon, containers: list[str]) -> str:
    """A network for a test's containers: the tests' daemon has none of its own."""
    name = f"emulator-{os.urandom(4).hex()}"
    docker.docker("network", "create", name)
    containers.append(f"network {name}")
    return name


def settings(variables: dict[str, str]) -> list[str]:
    return [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]


def healthy(docker: Daemon, name: str) -> None:
    """Wait for what the image's own health check finds."""
    until = time.monotonic() + 180
    while (found := docker.docker("inspect", "--format", "{{.State.Health.Status}}", name).strip()) != "healthy":
        running = docker.docker("inspect", "--format", "{{.State.Running}}", name).strip()
        assert running == "true", docker.docker("logs", name)
        assert time.monotonic() < until, (found, docker.docker("logs", name))
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def client(service: Any, port: int) -> Any:
    session = boto3.Session(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], region_name="us-east-1")
    return session.client(service, endpoint_url=f"http://localhost:{port}")


def test_the_containers_of_the_compose_file_do_their_work(
    docker: Daemon, images: Images, containers: list[str]
) -> None:
    network = own_network(docker, containers)
    theirs, tests = COMPOSE["emulator"], COMPOSE["tests"]
    words = ["--init", "--network", network, "--network-alias", "emulator"]
    secret = {name: KEYS[name] if value.startswith("${") else value for name, value in theirs["environment"].items()}
    name = start(docker, containers, *words, *settings(secret), images.emulator, *theirs["command"])
    assert tests["depends_on"]["emulator"]["condition"] == "service_healthy"
    healthy(docker, name)
    variables = {name: KEYS[name] if value.startswith("${") else value for name, value in tests["environment"].items()}
    printed = docker.docker("run", "--rm", "--network", network, *settings(variables), images.tests, check=False)
    assert "2 passed" in printed, printed
    variables["AWS_SECRET_ACCESS_KEY"] = "another"
    printed = docker.docker("run", "--rm", "--network", network, *settings(variables), images.tests, check=False)
    assert "SignatureDoesNotMatch" in printed


def test_as_a_service_beside_the_steps_it_runs_jobs_and_keeps_them_in_its_volume(
    docker: Daemon, images: Images, containers: list[str]
) -> None:
    """As in the workflow: no words of its own, one port of this machine, asked as ``localhost``."""
    (published,) = WORKFLOW["services"]["emulator"]["ports"]
    assert published.startswith("127.0.0.1:")
    inside = published.rpartition(":")[2]
    volume = f"emulator-{os.urandom(4).hex()}"
    containers.append(f"volume {volume}")
    port = free_port()
    words = ["--network", own_network(docker, containers), "--publish", f"127.0.0.1:{port}:{inside}"]
    words += ["--volume", f"{volume}:/home/emulator/jobs", *settings(KEYS)]
    name = start(docker, containers, *words, images.emulator)
    healthy(docker, name)
    s3, sagemaker = client("s3", port), client("sagemaker", port)
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="code/run.sh", Body=b"id -un; echo model >$SAGEMAKER_BASE_DIR/model/m\n")
    entry = ["/bin/sh", "-c", ". $SAGEMAKER_BASE_DIR/input/data/code/run.sh"]
    algorithm = {"TrainingImage": "image", "TrainingInputMode": "File", "ContainerEntrypoint": entry}
    sagemaker.create_training_job(**request("first", "bucket", AlgorithmSpecification=algorithm))
    job = ended(sagemaker, "first")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    events = client("logs", port).filter_log_events(logGroupName="/aws/sagemaker/TrainingJobs")["events"]
    assert "emulator" in [event["message"] for event in events]
    assert s3.head_object(Bucket="bucket", Key="out/first/output/model.tar.gz")["ContentLength"]
    docker.docker("stop", "--time", "30", name)
    assert docker.docker("inspect", "--format", "{{.State.ExitCode}}", name) == "0\n"
    again = start(docker, containers, *words, images.emulator)
    healthy(docker, again)
    assert client("sagemaker", port).describe_training_job(TrainingJobName="first")["TrainingJobStatus"] == "Completed"


def test_without_keys_it_says_so_and_ends(docker: Daemon, images: Images) -> None:
    words = ["docker", "run", "--rm", "--network", "none", images.emulator]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in done.stderr


def test_the_image_has_nothing_of_the_clone_but_the_package(docker: Daemon, images: Images) -> None:
    find = "find / -xdev -name tests -path '*simple*' -o -xdev -name changelog.d; ls /tmp; ls -A ~"
    words = ["run", "--rm", "--network", "none", "--entrypoint", "sh", images.emulator, "-c", find]
    assert docker.docker(*words).split() == [".bash_logout", ".bashrc", ".profile", "jobs"]


def test_with_two_rights_its_jobs_have_namespaces(docker: Daemon, images: Images) -> None:
    page = (TOP / "docs/emulator.md").read_text(encoding="utf-8")
    rights = ["--security-opt", "seccomp=unconfined", "--security-opt", "systempaths=unconfined"]
    assert f"`{' '.join(rights)}`" in page
    asked = "from simple_sagemaker.local.isolation.choose import choose; print(choose('auto').how)"
    for options, found in (([], "plain"), (rights, "namespaces")):
        words = ["run", "--rm", "--network", "none", *options, "--entrypoint", "python3", images.emulator, "-c", asked]
        assert docker.docker(*words).strip() == found
