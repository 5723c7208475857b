"""Reads a request as that of a training job or of a processing job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..job.kinds import TRAINING, kind_of
from .processing import Processing
from .request import Work
from .training import Training


def read_work(request: Mapping[str, Any]) -> Work:
    """Interpret a request by its kind."""
    return Training(request) if kind_of(request) == TRAINING else Processing(request)
