"""The image of a task, before there is a task."""

from __future__ import annotations

import logging

from ..core.progress import Watcher
from ..core.services import Services
from ..core.specs import TaskSpec
from ..images import choose

_log = logging.getLogger("simple_sagemaker.task")


def build_image(spec: TaskSpec, services: Services, watcher: Watcher) -> str:
    """The address of the image that a task runs in, built where it has to be.

    Jobs as processes of this machine have no images: there it is the ready-made one's, and a warning says so.
    """
    dockerfile = choose.dockerfile_of(spec.image)
    if dockerfile and services.engine == "local":
        _log.warning(
            "No image is built: jobs are processes of this machine (SSM_ENGINE=local), and run with its packages. "
            "In containers of it they run with SSM_ENGINE=docker."
        )
        dockerfile = None
    kind = spec.instances.type
    image = choose.choose(
        spec.image, dockerfile, instance_type=kind, region=services.region, project=spec.place.project
    )
    return choose.get_ready(image, kind, services.images, watcher.note).address
