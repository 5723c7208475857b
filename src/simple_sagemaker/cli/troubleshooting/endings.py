"""How a command ends: exit statuses, and the ends that people choose."""

from __future__ import annotations

from .entry import Entry

TITLE = "How a command ends"
ENTRIES = (
    Entry(
        word="completed",
        title="The job is done",
        statuses=(0,),
        ours=("Skipped: the task was completed by …",),
        means="The code ended with exit status 0 on every host, or a completed job of the task was found, so that "
        "nothing ran: a task that is completed does not run again by itself.",
        do=(
            "To see what differs from that job: ssm why run … with the same options.",
            "To run whenever something differs: --if_changed. To run anyway: --force_running.",
            "To tell the two apart in a script: --skip_status 17 exits 17 where nothing ran and something differs.",
            "What lies on S3 is not looked at by a skip, which says so: ssm why and --if_changed look at it.",
        ),
        also="success skip skipped rerun again nothing happens",
        page="living.md",
        is_plain=True,
    ),
    Entry(
        word="failed",
        title="The job ran and failed",
        statuses=(1,),
        ours=("Failed…: …", "The search failed: …", "The search of task … failed: …"),
        theirs=("UnexpectedStatusException", "Error for Training job …: Failed. Reason: …"),
        means=(
            "A host's code ended with another exit status than 0, or SageMaker could not run the job. The lines "
            "below the first are the service's reason and the code's own last words."
        ),
        do=(
            "Read the last lines: ssm logs -p PROJECT -t TASK --tail 50.",
            "Explain the reason: ssm explain with a few words of it, in quotes.",
            "Try the same here, where a job starts at once: add --it local.",
            "Run the same command again: it goes on from the state that was kept.",
        ),
        also="error failure reason",
        page="worker.md",
        is_plain=True,
    ),
    Entry(
        word="usage",
        title="The command line is wrong",
        statuses=(2,),
        ours=("For its options, run: ssm … -h", "ssm: there is no command …", "ssm: no command given."),
        means="An option is unknown, missing or contradicts another one. Nothing was written, sent or started.",
        do=(
            "Read the message: it names the option, and what it takes.",
            "ssm COMMAND -h shows all options of a command.",
            "An argument of your script with the name of an option: --hp NAME VALUE, or put it after --.",
            "ssm config -t TASK shows what a project file adds to the command line.",
        ),
        also="option argument syntax unexpected UsageError",
        page="cli.md",
        is_plain=True,
    ),
    Entry(
        word="stopped",
        title="Somebody stopped the job",
        statuses=(3,),
        ours=("Stopped…: … (…)", "asked to stop", "The search was stopped: …", "The search of task … was stopped: …"),
        theirs=("Training job stopped",),
        means=(
            "The job was stopped by ssm stop, by Ctrl-C and s, in the console or through the API. The code got "
            "SIGTERM and up to 120 seconds; model, output and state as they were then are kept."
        ),
        do=(
            "Run the same command again: the new job begins with the state of the stopped one.",
            "To save at a stop, handle SIGTERM in your code and write to $SSM_STATE.",
        ),
        also="stop StopTrainingJob StopRequested",
        page="living.md",
        sources=("https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html",),
        is_plain=True,
    ),
    Entry(
        word="max-run",
        title="The job took longer than it may",
        ours=("it ran longer than --max_run_mins …", "runtime exceeded MaxRuntimeInSeconds"),
        theirs=("MaxRuntimeExceeded",),
        means=(
            "--max_run_mins limits the training time, of all attempts of a spot job together. When it was used "
            "up the code got SIGTERM and up to 120 seconds; what it had written is kept, and the job counts as "
            "stopped."
        ),
        do=(
            "Run again with a larger --max_run_mins: the state goes on where it was.",
            "Without state in $SSM_STATE the next job begins anew: save checkpoints there.",
        ),
        also="timeout time limit runtime MaxRuntimeInSeconds",
        page="cost-and-spot.md",
        sources=("https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StoppingCondition.html",),
    ),
    Entry(
        word="max-wait",
        title="A spot job waited and ran longer than it may",
        ours=("it waited and ran longer than …", "wait time exceeded MaxWaitTimeInSeconds"),
        theirs=("MaxWaitTimeExceeded",),
        means=(
            "--max_wait_mins limits waiting for spot machines and running together. It ended before the job "
            "did, perhaps before the job ever began. If no other is given it is the same as --max_run_mins."
        ),
        do=(
            "It waited: give --max_wait_mins more than --max_run_mins; it costs nothing to wait.",
            "It ran all the time (ssm status): give a larger --max_run_mins, and --max_wait_mins if it is given.",
            "Take another type (--it) or region, or --no_spot, which does not wait for spot machines.",
            "The state of what ran is kept: the same command goes on with it.",
        ),
        also="spot timeout waiting MaxWaitTimeInSeconds",
        page="cost-and-spot.md",
        sources=("https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html",),
    ),
    Entry(
        word="detached",
        title="You left, and the job goes on",
        statuses=(7,),
        ours=(
            "Detached: the job … goes on.",
            "The job … goes on.",
            "Left: …. The same command goes on with the search",
            "AWS has not answered for … minutes (…).",
        ),
        means=(
            "The command ended before the job did: you pressed Ctrl-C and chose to leave, there was no terminal "
            "to ask, or AWS did not answer for a quarter of an hour. The job was not touched, and on AWS it "
            "goes on costing."
        ),
        do=(
            "Run the same command again, or ssm attach -p PROJECT -t TASK: it joins the job.",
            "To end the job: ssm stop -p PROJECT -t TASK.",
        ),
        also="detach ctrl-c leave background",
        page="living.md",
        is_plain=True,
    ),
    Entry(
        word="interrupted",
        title="Ctrl-C before there was a job to ask about",
        statuses=(130,),
        ours=("Interrupted before the job was started; nothing is running.", "Interrupted; no job was stopped."),
        means=(
            "130 is 128 and the number of SIGINT. The command was interrupted before a job began, or it only "
            "looked at jobs: none was started or stopped."
        ),
        do=("Run the command again: what was uploaded is not sent a second time.",),
        also="ctrl-c sigint keyboard",
        is_plain=True,
    ),
    Entry(
        word="service-refused",
        title="AWS refused a call for a reason that has no entry of its own",
        ours=("… refused …: … (…)",),
        theirs=(
            "ValidationException",
            "validation error detected",
            "An error occurred (…) when calling the … operation",
        ),
        means=(
            "A call to AWS was answered with an error; the service's text is shown as it is, with the name of "
            "the call before it and the error's code after it."
        ),
        do=(
            "Look the code or the words of the text up: ssm explain, with a few words in quotes.",
            "See the whole request that is sent: --dry_run prints it and sends nothing.",
            "Try the request on this machine, which checks it against the same model: --it local.",
        ),
        also="boto3 ClientError ResourceNotFound",
        page="aws.md",
        is_plain=True,
    ),
)
