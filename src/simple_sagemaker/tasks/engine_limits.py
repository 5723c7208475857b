"""What an engine cannot do, said before anything is written."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from ..core.distribution import runners_needed
from ..core.services import Services
from ..core.specs import Spec
from ..errors import EngineUnavailable, UsageError


def check(spec: Spec, services: Services, note: Callable[[str], None]) -> None:
    """Raise EngineUnavailable or UsageError for what this engine cannot do; ``note`` shows what it ignores."""
    if services.engine == "local":
        _check_processes(spec, note)
    if services.engine == "aws" and not _is_known(spec):
        note(f"Warning: this version does not know the instance type {spec.instances.type}; AWS is asked for it")


def _is_known(spec: Spec) -> bool:
    from ..core.aws_instance_types import is_known

    return is_known(spec.instances.type, processing=spec.kind == "process")


def check_code(spec: Spec, interpreters: Mapping[str, bytes], services: Services) -> None:
    """Raise UsageError for a script whose interpreter this machine does not have, where the job would run here.

    ``interpreters`` are the first lines (``#!``) of the files of the code.
    """
    entry = spec.code.entry_point or ""
    parts = interpreters.get(entry, b"")[2:].split()
    if services.engine != "local" or entry.endswith(".py") or not parts or os.path.exists(parts[0]):
        return
    raise UsageError.naming(
        "{entry_point:entry} starts with {program}, which is not on this machine.\n"
        "Change its first line, or run it in a container (SSM_ENGINE=docker).",
        entry=entry,
        program=os.fsdecode(parts[0]),
    )


def _check_processes(spec: Spec, note: Callable[[str], None]) -> None:
    """Refuse what jobs that run as processes of this machine do not have: images."""
    if spec.image.docker_file:
        raise EngineUnavailable.naming(
            "{docker_file_path_or_content} builds an image, and jobs as processes of this machine have none.\n"
            "Run in containers (SSM_ENGINE=docker), or leave it out to run with this machine's packages."
        )
    if spec.kind == "algorithm":
        raise EngineUnavailable.naming(
            "{image_uri:uri} without {entry_point} runs the image's own program, and jobs as processes of this machine "
            "have no images.\nRun in a container (SSM_ENGINE=docker), or give code with {entry_point}.",
            uri=spec.image.uri,
        )
    if spec.image.uri:
        note(f"--image_uri {spec.image.uri} is recorded; on this machine the code runs with this machine's packages")
    if spec.kind != "process" and (runners := runners_needed(spec.launch_distribution)):
        raise UsageError.naming(
            "{distribution:runner} is started by programs inside AWS's images, and this machine has none.\n"
            "Here {example} works; or run on AWS.",
            runner=runners[0],
            example='{"torch_distributed": {"enabled": true}}',
        )
