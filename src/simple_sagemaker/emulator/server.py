"""AWS on one port: SageMaker by the local engine, the services beside it by moto.

Every request passes the doorkeeper (Host, Origin) and, but for health and role credentials, the check of its signature.
Then operations are counted and the requested faults are injected. ``/_ssm/…`` are the emulator's own pages.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any

from ..core.records import replace
from ..local.api.describe import describe
from ..local.api.job_index import JobIndex
from ..local.api.sagemaker import LocalSageMaker, operations
from ..local.job.folder import FINAL, JobFolder, find_job
from ..local.job.home import ACCOUNT, Home, Settings
from ..local.job.kinds import KINDS, TRAINING, kind_of, name_of, resource_of
from ..local.supervisor.turns import Turns
from . import empty_pages, error_forms, http, iam_simulation, own_pages, prices, protocol, s3_requests, sessions
from .access_keys import AccessKey, KeyRing, new_access_key
from .authentication import Caller, Refused, authenticate
from .ecr_registry import OPERATIONS, Registry
from .fault_injection import Dice, Fault, Plan
from .http import Answer, Environ
from .log_shipping import Shipper
from .mock_aws import SERVICES, MockAws
from .operation_names import RequestCounts, operation_name
from .origins import Doorkeeper, without_cors
from .platform import Platform
from .protocol import ServiceError
from .role_stores import RoleStores
from .session_manager import SessionManager
from .tagging import Tagging

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
    ) -> None:
        self._home = home
        self._settings = settings
        self._registry = Registry(registry) if registry else None
        self._dice = Dice(plan)
        self._aws = MockAws()
        self._platform = Platform(self._aws, region=settings.region, enforce=enforce, role_delay_s=role_delay_s)
        self._index = JobIndex(home, report)
        self._shipper = Shipper(home, self._index, self._aws, self._platform, region=settings.region, report=report)
        self._creating = threading.BoundedSemaphore(_MOST_CREATING)
        self._turns = Turns(home.locks)
        self._counts = RequestCounts()
        self._tagging = Tagging(self._aws, self._platform, settings.region, self._jobs_and_tags)
        self._door = Doorkeeper(allowed_hosts)
        self._known_keys = KeyRing(self._aws)
        self._keys = keys or new_access_key()
        self._enforce = enforce
        self._report = report
        self._operations: protocol.Operations = {}
        sessions_with_hosts = SessionManager(settings.region, self._training_job)
        self._own_services = {"pricing": prices.answer, "ssm": sessions_with_hosts.answer}

    def start(self, url: str) -> dict[str, str]:
        """Begin to serve at ``url``. Returns the environment variables that point AWS's clients here."""
        key, secret = self._keys
        self._platform.administrator(key, secret)
        self._known_keys.add(AccessKey(access_key=key, secret=secret))
        variables = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_REGION": self._settings.region,
            "AWS_DEFAULT_REGION": self._settings.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        if "AWS_SESSION_TOKEN" in os.environ:  # it belongs to other keys, and the next shell may have it as well
            variables["AWS_SESSION_TOKEN"] = ""
        if self._settings.s3_endpoint is not None:
            variables["AWS_ENDPOINT_URL_S3"] = self._settings.s3_endpoint
        settings = replace(self._settings, s3_endpoint=self._settings.s3_endpoint or url, aws_endpoint=url)

        def issue(role_arn: str) -> Callable[[], dict[str, str]]:
            token = self._platform.issue("", role_arn)
            return lambda: self._role_credentials(token) or {}

        def settings_for(request: Mapping[str, Any]) -> Settings:
            wait_s, interruptions = self._dice.job_fault(request)
            token = self._platform.issue(resource_of(request), request["RoleArn"])
            return replace(
                settings,
                credentials_uri=f"{url}/_ssm/credentials/{token}",
                spot_wait_s=wait_s or settings.spot_wait_s,
                interrupt_after_s=interruptions or settings.interrupt_after_s,
            )

        roles = RoleStores(settings.s3_endpoint or url, settings.region, issue)
        self._operations = operations(
            LocalSageMaker(
                self._home,
                settings=settings_for,
                admit=self._platform.admit,
                turns=self._turns,
                index=self._index,
                store_for=roles.store_for,
            )
        )
        self._shipper.start()
        return variables

    def _training_job(self, name: str) -> Mapping[str, Any] | None:
        job = find_job(self._home.jobs, TRAINING, name)
        return describe(job) if job else None

    def running_jobs(self) -> list[str]:
        """The names of the jobs that have not ended."""
        return self._index.running()

    def _jobs_and_tags(self) -> Iterator[tuple[str, list[dict[str, str]]]]:
        for job in self._index.jobs():
            yield job.arn, job.tag_members()

    def stop(self, grace_s: float) -> tuple[list[str], list[str]]:
        """Stop all jobs and end. Returns the jobs that ran, and those still running after ``grace_s`` seconds."""
        until = time.monotonic() + grace_s
        self._turns.stop()
        ran = self.running_jobs()
        for name in ran:
            JobFolder(self._home.jobs / name).stop_mark.touch()
        while (left := self.running_jobs()) and time.monotonic() < until:
            time.sleep(0.05)
        self._shipper.stop()
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
            service = caller.service
            if path.startswith(own_pages.PREFIX):
                is_own = self._keys[0] in {caller.key.access_key, caller.key.acts_as}
                return own_pages.answer(environ, body, self._counts, self._dice, may_change=is_own)
            return self._answer_with_faults(environ, caller, body)
        except Refused as refused:
            return refused.answer(environ)
        except ServiceError as error:
            return error_forms.service_error(environ, service, error.code, str(error), error.status)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - a client of AWS can read nothing but an error of AWS
            self._report(f"{service} {environ['REQUEST_METHOD']}: {type(error).__name__}: {error}")
            return error_forms.failure_answer(environ, service, throttled=False)

    def _answer_open_page(self, path: str) -> Answer:
        if path == f"{own_pages.PREFIX}health":
            return own_pages.health(self._settings.region, len(self.running_jobs()))
        return own_pages.credentials(self._role_credentials(path.rpartition("/")[2]))

    def _role_credentials(self, token: str) -> dict[str, str] | None:
        credentials = self._platform.credentials(token)
        if credentials and self._settings.s3_endpoint:  # that S3 knows no roles
            credentials |= {"AccessKeyId": self._keys[0], "SecretAccessKey": self._keys[1], "Token": ""}
        return credentials

    def _answer_with_faults(self, environ: Environ, caller: Caller, body: bytes) -> Answer:
        name = operation_name(environ, body)
        service, _, operation = name.partition(".")
        fault: Fault | None = None
        if self._dice.plan.jobs or not self._platform.is_job(caller.key.access_key):
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
        if service in self._own_services:
            self._platform.require(f"{service}:{operation}", "*", environ)
            return self._own_services[service](operation, request)
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
            if (answer := self._tagging.answer(operation, environ, body, self._operations)) is not None:
                return answer
        if name == iam_simulation.OPERATION:
            return iam_simulation.answer(environ, body, self._platform)
        if service == "s3":
            s3_requests.check(environ, body, self._aws, self._platform)
        return error_forms.without_html(environ, service, self._answer_by_moto(environ, name, body, caller))

    def _answer_by_moto(self, environ: Environ, name: str, body: bytes, caller: Caller) -> Answer:
        try:
            status, headers, data = self._aws.answer(environ, caller.service)
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
            request = protocol.decode(body)
            self._check(operation, request, environ, caller)
            with self._creating if operation in _CREATING else nullcontext():
                answer = protocol.call(self._operations, operation, request)
        except ServiceError as error:
            return http.error_answer(error.code, str(error), error.status)
        if operation in _DESCRIBING and answer[kind_of(answer).status] in FINAL:
            self._shipper.settle(kind_of(answer), name_of(answer))
        return http.json_answer(200, protocol.encode(answer))

    def _check(self, operation: str, request: dict[str, Any], environ: Environ, caller: Caller) -> None:
        """Refuse what must not reach the engine: another region, a caller who is not allowed, a job over the quota."""
        if caller.region != self._settings.region:
            raise ServiceError(
                "ValidationException",
                f"The emulator is in {self._settings.region}, and the request is signed for {caller.region}: "
                f"set AWS_REGION={self._settings.region}, or start the emulator with --region {caller.region}.",
            )
        denied = self._platform.refusal(operation, request, environ)
        if denied:
            raise ServiceError(*denied)
        if operation in _CREATING and (message := self._dice.quota_refusal(request)):
            raise ServiceError("ResourceLimitExceeded", message)
