"""boto3's clients, each made when it is first used: making one costs up to 0.2 s, and a skipped task needs few."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions
import botocore.session
from botocore.config import Config

from .. import __version__
from ..core.aws_errors import in_our_words
from ..errors import NoCredentials
from .identity import Identity

if TYPE_CHECKING:
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sts import STSClient

_ATTEMPTS = 10
_FIRST_ATTEMPTS = 5  # of the call that comes before all others: without a network one should hear of it soon


def connect(environment: Mapping[str, str], here: str, session: boto3.Session | None = None) -> Clients:
    """The clients of a session, the one that the person's configuration describes when none is given.

    Profiles, SSO, ``AWS_ENDPOINT_URL*`` and the rest are boto3's own business. ``here`` chooses this machine instead,
    for the errors. Raises NoCredentials.
    """
    with in_our_words():
        session = session or _configured(environment)
        found = session.get_credentials() is not None
    if not found:
        raise NoCredentials(
            "AWS was asked for, and no credentials were found.\n"
            f"Configure them (aws configure, AWS_PROFILE, …), or use this machine: {here}."
        )
    if not session.region_name:
        raise NoCredentials(
            "AWS was asked for, and no region is set.\n"
            f"Set one (AWS_REGION=us-east-1, or aws configure), or use this machine: {here}."
        )
    return Clients(session, region=session.region_name)


def _configured(environment: Mapping[str, str]) -> boto3.Session:
    """A session of ours. ``AWS_REGION``, which boto3 leaves to others, is honoured as AWS's command line does."""
    core = botocore.session.get_session()
    core.set_default_client_config(
        Config(retries=_tried_again(_ATTEMPTS), user_agent_extra=f"simple-sagemaker/{__version__}")
    )
    return boto3.Session(botocore_session=core, region_name=environment.get("AWS_REGION") or None)


class Clients:
    """What we call of AWS; every client is made when something of it is first used."""

    def __init__(self, session: boto3.Session, *, region: str) -> None:
        self.session = session
        self.region = region
        self._making = threading.Lock()  # a session makes one client at a time
        self.sagemaker: SageMakerClient = self._later("sagemaker")
        self.logs: CloudWatchLogsClient = self._later("logs")
        self.iam: IAMClient = self._later("iam")
        self.s3: S3Client = self._later("s3")
        self._ecr: dict[str, ECRClient] = {}
        self._sts: STSClient = self._later("sts", _FIRST_ATTEMPTS)

    @cached_property
    def identity(self) -> Identity:
        """Who the caller is; asked for once, when it is first needed."""
        answer = self._sts.get_caller_identity()
        return Identity(account=answer["Account"], arn=answer["Arn"])

    def ecr_in(self, region: str) -> ECRClient:
        """The client of one region's registries: an image's address may name any."""
        if region not in self._ecr:
            self._ecr[region] = self._later("ecr", region=region)
        return self._ecr[region]

    def _later(self, service: str, attempts: int = _ATTEMPTS, region: str | None = None) -> Any:
        def make() -> object:
            with self._making:
                config = Config(retries=_tried_again(attempts))
                return self.session.client(service, region, config=config)  # type: ignore[call-overload]

        return _Later(make)


class _Later:
    """Stands for a client until it is used, and then hands everything to it."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    @cached_property
    def _client(self) -> object:
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def _tried_again(attempts: int) -> Any:
    return {"mode": "adaptive", "max_attempts": attempts}
