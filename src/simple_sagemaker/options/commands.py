"""The commands, in the order of the help page, each in a few words."""

from __future__ import annotations

COMMANDS = {
    "run": "Run a Python or shell script as a task",
    "shell": "Run a shell command line as a task",
    "process": "Run a script or command as a processing task",
    "data": "Bring what a task left, or clear its state",
    "ls": "List jobs, newest first",
    "status": "Show one job whole",
    "logs": "Print the lines of a job, or follow them",
    "attach": "Follow a job as 'ssm run' does, and bring its results",
    "exec": "Run a command, or a shell, in a running job",
    "stop": "Stop jobs; what they wrote is kept",
    "metrics": "Print every value of a job's metrics",
    "compare": "Compare jobs by hyperparameters and metrics",
    "why": "Say whether a task would run, and what differs from its last job",
    "diff": "Show what differs between two jobs",
    "replay": "Run an earlier job's request again",
    "cost": "Add up what jobs cost",
    "rm": "Delete what jobs left",
    "home": "Show what lies in this machine's home, and clean it",
    "completion": "Print the script by which a shell completes what you type",
    "config": "Show which settings are in force, and where each comes from",
    "emulator": "Be AWS on a port of this machine, for tests and trials",
}
