"""Reads a request as that of a training job, of a processing job, or of a transform job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..job.kinds import PROCESSING, TRAINING, kind_of
from .request import Work


def read_work(request: Mapping[str, Any]) -> Work:
    """Interpret a request by its kind."""
    kind = kind_of(request)
    if kind == TRAINING:
        from .training import Training

        return Training(request)
    if kind == PROCESSING:
        from .processing import Processing

        return Processing(request)
    from .transform import Transform

    return Transform(request)
