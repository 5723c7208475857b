"""The emulator as one application: who is let in, which variables lead here, and how it ends."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker import __version__
from simple_sagemaker.emulator import server
from simple_sagemaker.emulator.mock_aws import MockAws
from simple_sagemaker.local.job.folder import JobFolder
from tests.unit.emulator.running import KEYS, URL, Running, Start, refused
from tests.unit.emulator.signed_requests import signed
from tests.unit.local.made_jobs import keep_running, make


class TestVariables:
    def test_clients_are_led_here_with_the_keys_that_sign(
        self, tmp_path: Path, aws: MockAws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        running = Running(tmp_path, aws)
        assert running.start() == {
            "AWS_ENDPOINT_URL": URL,
            "AWS_ACCESS_KEY_ID": "AKIAADMIN",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        }
        running.application.stop(0)

    def test_tokens_of_other_keys_are_taken_back_and_buckets_may_be_elsewhere(
        self, tmp_path: Path, aws: MockAws, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_SESSION_TOKEN", "x")
        monkeypatch.setenv("AWS_SECURITY_TOKEN", "y")
        running = Running(tmp_path, aws, s3_endpoint="http://127.0.0.1:9000")
        variables = running.start()
        assert (variables["AWS_SESSION_TOKEN"], variables["AWS_SECURITY_TOKEN"]) == ("", "")
        assert variables["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:9000"
        running.application.stop(0)

    def test_without_keys_of_the_environment_some_are_made(self, tmp_path: Path, aws: MockAws) -> None:
        running = Running(tmp_path, aws, keys=None)
        variables = running.start()
        made = (variables["AWS_ACCESS_KEY_ID"], variables["AWS_SECRET_ACCESS_KEY"])
        assert made == running.application.keys
        assert made[0].startswith("AKIA")
        assert running.json("sagemaker", "SageMaker.ListTrainingJobs", keys=made)[0] == 200
        assert running.json("sagemaker", "SageMaker.ListTrainingJobs")[0] == 403
        running.application.stop(0)

    def test_until_it_has_started_it_says_so(self, tmp_path: Path, aws: MockAws) -> None:
        running = Running(tmp_path, aws)
        assert running.application.running_jobs() == []
        status, _, body = running.ask(signed("sagemaker", "GET", "/_ssm/health", keys=KEYS))
        assert (status, json.loads(body)["running"]) == (200, 0)
        running.start()
        running.application._regions, regions = None, running.application._regions
        answer = running.sagemaker("ListTrainingJobs")
        assert refused(answer) == (503, "ServiceUnavailable", "The emulator is starting.")
        running.application._regions = regions
        running.application.stop(0)


class TestDoor:
    def test_pages_of_other_sites_are_refused_before_anything_else(self, start: Start) -> None:
        running = start()
        environ = signed("sagemaker", "GET", "/_ssm/health", keys=KEYS)
        environ["HTTP_ORIGIN"] = "http://evil.example"
        status, _, body = running.ask(environ)
        assert (status, json.loads(body)["message"]) == (403, "The emulator does not answer web pages.")
        assert running.trusted == []

    def test_names_that_were_allowed_reach_it(self, start: Start) -> None:
        for name, expected in (("allowed.example", 200), ("other.example", 403)):
            running = start(allowed_hosts=["allowed.example"])
            environ = signed("sagemaker", "GET", "/_ssm/health", keys=KEYS)
            environ["HTTP_HOST"] = f"{name}:5000"
            environ["simple_sagemaker.headers"].replace_header("Host", f"{name}:5000")
            assert running.ask(environ)[0] == expected

    def test_only_health_and_credentials_are_open_to_who_has_no_key(self, start: Start) -> None:
        running = start()
        for page, expected in (("health", 200), ("credentials/none", 404), ("requests", 403)):
            environ = signed("sagemaker", "GET", f"/_ssm/{page}", keys=("AKIANOBODY", "x"))
            assert running.ask(environ)[0] == expected, page
        assert running.trusted == []
        running.page("GET", "requests")
        assert [environ["PATH_INFO"] for environ in running.trusted] == ["/_ssm/requests"]

    def test_health_has_version_region_and_the_jobs_that_run(self, start: Start) -> None:
        running = start()
        lock = keep_running(make(running.home, "runs", status="InProgress"))
        make(running.home, "ended")
        status, members = running.page("GET", "health")
        assert (status, members) == (
            200,
            {"version": __version__, "region": "us-east-1", "account": "000000000000", "running": 1},
        )
        assert [one.name for one in running.application.running_jobs()] == ["runs"]
        os.close(lock)

    def test_roles_credentials_are_handed_out_by_their_address(self, start: Start) -> None:
        role = "arn:aws:iam::000000000000:role/r"
        running = start()
        token = running.application._platform.issue("training-job/mine", role)
        status, members = running.page("GET", f"credentials/{token}")
        assert (status, members["RoleArn"]) == (200, role)
        assert members["AccessKeyId"].startswith("ASIA")
        assert members["Token"]
        assert running.page("GET", f"credentials/{token[:-1]}") == (
            404,
            {"__type": "NotFound", "message": "Unknown credentials."},
        )

    def test_with_buckets_elsewhere_jobs_get_the_keys_that_these_know(self, start: Start) -> None:
        running = start(s3_endpoint="http://127.0.0.1:9000")
        token = running.application._platform.issue("training-job/mine", "arn:aws:iam::000000000000:role/r")
        _, members = running.page("GET", f"credentials/{token}")
        assert (members["AccessKeyId"], members["SecretAccessKey"], members["Token"]) == (*KEYS, "")
        assert running.page("GET", "credentials/none")[0] == 404

    def test_only_the_keys_that_were_printed_and_their_sessions_may_change_it(self, start: Start) -> None:
        running = start()
        assert running.page("POST", "reset") == (200, {})
        _, text = running.query("sts", "Action=GetSessionToken&Version=2011-06-15")
        session = [text.partition(f"<{name}>")[2].partition("<")[0] for name in ("AccessKeyId", "SecretAccessKey")]
        session_token = text.partition("<SessionToken>")[2].partition("<")[0]
        environ = signed("sagemaker", "POST", "/_ssm/reset", keys=(session[0], session[1]), token=session_token)
        assert running.ask(environ)[0] == 200
        _, text = running.query("iam", "Action=CreateUser&UserName=me&Version=2010-05-08")
        _, text = running.query("iam", "Action=CreateAccessKey&UserName=me&Version=2010-05-08")
        user = [text.partition(f"<{name}>")[2].partition("<")[0] for name in ("AccessKeyId", "SecretAccessKey")]
        assert running.page("POST", "reset", keys=(user[0], user[1]))[0] == 403
        assert running.page("GET", "requests", keys=(user[0], user[1]))[0] == 200
        assert len(running.resets) == 2


class TestEnd:
    def test_jobs_that_run_are_told_to_stop_and_waited_for(self, tmp_path: Path, aws: MockAws) -> None:
        running = Running(tmp_path, aws)
        running.start()
        ends, goes_on = (make(running.home, name, status="InProgress") for name in ("ends", "goes-on"))
        locks = [keep_running(ends), keep_running(goes_on)]
        make(running.home, "ended")

        def end() -> None:
            while not ends.is_stop_requested():
                time.sleep(0.01)
            ends.append(status="Stopped", secondary="Stopped", message="Stopped", metrics=[])

        thread = threading.Thread(target=end)
        thread.start()
        began = time.monotonic()
        ran, left = running.application.stop(1.0)
        thread.join()
        assert time.monotonic() - began >= 1.0
        assert sorted(one.name for one in ran) == ["ends", "goes-on"]
        assert [one.name for one in left] == ["goes-on"]
        assert JobFolder(goes_on.path).is_stop_requested()
        for lock in locks:
            os.close(lock)

    def test_without_jobs_it_ends_at_once(self, tmp_path: Path, aws: MockAws) -> None:
        running = Running(tmp_path, aws)
        running.start()
        began = time.monotonic()
        assert running.application.stop(30.0) == ([], [])
        assert time.monotonic() - began < 10.0

    def test_eight_jobs_are_created_at_a_time_and_all_others_answered_meanwhile(self, start: Start) -> None:
        running = start()
        inside, most, gate = [0], [0], threading.Event()
        lock = threading.Lock()

        def create(**_: Any) -> Any:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
            gate.wait(30)
            with lock:
                inside[0] -= 1
            return {}

        operations = {"CreateTrainingJob": create, "ListTrainingJobs": lambda **_: {}}
        running.application._regions.get("us-east-1").operations = operations  # type: ignore[union-attr]
        threads = [threading.Thread(target=running.sagemaker, args=("CreateTrainingJob",)) for _ in range(10)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + 30
        while inside[0] < 8 and time.monotonic() < until:
            time.sleep(0.01)
        assert running.sagemaker("ListTrainingJobs") == (200, {})
        gate.set()
        for thread in threads:
            thread.join()
        assert most[0] == server._MOST_CREATING == 8
