"""botocore's clients, each created on first use: creating one costs up to 0.2 s, and a skipped task needs few."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import botocore.session
from botocore.config import Config
from botocore.credentials import RefreshableCredentials
from botocore.parsers import ResponseParserError

from .. import __version__
from ..core.aws_errors import translate_errors
from ..core.retries import FIRST_CALL_RETRIES, SERVICE_RETRIES, has_expired
from ..errors import NoCredentials
from .identity import Identity
from .models import keeping_loader

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_resourcegroupstaggingapi import ResourceGroupsTaggingAPIClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sts import STSClient


def connect(
    environment: Mapping[str, str], here: str, session: boto3.Session | None = None, *, cache: Path | None = None
) -> Clients:
    """The clients of a session; by default of the one that the user's configuration describes.

    Profiles, SSO, ``AWS_ENDPOINT_URL*`` and the rest are left to botocore: boto3 adds nothing to its clients that we
    use, and takes 30 ms to load. ``here`` is the setting that chooses this machine instead, for the errors. ``cache``
    is where models are kept for the clients of our own session. Raises NoCredentials.
    """
    with translate_errors():
        core = _core_of(session) if session else _session_from_configuration(environment, cache)
        has_credentials = core.get_credentials() is not None
    if not has_credentials:
        raise NoCredentials(
            "This needs AWS, and no credentials were found.\n"
            f"Configure them (aws configure, AWS_PROFILE, …), or use this machine: {here}."
        )
    region = core.get_config_variable("region")
    if not region:
        raise NoCredentials(
            "This needs AWS, and no region is set.\n"
            f"Set one (AWS_REGION=us-east-1, or aws configure), or use this machine: {here}."
        )
    return Clients(core, region=region)


def _core_of(session: boto3.Session) -> botocore.session.Session:
    """The session of botocore's that boto3's is made of."""
    return session._session  # noqa: SLF001 - boto3 does not hand it out


def _session_from_configuration(environment: Mapping[str, str], cache: Path | None) -> botocore.session.Session:
    """Create our session. ``AWS_REGION``, which botocore ignores, is honoured as AWS's command line does."""
    core = botocore.session.get_session()
    profile = environment.get("AWS_PROFILE")
    if profile and profile != os.environ.get("AWS_PROFILE"):  # a project file's, from Python
        core.set_config_variable("profile", profile)
    if cache:
        core.register_component("data_loader", keeping_loader(cache, core.get_component("data_loader")))
    core.set_default_client_config(
        Config(retries=SERVICE_RETRIES.copy(), user_agent_extra=f"simple-sagemaker/{__version__}")
    )
    if region := environment.get("AWS_REGION"):
        core.set_config_variable("region", region)
    return core


class Clients:
    """The clients of AWS's services that we call, each created on first use."""

    def __init__(self, session: botocore.session.Session, *, region: str) -> None:
        self.session = session
        self.region = region
        self._making = threading.Lock()  # a session can create only one client at a time
        self.sagemaker: SageMakerClient = self._later("sagemaker")
        self.tagging: ResourceGroupsTaggingAPIClient = self._later("resourcegroupstaggingapi")
        self.logs: CloudWatchLogsClient = self._later("logs")
        self.iam: IAMClient = self._later("iam")
        self.s3: S3Client = self._later("s3")
        self.ssm: Any = self._later("ssm")  # two operations, of a service whose types we do not have
        self._ecr: dict[str, ECRClient] = {}
        self._sts: STSClient = self._later("sts", FIRST_CALL_RETRIES)  # the call before all others

    @cached_property
    def identity(self) -> Identity:
        """The caller's identity, requested once, on first use."""
        answer = self._sts.get_caller_identity()
        return Identity(account=answer["Account"], arn=answer["Arn"])

    def ecr_in(self, region: str) -> ECRClient:
        """The client of one region's registries: an image's address may name any."""
        if region not in self._ecr:
            self._ecr[region] = self._later("ecr", region=region)
        return self._ecr[region]

    def _later(self, service: str, retries: Any = SERVICE_RETRIES, region: str | None = None) -> Any:
        def make() -> object:
            with self._making:
                config = Config(retries=retries.copy())  # which botocore fills in
                client = self.session.create_client(service, region, config=config)
            client.meta.events.register("before-parse", _check_form)
            return client

        return _Later(make, lambda: renew(self.session))


class _Later:
    """A proxy that creates its client on first use, and calls once more when expired credentials could be renewed."""

    def __init__(self, make: Callable[[], Any], renew: Callable[[], bool]) -> None:
        self._make = make
        self._renew = renew

    @cached_property
    def _client(self) -> Any:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        if name not in self._client.meta.method_to_api_mapping:
            return attribute

        def call(*args: Any, **request: Any) -> Any:
            try:
                return attribute(*args, **request)
            except Exception as error:
                if not has_expired(error) or not self._renew():
                    raise
                return attribute(*args, **request)

        return call


def renew(session: botocore.session.Session) -> bool:
    """Read the credentials of a session anew where they come from: a file may have others by now. Whether it has.

    Those that renew themselves (SSO, roles, a process) are left alone. Every client of the session has the new ones.
    """
    current = session.get_credentials()
    if current is None or isinstance(current, RefreshableCredentials):
        return False
    core = botocore.session.get_session()
    if session.profile:
        core.set_config_variable("profile", session.profile)
    fresh = core.get_credentials()
    if fresh is None or fresh.access_key == current.access_key:
        return False
    current.access_key, current.secret_key, current.token = fresh.access_key, fresh.secret_key, fresh.token
    return True


def _check_form(operation_model: Any, response_dict: Mapping[str, Any], **_: Any) -> None:
    """Raise ResponseParserError for an answer that is no JSON object where the operation's always is one.

    botocore takes such an answer for one without members.
    """
    output = operation_model.output_shape
    if response_dict["status_code"] >= 300 or output is None or not output.required_members:
        return
    if operation_model.metadata.get("protocol") != "json":
        return
    body = response_dict["body"].strip()
    if not (body.startswith(b"{") and body.endswith(b"}")) or body == b"{}":
        raise ResponseParserError(f"no JSON object answers {operation_model.name}")
