"""Where an engine's jobs can keep runs of MLflow, and whether they can at all: said before anything is written."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from urllib.parse import urlsplit

from ..core.experiments import LOCAL, MlflowStore, mlflow_arn_kind
from ..core.services import Services
from ..core.specs import TaskSpec
from ..errors import UsageError
from .code.files import CodeFiles, read_again

_ENDPOINT = "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT"  # where SageMaker's plugin for MLflow goes instead of AWS
_REQUIREMENTS = "requirements.txt"
_PROBE = """
import sys
sys.path[:] = [path for path in sys.path if path]
from importlib.util import find_spec
print(*(name for name in sys.argv[1:] if find_spec(name) is None))
"""


def check_store(spec: TaskSpec, store: MlflowStore, services: Services) -> None:
    """Raise UsageError for a store that jobs of this engine cannot reach."""
    uri, is_aws = store.uri, services.engine == "aws"
    if uri == LOCAL and is_aws:
        raise UsageError.naming(
            "{mlflow_to:store} is a file of this machine, and jobs on AWS cannot reach it.\n"
            "Name a server, or the ARN of one of SageMaker's.",
            store=LOCAL,
        )
    host = urlsplit(uri).hostname or "" if uri.startswith(("http:", "https:")) else ""
    is_here = not is_aws or services.is_emulated
    if not is_here and (host == "localhost" or host.startswith("127.") or host == "::1"):
        raise UsageError.naming(
            "{mlflow_to:uri} is this machine, and for a job on AWS its own.\nName a server that the job can reach.",
            uri=uri,
        )
    if mlflow_arn_kind(uri) and is_here and _ENDPOINT not in spec.environment:
        raise UsageError.naming(
            "{mlflow_to:uri} is on AWS, and jobs of this machine have no credentials for it.\n"
            "Here name a server, or with {instance_type} local a file of this machine ({mlflow_to} local); or name a "
            "stand-in with {job_env} {variable} URL.",
            uri=uri,
            variable=_ENDPOINT,
        )


def check_packages(spec: TaskSpec, files: CodeFiles, services: Services, note: Callable[[str], None]) -> None:
    """Raise UsageError where the job's Python is known and has no MLflow; else note what only an image can bring."""
    store = spec.mlflow
    if store is None:
        return
    listed = _required(files)
    is_arn = mlflow_arn_kind(store.uri) is not None
    if not services.python:
        if is_arn and "sagemaker-mlflow" not in listed:
            note(
                f"MLflow: {_REQUIREMENTS} does not list sagemaker-mlflow, which an ARN needs: the image has to have it"
            )
        return
    if any(one.partition("[")[0] in {"mlflow", "mlflow-skinny", "sagemaker-mlflow"} for one in listed):
        return  # what that brings is not ours to know
    needed = ["mlflow"]
    if store.uri == LOCAL or store.uri.startswith("sqlite"):
        needed += ["sqlalchemy", "alembic"]  # mlflow-skinny comes without them
    if is_arn:
        needed.append("sagemaker_mlflow")
    missing = _missing(services.python, needed)
    if missing:
        raise UsageError.naming(
            "{mlflow_to:store} needs {missing} in the job's Python, {python}, which does not have it.\n"
            "Add it to the code's {file}, or install it there: {python} -m pip install {packages}",
            store=store.uri,
            missing=" and ".join(missing),
            python=services.python,
            file=_REQUIREMENTS,
            packages=" ".join(one.replace("_", "-") for one in missing),
        )


def _required(files: CodeFiles) -> set[str]:
    """The names of the packages that the code's requirements list, in lower case and with dashes."""
    lines = list(files.script_requirements)
    if file := files.files.get(_REQUIREMENTS):
        lines += b"".join(read_again(file)).decode("utf-8", "replace").splitlines()
    return {_name(line) for line in lines} - {""}


def _name(line: str) -> str:
    """The package of a line of requirements."""
    word = line.split("#", maxsplit=1)[0].strip().lower()
    for mark in " ;=<>!~@[":
        word = word.split(mark)[0]
    return word.replace("_", "-")


def _missing(python: str, modules: list[str]) -> list[str]:
    """Those of the modules that an interpreter does not have; none where it does not answer, which the job will say."""
    try:
        done = subprocess.run(
            [python, "-E", "-c", _PROBE, *modules],
            capture_output=True,
            check=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.decode("utf-8", "replace").split()
