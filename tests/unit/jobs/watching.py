"""What watching a job needs of AWS, as small classes: a clock that only sleeping moves, CloudWatch with its whims."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from random import Random
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError

from simple_sagemaker.core.access import LocalAccess
from simple_sagemaker.core.aws_api import Logs, SageMaker, Tagging
from simple_sagemaker.core.progress import WithoutStatusLine
from simple_sagemaker.core.services import Reading, Services
from simple_sagemaker.jobs.follow import Follower
from simple_sagemaker.jobs.outages import Clock
from tests.unit.memory import MemoryStore

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeTrainingJobResponseTypeDef

JOB = "task-2030-01-31-12-00-00-a1B2c3D4"


def refused(code: str, status: int = 400, operation: str = "DescribeTrainingJob") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": "said so"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, operation)


@dataclass
class CloudWatch:
    """Streams that grow, in pages of chance lengths, some empty before the end, each with a token of its own.

    ``day`` is what a token's age may be; every call is one more. ``trouble`` is the chance that a call is throttled.
    """

    chance: Random = field(default_factory=lambda: Random(7))
    longest: int = 10_000
    empty: float = 0.0
    trouble: float = 0.0
    day: float = float("inf")
    has_group: bool = True
    streams: dict[str, list[str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)

    def describe_log_streams(self, **request: Any) -> Any:
        self._called("DescribeLogStreams")
        if not self.has_group:
            raise refused("ResourceNotFoundException", operation="DescribeLogStreams")
        assert request["logGroupName"] == "/aws/sagemaker/TrainingJobs"
        names = sorted(name for name in self.streams if name.startswith(request["logStreamNamePrefix"]))
        start = int(request.get("nextToken", 0))
        end = start + 50
        if self.chance.random() < self.empty and request.get("nextToken", "") != f"{start:04d}":
            return {"logStreams": [], "nextToken": f"{start:04d}"}
        page = {"logStreams": [{"logStreamName": name} for name in names[start:end]]}
        return page | ({"nextToken": str(end)} if end < len(names) else {})

    def get_log_events(self, **request: Any) -> Any:
        name = request["logStreamName"]
        self._called(name)
        if name in self.hidden:
            raise refused("ResourceNotFoundException", operation="GetLogEvents")
        token = request.get("nextToken")
        position, born = (int(part) for part in token.split("/")) if token else (0, len(self.calls))
        if len(self.calls) - born > self.day:
            raise refused("InvalidParameterException", operation="GetLogEvents")
        lines = self.streams[name]
        whim = self.chance.random() < self.empty
        if token and position == len(lines) and not whim:
            return {"events": [], "nextForwardToken": token}
        page = [] if whim else lines[position : position + self.chance.randint(1, self.longest)]
        events = [{"timestamp": 0, "message": line} for line in page]
        return {"events": events, "nextForwardToken": f"{position + len(page)}/{len(self.calls)}"}

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self.chance.random() < self.trouble:
            raise refused("ThrottlingException", operation="GetLogEvents")

    def reads(self, stream: str) -> int:
        return self.calls.count(stream)


@dataclass
class Watch(WithoutStatusLine):
    """A clock that only sleeping moves, a job whose description follows from the time, and all that is told."""

    reported: list[Any] = field(default_factory=list)
    now: float = 0.0
    describe_times: list[float] = field(default_factory=list)
    history: list[tuple[float, Any]] = field(default_factory=list)
    logs: CloudWatch = field(default_factory=CloudWatch)
    on_sleep: Callable[[float], None] = lambda _: None

    def phase(self, name: str, message: str) -> None:
        self.reported.append((name, message))

    def lines(self, host: str, lines: list[str]) -> None:
        self.reported += [f"{host}: {line}" for line in lines]

    def note(self, text: str) -> None:
        self.reported.append(f"note: {text}")

    @property
    def notes(self) -> list[str]:
        return [one for one in self.reported if isinstance(one, str) and one.startswith("note: ")]

    def describe_training_job(self, **_: Any) -> Any:
        """What the history says of now: a description, or an error to raise."""
        self.describe_times.append(self.now)
        answer_now = [answer for since, answer in self.history if since <= self.now][-1]
        if isinstance(answer_now, Exception):
            raise answer_now
        return answer_now

    def sleep(self, seconds: float) -> None:
        self.now += max(seconds, 0.001)
        self.on_sleep(self.now)

    def services(self, pace: Callable[[float], float], reading: Reading, at: datetime | None = None) -> Services:
        store = MemoryStore()
        return Services(
            engine="aws",
            sagemaker=cast("SageMaker", self),
            tagging=lambda: cast("Tagging", None),  # nothing is looked up by its tags
            logs=cast("Logs", self.logs),
            store=store,
            access=LocalAccess(store, account="123456789012", region="eu-west-1"),
            region="eu-west-1",
            now=lambda: at or datetime.now(timezone.utc),
            token=lambda: "a1B2c3D4",
            pace=pace,
            reading=reading,
        )

    def follower(
        self,
        pace: Callable[[float], float] = lambda _: 1.0,
        reading: Reading | None = None,
        *,
        joined: bool = False,
        at: datetime | None = None,
    ) -> Follower:
        how = reading or Reading(pace=lambda _: 1.0)
        clock = Clock(seconds=lambda: self.now, sleep=self.sleep)
        return Follower(JOB, self.services(pace, how, at), self, clock=clock, joined=joined)


def described(
    *phases: tuple[str, str], status: str = "InProgress", hosts: int = 1, **more: Any
) -> DescribeTrainingJobResponseTypeDef:
    """A description with these phases and messages, one a minute."""
    transitions = [
        {"Status": name, "StartTime": datetime(2030, 1, 31, 12, minute, tzinfo=timezone.utc), "StatusMessage": message}
        for minute, (name, message) in enumerate(phases)
    ]
    answer = {
        "TrainingJobName": JOB,
        "TrainingJobStatus": status,
        "SecondaryStatus": phases[-1][0],
        "SecondaryStatusTransitions": transitions,
        "CreationTime": datetime(2030, 1, 31, 11, 59, tzinfo=timezone.utc),
        "ModelArtifacts": {"S3ModelArtifacts": f"s3://b/p/task/{JOB}/output/model.tar.gz"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": hosts, "VolumeSizeInGB": 30},
        "StoppingCondition": {"MaxRuntimeInSeconds": 86400, "MaxWaitTimeInSeconds": 86400},
        **more,
    }
    return cast("DescribeTrainingJobResponseTypeDef", answer)
