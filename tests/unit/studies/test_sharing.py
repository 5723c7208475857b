"""What a person is told of how trials share this machine, and which GPU one has that another command wrote down."""

from __future__ import annotations

from pathlib import Path

import pytest

from simple_sagemaker.core.records import replace
from simple_sagemaker.studies.sharing import Share, share
from tests.unit.memory import MemoryStore
from tests.unit.tasks.service import World


@pytest.mark.parametrize(
    ("share", "line"),
    [
        (Share(at_once=1), ""),  # machines of their own: nothing is shared
        (Share(at_once=1, threads=4), "One trial at a time, each with 4 threads (OMP_NUM_THREADS)"),
        (Share(at_once=2, threads=1), "2 trials at once, each with 1 thread (OMP_NUM_THREADS)"),
        (Share(at_once=4, gpus=["a", "b"], threads=2), "4 trials at once, shared out among 2 GPUs"),
    ],
)
def test_it_is_said_how_a_machine_is_shared(share: Share, line: str) -> None:
    assert share.line == line


def test_a_trial_has_its_threads_in_every_librarys_variable_and_its_gpu_where_it_has_one() -> None:
    threads = {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3", "MKL_NUM_THREADS": "3"}
    assert Share(at_once=2, threads=3).environment(None) == threads
    assert Share(at_once=2, gpus=["a"], threads=3).environment("a") == {**threads, "CUDA_VISIBLE_DEVICES": "a"}
    assert Share(at_once=2).environment(None) == {}


def test_a_gpu_of_another_machine_is_one_of_this_ones() -> None:
    here = Share(at_once=2, gpus=["a", "b"])
    assert [here.gpu_here(gpu) for gpu in ("b", "elsewhere", None)] == ["b", "a", None]
    assert Share(at_once=2).gpu_here("elsewhere") is None


@pytest.mark.parametrize(
    ("gpus", "at_once", "hosts", "expected"),
    [
        ((), None, 1, Share(at_once=4, threads=2)),  # one for every two processors
        ((), 2, 1, Share(at_once=2, threads=4)),
        ((), 2, 3, Share(at_once=2, threads=1)),
        ((), 100, 1, Share(at_once=100, threads=1)),
        (("0", "1", "2"), None, 1, Share(at_once=3, gpus=["0", "1", "2"], threads=2)),
        (("0", "1"), 4, 1, Share(at_once=4, gpus=["0", "1"], threads=2)),
        (("0",), 1, 2, Share(at_once=1, gpus=["0"], threads=4)),
    ],
)
def test_trials_of_this_machine_share_its_gpus_and_processors(
    gpus: tuple[str, ...], at_once: int | None, hosts: int, expected: Share
) -> None:
    services = World(MemoryStore()).services()
    here = replace(services, jobs=Path("jobs"), processors=8, gpus=lambda: gpus)
    assert share(here, at_once, hosts) == expected
    elsewhere = replace(here, jobs=None)
    assert share(elsewhere, at_once, hosts) == Share(at_once=at_once or 1)
