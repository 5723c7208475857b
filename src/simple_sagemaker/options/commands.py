"""The commands, in the order of the help page, each in a few words."""

from __future__ import annotations

COMMANDS = {
    "run": "Run a Python or shell script as a task",
    "shell": "Run a shell command line as a task",
    "process": "Run a script or command as a processing task",
    "tune": "Search for the best hyperparameters of a script",
    "data": "Download what a task left, or clear its state",
    "ls": "List jobs, newest first",
    "status": "Show everything about one job",
    "logs": "Print the lines of a job, or follow them",
    "attach": "Follow a job as 'ssm run' does, and download its results",
    "exec": "Run a command, or a shell, in a running job",
    "stop": "Stop jobs; what they wrote is kept",
    "metrics": "Print every value of a job's metrics",
    "compare": "Compare jobs by hyperparameters and metrics",
    "board": "Open TensorBoard on what jobs wrote for it",
    "why": "Say whether a task would run, and what differs from its last job",
    "explain": "Say what a message or exit status means, and what to do",
    "diff": "Show what differs between two jobs",
    "replay": "Run an earlier job's request again",
    "cost": "Add up what jobs cost",
    "rm": "Delete what jobs left",
    "home": "Show what jobs keep on this machine, and clean it up",
    "mlflow": "Show the runs in MLflow that jobs kept on this machine",
    "built_ins": "List SageMaker's built-in algorithms, or show what one takes",
    "images": "List the ready-made images of AWS's frameworks",
    "completion": "Print the completion script for your shell",
    "config": "Show which settings are in force, and where each comes from",
    "emulator": "Emulate AWS on a port of this machine",
}
