"""Where runs of MLflow are kept on this machine: a folder of the home for each project, with a database and files.

Its jobs write it themselves, several at once; what is in it is theirs, and nothing here reads it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...core import layout
from ...storage.private import make_private
from .home import Home

VARIABLE = "SSM_MLFLOW_LOCAL"  # tells the launcher in a job where its project's folder is
DATABASE = "mlflow.db"
_PROJECT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}")


def project_folder(home: Home, project: str) -> Path:
    """The folder of a project's runs, whether it exists or not."""
    return home.mlflow / project


def make_folder(home: Home, request: Mapping[str, Any]) -> Path | None:
    """Make the folder for the runs of a job, which has the same path in the job; None if it keeps none here."""
    if (request.get("Environment") or {}).get(layout.MLFLOW_VARIABLE) != "local":
        return None
    projects = [tag["Value"] for tag in request.get("Tags") or () if tag["Key"] == layout.PROJECT_TAG]
    if not projects or not _PROJECT.fullmatch(projects[0]):
        return None
    folder = project_folder(home, projects[0])
    make_private(folder)
    return folder
