"""Fault injection: the failures of AWS that a client must survive, drawn from a seed.

Written as ``seed=7,throttle=0.1,error=0.02,reset=0.02,slow=0.05:0.3,capacity=0.1,interrupt=0.2,quota=ml.p3.2xlarge,
empty_page=0.5``; see docs/emulator.md. The same seed and order of requests produce the same faults.
"""

from __future__ import annotations

import random
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from ..errors import UsageError
from ..local.job.kinds import TRAINING, TUNING, Kind, kind_of
from ..local.requests.tuning import definition_members, machine_count, machine_types

Fault = Literal["throttle", "error", "reset", "reset_after", "slow", "empty_page"]

# What a fault takes that is no probability.
_WANTED = {
    "seed": "a whole number",
    "session": "a number of seconds",
    "jobs": "0 or 1",
    "slow": "a probability from 0 to 1, or one and seconds, as in slow=0.05:0.3",
}
_NUMBER = re.compile(r"[0-9]+(\.[0-9]*)?|\.[0-9]+")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The probability of each fault, from 0 to 1, for each request or (capacity, interrupt) each job.

    ``slow_s`` is how many seconds a slow answer takes, ``session`` how many seconds temporary keys live at most (0: as
    long as they were asked for). Jobs on an instance type in ``quota`` are refused. ``jobs`` is
    whether requests that jobs send meet faults too.
    """

    seed: int = 0
    throttle: float = 0.0
    error: float = 0.0
    reset: float = 0.0
    slow: float = 0.0
    slow_s: float = 0.5
    empty_page: float = 0.0
    capacity: float = 0.0
    interrupt: float = 0.0
    session: float = 0.0
    quota: tuple[str, ...] = ()
    jobs: bool = False


def parse(text: str) -> Plan:
    """Parse a plan. Raises UsageError."""
    members: dict[str, Any] = {}
    known = {one.name for one in fields(Plan)} - {"slow_s"}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        if name not in known:
            raise UsageError(f"There is no fault {name!r}; faults are {', '.join(sorted(known))}.")
        members |= _member(name, value)
    return Plan(**members)


def _member(name: str, value: str) -> dict[str, Any]:
    if name == "quota":
        return {"quota": tuple(filter(None, value.split("+")))}
    if name in {"seed", "jobs"} and re.fullmatch(r"[0-9]{1,18}", value):
        return {name: int(value) if name == "seed" else value != "0"}
    if name == "session" and _NUMBER.fullmatch(value):
        return {name: float(value)}
    chance, _, seconds = value.partition(":")
    if (
        _NUMBER.fullmatch(chance)
        and float(chance) <= 1
        and (not seconds or (name == "slow" and _NUMBER.fullmatch(seconds)))
    ):
        return {name: float(chance), **({"slow_s": float(seconds)} if seconds else {})}
    raise UsageError(f"The fault {name}={value!r} is not {_WANTED.get(name, 'a probability from 0 to 1')}.")


@dataclass
class Dice:
    """Draws the faults of a plan, request by request."""

    plan: Plan
    _random: random.Random = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.plan.seed)

    def replace(self, plan: Plan) -> None:
        """Switch to another plan, starting at its seed."""
        with self._lock:
            self.plan = plan
            self._random = random.Random(plan.seed)

    def request_fault(self) -> Fault | None:
        """Draw the fault of the next request, or None. An empty page applies to listings only."""
        with self._lock:
            drawn = self._random.random()
            pages = self._random.random() < self.plan.empty_page
        chances: list[tuple[Fault, float]] = [
            ("throttle", self.plan.throttle),
            ("error", self.plan.error),
            ("reset", self.plan.reset / 2),
            ("reset_after", self.plan.reset / 2),
            ("slow", self.plan.slow),
        ]
        for fault, chance in chances:
            drawn -= chance
            if drawn < 0:
                return fault
        return "empty_page" if pages else None

    def job_fault(self, request: Mapping[str, Any]) -> tuple[float, tuple[float, ...]]:
        """Draw how long a spot job waits for capacity, and after how much training it is interrupted, in seconds."""
        with self._lock:
            waits, interrupted = self._random.random(), self._random.random()
            after = self._random.uniform(0.05, 0.5)
        if not request.get("EnableManagedSpotTraining"):
            return 0.0, ()
        return (1.0 if waits < self.plan.capacity else 0.0), ((after,) if interrupted < self.plan.interrupt else ())

    def quota_refusal(self, request: Mapping[str, Any]) -> str | None:
        """SageMaker's error message for a job that exceeds the account's quota; None for one that does not."""
        if not self.plan.quota:
            return None
        if kind_of(request) == TUNING:
            return self._tuning_refusal(request)
        resources = (
            request.get("ResourceConfig")
            or request.get("TransformResources")
            or request.get("ProcessingResources", {}).get("ClusterConfig", {})
        )
        machines = resources.get("InstanceGroups") or [resources]
        over = next((one for one in machines if one.get("InstanceType") in self.plan.quota), None)
        if over is None:
            return None
        return _quota_text(over["InstanceType"], kind_of(request), request, over.get("InstanceCount", 1))

    def _tuning_refusal(self, request: Mapping[str, Any]) -> str | None:
        """The same for a tuning job, whose training jobs need the quota, as many as run at a time."""
        limits = request.get("HyperParameterTuningJobConfig", {}).get("ResourceLimits", {})
        parallel = limits.get("MaxParallelTrainingJobs", 1)
        for one in definition_members(request):
            for kind in machine_types(one):
                if kind in self.plan.quota:
                    return _quota_text(kind, TRAINING, one, parallel * machine_count(one))
        return None


def _quota_text(instance_type: str, kind: Kind, request: Mapping[str, Any], delta: int) -> str:
    spot = "spot " if request.get("EnableManagedSpotTraining") else ""
    return (
        f"The account-level service limit '{instance_type} for {spot}{kind.noun} usage' is 0 Instances, with current "
        f"utilization of 0 Instances and a request delta of {delta} Instances. Please use AWS Service "
        "Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support "
        "to request an increase for this quota."
    )
