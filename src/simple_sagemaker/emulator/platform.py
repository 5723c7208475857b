"""What AWS does between its services: assume a job's role, and check with IAM whether a caller is allowed.

It works on moto's memory in this process. With enforcement on, moto checks actions and resources of requests to its own
services; here the same is checked for SageMaker's. Known gap: moto 5.2 denies by any statement that has a
Condition, whatever it is, so policies checked here must do without.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import Any

from ..core.records import dataclass
from ..local.job.home import ACCOUNT
from ..local.job.kinds import kind_of
from .http import Environ
from .mock_aws import MockAws
from .protocol import ServiceError

ADMINISTRATOR = "administrator"
_PARTITION = "aws"
_SERVICE = "sagemaker.amazonaws.com"
_VALID = timedelta(hours=1)
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass
class _Issued:
    """The credentials of one job's role, and when they expire."""

    job: str
    role_arn: str
    access_key: str
    secret_key: str
    session_token: str
    expires: datetime


class Platform:
    """The account's identities. For ``role_delay_s`` seconds a new role cannot be assumed yet, as on AWS."""

    def __init__(self, aws: MockAws, *, region: str, enforce: bool, role_delay_s: float = 0.0) -> None:
        self._aws = aws
        self._region = region
        self._enforce = enforce
        self._role_delay = timedelta(seconds=role_delay_s)
        self._issued: dict[str, _Issued] = {}
        self._lock = threading.Lock()

    def administrator(self, access_key: str, secret_key: str) -> None:
        """Make an administrator with this key where IAM is enforced, which it is from then on."""
        if not self._enforce:
            return
        from moto import settings
        from moto.iam.models import iam_backends

        backend = iam_backends[ACCOUNT][_PARTITION]
        with self._aws.lock():
            backend.create_user(_PARTITION, ADMINISTRATOR)
            backend.put_user_policy(ADMINISTRATOR, "everything", json.dumps(_EVERYTHING))
            key = backend.create_access_key(ADMINISTRATOR)
            del backend.access_keys[key.access_key_id]
            key.access_key_id, key.secret_access_key = access_key, secret_key
            backend.access_keys[access_key] = key
            settings.INITIAL_NO_AUTH_ACTION_COUNT = 0

    def admit(self, role_arn: str) -> str | None:
        """Why jobs cannot assume a role; None when they can. Without enforcement any role will do."""
        if not self._enforce:
            return None
        role = self._role(role_arn)
        if role is not None and _trusts(json.loads(role.assume_role_policy_document)):
            created = role.create_date.replace(tzinfo=role.create_date.tzinfo or timezone.utc)
            if datetime.now(timezone.utc) - created >= self._role_delay:
                return None
        return (
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{_SERVICE}' to assume the role."
        )

    def has_role(self, role_arn: str) -> bool:
        """Whether a role exists; always True without enforcement."""
        return not self._enforce or self._role(role_arn) is not None

    def _role(self, role_arn: str) -> Any:
        from moto.iam.exceptions import NotFoundException
        from moto.iam.models import iam_backends

        with self._aws.lock():
            try:
                return iam_backends[ACCOUNT][_PARTITION].get_role_by_arn(role_arn)
            except NotFoundException:
                return None

    def issue(self, job: str, role_arn: str) -> str:
        """Assume a job's role; return an unguessable token for :meth:`credentials`."""
        token = secrets.token_urlsafe(32)
        issued = self._assume_role(job, role_arn)
        with self._lock:
            self._issued[token] = issued
        return token

    def credentials(self, token: str) -> dict[str, str] | None:
        """The credentials for a token, valid for at least ten minutes, in the form that containers on AWS get."""
        with self._lock:
            issued = self._issued.get(token)
        if issued is None:
            return None
        if issued.expires - datetime.now(timezone.utc) < timedelta(minutes=10):
            issued = self._assume_role(issued.job, issued.role_arn)
            with self._lock:
                self._issued[token] = issued
        return {
            "RoleArn": issued.role_arn,
            "AccessKeyId": issued.access_key,
            "SecretAccessKey": issued.secret_key,
            "Token": issued.session_token,
            "Expiration": issued.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def forget(self, job: str) -> None:
        """Stop giving out credentials for a job, which has ended."""
        with self._lock:
            self._issued = {name: one for name, one in self._issued.items() if one.job != job}

    def is_job(self, access_key: str) -> bool:
        """Whether an access key belongs to a job, not to a client."""
        with self._lock:
            return any(one.access_key == access_key for one in self._issued.values())

    def _assume_role(self, job: str, role_arn: str) -> _Issued:
        from moto.sts.models import sts_backends

        account = role_arn.split(":")[4]
        with self._aws.lock():
            role = sts_backends[account][_PARTITION].assume_role(
                region_name=self._region,
                role_session_name="SageMaker",
                role_arn=role_arn,
                policy="",
                duration=int(_VALID.total_seconds()),
                external_id="",
            )
        expires = datetime.now(timezone.utc) + _VALID
        return _Issued(job, role_arn, role.access_key_id, role.secret_access_key, role.session_token, expires)

    def refusal(
        self, operation: str, request: Mapping[str, Any], environ: Environ, region: str
    ) -> tuple[str, str] | None:
        """The code and message with which IAM denies a SageMaker operation; None when the caller is allowed."""
        if not self._enforce:
            return None
        from moto.core.exceptions import AccessDeniedError, InvalidClientTokenIdError

        try:
            with self._aws.lock():
                self._check(f"sagemaker:{operation}", _resource(request, region), environ)
                for role in roles_of(request):
                    self._check("iam:PassRole", role, environ)
        except AccessDeniedError as error:
            return "AccessDeniedException", f"{error.message} on resource: {_resource(request, region)}"
        except InvalidClientTokenIdError as error:
            return "UnrecognizedClientException", str(error.message)
        return None

    def require(self, action: str, resource: str, environ: Environ) -> None:
        """Check that the caller may, for what moto does not check. Raises ServiceError."""
        if not self._enforce:
            return
        from moto.core.exceptions import AccessDeniedError, InvalidClientTokenIdError

        is_json = bool(environ.get("HTTP_X_AMZ_TARGET"))
        try:
            with self._aws.lock():
                self._check(action, resource, environ)
        except (AccessDeniedError, InvalidClientTokenIdError) as error:
            code = "AccessDeniedException" if is_json else "AccessDenied"
            message = f"{error.message} on resource: {resource}"
            raise ServiceError(code, message, 400 if is_json else 403) from error

    def _check(self, action: str, resource: str, environ: Environ) -> None:
        from moto.iam.access_control import IAMRequest
        from werkzeug.wrappers import Request

        class CheckedRequest(IAMRequest):  # moto takes the service from the signature, but PassRole is IAM's
            @property
            def _action(self) -> str:
                return action

            @_action.setter
            def _action(self, _: str) -> None: ...

        http_request = Request(environ)
        request = CheckedRequest(
            account_id=ACCOUNT,
            method=http_request.method,
            path=http_request.path,
            data={},
            body=b"",
            headers=http_request.headers,  # type: ignore[arg-type]  # read like a dictionary
            action=action.partition(":")[2],
        )
        request.check_action_permitted(resource)

    def role_allows(self, role_arn: str, action: str, resource: str = "*") -> bool:
        """Whether a role's own policies allow an action; always True without enforcement."""
        if not self._enforce:
            return True
        from moto.iam.access_control import AssumedRoleAccessKey, IAMPolicy, PermissionResult

        issued = self._assume_role("", role_arn)
        with self._aws.lock():
            key = AssumedRoleAccessKey(
                ACCOUNT, _PARTITION, issued.access_key, {"X-Amz-Security-Token": issued.session_token}
            )
            verdicts = [IAMPolicy(one).is_action_permitted(action, resource) for one in key.collect_policies()]
        return PermissionResult.PERMITTED in verdicts and PermissionResult.DENIED not in verdicts


def _resource(request: Mapping[str, Any], region: str) -> str:
    """The ARN of the job or the model that a request is about."""
    kind = kind_of(request)
    if name := request.get(kind.name):
        return kind.arn(str(name), region)
    model = request.get("ModelName")
    return f"arn:aws:sagemaker:{region}:{ACCOUNT}:model/{str(model).lower()}" if model else "*"


def roles_of(request: Mapping[str, Any]) -> list[str]:
    """The roles that a request passes to the service: its own, or those of its definitions of training jobs.

    A request that is not of its shape passes none, and is refused later.
    """
    several = request.get("TrainingJobDefinitions")
    members = [request, request.get("TrainingJobDefinition"), *(several if isinstance(several, list) else ())]
    named = [one["RoleArn"] for one in members if isinstance(one, Mapping) and isinstance(one.get("RoleArn"), str)]
    role = request.get("ExecutionRoleArn")  # a model's
    return [*named, role] if isinstance(role, str) else named


def _trusts(document: Mapping[str, Any]) -> bool:
    """Whether a trust policy lets SageMaker assume the role, on behalf of this account."""
    statements = document.get("Statement", [])
    verdicts = [_statement_effect(one) for one in ([statements] if isinstance(statements, dict) else statements)]
    return "Allow" in verdicts and "Deny" not in verdicts


def _statement_effect(statement: Mapping[str, Any]) -> str | None:
    principal = statement.get("Principal", {})
    services = _list("*" if principal == "*" else principal.get("Service", []))
    actions = _list(statement.get("Action", []))
    if not {"*", _SERVICE} & {*services} or not any(fnmatchcase("sts:AssumeRole", one) for one in actions):
        return None
    context = {"aws:sourceaccount": ACCOUNT}
    for operator, tests in statement.get("Condition", {}).items():
        for name, expected in tests.items():
            match = operator.removesuffix("IfExists") in {"StringEquals", "StringLike"} and any(
                fnmatchcase(context.get(name.lower(), ""), one) for one in _list(expected)
            )
            if not match:
                return None
    effect: str = statement["Effect"]
    return effect


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
