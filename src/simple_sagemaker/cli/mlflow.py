"""``ssm mlflow``: MLflow's own page for the runs that a project's jobs kept on this machine, until it is stopped."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from ..core.job_specs import MlflowSpec
from ..core.names import check_name
from ..core.specs import Place
from ..errors import EngineUnavailable, InputNotFound, UsageError
from ..local.job.home import Home
from ..local.job.mlflow_store import DATABASE, project_folder
from ..options.arguments import Arguments
from ..services.environment import engine_settings, home_folder
from .printing import print_result

_HOST = "127.0.0.1"
# Nothing is imported from the folder it starts in.
_SERVE = "import sys; sys.path[:] = [path for path in sys.path if path]; from mlflow.cli import cli; cli()"
_PROBE = (
    "import sys; sys.path[:] = [path for path in sys.path if path]; from importlib.util import find_spec; "
    "sys.exit(not (find_spec('mlflow') and find_spec('flask')))"
)


def mlflow_spec(arguments: Arguments) -> MlflowSpec:
    """Build the spec of the page. Raises UsageError."""
    flag, project = arguments.flag("project_name"), arguments.text("project_name")
    if project is None:
        raise UsageError(f"missing: {arguments.advise('project_name')}.")
    port = arguments.required_text("port")
    if not port.isdecimal() or int(port) > 65535:
        raise UsageError(f"--port {port!r} is not a port: use a number up to 65535, or 0 for any free one.")
    return MlflowSpec(place=Place(project=check_name(flag, project), task="", is_local=True), port=int(port))


def mlflow(spec: MlflowSpec, environment: Mapping[str, str]) -> NoReturn:
    """Become MLflow's server, on loopback. Raises InputNotFound without runs, EngineUnavailable without MLflow."""
    home = Home(home_folder(environment))
    folder = project_folder(home, spec.place.project)
    if not (folder / DATABASE).is_file():
        raise InputNotFound(
            f"There are no runs of the project {spec.place.project!r} in {home.mlflow}.\n"
            "Its jobs keep some with: ssm run --it local --mlflow_to local …"
        )
    python = _find_python([engine_settings(environment, home).python, sys.executable])
    port = spec.port or _free_port()
    line = [python, "-c", _SERVE, "server", "--backend-store-uri", f"sqlite:///{folder / DATABASE}"]
    line += ["--artifacts-destination", (folder / "artifacts").as_uri()]
    line += ["--host", _HOST, "--port", str(port), "--workers", "1"]
    print_result(f"http://{_HOST}:{port} shows the runs of {spec.place.project}; Ctrl-C ends it")
    sys.stdout.flush()
    os.chdir("/")  # the server starts programs with its folder among those that they import from
    os.execve(python, line, {"MLFLOW_DISABLE_TELEMETRY": "true", "PYTHONSAFEPATH": "1", **environment})


def _find_python(candidates: Sequence[str]) -> str:
    """The first interpreter that has MLflow with its server."""
    for python in candidates:
        done = subprocess.run([python, "-E", "-c", _PROBE], check=False, capture_output=True, stdin=subprocess.DEVNULL)
        if done.returncode == 0:
            return python
    raise EngineUnavailable(
        f"{candidates[0]} has no MLflow with its server.\nInstall it: {candidates[0]} -m pip install mlflow"
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])
