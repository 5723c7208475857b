"""The project file at a command's door: looked for by every command that can use one, and read only where one is."""

from __future__ import annotations

from collections.abc import Mapping

from ...errors import UsageError
from ..arguments import Arguments
from .find import candidates

TYPE_CHECKING = False  # known to type checkers by its name: importing typing would cost a help page 5 ms
if TYPE_CHECKING:
    from .fill import Filled


def apply(arguments: Arguments, environment: Mapping[str, str]) -> Filled | None:
    """Complete what was typed by the project file; None without one. Raises UsageError."""
    if "--use_profile" not in arguments.options:
        return None
    if next(candidates(environment), None) is not None:
        from .fill import fill
        from .read import load

        file = load(environment)
        if file is not None:
            return fill(arguments, file, environment)
    if arguments.has("use_profile"):
        flag, profile = arguments.flag("use_profile"), arguments.text("use_profile")
        raise UsageError(
            f"{flag} {profile}: there is no project file that could have it.\n"
            "It is ssm.toml, or [tool.ssm] in pyproject.toml, in this folder or one above it."
        )
    return None


def local_type(arguments: Arguments, environment: Mapping[str, str]) -> str:
    """The instance type that the project file has for a job in processes of this machine; empty for any other job.

    The file is read only where it may say so. Raises UsageError.
    """
    if not any(b"local" in candidate.data for candidate in candidates(environment)):
        return ""
    apply(arguments, environment)
    in_container = arguments.has("image_uri") or arguments.has("docker_file_path_or_content")
    machine = arguments.value("instance_type")
    return machine if isinstance(machine, str) and not in_container else ""
