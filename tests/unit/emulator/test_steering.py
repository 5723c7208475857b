"""What leads clients here, and the pages by which tests steer an emulator."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.emulator import own_pages
from simple_sagemaker.emulator.fault_injection import Dice, parse
from simple_sagemaker.emulator.leading import pass_by_proxies, variables_to_lead
from simple_sagemaker.emulator.operation_names import RequestCounts
from simple_sagemaker.emulator.own_pages import PREFIX
from simple_sagemaker.emulator.sdk_configuration import write_beside

URL = "http://127.0.0.1:5000"
ALWAYS = {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"}


@pytest.mark.parametrize(
    ("environment", "more"),
    [
        ({}, {}),
        ({"AWS_ENDPOINT_URL_S3": "http://other", "AWS_ENDPOINT_URL": "x"}, {"AWS_ENDPOINT_URL_S3": URL}),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, {"AWS_USE_FIPS_ENDPOINT": "false"}),
        ({"AWS_USE_DUALSTACK_ENDPOINT": ""}, {"AWS_USE_DUALSTACK_ENDPOINT": "false"}),
        ({"HTTPS_PROXY": "http://p"}, {}),  # which no request here would take
        ({"HTTP_PROXY": ""}, {}),
        ({"http_proxy": "http://p"}, {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}),
        ({"ALL_PROXY": "http://p", "NO_PROXY": "a, b"}, {"NO_PROXY": "a,b,127.0.0.1", "no_proxy": "a,b,127.0.0.1"}),
        (
            {"HTTP_PROXY": "http://p", "NO_PROXY": "a", "no_proxy": "b"},
            {"NO_PROXY": "a,127.0.0.1", "no_proxy": "b,127.0.0.1"},
        ),
        ({"HTTP_PROXY": "http://p", "NO_PROXY": "*"}, {"NO_PROXY": "*", "no_proxy": "*"}),
        ({"HTTP_PROXY": "http://p", "no_proxy": "127.0.0.1"}, {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}),
    ],
)
def test_variables_that_lead_elsewhere_are_set_against(environment: dict[str, str], more: dict[str, str]) -> None:
    assert variables_to_lead(URL, environment) == {**ALWAYS, **more}


def test_our_own_requests_go_by_no_proxy_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "before")
    monkeypatch.delenv("no_proxy", raising=False)
    pass_by_proxies({"NO_PROXY": "a", "no_proxy": "b", "AWS_REGION": "x-1"})
    assert (os.environ["NO_PROXY"], os.environ["no_proxy"]) == ("a", "b")
    assert os.environ.get("AWS_REGION") != "x-1"


def test_awss_sdk_reads_its_bucket_beside_the_export_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert write_beside(Path("env"), "eu-west-1") == {
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(tmp_path / "env.sagemaker.yaml")
    }
    assert "DefaultS3Bucket: sagemaker-eu-west-1-000000000000\n" in (tmp_path / "env.sagemaker.yaml").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["env.sagemaker.yaml"]


class Emulator:
    """The pages of one, and how often it was reset."""

    def __init__(self) -> None:
        self.counts = RequestCounts()
        self.dice = Dice(parse(""))
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1

    def ask(self, method: str, page: str, body: bytes = b"", *, may_change: bool = True) -> tuple[int, Any]:
        environ = {"PATH_INFO": f"{PREFIX}{page}", "REQUEST_METHOD": method}
        status, _, content = own_pages.answer(environ, body, self.counts, self.dice, self.reset, may_change=may_change)
        return int(status.partition(" ")[0]), json.loads(content)


def test_requests_are_counted_until_they_are_read_to_begin_anew() -> None:
    emulator = Emulator()
    emulator.counts.add("s3.GetObject")
    assert emulator.ask("GET", "requests") == emulator.ask("GET", "requests") == (200, {"s3.GetObject": 1})
    assert emulator.ask("DELETE", "requests") == (200, {"s3.GetObject": 1})
    assert emulator.ask("GET", "requests") == (200, {})


def test_an_emulator_is_reset_and_given_faults_by_its_pages() -> None:
    emulator = Emulator()
    assert emulator.ask("POST", "reset") == (200, {})
    assert emulator.resets == 1
    assert emulator.ask("POST", "faults", b"seed=7,throttle=0.1") == (200, {})
    status, answer = emulator.ask("POST", "faults", b"nonsense")
    assert (status, answer["__type"]) == (400, "UsageError")
    for method, page in (("GET", "reset"), ("GET", "faults"), ("GET", "nothing"), ("POST", "nothing")):
        assert emulator.ask(method, page)[0] == 404
    assert emulator.resets == 1


def test_who_may_not_change_it_may_read() -> None:
    emulator = Emulator()
    assert emulator.ask("GET", "requests", may_change=False)[0] == 200
    for method, page in (("DELETE", "requests"), ("POST", "reset"), ("POST", "faults")):
        assert emulator.ask(method, page, may_change=False)[0] == 403
    assert emulator.resets == 0


@pytest.mark.parametrize(
    ("page", "is_open"), [("health", True), ("credentials/x", True), ("credentials", False), ("requests", False)]
)
def test_two_pages_are_read_without_a_signature(page: str, is_open: bool) -> None:
    assert own_pages.is_open(f"{PREFIX}{page}") is is_open


def test_credentials_and_health_are_json() -> None:
    status, _, body = own_pages.credentials({"AccessKeyId": "a"})
    assert (status, json.loads(body)) == ("200 OK", {"AccessKeyId": "a"})
    assert own_pages.credentials(None)[0].startswith("404 ")
    found = json.loads(own_pages.health("eu-west-1", 3)[2])
    assert (found["region"], found["running"], found["account"]) == ("eu-west-1", 3, "000000000000")
