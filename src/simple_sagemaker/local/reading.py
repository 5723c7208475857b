"""A request read as what it is: the work of a training job or of a processing job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .kinds import TRAINING, kind_of
from .processing import Processing
from .training import Training
from .work import Work


def work_of(request: Mapping[str, Any]) -> Work:
    """What a request asks for."""
    return Training(request) if kind_of(request) == TRAINING else Processing(request)
