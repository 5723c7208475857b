"""``ssm board``: TensorBoard on what jobs wrote for it, here or on S3, while they run too."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..core import layout
from ..core.records import replace
from ..errors import UsageError
from .chosen_job import choose
from .printing import say

if TYPE_CHECKING:
    from ..core.job_specs import BoardSpec
    from ..core.services import Services
    from ..jobs.catalog import Listed

_WRITTEN = f"/{layout.TENSORBOARD_UPLOADS}/"


def board(spec: BoardSpec, services: Services) -> int:
    """Run TensorBoard until it is interrupted; return its exit status. Raises UsageError where it is not installed."""
    program = _program()
    listed = choose(spec, services)
    if listed.place is None:
        raise UsageError(f"ssm board: {listed.job.name} wrote to no place of this tool.")
    bucket, prefix = listed.place.bucket, _prefix(spec, listed)
    if not any(_WRITTEN in f"/{one.key}" for one in services.store.list(bucket, prefix)):
        say(spec, f"Nothing was written for TensorBoard yet (in the job: {layout.TENSORBOARD}); it is looked for again")
    where = str(services.buckets / bucket / prefix) if services.buckets else layout.uri(bucket, prefix)
    say(spec, f"TensorBoard on {where}; Ctrl-C ends it")
    command = [*program, "--logdir", where, "--host", "127.0.0.1", "--port", str(spec.port)]
    try:
        return subprocess.run(command, env=_environment(spec, services), check=False).returncode
    except KeyboardInterrupt:
        return 0


def _program() -> Sequence[str]:
    """What starts TensorBoard: this Python's own, or the one on the PATH. Raises UsageError without any."""
    if find_spec("tensorboard") is not None:
        return [sys.executable, "-m", "tensorboard.main"]
    found = shutil.which("tensorboard")
    if found is None:
        raise UsageError("ssm board: TensorBoard is not installed here.\nInstall it: pip install tensorboard")
    return [found]


def _prefix(spec: BoardSpec, listed: Listed) -> str:
    """Which folder is shown: that of a job, of a trial, of a whole task with its trials, or of the project."""
    place = listed.place
    if place is None:
        raise TypeError("a job without a place was refused before")
    if spec.job is not None:
        return f"{place.folder}{listed.job.name}/"
    if spec.trial is not None:
        return place.folder
    if spec.place.task:
        return replace(place, task=spec.place.task).folder
    return place.project_folder


def _environment(spec: BoardSpec, services: Services) -> dict[str, str]:
    """The variables by which TensorBoard finds the account; it has names of its own for another service than AWS's."""
    environment = dict(os.environ)
    if services.buckets is None:
        environment["AWS_REGION"] = environment["AWS_DEFAULT_REGION"] = services.region
        if spec.place.aws_profile:
            environment["AWS_PROFILE"] = spec.place.aws_profile
        endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
        if endpoint:
            environment.setdefault("S3_ENDPOINT", endpoint)
    return environment
