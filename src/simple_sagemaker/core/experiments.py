"""Where a job's run in MLflow is kept, and which of SageMaker's own experiments a job belongs to, as values.

What keeps the run in a job is in ``payload/ssm_launcher/tracking.py``.
"""

from __future__ import annotations

from typing import Any

from .records import dataclass

LOCAL = "local"


@dataclass(frozen=True, kw_only=True)
class MlflowStore:
    """Where MLflow keeps the run of a job: ``local``, the address of a server, or the ARN of one of SageMaker's.

    ``commit`` is what the code was at, with ``-dirty`` behind it where files had changed; None where nobody knows.
    """

    uri: str
    commit: str | None = None


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """One of SageMaker's own experiments; without ``trial`` SageMaker makes a new one for each job."""

    name: str
    trial: str | None = None


def mlflow_arn_kind(uri: str) -> str | None:
    """What kind of thing an ARN of SageMaker's MLflow names, ``mlflow-tracking-server`` or ``mlflow-app``; else None.

    https://docs.aws.amazon.com/sagemaker/latest/dg/mlflow-create-tracking-server.html
    """
    parts = uri.split(":", 5)
    kind = parts[5].partition("/")[0] if len(parts) == 6 and parts[0] == "arn" else ""
    return kind if kind in {"mlflow-tracking-server", "mlflow-app"} else None


def written(store: MlflowStore | None, *, project: str, task: str) -> dict[str, Any]:
    """What ``run.json`` has of it; nothing without a store."""
    if store is None:
        return {}
    tags = {"ssm.project": project, "ssm.task": task}
    if store.commit:
        tags["mlflow.source.git.commit"] = store.commit
    return {"mlflow": {"uri": store.uri, "experiment": project, "tags": tags}}
