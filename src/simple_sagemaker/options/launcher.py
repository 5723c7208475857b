"""What our launcher does beside a script is refused where it does not start the script."""

from __future__ import annotations

from ..core.distribution import starts_by_toolkit
from ..core.specs import TaskSpec
from ..errors import UsageError
from .arguments import Arguments


def refuse_image_program(flag: str, task: TaskSpec, could: str) -> None:
    """Raise UsageError where an image's own program runs; ``could`` is what the launcher would do, as in "judge"."""
    if task.kind == "algorithm":
        raise UsageError(f"{flag}: the image's own program runs, with nothing of ours beside it that could {could}.")


def refuse_toolkit(arguments: Arguments, flag: str, task: TaskSpec, does: str) -> None:
    """Raise UsageError where AWS's toolkit starts the code; ``does`` is what our launcher does ("judges rules")."""
    if starts_by_toolkit(task):
        raise UsageError(
            f"{flag}: AWS's toolkit starts the code, in the place of our launcher, which {does}.\n"
            f"Leave out {arguments.flag('launch_by')} toolkit, or a distribution that needs it."
        )
