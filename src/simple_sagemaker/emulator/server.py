"""AWS on one port: SageMaker by the local engine, the services beside it by moto.

Every request passes the doorkeeper (Host, Origin) and, but for health and role credentials, the check of its signature.
Then operations are counted and the requested faults are injected. ``/_ssm/…`` are the emulator's own pages.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from ..core.emulator_spec import OF_THE_FIXTURE
from ..core.records import replace
from ..local.job.folder import FINAL, JobFolder
from ..local.job.home import ACCOUNT, Home, Settings
from ..local.job.kinds import KINDS, kind_of, name_of
from ..local.job.shortage import shortage
from ..local.supervisor.nursery import Nursery
from ..local.supervisor.turns import Turns
from . import (
    empty_pages,
    error_forms,
    http,
    iam_simulation,
    log_requests,
    own_pages,
    prices,
    protocol,
    s3_requests,
    sessions,
)
from .access_keys import AccessKey, KeyRing, new_access_key
from .authentication import Caller, Refused, authenticate
from .ecr_registry import OPERATIONS, Registry
from .fault_injection import Dice, Fault, Plan
from .http import Answer, Environ
from .leading import variables_to_lead
from .mock_aws import SERVICES, MockAws
from .operation_names import RequestCounts, operation_name
from .origins import Doorkeeper, without_cors
from .platform import Platform
from .protocol import ServiceError
from .regions import Region, Regions, Shared

_CREATING, _DESCRIBING = ({f"{act}{kind.prefix}Job" for kind in KINDS} for act in ("Create", "Describe"))

_MOST_CREATING = 8  # requests at a time, so that jobs that run are answered meanwhile

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
        allowed_hosts: Iterable[str] = (),
        report: Callable[[str], None],
        nursery: Nursery,
        reset: Callable[[], object] = lambda: None,
        aws: MockAws | None = None,
        trust: Callable[[Environ], object] = lambda _: None,
    ) -> None:
        self._home = home
        self._settings = settings
        self._registry = Registry(registry) if registry else None
        self._dice = Dice(plan)
        self.aws = aws or MockAws()
        self._platform = Platform(self.aws, region=settings.region, enforce=enforce, role_delay_s=role_delay_s)
        self._creating = threading.BoundedSemaphore(_MOST_CREATING)
        self._turns = Turns(home.locks)
        self._counts = RequestCounts()
        self._door = Doorkeeper(allowed_hosts)
        self._known_keys = KeyRing(self.aws)
        self.keys = keys or new_access_key()
        self._enforce = enforce
        self._report = report
        self._nursery = nursery
        self._reset = reset
        self._trust = trust
        self._regions: Regions | None = None

    def start(self, url: str) -> dict[str, str]:
        """Begin to serve at ``url``. Returns the environment variables that point AWS's clients here."""
        key, secret = self.keys
        self._platform.administrator(key, secret)
        self._known_keys.add(AccessKey(access_key=key, secret=secret))
        variables = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": self._settings.region,
            "AWS_DEFAULT_REGION": self._settings.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **variables_to_lead(url, os.environ),
        }
        # They belong to other keys, and the next shell may have them as well.
        variables |= {name: "" for name in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN") if name in os.environ}
        if self._settings.s3_endpoint is not None:
            variables["AWS_ENDPOINT_URL_S3"] = self._settings.s3_endpoint
        settings = replace(self._settings, s3_endpoint=self._settings.s3_endpoint or url, aws_endpoint=url)

        shared = Shared(
            settings=settings,
            url=url,
            aws=self.aws,
            platform=self._platform,
            dice=self._dice,
            turns=self._turns,
            report=self._report,
            nursery=self._nursery,
            role_credentials=self._role_credentials,
        )
        self._regions = Regions(self._home, self._settings.region, shared)
        return variables

    def _region(self, name: str) -> Region:
        """SageMaker in a region. Raises ServiceError for what is no region."""
        if self._regions is None:
            raise ServiceError("ServiceUnavailable", "The emulator is starting.", 503)
        return self._regions.get(name)

    def running_jobs(self) -> list[Path]:
        """The folders of the jobs that have not ended."""
        return self._regions.running() if self._regions else []

    def stop(self, grace_s: float) -> tuple[list[Path], list[Path]]:
        """Stop all jobs and end. Returns the folders of the jobs that ran, and of those still running.

        They have ``grace_s`` seconds to end.
        """
        until = time.monotonic() + grace_s
        self._turns.stop()
        ran = self.running_jobs()
        for folder in ran:
            JobFolder(folder).stop_mark.touch()
        while (left := self.running_jobs()) and time.monotonic() < until:
            time.sleep(0.05)
        if self._regions:
            self._regions.stop()
        return ran, left

    def __call__(self, environ: Environ, start_response: Start) -> Iterable[bytes]:
        status, headers, body = self._answer_or_refuse(environ)
        start_response(status, without_cors(headers))
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _answer_or_refuse(self, environ: Environ) -> Answer:
        service = ""
        try:
            if refusal := self._door.refusal(environ):
                return refusal
            path = environ["PATH_INFO"]
            if own_pages.is_open(path):
                return self._answer_open_page(path)
            caller, body = authenticate(environ, self._known_keys, self._settings.region)
            self._trust(environ)
            service = caller.service
            if path.startswith(own_pages.PREFIX):
                is_own = self.keys[0] in {caller.key.access_key, caller.key.acts_as}
                return own_pages.answer(environ, body, self._counts, self._dice, self._reset, may_change=is_own)
            return self._answer_with_faults(environ, caller, body)
        except Refused as refused:
            return refused.answer(environ)
        except ServiceError as error:
            return error_forms.service_error(environ, service, error.code, str(error), error.status)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - a client of AWS can read nothing but an error of AWS
            lacking = shortage(error)  # which ends when others do: clients try again where they are throttled
            self._report(f"{service} {environ['REQUEST_METHOD']}: {lacking or f'{type(error).__name__}: {error}'}")
            return error_forms.failure_answer(environ, service, throttled=bool(lacking), why=lacking)

    def _answer_open_page(self, path: str) -> Answer:
        if path == f"{own_pages.PREFIX}health":
            return own_pages.health(self._settings.region, len(self.running_jobs()))
        return own_pages.credentials(self._role_credentials(path.rpartition("/")[2]))

    def _role_credentials(self, token: str) -> dict[str, str] | None:
        credentials = self._platform.credentials(token)
        if credentials and self._settings.s3_endpoint:  # that S3 knows no roles
            credentials |= {"AccessKeyId": self.keys[0], "SecretAccessKey": self.keys[1], "Token": ""}
        return credentials

    def _answer_with_faults(self, environ: Environ, caller: Caller, body: bytes) -> Answer:
        name = operation_name(environ, body)
        service, _, operation = name.partition(".")
        fault: Fault | None = None
        meets_faults = self._dice.plan.jobs or not self._platform.is_job(caller.key.access_key)
        if meets_faults and OF_THE_FIXTURE not in environ.get("HTTP_USER_AGENT", ""):
            self._counts.add(name)
            fault = self._dice.request_fault()
        if fault in {"throttle", "error"}:
            return error_forms.failure_answer(environ, service, throttled=fault == "throttle")
        if fault == "reset":
            http.break_connection(environ)
        if fault == "slow":
            time.sleep(self._dice.plan.slow_s)
        if fault == "empty_page" and (page := empty_pages.empty_page(operation, body)):
            return http.json_answer(200, page)
        answer = self._answer(environ, name, body, caller)
        if fault == "reset_after":
            http.break_connection(environ)
        return answer

    def _answer(self, environ: Environ, name: str, body: bytes, caller: Caller) -> Answer:
        target, service, operation = environ.get("HTTP_X_AMZ_TARGET", ""), caller.service, name.partition(".")[2]
        if target.startswith(protocol.TARGET) != (service == "sagemaker" and bool(target)):
            message = f"Credential should be scoped to the service of {target}."
            raise ServiceError("InvalidSignatureException", message, 403)
        request = protocol.decode(body) if target else {}
        if target.startswith(protocol.TARGET):
            return self._answer_sagemaker(environ, operation, caller, empty_pages.original_request(operation, body))
        if service == "sagemaker":
            raise ServiceError("UnknownOperationException", f"The emulator does not serve {name}.")
        if service in {"pricing", "ssm"}:
            self._platform.require(f"{service}:{operation}", "*", environ)
            answer_own = prices.answer if service == "pricing" else self._region(caller.region).sessions.answer
            return answer_own(operation, request)
        if service not in SERVICES or environ.get("HTTP_X_AMZ_ACCOUNT_ID"):  # the latter is S3 Control
            return error_forms.unknown_service_answer(environ, service if service not in SERVICES else "s3control")
        if environ.get("HTTP_X_AMZ_EXPECTED_BUCKET_OWNER", ACCOUNT) != ACCOUNT:  # which moto does not look at
            return error_forms.service_error(environ, service, "AccessDenied", "Access Denied", 403)
        if name in sessions.OPERATIONS:
            longest_s = self._dice.plan.session
            return sessions.answer(
                environ, name, body, caller, self._known_keys, enforce=self._enforce, longest_s=longest_s
            )
        http.replace_body(environ, empty_pages.original_request(operation, body))
        if service == "tagging":
            self._platform.require(f"tag:{operation}", "*", environ)
            region = self._region(caller.region)
            if (answer := region.tagging.answer(operation, environ, body, region.operations)) is not None:
                return answer
        if name == iam_simulation.OPERATION:
            return iam_simulation.answer(environ, body, self._platform)
        return error_forms.without_html(environ, service, self._answer_by_moto(environ, name, body, caller))

    def _answer_by_moto(self, environ: Environ, name: str, body: bytes, caller: Caller) -> Answer:
        if caller.service == "s3":
            s3_requests.check(environ, body, self.aws, self._platform)
        if name == log_requests.FILTER:
            body = log_requests.with_stream_names(protocol.decode(body), caller.region, self.aws)
            http.replace_body(environ, body)
        try:
            status, headers, data = self.aws.answer(environ, caller.service)
        except NotImplementedError:
            return error_forms.not_implemented_answer(environ, caller.service, name)
        except RecursionError as error:
            code = "SerializationException" if environ.get("HTTP_X_AMZ_TARGET") else "MalformedInput"
            raise ServiceError(code, "The request is nested too deeply.") from error
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            if caller.service == "s3" and s3_requests.has_document(environ, body):
                raise s3_requests.malformed_document() from error
            raise
        if self._registry and caller.service == "ecr":
            data = self._registry.redirect(data)
            headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
            if name in OPERATIONS:
                return self._registry.answer(name, body, (status, headers, data))
        return status, headers, data

    def _answer_sagemaker(self, environ: Environ, operation: str, caller: Caller, body: bytes) -> Answer:
        try:
            region = self._region(caller.region)
            request = protocol.decode(body)
            self._check(operation, request, environ, caller)
            with self._creating if operation in _CREATING else nullcontext():
                answer = protocol.call(region.operations, operation, request)
        except ServiceError as error:
            return http.error_answer(error.code, str(error), error.status)
        if operation in _DESCRIBING and answer[kind_of(answer).status] in FINAL:
            region.shipper.settle(kind_of(answer), name_of(answer))
        return http.json_answer(200, protocol.encode(answer))

    def _check(self, operation: str, request: dict[str, Any], environ: Environ, caller: Caller) -> None:
        """Refuse what must not reach the engine: a caller who is not allowed, a job over the quota."""
        denied = self._platform.refusal(operation, request, environ, caller.region)
        if denied:
            raise ServiceError(*denied)
        if operation in _CREATING and (message := self._dice.quota_refusal(request)):
            raise ServiceError("ResourceLimitExceeded", message)
