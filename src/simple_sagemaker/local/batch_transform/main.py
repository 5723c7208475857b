"""A host of a batch transform job: prepares the model's code, starts what holds the model, and takes the data through.

In: ``transform/job.json``, the objects in ``transform/input``, the model in ``model``, all below the job's base. Out:
``transform/output``, and in ``transform/failure`` why the job fails.
"""

import importlib
import json
import os
import signal
import sys

from .driver import ALGORITHM, Driver, say
from .pool import NotReady, Pool

TYPE_CHECKING = False  # as typing has it, which would take longer to import than the rest of this
if TYPE_CHECKING:
    from typing import Any

# The words of a job that failed so on AWS: https://github.com/aws/amazon-sagemaker-examples/issues/852
_NOT_READY = (
    ALGORITHM + ": Model container failed to respond to ping. Please ensure /ping endpoint is implemented and responds "
    "with an HTTP 200 status code"
)
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def main() -> int:
    """Run this host's part of the job; return its exit status. Objects that fail are no failure of the host."""
    for number in _SIGNALS:
        signal.signal(number, _stop)
    base = os.environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml"
    folder = os.path.join(base, "transform")
    with open(os.path.join(folder, "job.json"), encoding="utf-8") as file:
        job = json.load(file)  # type: dict[str, Any]
    if not job["files"]:
        say("No objects are left for this host.")
        return 0
    try:
        pool = _pool(job, base)
        pool.start()
    except NotReady:
        _write_failure(folder, _NOT_READY)
        return 1
    try:
        failure = Driver(job, folder, pool).run()
    finally:
        pool.end()
    if failure:
        _write_failure(folder, failure)
    return 0


def _pool(job: "dict[str, Any]", base: str) -> Pool:
    """The processes that will hold the model, with what the code requires installed. Raises NotReady."""
    launcher_places = importlib.import_module("ssm_launcher.places")
    environment = importlib.import_module("ssm_launcher.environment")
    requirements = importlib.import_module("ssm_launcher.requirements")
    command = importlib.import_module("ssm_launcher.command")
    places = launcher_places.Places(base)
    places.code, places.launcher_files = _code_folder(base), os.path.join(base, "transform")
    environment.greet()
    variables = environment.merge(places, {}, {"PYTHONUNBUFFERED": "1"})
    try:
        if os.path.isdir(places.code):
            requirements.install(places, command.PROGRAM, variables)
    except launcher_places.Refusal as refusal:
        say(str(refusal))
        raise NotReady from refusal
    start_in = places.code if os.path.isdir(places.code) else places.model
    arguments = [job["framework"], job["program"], places.code, places.model]
    return Pool(_worker_count(job), arguments, variables, start_in, retries=job["retries"])


def _code_folder(base: str) -> str:
    """Where the script is: unpacked from S3, or where the variable says, or in the model's own folder."""
    named = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", "")
    if named.startswith("s3://"):
        return os.path.join(base, "code")
    if named.startswith("file://"):
        named = named[len("file://") :]
    return named or os.path.join(base, "model", "code")


def _worker_count(job: "dict[str, Any]") -> int:
    named = os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS", "")
    most = int(named) if named.isdigit() and int(named) else os.cpu_count() or 1
    return max(1, min(most, int(job["max_concurrent"])))


def _write_failure(folder: str, text: str) -> None:
    with open(os.path.join(folder, "failure"), "w", encoding="utf-8") as file:
        file.write(text)


def _stop(number: int, _: object) -> None:
    """End at once; with this process go all that it started."""
    os._exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
