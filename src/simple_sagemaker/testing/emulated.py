"""An emulated AWS under the control of a test: in this process, or in one of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..core.emulator_spec import OF_THE_FIXTURE, EmulatorSpec, is_region
from ..errors import InputNotFound, SsmError, UsageError
from ..local.job.stored import FASTEST_CLOCK, is_clock_speed

if TYPE_CHECKING:
    import boto3

    from .servers import Server

_FINAL: Final = {"Completed", "Failed", "Stopped"}
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.2
_PAUSE = 1 / 6  # of the time waited so far: a look asks the emulator, which has a job to run
# What leads a client of AWS elsewhere, whatever the emulator's own variables say.
_MISLEADING: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN")
# Of each kind of job: its name in a request, and the operation that describes it.
_KINDS: Final = {
    "TrainingJob": ("TrainingJobName", "describe_training_job"),
    "ProcessingJob": ("ProcessingJobName", "describe_processing_job"),
    "TransformJob": ("TransformJobName", "describe_transform_job"),
    "HyperParameterTuningJob": ("HyperParameterTuningJobName", "describe_hyper_parameter_tuning_job"),
}
# The log groups of the other kinds than training, by what a description has.
_GROUPS: Final = {"ProcessingJobName": "ProcessingJobs", "TransformJobName": "TransformJobs"}


class JobTimeout(SsmError):
    """A job has not ended within the time that a test gave it."""


class Emulated:
    """An emulated AWS that serves. Its jobs are real: processes of this machine.

    ``url`` is its address, ``variables`` the environment variables that lead AWS's clients to it and to its region.
    """

    def __init__(self, server: Server, region: str = "") -> None:
        self._server = server
        here = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), region) if region else {}
        self.variables: Mapping[str, str] = {**server.variables, **here}
        self.url: str = self.variables["AWS_ENDPOINT_URL"]
        self._models: Any = None  # of AWS's services, as the first session has read them: 0.2 s for each client
        self._own_clients: dict[str, Any] = {}

    @property
    def region(self) -> str:
        """The region whose jobs and logs it shows, and in which its clients are."""
        return self.variables["AWS_REGION"]

    @property
    def faults(self) -> str:
        """What was last given to :meth:`set_faults`, or at first to :func:`emulator`."""
        return self._server.faults

    def in_region(self, region: str) -> Emulated:
        """The same AWS, seen from another region: its jobs, logs, metrics and clients. Buckets and roles are the same.

        Raises UsageError for a name that no region can have.
        """
        _check_region(region)
        return Emulated(self._server, region)

    def session(self) -> boto3.Session:
        """A session of boto3 with its keys and region; the clients of it need ``endpoint_url=aws.url``."""
        import boto3
        import botocore.session

        core = botocore.session.get_session()
        if self._models is None:
            self._models = core.get_component("data_loader")
        else:
            core.register_component("data_loader", self._models)
        return boto3.Session(
            aws_access_key_id=self.variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.variables["AWS_SECRET_ACCESS_KEY"],
            region_name=self.region,
            botocore_session=core,
        )

    def client(self, service: Any, **options: Any) -> Any:
        """A client of boto3 for one of its services: sagemaker, s3, iam, sts, logs, cloudwatch, ecr and others."""
        from botocore.config import Config

        config = Config(proxies={}).merge(options.pop("config", Config()))  # a proxy that is set is not for loopback
        return self.session().client(service, **{"endpoint_url": self.url, "config": config, **options})

    def _own_client(self, service: str) -> Any:
        """A client for this object's own requests, made once: what a test does to a client is the test's alone.

        Its requests meet no faults: those are for the code under test.
        """
        from botocore.config import Config

        if service not in self._own_clients:
            self._own_clients[service] = self.client(service, config=Config(user_agent_extra=OF_THE_FIXTURE))
        return self._own_clients[service]

    @contextmanager
    def environment(self) -> Iterator[None]:
        """Within, the environment leads AWS's clients of this process, and of those that it starts, here.

        So does boto3's default session, which ``boto3.client()`` uses: what it had read before is set aside meanwhile.
        """
        import boto3

        from ..emulator.leading import variables_to_lead

        here = {**self.variables, **variables_to_lead(self.url, os.environ)}
        default_session, boto3.DEFAULT_SESSION = boto3.DEFAULT_SESSION, None
        before = {name: os.environ.get(name) for name in {*here, *_MISLEADING}}
        for name in _MISLEADING:
            os.environ.pop(name, None)
        os.environ.update(here)
        try:
            yield
        finally:
            boto3.DEFAULT_SESSION = default_session
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value

    def reset(self) -> None:
        """Begin again with nothing: running jobs are killed; all jobs, buckets, roles and logs are gone.

        Address and keys stay, and so does what has been set by :meth:`set_faults`.
        """
        self._server.reset()

    def set_faults(self, faults: str) -> None:
        """Fail from now on as the text says, such as ``throttle=0.1,interrupt=1``; empty for no faults.

        docs/emulator.md has the faults. Raises UsageError for one that there is not.
        """
        self._server.set_faults(faults)

    @property
    def jobs(self) -> list[str]:
        """The names of all jobs in its region, newest first: of training, processing, transform and tuning."""
        sagemaker = self._own_client("sagemaker")
        made: list[tuple[Any, str]] = []
        for kind in _KINDS:
            operation = (
                "list_hyper_parameter_tuning_jobs" if kind.startswith("Hyper") else f"list_{kind[:-3].lower()}_jobs"
            )
            for page in sagemaker.get_paginator(operation).paginate():
                made += [(one["CreationTime"], one[f"{kind}Name"]) for one in page[f"{kind}Summaries"]]
        return [name for _, name in sorted(made, reverse=True)]

    def describe(self, job: str) -> dict[str, Any]:
        """What SageMaker says of a job of any kind. Raises InputNotFound if its region has none of that name."""
        sagemaker = self._own_client("sagemaker")
        for name, operation in _KINDS.values():
            try:
                found: dict[str, Any] = getattr(sagemaker, operation)(**{name: job})
            except sagemaker.exceptions.ClientError as error:
                if error.response["Error"]["Code"] not in {"ValidationException", "ResourceNotFound"}:
                    raise
            else:
                return found
        raise InputNotFound(f"There is no job {job} in the emulator's region {self.region}.")

    def wait(self, job: str, *, within_s: float = 60) -> dict[str, Any]:
        """Wait until a job has ended, in whatever way, and describe it.

        Raises JobTimeout after ``within_s`` seconds, with what it is at, and InputNotFound for no such job.
        """
        began = time.monotonic()
        while True:
            found = self.describe(job)
            kind = next(kind for kind in _KINDS if f"{kind}Status" in found)
            status = found[f"{kind}Status"]
            if status in _FINAL:
                return found
            waited_s = time.monotonic() - began
            if waited_s > within_s:
                at = f" ({found['SecondaryStatus']})" if "SecondaryStatus" in found else ""
                raise JobTimeout(f"Job {job} has not ended within {within_s:g} s: it is {status}{at}.")
            time.sleep(min(max(_FIRST_PAUSE_S, _PAUSE * waited_s), _LONGEST_PAUSE_S))

    def logs(self, job: str) -> list[str]:
        """The lines that a training, processing or transform job has printed, of all its hosts by their times."""
        from botocore.exceptions import ClientError

        logs = self._own_client("logs")
        described = self.describe(job)
        group = next((one for name, one in _GROUPS.items() if name in described), "TrainingJobs")
        try:
            pages = list(
                logs.get_paginator("filter_log_events").paginate(
                    logGroupName=f"/aws/sagemaker/{group}", logStreamNamePrefix=f"{job}/"
                )
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            return []
        return [event["message"] for page in pages for event in page["events"]]


@contextmanager
def emulator(
    *,
    own_process: bool = False,
    set_environment: bool = True,
    region: str = "us-east-1",
    home: str | os.PathLike[str] | None = None,
    faults: str = "",
    enforce_iam: bool = False,
    role_delay_s: float = 0.0,
    stop_grace_s: float = 5.0,
    clock_speed: float = 1.0,
) -> Iterator[Emulated]:
    """Emulate AWS on a free port of loopback until the end of the ``with``; its jobs are stopped then.

    It serves in this process, of which there can be one at a time because moto, which serves the services beside
    SageMaker, keeps one memory a process; ``own_process`` starts another one, of which there can be any number. With
    ``set_environment`` the environment variables lead AWS's clients to it, and are restored afterwards.

    ``home`` is a folder that keeps jobs and logs afterwards; ``faults`` are those of ``ssm emulator --faults``;
    ``enforce_iam`` checks the policies of roles and users, and a new role can be assumed ``role_delay_s`` seconds after
    it was made. A job that is to stop has ``stop_grace_s`` seconds, for AWS's 120, before it is killed. SageMaker's
    clock goes ``clock_speed`` times as fast as this machine's (1 to 1,000,000): a job's limits of time come sooner by
    it, and the time that it took and that is billed is longer.

    Raises UsageError for values that cannot be, and EngineUnavailable where the emulator cannot run: on Windows,
    without the extra ``emulator``, or for a second one in this process.
    """
    _check_times(stop_grace_s, clock_speed)
    spec = EmulatorSpec(
        port=0,
        home=None if home is None else Path(home).absolute(),
        region=region,
        s3_endpoint=None,
        registry=None,
        enforce_iam=enforce_iam,
        role_delay_s=role_delay_s,
        faults=faults,
        env_file=None,
    )
    from . import servers

    _check(spec)

    start = servers.in_own_process if own_process else servers.in_this_process
    with ExitStack() as stack:
        aws = Emulated(stack.enter_context(start(spec, stop_grace_s=stop_grace_s, clock_speed=clock_speed)))
        if set_environment:
            stack.enter_context(aws.environment())
        yield aws


def _check_times(stop_grace_s: float, clock_speed: float) -> None:
    if not is_clock_speed(clock_speed):
        raise UsageError(f"clock_speed={clock_speed!r} is no factor from 1 to {FASTEST_CLOCK:,}.")
    if not 0 <= stop_grace_s < float("inf"):
        raise UsageError(f"stop_grace_s={stop_grace_s!r} is not a number of seconds.")


def _check(spec: EmulatorSpec) -> None:
    _check_region(spec.region)
    if spec.role_delay_s and not spec.enforce_iam:
        raise UsageError(
            "role_delay_s needs enforce_iam=True: without it any role will do, even one that is not there."
        )
    from ..emulator import fault_injection

    fault_injection.parse(spec.faults)


def _check_region(region: str) -> None:
    if not is_region(region):
        raise UsageError(f"region={region!r} is not a region; us-east-1 is one.")
