"""AWS on one loopback port: SageMaker by the engine of this machine, the services beside it by moto.

A request with the header ``X-Amz-Target: SageMaker.…`` is the engine's, ``/_ssm/…`` is the emulator's own page, and
everything else is moto's. Between the wire and both stand the faults that were asked for, and a count of operations.
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
from ..local.job import folder as jobs
from ..local.job.home import ACCOUNT, Home, Settings
from ..local.job.kinds import KINDS, kind_of, name_of
from ..local.supervisor import recovery
from . import empty_pages as pages
from . import fault_injection as faults
from . import http as wire
from . import iam_simulation as simulation
from . import protocol, tagging
from .ecr_registry import OPERATIONS, Registry
from .fault_injection import Dice, Fault, Plan
from .http import Answer, Environ
from .log_shipping import Shipper
from .mock_aws import MockAws
from .operation_names import called, signer
from .platform import Platform
from .protocol import Refused

_CREATING, _DESCRIBING = ({f"{act}{kind.word}Job" for kind in KINDS} for act in ("Create", "Describe"))

Start = Callable[[str, list[tuple[str, str]]], object]


class Emulator:
    """The whole of it, as one WSGI application; ``start`` before, ``stop`` after."""

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
        say: Callable[[str], None],
    ) -> None:
        self._home = home
        self._settings = settings
        self._registry = Registry(registry) if registry else None
        self._dice = Dice(plan)
        self._aws = MockAws()
        self._platform = Platform(self._aws, region=settings.region, enforce=enforce, role_delay_s=role_delay_s)
        self._shipper = Shipper(home, self._aws, self._platform, region=settings.region, say=say)
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()
        self._keys = keys
        self._operations: protocol.Operations = {}

    def start(self, url: str) -> dict[str, str]:
        """Begin to serve at ``url``; gives the variables with which AWS's clients come here."""
        key, secret = self._platform.administrator()
        own_s3 = self._settings.s3_endpoint is None
        if not own_s3 and self._keys:
            key, secret = self._keys
        found = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": self._settings.region,
            "AWS_DEFAULT_REGION": self._settings.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if not own_s3:
            found["AWS_ENDPOINT_URL_S3"] = str(self._settings.s3_endpoint)
        self._keys = (key, secret)
        settings = replace(self._settings, s3_endpoint=self._settings.s3_endpoint or url, aws_endpoint=url)

        def terms(request: Mapping[str, Any]) -> Settings:
            waits, interrupted = self._dice.of_job(request)
            token = self._platform.issue(name_of(request), request["RoleArn"])
            return replace(
                settings,
                credentials_uri=f"{url}/_ssm/credentials/{token}",
                spot_wait_s=waits or settings.spot_wait_s,
                interrupt_after_s=interrupted or settings.interrupt_after_s,
            )

        self._operations = operations(LocalSageMaker(self._home, settings=terms, admit=self._platform.admit))
        self._shipper.start()
        return found

    def running(self) -> list[str]:
        """The names of the jobs that have not ended."""
        return [job.name for job in jobs.every(self._home.jobs) if not jobs.ended(recovery.settle(job))]

    def _tagged(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        for job in jobs.every(self._home.jobs):
            yield arn_of(job), job.tags()

    def stop(self, grace_s: float) -> tuple[list[str], list[str]]:
        """Stop all jobs and end; gives the jobs that ran, and those of them that had not ended after that time."""
        until = time.monotonic() + grace_s
        ran = self.running()
        for name in ran:
            jobs.JobFolder(self._home.jobs / name).stop_mark.touch()
        while (left := self.running()) and time.monotonic() < until:
            time.sleep(0.05)
        self._shipper.stop()
        return ran, left

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path.startswith("/_ssm/"):
            status, headers, body = self._own_page(environ, path.removeprefix("/_ssm/"))
        else:
            status, headers, body = self._with_faults(environ)
        start_response(status, headers)
        return [body]

    def _with_faults(self, environ: Environ) -> Answer:
        body = wire.read_body(environ)
        name = called(environ, body)
        service, _, operation = name.partition(".")
        fault: Fault | None = None
        if self._dice.plan.jobs or not self._platform.is_job(signer(environ)[0]):
            with self._counting:
                self._counts[name] += 1
            fault = self._dice.of_request()
        if fault in {"throttle", "error"}:
            return wire.trouble(environ, service, throttled=fault == "throttle")
        if fault == "reset":
            wire.break_connection(environ)
        if fault == "slow":
            time.sleep(self._dice.plan.slow_s)
        if fault == "empty_page" and (page := pages.empty(operation, body)):
            return wire.json_answer(200, page)
        answer = self._answer(environ, name, body)
        if fault == "reset_after":
            wire.break_connection(environ)
        return answer

    def _answer(self, environ: Environ, name: str, body: bytes) -> Answer:
        operation = name.partition(".")[2]
        meant = pages.real(operation, body)
        if environ.get("HTTP_X_AMZ_TARGET", "").startswith(protocol.TARGET):
            return self._of_sagemaker(environ, operation, body, meant)
        if environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", ACCOUNT) != ACCOUNT:  # which moto does not look at
            return wire.xml_answer(403, "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        wire.replace_body(environ, meant)
        if name == tagging.OPERATION and (page := tagging.answer(body, self._tagged())):
            return wire.json_answer(200, page)
        if name == simulation.OPERATION:
            return simulation.answer(body, self._platform)
        try:
            status, headers, data = self._aws.answer(environ)
        except NotImplementedError:
            return wire.unserved(environ, name)
        if self._registry and signer(environ)[2] == "ecr":
            data = self._registry.pointed_to(data)
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            if name in OPERATIONS:
                return self._registry.answer(name, body, (status, headers, data))
        return status, headers, data

    def _of_sagemaker(self, environ: Environ, operation: str, signed: bytes, body: bytes) -> Answer:
        try:
            request = protocol.request_of(body)
            self._check(operation, request, environ, signed)
            answer = protocol.carried_out(self._operations, operation, request)
        except Refused as refused:
            return wire.error_answer(refused.code, str(refused), refused.status)
        if operation in _DESCRIBING and answer[kind_of(answer).status] in jobs.FINAL:
            self._shipper.settle(name_of(answer))
        return wire.json_answer(200, protocol.encoded(answer))

    def _check(self, operation: str, request: dict[str, Any], environ: Environ, signed: bytes) -> None:
        """What is refused before the engine sees it: another region, a caller who may not, a quota."""
        region = signer(environ)[1]
        if region and region != self._settings.region:
            raise Refused(
                "ValidationException",
                f"The emulator is in {self._settings.region}, and the request is signed for {region}: "
                f"set AWS_REGION={self._settings.region}, or start the emulator with --region {region}.",
            )
        denied = self._platform.refusal(operation, request, environ, signed)
        if denied:
            raise Refused(*denied)
        if operation in _CREATING and (over := self._dice.over_quota(request)):
            raise Refused("ResourceLimitExceeded", over)

    def _own_page(self, environ: Environ, page: str) -> Answer:
        method = environ["REQUEST_METHOD"]
        if page == "health":
            found = {"version": __version__, "region": self._settings.region, "account": ACCOUNT}
            return wire.json_answer(200, json.dumps({**found, "running": len(self.running())}).encode())
        if page.startswith("credentials/"):
            return self._credentials(page.removeprefix("credentials/"))
        if page == "requests":
            with self._counting:
                counts = dict(self._counts)
                if method == "DELETE":
                    self._counts.clear()
            return wire.json_answer(200, json.dumps(counts).encode())
        if page == "faults" and method == "POST":
            try:
                self._dice.replace(faults.parse(wire.read_body(environ).decode()))
            except UsageError as error:
                return wire.error_answer("UsageError", str(error), 400)
            return wire.json_answer(200, b"{}")
        return wire.error_answer("NotFound", "The emulator's pages are health, requests and faults.", 404)

    def _credentials(self, token: str) -> Answer:
        found = self._platform.credentials(token)
        if found is None:
            return wire.error_answer("NotFound", "There are no such credentials.", 404)
        if self._settings.s3_endpoint and self._keys:  # that S3 knows no roles
            found |= {"AccessKeyId": self._keys[0], "SecretAccessKey": self._keys[1], "Token": ""}
        return wire.json_answer(200, json.dumps(found).encode())
