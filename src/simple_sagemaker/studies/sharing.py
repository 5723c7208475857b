"""How trials that run at the same time on this machine share it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from ..core.records import dataclass

if TYPE_CHECKING:
    from ..core.services import Services

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many trials run at once, the GPUs that are shared out among them, and each one's threads (0: any)."""

    at_once: int
    gpus: Sequence[str] = ()
    threads: int = 0

    def environment(self, gpu: str | None) -> dict[str, str]:
        """The variables that keep a trial within its share."""
        variables = {name: str(self.threads) for name in _THREADS} if self.threads else {}
        return {**variables, "CUDA_VISIBLE_DEVICES": gpu} if gpu is not None else variables

    def free_gpu(self, taken: Collection[str | None]) -> str | None:
        """The GPU that fewest of the running trials have; None without any."""
        return min(self.gpus, key=lambda gpu: sum(gpu == one for one in taken), default=None)

    def gpu_here(self, gpu: str | None) -> str | None:
        """That GPU, or one of this machine's in place of one that another command wrote down elsewhere."""
        return gpu if gpu is None or gpu in self.gpus else self.free_gpu([])

    @property
    def line(self) -> str:
        """What a person should know of it; empty where there is nothing."""
        if self.gpus:
            return f"{self.at_once} trials at once, shared out among {len(self.gpus)} GPUs"
        trials = "One trial at a time" if self.at_once == 1 else f"{self.at_once} trials at once"
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{trials}, each with {threads} (OMP_NUM_THREADS)" if self.threads else ""


def share(services: Services, at_once: int | None, hosts: int) -> Share:
    """The share of each trial with so many hosts; ``at_once`` is the number asked for, None for the usual one.

    On this machine one trial a GPU or, without any, one for every two processors; elsewhere one.
    """
    if services.jobs is None:
        return Share(at_once=at_once or 1)
    gpus = list(services.gpus())
    usual = len(gpus) or max(services.processors // 2, 1)
    count = at_once or usual
    if gpus:
        return Share(at_once=count, gpus=gpus, threads=max(services.processors // (count * hosts), 1))
    return Share(at_once=count, threads=max(services.processors // (count * hosts), 1))
