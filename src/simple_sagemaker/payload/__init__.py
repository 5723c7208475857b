"""What is shipped into a job: the start script, the launcher and the library for workers.

Nothing here imports the rest of the package, and everything but this file runs on Python 3.6 with the standard
library alone. Two lists define what goes where, as paths inside this folder:

- ``CHANNEL_FILES`` are in the hidden channel's folder, beside the packed code and ``run.json``.
- ``CODE_FILES`` are packed at the root of the code, beside the user's files. ``run.json`` is copied there in the job;
  it is packed too where AWS's toolkit starts the code, which unpacks the packed code only.

``launcher.py`` is in both: in the channel it unpacks the code and loads the rest of itself from there; in the code it
is what AWS's own ``train`` program runs.
"""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent

CHANNEL_FILES = ("start.sh", "launcher.py")
CODE_FILES = (
    "launcher.py",
    "ssm_launcher/__init__.py",
    "ssm_launcher/command.py",
    "ssm_launcher/empty_folders.py",
    "ssm_launcher/environment.py",
    "ssm_launcher/failure.py",
    "ssm_launcher/hints.py",
    "ssm_launcher/hosts.py",
    "ssm_launcher/kept_state.py",
    "ssm_launcher/machine.py",
    "ssm_launcher/main.py",
    "ssm_launcher/metric_lines.py",
    "ssm_launcher/mlflow_code.py",
    "ssm_launcher/mlflow_recorder.py",
    "ssm_launcher/mlflow_run.py",
    "ssm_launcher/overlay.py",
    "ssm_launcher/pip.py",
    "ssm_launcher/places.py",
    "ssm_launcher/process.py",
    "ssm_launcher/processing.py",
    "ssm_launcher/profiled.py",
    "ssm_launcher/profiling.py",
    "ssm_launcher/recorder.py",
    "ssm_launcher/requirements.py",
    "ssm_launcher/rules.py",
    "ssm_launcher/script.py",
    "ssm_launcher/tracking.py",
    "ssm_launcher/usage.py",
    "ssm_launcher/values.py",
    "task_toolkit/__init__.py",
    "task_toolkit/task_lib.py",
    "worker_toolkit/__init__.py",
    "worker_toolkit/archives.py",
    "worker_toolkit/worker_lib.py",
)
