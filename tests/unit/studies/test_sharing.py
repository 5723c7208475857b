"""What a person is told of how trials share this machine, and which GPU one has that another command wrote down."""

from __future__ import annotations

import pytest

from simple_sagemaker.studies.sharing import Share


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
