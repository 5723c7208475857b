"""The role of a project's jobs: created on first use, and granted what each task needs in addition to earlier grants.

In: what a job needs. Out: a role that allows it. Costs two calls if nothing is new, four otherwise. Any number of
commands can do this at once: each adds its own tags, rebuilds the whole policy from all of them and checks again; the
last writer has therefore seen all grants (docs/decisions/0006).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from ..core import names
from ..core.access import Needs, Role
from ..core.aws_api import error_code
from ..core.aws_errors import is_denied
from ..core.records import dataclass
from ..core.retries import call_until_settled
from ..errors import SsmError, UsageError
from . import grants, policy
from .clients import Clients
from .grants import Grant

_TURNS = 40  # each is lost only to another command that added something
_Answer = TypeVar("_Answer")


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A role's ARN and tags, as read from IAM."""

    arn: str
    tags: dict[str, str]

    @property
    def grants(self) -> frozenset[Grant]:
        return grants.from_tags(self.tags)


class Roles:
    """Roles of the caller's account. ``wait`` sleeps for a number of seconds."""

    def __init__(self, clients: Clients, *, wait: Callable[[float], None] = time.sleep) -> None:
        self._clients = clients
        self._wait = wait

    def existing(self, role: str) -> Role:
        """An existing role, by name or ARN; it is not changed."""
        if role.startswith("arn:"):
            return Role(arn=role)
        try:
            seen = self._look(role)
        except ClientError as error:
            if not is_denied(error):
                raise
            return Role(arn=self._arn(role))
        if seen is None:
            account = self._clients.identity.account
            raise UsageError.naming(
                "{role_name:role}: the account {account} has no such role.", role=role, account=account
            )
        return Role(arn=seen.arn)

    def fit(self, needs: Needs, *, change: bool, likely_new: bool) -> Role:
        """The project's role with everything that this task needs; without ``change`` only a note of what would change.

        ``likely_new`` saves a call if nothing of the project can have existed before.
        """
        name = _name(needs.project)
        identity = self._clients.identity
        required = grants.of(needs, identity, self._clients.region)
        seen = None if likely_new else self._look(name)
        if seen is None and not change:
            return Role(arn=self._arn(name), note=f"Role: {name} would be created")
        if seen is None and self._make(name, needs.project, required):
            self._give(name, required, required, {})
            return Role(arn=self._arn(name), note=f"Role: created {name}, for the jobs of project {needs.project!r}")
        seen = seen or self._await_other(name)
        new = grants.missing(required, seen.grants)
        if not new and self._policy(name) == json.loads(policy.document(seen.grants, identity, name)):
            return Role(arn=seen.arn)
        what = ", ".join(str(one) for one in sorted(new)) or "what its tags say"
        if not change:
            return Role(arn=seen.arn, note=f"Role: {name} would be granted {what}")
        self._give(name, required, seen.grants, seen.tags)
        return Role(arn=seen.arn, note=f"Role: {name} was granted {what}")

    def add(self, name: str, grant: Grant) -> None:
        """Grant an existing role one thing more, from now on."""
        seen = self._retry_unsettled(lambda: self._must_look(name))
        self._give(name, frozenset({grant}), seen.grants, seen.tags)

    def _make(self, name: str, project: str, required: frozenset[Grant]) -> bool:
        """Create the role, with its first grants in its tags; return False if it existed."""
        policy.document(required, self._clients.identity, name)  # refuses what would not fit, before anything is made
        try:
            self._retry_unsettled(
                lambda: self._clients.iam.create_role(
                    RoleName=name,
                    AssumeRolePolicyDocument=policy.trust(self._clients.identity.account),
                    Description=f"Jobs of project {project}, by simple-sagemaker",
                    Tags=_tag_list(grants.as_tags(required)),
                )
            )
        except ClientError as error:
            if error_code(error) == "EntityAlreadyExists":
                return False
            if is_denied(error) and self._look(name):
                return False
            raise
        return True

    def _await_other(self, name: str) -> _Seen:
        """Wait for the role that IAM says exists. Raises UsageError for one whose name differs only in case."""
        try:
            return self._retry_unsettled(lambda: self._must_look(name))
        except ClientError as error:
            if error_code(error) != "NoSuchEntity":
                raise
            raise UsageError.naming(
                "The role {name} cannot be created, because one exists whose name differs only in case.\n"
                "Choose another {project_name}, or name a role with {role_name}.",
                name=name,
            ) from error

    def _give(self, name: str, required: frozenset[Grant], known: frozenset[Grant], tags: dict[str, str]) -> None:
        """Add the required grants to the known ones, until no other command has added any meanwhile."""
        for _ in range(_TURNS):
            new = grants.missing(required, known)
            text = policy.document(known | new, self._clients.identity, name)
            if new:
                self._remember(name, grants.as_tags(new), tags)
            known |= new
            self._put(name, text)
            seen = self._retry_unsettled(lambda: self._must_look(name))
            if seen.grants == known:
                return
            known, tags = seen.grants, seen.tags
        raise SsmError(f"The role {name} keeps being changed by others.\nTry again in a minute.")

    def _put(self, name: str, text: str) -> None:
        put = self._clients.iam.put_role_policy
        self._retry_unsettled(lambda: put(RoleName=name, PolicyName=policy.NAME, PolicyDocument=text))

    def _remember(self, name: str, new: dict[str, str], tags: dict[str, str]) -> None:
        grants.check_room(tags, new, name)
        self._retry_unsettled(lambda: self._clients.iam.tag_role(RoleName=name, Tags=_tag_list(new)))

    def _look(self, name: str) -> _Seen | None:
        try:
            return self._must_look(name)
        except ClientError as error:
            if error_code(error) == "NoSuchEntity":
                return None
            raise

    def _must_look(self, name: str) -> _Seen:
        """The role; GetRole returns all its tags at once, without pages."""
        role = self._clients.iam.get_role(RoleName=name)["Role"]
        return _Seen(arn=role["Arn"], tags={tag["Key"]: tag["Value"] for tag in role.get("Tags", [])})

    def _policy(self, name: str) -> Any:
        """The role's current policy; None if it has none, for example because its creator was killed."""
        try:
            return self._clients.iam.get_role_policy(RoleName=name, PolicyName=policy.NAME)["PolicyDocument"]
        except ClientError as error:
            if error_code(error) == "NoSuchEntity":
                return None
            raise

    def _retry_unsettled(self, act: Callable[[], _Answer]) -> _Answer:
        return call_until_settled(act, self._wait)

    def _arn(self, name: str) -> str:
        identity = self._clients.identity
        return f"arn:{identity.partition}:iam::{identity.account}:role/{name}"


def _name(project: str) -> str:
    if len(project) > names.PROJECT_ROLE_LIMIT:
        raise UsageError.naming(
            "{project_name} {project!r} has {length} characters; its role's name has room for {most}.\n"
            "Choose a shorter one, or name a role of your own with {role_name}.",
            project=project,
            length=len(project),
            most=names.PROJECT_ROLE_LIMIT,
        )
    return names.role_name(project)


def _tag_list(tags: dict[str, str]) -> Any:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
