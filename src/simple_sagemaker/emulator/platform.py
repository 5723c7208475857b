"""What AWS does between the services: it assumes the role of a job, and asks IAM whether a caller may.

It works on moto's memory in this process. moto checks the signature, the actions and the resources of requests once its
enforcement is on, for its own services; here the same is asked for SageMaker's. Its gap: a statement with a Condition
refuses, whatever the condition says (moto 5.2), so the policies that are tried here do without.
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import Any

from ..local.job.home import ACCOUNT
from ..local.job.kinds import kind_of
from .http import Environ
from .mock_aws import MockAws

ADMINISTRATOR = "administrator"
_PARTITION = "aws"
_SERVICE = "sagemaker.amazonaws.com"
_VALID = timedelta(hours=1)
_EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


@dataclass
class _Issued:
    """The credentials of one job's role, and when they are no longer good."""

    job: str
    role_arn: str
    access_key: str
    secret_key: str
    session_token: str
    until: datetime


class Platform:
    """The account's identities. ``role_delay_s`` is for how long a new role cannot be assumed yet."""

    def __init__(self, aws: MockAws, *, region: str, enforce: bool, role_delay_s: float = 0.0) -> None:
        self._aws = aws
        self._region = region
        self._enforce = enforce
        self._role_delay = timedelta(seconds=role_delay_s)
        self._issued: dict[str, _Issued] = {}
        self._lock = threading.Lock()

    def administrator(self) -> tuple[str, str]:
        """The access key and secret key of somebody who may do everything; from then on IAM is enforced, if at all."""
        if not self._enforce:
            return "test", "test"
        from moto import settings
        from moto.iam.models import iam_backends

        backend = iam_backends[ACCOUNT][_PARTITION]
        with self._aws.locked():
            backend.create_user(_PARTITION, ADMINISTRATOR)
            backend.put_user_policy(ADMINISTRATOR, "everything", json.dumps(_EVERYTHING))
            key = backend.create_access_key(ADMINISTRATOR)
            settings.INITIAL_NO_AUTH_ACTION_COUNT = 0
        return key.access_key_id, key.secret_access_key

    def admit(self, role_arn: str) -> str | None:
        """Why jobs cannot act by a role; None when they can. Without enforcement any role will do."""
        if not self._enforce:
            return None
        role = self._role(role_arn)
        if role is not None and _trusts(json.loads(role.assume_role_policy_document)):
            made = role.create_date.replace(tzinfo=role.create_date.tzinfo or timezone.utc)
            if datetime.now(timezone.utc) - made >= self._role_delay:
                return None
        return (
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows principal "
            f"'{_SERVICE}' to assume the role."
        )

    def _role(self, role_arn: str) -> Any:
        from moto.iam.exceptions import NotFoundException
        from moto.iam.models import iam_backends

        with self._aws.locked():
            try:
                return iam_backends[ACCOUNT][_PARTITION].get_role_by_arn(role_arn)
            except NotFoundException:
                return None

    def issue(self, job: str, role_arn: str) -> str:
        """A name under which the credentials of a job's role are had; nobody can guess it."""
        name = secrets.token_urlsafe(32)
        issued = self._assumed(job, role_arn)
        with self._lock:
            self._issued[name] = issued
        return name

    def credentials(self, name: str) -> dict[str, str] | None:
        """The credentials of that name, good for at least ten minutes, as containers on AWS get them."""
        with self._lock:
            issued = self._issued.get(name)
        if issued is None:
            return None
        if issued.until - datetime.now(timezone.utc) < timedelta(minutes=10):
            issued = self._assumed(issued.job, issued.role_arn)
            with self._lock:
                self._issued[name] = issued
        return {
            "RoleArn": issued.role_arn,
            "AccessKeyId": issued.access_key,
            "SecretAccessKey": issued.secret_key,
            "Token": issued.session_token,
            "Expiration": issued.until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }

    def forget(self, job: str) -> None:
        """Give out no more credentials for a job that has ended."""
        with self._lock:
            self._issued = {name: one for name, one in self._issued.items() if one.job != job}

    def is_job(self, access_key: str) -> bool:
        """Whether an access key is of a job, not of a client."""
        with self._lock:
            return any(one.access_key == access_key for one in self._issued.values())

    def _assumed(self, job: str, role_arn: str) -> _Issued:
        from moto.sts.models import sts_backends

        account = role_arn.split(":")[4]
        with self._aws.locked():
            role = sts_backends[account][_PARTITION].assume_role(
                region_name=self._region,
                role_session_name="SageMaker",
                role_arn=role_arn,
                policy="",
                duration=int(_VALID.total_seconds()),
                external_id="",
            )
        until = datetime.now(timezone.utc) + _VALID
        return _Issued(job, role_arn, role.access_key_id, role.secret_access_key, role.session_token, until)

    def refusal(
        self, operation: str, request: Mapping[str, Any], environ: Environ, body: bytes
    ) -> tuple[str, str] | None:
        """The code and message with which IAM refuses a SageMaker operation; None when the caller may."""
        if not self._enforce:
            return None
        from moto.core.exceptions import AccessDeniedError, InvalidClientTokenIdError, SignatureDoesNotMatchError

        try:
            with self._aws.locked():
                self._ask(f"sagemaker:{operation}", self._resource(request), environ, body)
                if "RoleArn" in request:
                    self._ask("iam:PassRole", request["RoleArn"], environ, body)
        except AccessDeniedError as error:
            return "AccessDeniedException", f"{error.message} on resource: {self._resource(request)}"
        except (InvalidClientTokenIdError, SignatureDoesNotMatchError) as error:
            return "UnrecognizedClientException", str(error.message)
        return None

    def _ask(self, action: str, resource: str, environ: Environ, body: bytes) -> None:
        from moto.iam.access_control import IAMRequest
        from werkzeug.wrappers import Request

        class Asked(IAMRequest):  # moto takes the service from the signature: PassRole is another's
            @property
            def _action(self) -> str:
                return action

            @_action.setter
            def _action(self, _: str) -> None: ...

        sent = Request(environ)
        asked = Asked(
            account_id=ACCOUNT,
            method=sent.method,
            path=sent.path,
            data={},
            body=body,
            headers=sent.headers,  # type: ignore[arg-type]  # read like a dictionary
            action=action.partition(":")[2],
        )
        asked.check_signature()
        asked.check_action_permitted(resource)

    def _resource(self, request: Mapping[str, Any]) -> str:
        kind = kind_of(request)
        name = request.get(kind.name)
        return kind.arn(str(name), self._region) if name else "*"

    def role_allows(self, role_arn: str, action: str, resource: str = "*") -> bool:
        """Whether a role's own policies allow an action; everything is allowed without enforcement."""
        if not self._enforce:
            return True
        from moto.iam.access_control import AssumedRoleAccessKey, IAMPolicy, PermissionResult

        issued = self._assumed("", role_arn)
        with self._aws.locked():
            key = AssumedRoleAccessKey(
                ACCOUNT, _PARTITION, issued.access_key, {"X-Amz-Security-Token": issued.session_token}
            )
            verdicts = [IAMPolicy(one).is_action_permitted(action, resource) for one in key.collect_policies()]
        return PermissionResult.PERMITTED in verdicts and PermissionResult.DENIED not in verdicts


def _trusts(document: Mapping[str, Any]) -> bool:
    """Whether a trust policy lets SageMaker in, on behalf of this account."""
    statements = document.get("Statement", [])
    verdicts = [_trusting(one) for one in ([statements] if isinstance(statements, dict) else statements)]
    return "Allow" in verdicts and "Deny" not in verdicts


def _trusting(statement: Mapping[str, Any]) -> str | None:
    principal = statement.get("Principal", {})
    services = _list("*" if principal == "*" else principal.get("Service", []))
    actions = _list(statement.get("Action", []))
    if not {"*", _SERVICE} & {*services} or not any(fnmatchcase("sts:AssumeRole", one) for one in actions):
        return None
    context = {"aws:sourceaccount": ACCOUNT}
    for operator, tests in statement.get("Condition", {}).items():
        for name, wanted in tests.items():
            match = operator.removesuffix("IfExists") in {"StringEquals", "StringLike"} and any(
                fnmatchcase(context.get(name.lower(), ""), one) for one in _list(wanted)
            )
            if not match:
                return None
    effect: str = statement["Effect"]
    return effect


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
