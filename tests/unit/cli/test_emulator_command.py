"""What ``ssm emulator`` is told, and that a home has one emulator."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from simple_sagemaker.cli.emulator import _lock
from simple_sagemaker.cli.parse import parse
from simple_sagemaker.core.emulator_spec import EmulatorSpec
from simple_sagemaker.errors import EngineUnavailable, UsageError


def spec(*words: str) -> EmulatorSpec:
    made = parse(["emulator", *words])
    assert isinstance(made, EmulatorSpec)
    return made


def test_everything_that_is_typed_reaches_it(here: Path) -> None:
    words = "--port 5005 --home h --region eu-west-1 --s3_endpoint http://127.0.0.1:9000 --registry localhost:5000"
    words += " --enforce_iam --role_delay 2.5 --faults seed=1 --env_file e --bind 0.0.0.0"
    made = spec(*words.split(), "--allow_host", "a.example", "--allow_host", "[::1]")
    assert made == EmulatorSpec(
        port=5005,
        home=here / "h",
        region="eu-west-1",
        s3_endpoint="http://127.0.0.1:9000",
        registry="localhost:5000",
        enforce_iam=True,
        role_delay_s=2.5,
        faults="seed=1",
        env_file=Path("e"),
        allowed_hosts=("a.example", "[::1]"),
        bind="0.0.0.0",
    )


def test_what_is_not_typed_has_its_default() -> None:
    made = spec()
    assert (made.home, made.region, made.s3_endpoint, made.enforce_iam) == (None, "us-east-1", None, False)
    assert (made.role_delay_s, made.faults, made.env_file, made.allowed_hosts, made.bind) == (0.0, "", None, (), None)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--port", "65536"), "--port '65536' is not a port: use a number up to 65535"),
        (("--port", "http"), "--port 'http' is not a port"),
        (("--region", "here"), "--region 'here' is not a region; us-east-1 is one"),
        (("--s3_endpoint", "127.0.0.1:9000"), "is not an address: it must begin with http:// or https://"),
        (("--s3_endpoint", "http:///x"), "is not an address"),
        (("--role_delay", "2"), "--role_delay needs --enforce_iam"),
        (("--enforce_iam", "--role_delay", "soon"), "--role_delay 'soon' is not a number of seconds"),
        (("--allow_host", "a.example:80"), "--allow_host 'a.example:80' is not a host name"),
        (("--allow_host", "http://a"), "is not a host name"),
        (("--bind", "localhost"), "--bind 'localhost' is not an IP address"),
    ],
)
def test_what_makes_no_sense_is_refused(words: tuple[str, ...], why: str) -> None:
    with pytest.raises(UsageError) as refused:
        spec(*words)
    assert why in str(refused.value)


@pytest.mark.parametrize("words", [("--port", "65535"), ("--port", "0"), ("--role_delay", "0"), ("--bind", "::1")])
def test_the_bounds_are_taken(words: tuple[str, ...]) -> None:
    assert spec(*words) != spec(*words, "--region", "eu-west-1")


@pytest.mark.skipif(sys.platform == "win32", reason="the emulator needs Linux or macOS")
def test_a_home_has_one_emulator_at_a_time(tmp_path: Path) -> None:
    refused = pytest.raises(EngineUnavailable, match=rf"Another emulator has the home {tmp_path}\.\nEnd it, or give")
    with _lock(tmp_path), refused, _lock(tmp_path):
        pass
    with _lock(tmp_path):
        assert (tmp_path / "emulator.lock").exists()
