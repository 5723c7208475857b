"""A task from its spec to a job: an existing one that serves, or a new one, checked, packed and sent.

In: a TaskSpec or ProcessSpec, and the services. Out: a job to follow. Everything that can be refused is refused before
the first byte is written. At most one job of a task is started at a time, however many commands are run. What only a
new job needs is in ``send``, which a skipped task never loads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.layout import TaskPlace
from ..core.progress import Watcher
from ..core.specs import Spec
from . import engine_limits
from .code import read
from .code.fingerprint import fingerprint
from .prepared import DryRun, ExistingJob, PreparedJob
from .reuse import find_reusable
from .submission import Submission

if TYPE_CHECKING:
    from ..core.services import Services
    from ..images.docker.dockerfile import Dockerfile
    from .code.files import CodeFiles


def begin(
    spec: Spec, services: Services, watcher: Watcher, *, fixed_name: str | None = None
) -> tuple[Submission, Dockerfile | None]:
    """Check what can be checked without the code; return the submission, and the Dockerfile of the image if any.

    Raises UsageError, InputNotFound and EngineUnavailable.
    """
    engine_limits.check(spec, services, watcher.note)
    place = _place_of(spec, services)
    bucket_exists = services.access.has_bucket(place.bucket, owner=spec.place.bucket_owner)
    if spec.place.bucket and not bucket_exists:
        from .suggestions import check_new_bucket

        check_new_bucket(spec.place.bucket, services)
    submission = Submission(
        spec=spec,
        place=place,
        services=services,
        watcher=watcher,
        bucket_exists=bucket_exists,
        fixed_name=fixed_name,
    )
    return submission, _read_dockerfile(spec)


def prepare(spec: Spec, services: Services, watcher: Watcher) -> PreparedJob | ExistingJob | DryRun:
    """Find a job to reuse, or check everything and send code and data, so that one call starts a new one.

    For a dry run everything is checked, nothing is sent, and what would be done is returned.
    Raises UsageError, InputNotFound and EngineUnavailable before anything is written. Interrupted on the way, it leaves
    a folder without a job, which nothing counts as one; running the same task again is safe.
    """
    submission, dockerfile = begin(spec, services, watcher)
    return read.retry_when_changed(lambda: _find_or_send(submission, dockerfile), watcher.note)


def _read_dockerfile(spec: Spec) -> Dockerfile | None:
    if spec.image.docker_file is None:
        return None
    from ..images import choose

    return choose.dockerfile_of(spec.image)


def _find_or_send(submission: Submission, dockerfile: Dockerfile | None) -> PreparedJob | ExistingJob | DryRun:
    with read.read_code(submission.spec, submission.services.store) as code:
        engine_limits.check_code(submission.spec, code.files.interpreters, submission.services)
        _check_packages(submission, code.files)
        digests = fingerprint(submission.spec, code.files, dockerfile.content if dockerfile else None)
        existing = find_reusable(submission, code.files, digests, bucket_exists=submission.bucket_exists)
        if existing:
            return existing
        from . import send

        return send.send(submission, code, digests, dockerfile)


def _check_packages(submission: Submission, files: CodeFiles) -> None:
    spec = submission.spec
    if spec.kind != "process" and spec.mlflow is not None:
        from .mlflow_limits import check_packages

        check_packages(spec, files, submission.services, submission.note_once)


def _place_of(spec: Spec, services: Services) -> TaskPlace:
    bucket = spec.place.bucket or services.access.default_bucket()
    return TaskPlace(bucket=bucket, project=spec.place.project, task=spec.place.task, prefix=spec.place.prefix)
