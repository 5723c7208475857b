"""What the variables of a person's environment make of this machine's engine."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from simple_sagemaker.core.specs import Place
from simple_sagemaker.errors import UsageError
from simple_sagemaker.local.job.home import Home
from simple_sagemaker.services import environment
from simple_sagemaker.services.home_folder import home_path

PLAIN = {"SSM_PYTHON": sys.executable, "SSM_ISOLATION": "plain"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_every_variable_about_the_engine_reaches_it(home: Home) -> None:
    numbers = {
        "SSM_STOP_GRACE_S": "7",
        "SSM_SPOT_INTERRUPT_S": "3,4.5",
        "SSM_SPOT_WAIT_S": "2",
        "SSM_LOG_LIMIT_MB": "5",
        "SSM_CLOCK_SPEED": "60",
    }
    settings = environment.engine_settings({**PLAIN, **numbers}, home)
    assert settings.isolation == "plain"
    assert (settings.stop_grace_s, settings.interrupt_after_s, settings.spot_wait_s) == (7, (3, 4.5), 2)
    assert (settings.log_limit_mb, settings.clock_speed) == (5, 60)


def test_without_them_jobs_are_stopped_as_on_aws_and_never_interrupted(home: Home) -> None:
    settings = environment.engine_settings({"SSM_PYTHON": sys.executable, "SSM_STOP_GRACE_S": ""}, home)
    assert settings.isolation == "auto"
    assert (settings.stop_grace_s, settings.interrupt_after_s, settings.spot_wait_s) == (120, (), 0)
    assert (settings.log_limit_mb, settings.clock_speed) == (1024, 1)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("SSM_STOP_GRACE_S", text) for text in ("-1", "soon", "inf", "nan")),
        ("SSM_SPOT_INTERRUPT_S", "3,-4"),
        ("SSM_SPOT_WAIT_S", "1h"),
        *(("SSM_LOG_LIMIT_MB", text) for text in ("0", "-1", "1.5", "²", str(1 << 40))),
        *(("SSM_CLOCK_SPEED", text) for text in ("0", "0.5", "-2", "1000001", "inf", "nan", "fast")),
        ("SSM_ISOLATION", "none"),
        ("SSM_PYTHON", "/no/such/python"),
    ],
)
def test_a_variable_that_makes_no_sense_is_named_with_its_value(home: Home, name: str, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        environment.engine_settings({**PLAIN, name: text}, home)
    assert f"{name}={text!r}" in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text"), [("SSM_STOP_GRACE_S", "0"), ("SSM_LOG_LIMIT_MB", "1"), ("SSM_CLOCK_SPEED", "1")]
)
def test_the_least_that_a_variable_may_be(home: Home, name: str, text: str) -> None:
    environment.engine_settings({**PLAIN, name: text}, home)


def test_an_interpreter_that_may_not_be_executed_is_refused(home: Home, tmp_path: Path) -> None:
    (tmp_path / "python").write_text("")
    with pytest.raises(UsageError, match="SSM_PYTHON"):
        environment.engine_settings({**PLAIN, "SSM_PYTHON": str(tmp_path / "python")}, home)


def test_a_region_by_name_is_every_librarys() -> None:
    variables = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "A"}
    environment.select_aws(Place(project="p", task="t", aws_region="us-west-2"), variables)
    assert variables == {
        "AWS_REGION": "us-west-2",
        "AWS_DEFAULT_REGION": "us-west-2",
        "AWS_ACCESS_KEY_ID": "A",
    }


def test_nothing_named_changes_nothing() -> None:
    variables = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "A", "AWS_DEFAULT_PROFILE": "b"}
    environment.select_aws(Place(project="p", task="t"), variables)
    assert variables == {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "A", "AWS_DEFAULT_PROFILE": "b"}


def test_a_profile_by_name_goes_before_every_kind_of_key() -> None:
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")
    others = ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_DEFAULT_PROFILE")
    variables = {"AWS_REGION": "eu-west-1", **dict.fromkeys((*keys, *others), "x")}
    environment.select_aws(Place(project="p", task="t", aws_profile="work"), variables)
    assert variables == {"AWS_REGION": "eu-west-1", "AWS_PROFILE": "work"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, False),
        ({"AWS_ENDPOINT_URL": "https://sagemaker.us-east-1.amazonaws.com"}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}, True),
        ({"AWS_ENDPOINT_URL": "http://localhost:4566"}, True),
        ({"AWS_ENDPOINT_URL": "http://[::1]:4566"}, True),
        ({"AWS_ENDPOINT_URL_SAGEMAKER": "http://api.localhost:1"}, True),
        ({"AWS_ENDPOINT_URL_SAGEMAKER": "https://other.example", "AWS_ENDPOINT_URL": "http://localhost:1"}, False),
        ({"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "True"}, False),
        ({"AWS_ENDPOINT_URL": "http://localhost:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}, True),
    ],
)
def test_an_address_on_this_machine_is_an_emulators(variables: dict[str, str], expected: bool) -> None:
    assert environment.is_emulated(variables) is expected


def test_a_mistyped_variable_is_refused_with_the_right_one() -> None:
    environment.check_variables({"SSM_ENGINE": "local", "SSM_OF_ANOTHER_PROGRAM": "1", "SSH_AUTH_SOCK": "x"})
    for name in ("SSM_ENGIN", "ssm_engine", "SMM_ENGINE", "SSMENGINE"):
        with pytest.raises(UsageError, match="did you mean SSM_ENGINE"):
            environment.check_variables({name: "local"})


def test_the_folder_of_the_engine_is_the_one_named_wherever_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert home_path({"SSM_HOME": "here", "HOME": "/h"}) == str(tmp_path / "here")
    assert home_path({"SSM_HOME": "/there"}) == "/there"
    if sys.platform == "linux":
        assert home_path({"HOME": "/h"}) == "/h/.local/share/simple-sagemaker"
        assert home_path({"HOME": "/h", "XDG_DATA_HOME": "/d"}) == "/d/simple-sagemaker"


def test_the_callers_credentials_are_found_by_these_variables_and_no_others() -> None:
    given = {"AWS_PROFILE": "p", "PATH": "/bin", "HOME": "/h", "XDG_CACHE_HOME": "/c", "TOKEN": "secret"}
    assert environment.callers_variables(given) == {name: given[name] for name in given if name != "TOKEN"}


def test_an_emulators_own_folder_goes_with_it_and_a_named_one_stays(tmp_path: Path) -> None:
    with environment.emulator_home(None) as own:
        (own / "file").write_text("x")
    assert not own.exists()
    with environment.emulator_home(tmp_path / "kept") as named:
        (named / "file").write_text("x")
    assert (tmp_path / "kept/file").exists()
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "text", "member", "value"),
    [
        ("SSM_LOG_LIMIT_MB", str((1 << 40) - 1), "log_limit_mb", (1 << 40) - 1),
        ("SSM_CLOCK_SPEED", "1000000", "clock_speed", 1_000_000),
        ("SSM_CLOCK_SPEED", "1.5", "clock_speed", 1.5),
        ("SSM_SPOT_INTERRUPT_S", "3,,4,", "interrupt_after_s", (3, 4)),
        ("SSM_SPOT_INTERRUPT_S", "0", "interrupt_after_s", (0,)),
        ("SSM_ISOLATION", "", "isolation", "auto"),
        ("SSM_ISOLATION", "namespaces", "isolation", "namespaces"),
    ],
)
def test_the_most_that_a_variable_may_be(home: Home, name: str, text: str, member: str, value: object) -> None:
    assert getattr(environment.engine_settings({**PLAIN, name: text}, home), member) == value


@pytest.mark.parametrize(("isolation", "containers"), [("docker", False), ("plain", True)])
def test_containers_are_run_by_the_command_and_see_what_finds_its_engine_and_no_secret(
    home: Home, tmp_path: Path, isolation: str, containers: bool
) -> None:
    (tmp_path / "podmanish").write_text("#!/bin/sh\n")
    (tmp_path / "podmanish").chmod(0o755)
    engines = {"DOCKER_HOST": "unix:///x", "CONTAINERS_CONF": "c", "PODMAN_X": "p", "HOME": "/h", "PATH": str(tmp_path)}
    given = {
        "SSM_PYTHON": sys.executable,
        "SSM_ISOLATION": isolation,
        "SSM_DOCKER": "podmanish --log x",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "TOKEN": "secret",
        "MY_DOCKER_HOST": "not this",
        **engines,
    }
    settings = environment.engine_settings(given, home, containers=containers)
    assert settings.isolation == "docker"
    assert settings.docker == ("podmanish", "--log", "x")
    assert settings.docker_environment == engines


def test_processes_need_no_container_command(home: Home) -> None:
    settings = environment.engine_settings({**PLAIN, "DOCKER_HOST": "tcp://far", "PATH": "/nowhere"}, home)
    assert not settings.docker


def test_a_home_of_an_emulator_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(UsageError, match=rf"^The home {tmp_path}/file/home cannot be made: "),
        environment.emulator_home(tmp_path / "file" / "home"),
    ):
        pass


def test_an_emulators_folder_may_be_gone_already_when_it_ends() -> None:
    with environment.emulator_home(None) as own:
        shutil.rmtree(own)
    assert not own.exists()


def test_what_is_wrong_with_a_job_is_logged_without_what_steers_a_terminal(caplog: pytest.LogCaptureFixture) -> None:
    environment.warn("a \x1b[31mred\x07 job")
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("simple_sagemaker.jobs", "WARNING")
    assert not {"\x1b", "\x07"} & set(record.getMessage())
