"""Reads a request as that of a training job or of a processing job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..job.kinds import TRAINING, kind_of
from .request import Work


def read_work(request: Mapping[str, Any]) -> Work:
    """Interpret a request by its kind."""
    if kind_of(request) == TRAINING:
        from .training import Training

        return Training(request)
    from .processing import Processing

    return Processing(request)
