"""pytest's fixtures for code that uses SageMaker. Nothing of ours is loaded before a test asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

TYPE_CHECKING = False  # known to type checkers by its name: importing typing is for those who use it
if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

    from .emulated import Emulated


@pytest.fixture(scope="session")
def sagemaker_emulator() -> Iterator[Emulated]:
    """An emulated AWS for the whole session, in a process of its own (with pytest-xdist one for each worker).

    It sets no environment variable: ``with sagemaker_emulator.environment():`` does, and so does ``sagemaker``.
    """
    from .emulated import emulator

    with emulator(own_process=True, set_environment=False) as aws:
        yield aws


@pytest.fixture
def sagemaker(sagemaker_emulator: Emulated) -> Iterator[SageMakerClient]:
    """boto3's client for SageMaker on an emulated AWS in which there is nothing yet.

    While the test runs, the environment points all of AWS's clients there: those of the tested code and its processes.
    Faults that the test sets end with it.
    """
    sagemaker_emulator.reset()
    faults = sagemaker_emulator.faults
    with sagemaker_emulator.environment():
        yield sagemaker_emulator.client("sagemaker")
    if sagemaker_emulator.faults != faults:
        sagemaker_emulator.set_faults(faults)
