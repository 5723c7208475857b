"""The Docker command: which one, and what is said where it fails. The commands are scripts in place of Docker."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from simple_sagemaker.errors import EngineUnavailable, InputNotFound, UsageError
from simple_sagemaker.images.docker.command import Docker, DockerFailed, from_environment
from simple_sagemaker.images.docker.login import Login, log_in
from simple_sagemaker.images.docker.pull import ecr_address, pull_if_missing


def command(folder: Path, script: str, **environment: str) -> Docker:
    """A command that is a shell script; ``ps`` says yes, as where there is a daemon."""
    file = folder / "dockerish"
    file.write_text(f'#!/bin/sh\n[ "$1" = ps ] && exit ${{NO_DAEMON:-0}}\n{script}\n')
    file.chmod(0o755)
    return from_environment({"PATH": os.environ["PATH"], "HOME": str(folder), "SSM_DOCKER": str(file), **environment})


def test_the_command_is_docker_or_what_is_named_with_its_words(tmp_path: Path) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\necho plain\n")
    (tmp_path / "docker").chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    assert from_environment({"PATH": path}).do("x") == "plain\n"
    named = from_environment(
        {"PATH": path, "SSM_DOCKER": f"{shlex.quote(sys.executable)} -c 'import sys; print(sys.argv)'"}
    )
    assert named.do("run", "a b") == "['-c', 'run', 'a b']\n"
    typed = named.command_line("run", "a b")  # which a person can copy
    assert shlex.split(typed) == [sys.executable, "-c", "import sys; print(sys.argv)", "run", "a b"]


def test_the_command_is_looked_for_where_its_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ours").write_text("#!/bin/sh\necho ours\n")
    (tmp_path / "ours").chmod(0o755)
    monkeypatch.setenv("PATH", os.defpath)  # which Windows would look in, and so subprocess there
    docker = from_environment({"PATH": f"{tmp_path}:{os.defpath}", "SSM_DOCKER": "ours"})
    assert docker._program(("x",)) == [str(tmp_path / "ours"), "x"]
    assert docker.with_environment({"X": "1"}).environment == {**docker.environment, "X": "1"}


def test_where_there_is_no_docker_the_ways_out_are_named(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable) as told:
        from_environment({"PATH": str(tmp_path)})
    for way in ("Install Docker", "SSM_DOCKER=podman", "--image_uri"):
        assert way in str(told.value)
    with pytest.raises(EngineUnavailable, match="'finch'"):
        from_environment({"PATH": str(tmp_path), "SSM_DOCKER": "finch --debug"})


def test_without_docker_for_jobs_in_containers_no_option_is_advised_that_was_not_given(tmp_path: Path) -> None:
    containers = {"PATH": str(tmp_path), "SSM_ENGINE": "docker"}
    for refuse in (
        lambda: from_environment(containers),
        command(tmp_path, "exit 1", NO_DAEMON="1", SSM_ENGINE="docker").check,
    ):
        with pytest.raises(EngineUnavailable) as told:
            refuse()
        assert "SSM_ENGINE=local" in str(told.value)
        assert "on AWS (without SSM_ENGINE)" in str(told.value)
        assert "image_uri" not in str(told.value)
        assert "docker_file" not in str(told.value)


@pytest.mark.parametrize("text", ["'open", " "])
def test_what_is_no_command_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="SSM_DOCKER"):
        from_environment({"PATH": os.environ["PATH"], "SSM_DOCKER": text})


def test_where_no_daemon_answers_every_verb_says_so(tmp_path: Path) -> None:
    docker = command(tmp_path, "exit 1", NO_DAEMON="1")
    for verb in (docker.ask, docker.do, lambda word: docker.follow(word, report=lambda _: None)):
        with pytest.raises(EngineUnavailable, match="Docker does not answer"):
            verb("image")


def test_a_question_for_what_is_not_there_is_answered_by_none(tmp_path: Path) -> None:
    assert command(tmp_path, "exit 1").ask("image", "inspect", "x") is None


def test_lines_come_as_they_are_printed_without_colours_and_overwritten_text(tmp_path: Path) -> None:
    lines: list[str] = []
    command(tmp_path, r"printf '1%%\r2%%\r3%%\n\033[91mred\033[0m\n'; echo error >&2").follow("x", report=lines.append)
    assert lines == ["3%", "red", "error"]


def test_a_failure_has_the_last_lines_and_the_command_that_repeats_it(tmp_path: Path) -> None:
    docker = command(tmp_path, "for n in $(seq 30); do echo line $n; done; exit 7")
    with pytest.raises(DockerFailed) as told:
        docker.follow("build", "a b", report=lambda _: None)
    words = str(told.value)
    assert "failed with status 7" in words
    lines = [line for line in words.splitlines() if line.startswith("  line ")]
    assert lines == [f"  line {number}" for number in range(19, 31)]
    assert words.endswith(f"This repeats it: {docker.command_line('build', 'a b')}")


def test_left_alone_a_command_is_ended(tmp_path: Path) -> None:
    docker = command(tmp_path, f"echo $$ >{tmp_path}/pid; echo up; exec sleep 600")

    def leave(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        docker.follow("x", report=leave)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_login_leaves_the_persons_configuration_alone_and_keeps_its_contexts(tmp_path: Path) -> None:
    home = tmp_path / ".docker"
    (home / "contexts").mkdir(parents=True)
    (home / "contexts/mine").write_text("")
    own = {"auths": {"x": {}}, "credsStore": "desktop", "credHelpers": {}, "currentContext": "far"}
    (home / "config.json").write_text(json.dumps(own))
    seen = f'echo "$@" >{tmp_path}/words; cat >{tmp_path}/typed; cp -r "$DOCKER_CONFIG" {tmp_path}/seen'
    docker = command(tmp_path, seen)
    with log_in(docker, Login(host="r.example", user="AWS", password="secret")) as inside:
        where = Path(inside.environment["DOCKER_CONFIG"])
        assert where.is_dir()
    assert not where.exists()
    assert (tmp_path / "words").read_text() == "login --username AWS --password-stdin r.example\n"
    assert (tmp_path / "typed").read_text() == "secret"
    assert json.loads((tmp_path / "seen/config.json").read_text()) == {
        "auths": {"r.example": {}},
        "currentContext": "far",
    }
    assert (tmp_path / "seen/contexts/mine").exists()
    assert json.loads((home / "config.json").read_text()) == own
    assert "secret" not in repr(Login(host="r", user="AWS", password="secret"))


def _waits(config: Path) -> None:
    os.mkfifo(config)


def _never_ends(config: Path) -> None:
    with open(config, "wb") as file:
        file.truncate(1 << 40)


DAMAGED: dict[str, Callable[[Path], object]] = {
    "a pipe": _waits,
    "without end": _never_ends,
    "a list": lambda config: config.write_text("[]"),
    "lists in lists": lambda config: config.write_text("[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
def test_a_configuration_that_is_none_does_not_hold_up_a_login(
    tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    (tmp_path / ".docker").mkdir()
    damage(tmp_path / ".docker/config.json")
    docker = command(tmp_path, f'cp "$DOCKER_CONFIG/config.json" {tmp_path}/seen')
    with log_in(docker, Login(host="r.example", user="AWS", password="secret")):
        assert json.loads((tmp_path / "seen").read_text()) == {"auths": {"r.example": {}}}


def test_an_image_in_ecr_without_credentials_is_told_of(tmp_path: Path) -> None:
    docker = command(tmp_path, "echo denied >&2; exit 1")
    image = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-training:2.6"
    with pytest.raises(InputNotFound, match="needs credentials"):
        pull_if_missing(docker, image, lambda _: None, platform="linux/amd64")
    with pytest.raises(InputNotFound, match="docker login"):
        pull_if_missing(docker, "quay.example/x:1", lambda _: None, platform="linux/amd64")


def test_the_parts_of_an_address_in_ecr_are_known() -> None:
    found = ecr_address("123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com/a/b@sha256:00")
    assert found
    assert (found.account, found.region, found.image) == ("123456789012", "us-gov-west-1", "a/b@sha256:00")
    assert ecr_address("public.ecr.aws/x/y:1") is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo out; echo err >&2", "err"),
        ("echo out", "out"),
        ("true", ""),
        ("seq 30 >&2", "\n".join(f"  {n}" for n in range(19, 31))),
    ],
)
def test_a_command_that_fails_says_the_end_of_what_it_printed(tmp_path: Path, script: str, said: str) -> None:
    docker = command(tmp_path, f"{script}; exit 3")
    with pytest.raises(DockerFailed) as told:
        docker.do("images")
    expected = said if said.startswith("  ") else f"  {said}" if said else ""
    assert told.value.output == expected
    assert str(told.value).splitlines()[0] == f"{docker.command[0]} images failed with status 3:"
    assert docker.ask("images") is None


@pytest.mark.parametrize(
    ("script", "reason"),
    [("echo one; echo two >&2", "two"), ("echo one", "one"), ("printf 'a\\nb\\n' >&2", "b"), ("true", "status 5")],
)
def test_why_there_is_no_daemon_is_its_own_last_word(tmp_path: Path, script: str, reason: str) -> None:
    file = tmp_path / "dockerish"
    file.write_text(f"#!/bin/sh\n{script}; exit 5\n")
    file.chmod(0o755)
    docker = from_environment({"PATH": os.environ["PATH"], "SSM_DOCKER": str(file)})
    for act in (docker.ask, docker.do):
        with pytest.raises(EngineUnavailable) as told:
            act("images")
        assert str(told.value).splitlines()[0] == f"Docker does not answer to {file} ps: {reason}"


def test_a_program_that_is_not_there_is_named_with_where_its_name_is_from(tmp_path: Path) -> None:
    with pytest.raises(
        EngineUnavailable, match=r"^There is no program 'docker' here, which an image needs \(docker\)\."
    ):
        from_environment({"PATH": str(tmp_path)})
    with pytest.raises(
        EngineUnavailable, match=r"no program 'nosuch' here, which an image needs \(SSM_DOCKER=nosuch --x\)"
    ):
        from_environment({"PATH": str(tmp_path), "SSM_DOCKER": "nosuch --x"})


def test_what_is_typed_reaches_the_command_and_without_it_there_is_an_end(tmp_path: Path) -> None:
    docker = command(tmp_path, "cat")
    assert docker.do("x", stdin="typed") == docker.ask("x", stdin="typed") == "typed"
    assert docker.do("x") == ""
    assert docker.with_environment({"A": "1"}).environment.items() > docker.environment.items()
