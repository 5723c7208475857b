"""Whether an algorithm runs on the machines of a job, and for as long as it may wait."""

from __future__ import annotations

import re
from typing import Final

from ..core.aws_instance_types import is_known
from ..core.instance_types import is_local
from ..core.specs import Instances
from ..errors import UsageError
from .algorithms import Algorithm

LONGEST_SPOT_MINS: Final = (
    60  # without checkpoints: https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
)
_TYPE: Final = re.compile(r"ml\.(([a-z]+)[0-9]+[a-z0-9-]*)\.[a-z0-9]+")
_ARM: Final = re.compile(r"[a-z]+[0-9]+g[a-z]*")
_CPU, _GPU = "ml.m5.xlarge", "ml.g5.xlarge"


def check_machines(facts: Algorithm, machines: Instances, mode: str = "") -> None:
    """Raise UsageError for machines that the algorithm does not run on. ``mode`` is BlazingText's."""
    if not is_local(machines.type):
        _check_type(facts, machines.type)
    is_spread = facts.name == "blazingtext" and mode == "batch_skipgram" and not _is_gpu(machines.type)
    if machines.count > 1 and not facts.many_hosts and not is_spread:
        note = f" ({facts.machines_note})" if facts.machines_note else ""
        raise UsageError.naming(
            "{instance_count} {count}: {algorithm} trains on one machine{note}. Write: {instance_count} 1",
            count=machines.count,
            algorithm=facts.name,
            note=note,
        )
    if (
        machines.spot
        and not facts.checkpoints
        and machines.wait_mins > LONGEST_SPOT_MINS
        and not is_local(machines.type)
    ):
        raise UsageError.naming(
            "{algorithm} writes no checkpoints, and without them SageMaker has spot jobs wait and run for {most} "
            "minutes at most; this one could for {mins}.\n"
            "Add {no_spot}, or {max_run_mins} {most}.",
            algorithm=facts.name,
            most=LONGEST_SPOT_MINS,
            mins=machines.wait_mins,
        )


def _check_type(facts: Algorithm, kind: str) -> None:
    found = _TYPE.fullmatch(kind)
    if found is None:
        return
    family, letters = found[1], found[2]
    if _ARM.fullmatch(family) or letters in {"trn", "inf"}:
        why = "has ARM processors" if letters not in {"trn", "inf"} else "has AWS's own accelerators"
        _refuse(facts, kind, f"{why}, for which there is no image of a built-in algorithm")
    if not is_known(kind, processing=False):  # newer than this version, which engine_limits.py says: AWS knows
        return
    is_gpu = letters in {"p", "g", "gr"}
    if is_gpu and "gpu" not in facts.processors:
        _refuse(facts, kind, f"has GPUs, and {facts.name} trains on CPUs alone")
    if is_gpu and family not in facts.gpu_families:
        families = ", ".join(one.upper() for one in facts.gpu_families)
        _refuse(
            facts, kind, f"is of a family that {facts.name} is not made for; of those with GPUs there are {families}"
        )
    if not is_gpu and "cpu" not in facts.processors:
        _refuse(facts, kind, f"has no GPU, and {facts.name} trains on GPUs alone")


def _refuse(facts: Algorithm, kind: str, why: str) -> None:
    raise UsageError.naming(
        "{instance_type} {type} {why}.\nWrite, for example: {instance_type} {example}",
        type=kind,
        why=why,
        example=_CPU if "cpu" in facts.processors else _GPU,
    )


def _is_gpu(kind: str) -> bool:
    found = _TYPE.fullmatch(kind)
    return bool(found and found[2] in {"p", "g", "gr"}) or kind == "local_gpu"
