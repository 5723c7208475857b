"""What single commands say: exec, board, MLflow, searches."""

from __future__ import annotations

from .entry import Entry

TITLE = "Entering jobs, MLflow, searches"
ENTRIES = (
    Entry(
        word="exec",
        title="A job cannot be entered",
        ours=(
            "… cannot be entered: ….",
            "… has no running host now; it is …, in phase ….",
            "… is in phase …: it can be entered in Training. Try again then.",
        ),
        theirs=("TargetNotConnected",),
        means="A command can run in a job while its code runs: not before, not while it uploads, not after.",
        do=(
            "Wait for the phase: ssm status -p PROJECT -t TASK.",
            "A job that ends too soon to look at: run it with a sleep at its end.",
        ),
        also="exec shell enter session running",
        page="exec.md",
        is_plain=True,
    ),
    Entry(
        word="session-manager",
        title="AWS's session plugin is missing, or the job does not connect",
        ours=(
            "AWS's … is not installed, and it carries the session.",
            "… is of version …, and … or newer is needed.",
            "… has not connected to Systems Manager in … s.",
            "Nothing was changed.",
        ),
        theirs=("SessionManagerPlugin is not found",),
        means=(
            "ssm exec on AWS goes through Systems Manager: a plugin here, rights of the job's role, and a way "
            "from the job to the service."
        ),
        do=(
            "Install the plugin; the message has the address.",
            "In a private network the job needs the endpoints ssm, ssmmessages and ec2messages, or a NAT gateway.",
            "With --yes ssm switches remote debugging on and grants the project's role what it needs.",
        ),
        also="systems manager plugin remote debug ssmmessages",
        page="exec.md",
        sources=("https://docs.aws.amazon.com/sagemaker/latest/dg/train-remote-debugging.html",),
    ),
    Entry(
        word="mlflow",
        title="There is no MLflow, or no run of the project",
        ours=("… has no MLflow with its server.", "There are no runs of the project … in …."),
        theirs=("MlflowException", "API request to endpoint /api/2.0/mlflow"),
        means=(
            "Runs are written by jobs, with the MLflow of the job's Python; ssm mlflow shows them with the one "
            "of this machine. A job goes on where its runs cannot be kept, and a line in its log says why."
        ),
        do=(
            "pip install mlflow where the message says; in jobs -d requirements.txt with mlflow in it.",
            "Runs are kept where --mlflow_to says: local, or a server's address.",
        ),
        also="tracking experiment run server",
        page="mlflow.md",
    ),
    Entry(
        word="study-damaged",
        title="A search's records are damaged, or not its own",
        ours=(
            "The study is damaged: …",
            "The study of task … is damaged…",
            "… is of another version of ssm (…): use that one.",
            "The study has an event …, which this version does not know.",
        ),
        means=(
            "A search is a journal of small objects in the bucket. One is not what ssm wrote: another version "
            "wrote it, or somebody else did. Nothing is started on its word."
        ),
        do=(
            "A newer ssm wrote it: upgrade here too.",
            "Else search under another task name, or delete the study: ssm rm -p PROJECT -t TASK.",
        ),
        also="study journal tune damaged version",
        page="tuning.md",
    ),
    Entry(
        word="study-changed",
        title="Another command began or deleted the search meanwhile",
        ours=(
            "Another command has begun this study meanwhile: run this again, and it goes on with it.",
            "The study was deleted meanwhile (ssm rm): the same command begins a new one.",
        ),
        means=(
            "Two commands worked on the same study at once; one driver at a time is right, and the other goes "
            "on with it."
        ),
        do=("Run the same command again.",),
        also="study tune driver race",
        page="tuning.md",
        is_plain=True,
    ),
)
