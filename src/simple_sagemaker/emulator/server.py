"""AWS on one loopback port: SageMaker by the local engine, all other services by moto.

A request with the header ``X-Amz-Target: SageMaker.…`` goes to the engine, ``/_ssm/…`` is the emulator's own page, and
everything else goes to moto. Before both of these, operations are counted and the requested faults are injected.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from .. import __version__
from ..errors import UsageError
from ..local.api.describe import arn_of
from ..local.api.sagemaker import LocalSageMaker, operations
from ..local.job.folder import FINAL, JobFolder, all_jobs, has_ended
from ..local.job.home import ACCOUNT, Home, Settings
from ..local.job.kinds import KINDS, kind_of, name_of
from ..local.supervisor import recovery
from . import empty_pages, fault_injection, http, iam_simulation, protocol, tagging
from .ecr_registry import OPERATIONS, Registry
from .fault_injection import Dice, Fault, Plan
from .http import Answer, Environ
from .log_shipping import Shipper
from .mock_aws import MockAws
from .operation_names import operation_name, signer
from .platform import Platform
from .protocol import ServiceError

_CREATING, _DESCRIBING = ({f"{act}{kind.prefix}Job" for kind in KINDS} for act in ("Create", "Describe"))

Start = Callable[[str, list[tuple[str, str]]], object]


class Emulator:
    """The emulator as one WSGI application. Call ``start`` before the first request and ``stop`` after the last."""

    def __init__(
        self,
        home: Home,
        settings: Settings,
        *,
        plan: Plan,
        enforce: bool = False,
        role_delay_s: float = 0.0,
        registry: str | None = None,
        keys: tuple[str, str] | None = None,
        report: Callable[[str], None],
    ) -> None:
        self._home = home
        self._settings = settings
        self._registry = Registry(registry) if registry else None
        self._dice = Dice(plan)
        self._aws = MockAws()
        self._platform = Platform(self._aws, region=settings.region, enforce=enforce, role_delay_s=role_delay_s)
        self._shipper = Shipper(home, self._aws, self._platform, region=settings.region, report=report)
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._keys = keys
        self._operations: protocol.Operations = {}

    def start(self, url: str) -> dict[str, str]:
        """Begin to serve at ``url``. Returns the environment variables that point AWS's clients here."""
        key, secret = self._platform.administrator()
        is_own_s3 = self._settings.s3_endpoint is None
        if not is_own_s3 and self._keys:
            key, secret = self._keys
        variables = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": self._settings.region,
            "AWS_DEFAULT_REGION": self._settings.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if not is_own_s3:
            variables["AWS_ENDPOINT_URL_S3"] = str(self._settings.s3_endpoint)
        self._keys = (key, secret)
        settings = replace(self._settings, s3_endpoint=self._settings.s3_endpoint or url, aws_endpoint=url)

        def settings_for(request: Mapping[str, Any]) -> Settings:
            wait_s, interruptions = self._dice.job_fault(request)
            token = self._platform.issue(name_of(request), request["RoleArn"])
            return replace(
                settings,
                credentials_uri=f"{url}/_ssm/credentials/{token}",
                spot_wait_s=wait_s or settings.spot_wait_s,
                interrupt_after_s=interruptions or settings.interrupt_after_s,
            )

        self._operations = operations(LocalSageMaker(self._home, settings=settings_for, admit=self._platform.admit))
        self._shipper.start()
        return variables

    def running_jobs(self) -> list[str]:
        """The names of the jobs that have not ended."""
        return [job.name for job in all_jobs(self._home.jobs) if not has_ended(recovery.settle(job))]

    def _jobs_and_tags(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        for job in all_jobs(self._home.jobs):
            yield arn_of(job), job.tags()

    def stop(self, grace_s: float) -> tuple[list[str], list[str]]:
        """Stop all jobs and end. Returns the jobs that ran, and those still running after ``grace_s`` seconds."""
        until = time.monotonic() + grace_s
        ran = self.running_jobs()
        for name in ran:
            JobFolder(self._home.jobs / name).stop_mark.touch()
        while (left := self.running_jobs()) and time.monotonic() < until:
            time.sleep(0.05)
        self._shipper.stop()
        return ran, left

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/_ssm/"):
            status, headers, body = self._answer_own_page(environ, path.removeprefix("/_ssm/"))
        else:
            status, headers, body = self._answer_with_faults(environ)
        start_response(status, headers)
        return [body]

    def _answer_with_faults(self, environ: Environ) -> Answer:
        body = http.read_body(environ)
        name = operation_name(environ, body)
        service, _, operation = name.partition(".")
        fault: Fault | None = None
        if self._dice.plan.jobs or not self._platform.is_job(signer(environ)[0]):
            with self._counting:
                self._counts[name] += 1
            fault = self._dice.request_fault()
        if fault in {"throttle", "error"}:
            return http.failure_answer(environ, service, throttled=fault == "throttle")
        if fault == "reset":
            http.break_connection(environ)
        if fault == "slow":
            time.sleep(self._dice.plan.slow_s)
        if fault == "empty_page" and (page := empty_pages.empty_page(operation, body)):
            return http.json_answer(200, page)
        answer = self._answer(environ, name, body)
        if fault == "reset_after":
            http.break_connection(environ)
        return answer

    def _answer(self, environ: Environ, name: str, body: bytes) -> Answer:
        operation = name.partition(".")[2]
        real_body = empty_pages.original_request(operation, body)
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith(protocol.TARGET):
            return self._answer_sagemaker(environ, operation, body, real_body)
        if environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", ACCOUNT) != ACCOUNT:  # which moto does not look at
            return http.xml_answer(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        http.replace_body(environ, real_body)
        if name == tagging.OPERATION and (page := tagging.answer(body, self._jobs_and_tags())):
            return http.json_answer(200, page)
        if name == iam_simulation.OPERATION:
            return iam_simulation.answer(body, self._platform)
        try:
            status, headers, data = self._aws.answer(environ)
        except NotImplementedError:
            return http.not_implemented_answer(environ, name)
        if self._registry and signer(environ)[2] == "ecr":
            data = self._registry.redirect(data)
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            if name in OPERATIONS:
                return self._registry.answer(name, body, (status, headers, data))
        return status, headers, data

    def _answer_sagemaker(self, environ: Environ, operation: str, signed_body: bytes, body: bytes) -> Answer:
        try:
            request = protocol.decode(body)
            self._check(operation, request, environ, signed_body)
            answer = protocol.call(self._operations, operation, request)
        except ServiceError as error:
            return http.error_answer(error.code, str(error), error.status)
        if operation in _DESCRIBING and answer[kind_of(answer).status] in FINAL:
            self._shipper.settle(name_of(answer))
        return http.json_answer(200, protocol.encode(answer))

    def _check(self, operation: str, request: dict[str, Any], environ: Environ, signed_body: bytes) -> None:
        """Refuse what must not reach the engine: another region, a caller who is not allowed, a job over the quota."""
        region = signer(environ)[1]
        if region and region != self._settings.region:
            raise ServiceError(
                "ValidationException",
                f"The emulator is in {self._settings.region}, and the request is signed for {region}: "
                f"set AWS_REGION={self._settings.region}, or start the emulator with --region {region}.",
            )
        denied = self._platform.refusal(operation, request, environ, signed_body)
        if denied:
            raise ServiceError(*denied)
        if operation in _CREATING and (message := self._dice.quota_refusal(request)):
            raise ServiceError("ResourceLimitExceeded", message)

    def _answer_own_page(self, environ: Environ, page: str) -> Answer:
        method = environ["REQUEST_METHOD"]
        if page == "health":
            health = {"version": __version__, "region": self._settings.region, "account": ACCOUNT}
            return http.json_answer(200, json.dumps({**health, "running": len(self.running_jobs())}).encode())
        if page.startswith("credentials/"):
            return self._credentials(page.removeprefix("credentials/"))
        if page == "requests":
            with self._counting:
                counts = dict(self._counts)
                if method == "DELETE":
                    self._counts.clear()
            return http.json_answer(200, json.dumps(counts).encode())
        if page == "faults" and method == "POST":
            try:
                self._dice.replace(fault_injection.parse(http.read_body(environ).decode()))
            except UsageError as error:
                return http.error_answer("UsageError", str(error), 400)
            return http.json_answer(200, b"{}")
        return http.error_answer("NotFound", "The emulator's pages are health, requests and faults.", 404)

    def _credentials(self, token: str) -> Answer:
        credentials = self._platform.credentials(token)
        if credentials is None:
            return http.error_answer("NotFound", "Unknown credentials.", 404)
        if self._settings.s3_endpoint and self._keys:  # that S3 knows no roles
            credentials |= {"AccessKeyId": self._keys[0], "SecretAccessKey": self._keys[1], "Token": ""}
        return http.json_answer(200, json.dumps(credentials).encode())
