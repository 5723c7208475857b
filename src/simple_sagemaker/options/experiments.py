"""From ``--mlflow_to`` and ``--in_experiment`` to what a task's spec has of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ..core.experiments import LOCAL, Experiment, MlflowStore, mlflow_arn_kind
from ..core.specs import TaskSpec
from ..errors import UsageError
from .arguments import Arguments
from .launcher import refuse_image_program, refuse_toolkit

_SCHEMES: Final = ("http", "https", "sqlite", "postgresql", "mysql", "mssql", "databricks")
_FORMS: Final = (
    "It can be local, the address of a server (http://HOST:PORT), or the ARN of a tracking server or an app of "
    "SageMaker's."
)
# The plugin of SageMaker's knows no other partitions: https://github.com/aws/sagemaker-mlflow
_ARN: Final = re.compile(
    r"arn:(aws|aws-us-gov):sagemaker:([a-z]{2}(?:-[a-z]+)+-\d):(\d{12}):"
    r"(mlflow-tracking-server/[A-Za-z0-9](?:-*[A-Za-z0-9]){0,255}|mlflow-app/[A-Za-z0-9-]{1,64})"
)
_OURS: Final = ("MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "MLFLOW_EXPERIMENT_ID")
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ExperimentConfig.html
_EXPERIMENT: Final = re.compile(r"[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,119}")
_LONGEST: Final = 120


def mlflow_store(arguments: Arguments, task: TaskSpec) -> MlflowStore | None:
    """Where the job's run in MLflow is kept. Raises UsageError for what is no such place, or cannot be with this task.

    It asks git what the code is at.
    """
    uri = arguments.text("mlflow_to")
    if uri is None:
        return None
    flag = arguments.flag("mlflow_to")
    _check_uri(flag, uri)
    refuse_image_program(flag, task, "keep a run")
    refuse_toolkit(arguments, flag, task, "keeps the run")
    for name in _OURS:
        if name in task.environment:
            raise UsageError(f"{arguments.flag('job_env')} {name}: {flag} sets this variable. Drop one of the two.")
    return MlflowStore(uri=uri, commit=_commit(task))


def _check_uri(flag: str, uri: str) -> None:
    if uri == LOCAL:
        return
    if uri.startswith("arn:"):
        _check_arn(flag, uri)
        return
    try:
        parts = urlsplit(uri)
        has_password, _ = bool(parts.username or parts.password), parts.port
    except ValueError:
        raise UsageError(f"{flag}: that is no address.\n{_FORMS}") from None
    if has_password:
        raise UsageError(
            f"{flag}: an address with a user or a password in it would be kept in the job's record, and logged.\n"
            "Leave them out; MLflow reads MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD. The job's code can "
            "fetch them from a store of secrets, or the image can have them."
        )
    scheme = parts.scheme.partition("+")[0]
    odd = next((letter for letter in uri if letter.isspace() or not letter.isprintable()), None)
    if odd is None and scheme in {"http", "https"}:
        odd = next((letter for letter in "?#" if letter in uri), None)
    if odd is not None:  # which may come before a secret
        raise UsageError(f"{flag}: the address has {odd!r} in it, and that of a server has none.\n{_FORMS}")
    if scheme not in _SCHEMES or (scheme in {"http", "https"} and not parts.hostname):
        near = " Write http:// before it." if re.fullmatch(r"[\w.-]+(?::\d+)?(?:/.*)?", uri) and ":" in uri else ""
        raise UsageError(f"{flag} {uri!r} is no place for runs.{near}\n{_FORMS}")


def _check_arn(flag: str, arn: str) -> None:
    match = _ARN.fullmatch(arn)
    if match is None:
        what = "the ARN of no tracking server or app of SageMaker's" if mlflow_arn_kind(arn) is None else "not an ARN"
        raise UsageError(
            f"{flag} {arn!r} is {what}.\nIt has the form arn:aws:sagemaker:REGION:ACCOUNT:mlflow-tracking-server/NAME, "
            "or …:mlflow-app/ID; the partition is aws or aws-us-gov."
        )
    partition, region = match.group(1), match.group(2)
    if region.startswith("us-gov-") != (partition == "aws-us-gov"):
        raise UsageError(f"{flag} {arn!r}: the region {region} is not in the partition {partition}.")


def _commit(task: TaskSpec) -> str | None:
    """The commit that the code is at; None without git, and for code that is in no repository."""
    import subprocess

    folder = task.code.source_dir or (task.code.entry_file.parent if task.code.entry_file else Path())
    ask = ["git", "-c", "core.fsmonitor=false", "-C", str(folder), "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(
            [*ask, "--abbrev=40", "--exclude=*"],
            capture_output=True,
            check=True,
            timeout=10,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip() or None


def experiment(arguments: Arguments) -> Experiment | None:
    """The experiment that the job belongs to, and its trial. Raises UsageError for names that SageMaker refuses."""
    if "in_experiment" not in arguments.uses:
        return None
    use = arguments.each("in_experiment")[0]
    names = list(use.texts())
    if len(names) > 2:
        raise UsageError(f"{use.flag} takes EXPERIMENT [TRIAL], not {' '.join(names)!r}.")
    for name in names:
        if not _EXPERIMENT.fullmatch(name) or len(name) > _LONGEST:
            raise UsageError(
                f"{use.flag} {name!r}: a name has 1 to {_LONGEST} letters, digits and dashes, and neither begins nor "
                "ends with a dash."
            )
    return Experiment(name=names[0], trial=names[1] if len(names) == 2 else None)
