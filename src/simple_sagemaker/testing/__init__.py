"""AWS for the tests of code that uses SageMaker: an emulator that really runs jobs, for the time of a ``with``.

Docs: docs/test-your-code.md. With pytest the fixtures ``sagemaker`` and ``sagemaker_emulator`` come by themselves.
"""

from __future__ import annotations

TYPE_CHECKING = False  # known to type checkers by its name: pytest loads this whether it is needed or not
if TYPE_CHECKING:
    from .emulated import Emulated, JobTimeout, emulator

__all__ = ["Emulated", "JobTimeout", "emulator"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import emulated

    return getattr(emulated, name)
