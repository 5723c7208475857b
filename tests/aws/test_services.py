"""The services of AWS: what configures them, what they cost and how they say what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from simple_sagemaker import __version__
from simple_sagemaker.aws.polling import pace
from simple_sagemaker.core.aws_errors import translate_errors
from simple_sagemaker.errors import NoCredentials, SsmError
from simple_sagemaker.services import choose as services
from tests.aws.conftest import ACCOUNT, Cloud


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-secret")


def test_without_credentials_both_ways_out_are_named() -> None:
    with pytest.raises(NoCredentials, match=r"(?s)aws configure.*SSM_ENGINE=local"):
        services.aws(os.environ)


@pytest.mark.usefixtures("keys")
def test_without_a_region_it_is_said_how_to_set_one() -> None:
    with pytest.raises(NoCredentials, match=r"(?s)no region.*AWS_REGION"):
        services.aws(os.environ)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("environment", "region"),
    [
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-2"}, "eu-west-2"),
        ({"AWS_DEFAULT_REGION": "eu-west-1", "AWS_REGION": "eu-west-2"}, "eu-west-2"),
    ],
)
def test_the_region_is_awss_own_variable_or_boto3s(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], region: str
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    at_hand = services.aws(os.environ)
    assert (at_hand.engine, at_hand.region) == ("aws", region)


def test_a_profile_gives_credentials_and_region(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "[profile work]\nregion = ap-south-1\naws_access_key_id = AKIAWORK\naws_secret_access_key = x\n"
        "[profile stale]\nsso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\nregion = us-east-1\n"
        "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.invalid/start\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_PROFILE", "work")
    assert services.aws(os.environ).region == "ap-south-1"
    monkeypatch.setenv("AWS_PROFILE", "nosuch")
    with pytest.raises(NoCredentials, match="nosuch"):
        services.aws(os.environ)
    monkeypatch.setenv("AWS_PROFILE", "stale")
    with pytest.raises(NoCredentials, match="aws sso login"), translate_errors():
        services.aws(os.environ).access.default_bucket()


def test_endpoints_of_the_environment_are_used(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert services.aws(os.environ).access.default_bucket() == f"sagemaker-eu-west-1-{ACCOUNT}"


def test_a_person_who_cannot_be_reached_by_aws_hears_of_it(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    clients = cloud.clients()
    clients._sts = clients._later("sts", {"mode": "standard", "max_attempts": 0})
    with pytest.raises(SsmError, match=r"could not be reached at 127\.0\.0\.1"), translate_errors():
        _ = clients.identity


def test_clients_are_made_when_used_and_say_who_they_are(cloud: Cloud) -> None:
    agents: list[bytes] = []
    clients = cloud.clients()
    clients.session.register("before-send", lambda **sent: agents.append(sent["request"].headers["User-Agent"]))
    made = [name for name in ("sagemaker", "logs", "iam", "s3") if "_client" in vars(getattr(clients, name))]
    assert made == []
    assert clients.identity is clients.identity
    assert cloud.calls == ["sts.GetCallerIdentity"]
    assert f"simple-sagemaker/{__version__}".encode() in agents[0]
    config = clients.sagemaker.meta.config
    assert config.retries == {"mode": "adaptive", "total_max_attempts": 11}  # type: ignore[attr-defined]


def test_the_engine_for_aws_imports_nothing_that_windows_lacks() -> None:
    code = (
        "import sys\nsys.modules.update(dict.fromkeys(['fcntl', 'pwd', 'grp', 'resource', 'termios', 'tty']))\n"
        "import simple_sagemaker.aws.access, simple_sagemaker.services.choose, simple_sagemaker.core.aws_errors\n"
        "assert not [name for name in sys.modules if name.startswith('simple_sagemaker.local')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)


def test_a_job_is_looked_at_soon_at_first_and_seldom_later() -> None:
    steady = pace(lambda: 0.0)
    assert steady(0) == 2
    assert steady(10_000) == 30
    watched, looks = 0.0, 0
    while watched < 300:
        watched += steady(watched)
        looks += 1
    assert looks <= 20
    assert 30 < pace(lambda: 1.0)(10_000) <= 1.2 * 30
