"""On what and how a job runs, by names for people: of a job as the service describes it, and of a spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core import layout
from ..core.records import dataclass

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.specs import Spec

Setup = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that differs: its name, what it was and what it is; empty for what is not given, None if not known."""

    name: str
    before: str | None
    now: str | None


def setup_of_job(job: Job) -> Setup:
    """The machines, limits, network and keys of a job."""
    answer = job.answer
    machines = answer.get("ResourceConfig") or answer.get("ProcessingResources", {}).get("ClusterConfig", {})
    limits = answer.get("StoppingCondition", {})
    network = answer.get("NetworkConfig") or answer
    vpc = (network.get("VpcConfig") or {}) if network else {}
    output = answer.get("OutputDataConfig") or answer.get("ProcessingOutputConfig") or {}
    algorithm = answer.get("AlgorithmSpecification", {})
    return {
        "instance type": str(job.instance_type or ""),
        "instance count": str(job.hosts),
        "volume size": f"{machines.get('VolumeSizeInGB', '')} GB",
        "spot": _yes(job.is_spot),
        "longest run": _minutes(limits.get("MaxRuntimeInSeconds")),
        "longest wait": _minutes(limits.get("MaxWaitTimeInSeconds")),
        "kept alive": _minutes(machines.get("KeepAlivePeriodInSeconds")),
        "retries": str((answer.get("RetryStrategy") or {}).get("MaximumRetryAttempts") or ""),
        "input mode": algorithm.get("TrainingInputMode", "File"),
        "subnets": " ".join(sorted(vpc.get("Subnets", ()))),
        "security groups": " ".join(sorted(vpc.get("SecurityGroupIds", ()))),
        "network isolation": _yes(network.get("EnableNetworkIsolation")),
        "encrypted traffic": _yes(network.get("EnableInterContainerTrafficEncryption")),
        "KMS key": output.get("KmsKeyId") or "",
        **({} if has_own_metrics(answer) else {f"metric {name}": regex for name, regex in job.metrics.items()}),
    }


def setup_of_spec(spec: Spec) -> Setup:
    """The same of a spec, as its request would have it."""
    machines, security = spec.instances, spec.security
    training = spec.kind != "process"
    spot = training and machines.spot
    return {
        "instance type": machines.type,
        "instance count": str(machines.count),
        "volume size": f"{machines.volume_gb} GB",
        "spot": _yes(spot),
        "longest run": _minutes(machines.max_run_mins * 60),
        "longest wait": _minutes(machines.wait_mins * 60) if spot else "",
        "kept alive": _minutes(machines.keep_alive_mins * 60),
        "retries": str(machines.retry_attempts or ""),
        "input mode": getattr(spec, "input_mode", "File"),
        "subnets": " ".join(sorted(security.vpc_subnets)),
        "security groups": " ".join(sorted(security.vpc_security_groups)),
        "network isolation": _yes(security.network_isolation),
        "encrypted traffic": _yes(security.encrypt_traffic),
        "KMS key": security.kms_key_id or "",
        **({} if spec.image.built_in else {f"metric {one.name}": one.regex for one in getattr(spec, "metrics", ())}),
    }


def has_own_metrics(answer: Mapping[str, Any]) -> bool:
    """Whether the service itself defines a job's metrics: a built-in algorithm's, without code of a person."""
    from ..images.built_in import algorithm_of

    image = answer.get("AlgorithmSpecification", {}).get("TrainingImage") or ""
    return algorithm_of(image) is not None and "sagemaker_program" not in (answer.get("HyperParameters") or {})


def tags_of_spec(spec: Spec) -> dict[str, str]:
    """The person's tags of a spec, named as in a list of changes."""
    return {f"tag {key}": value for key, value in spec.tags.items()}


def tags_named(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags of a job without ours, named in the same way."""
    return {f"tag {key}": value for key, value in tags.items() if key not in {layout.PROJECT_TAG, layout.TASK_TAG}}


def changes(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    """What differs between two of them, in the order of the first."""
    for name in dict.fromkeys([*before, *now]):
        if before.get(name, "") != now.get(name, ""):
            yield Change(name=name, before=before.get(name, ""), now=now.get(name, ""))


def changed_variables(before: Mapping[str, str], now: Mapping[str, str]) -> Iterator[Change]:
    """The variables that differ, by name alone: their values may be secret."""
    for name in dict.fromkeys([*before, *now]):
        if before.get(name) == now.get(name):
            continue
        if name in before and name in now:
            yield Change(name=f"variable {name}", before=None, now="another value")
        else:
            given = ["given" if name in one else "" for one in (before, now)]
            yield Change(name=f"variable {name}", before=given[0], now=given[1])


def _yes(value: Any) -> str:
    return "yes" if value else ""


def _minutes(seconds: int | None) -> str:
    if not seconds:
        return ""
    return f"{seconds // 60} minutes" if seconds % 60 == 0 else f"{seconds} s"
