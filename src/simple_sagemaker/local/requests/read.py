"""A request read as what it is: the work of a training job or of a processing job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..job.kinds import TRAINING, kind_of
from .processing import Processing
from .request import Work
from .training import Training


def work_of(request: Mapping[str, Any]) -> Work:
    """What a request asks for."""
    return Training(request) if kind_of(request) == TRAINING else Processing(request)
