"""Inputs, buckets, jobs and tasks that are not there, and the network."""

from __future__ import annotations

from .entry import Entry

TITLE = "Inputs, buckets and the network"
ENTRIES = (
    Entry(
        word="missing",
        title="An input is not there",
        statuses=(4,),
        ours=(
            "Channel … reads …, and nothing is there.",
            "Channel … reads …, and there is no bucket ….",
            "… reads …, and nothing is there. Check the address.",
            "…: there is no … on this machine. Check the path.",
            "… Check the address, or run the task that writes it first.",
            "Channel …: … does not exist.",
            "No S3 objects found under S3 URL",
        ),
        theirs=(
            "NoSuchKey",
            "NoSuchBucket",
            "The specified key does not exist",
            "No S3 objects found",
            "404 Not Found",
        ),
        means=(
            "An address or path that the job reads has nothing behind it. Nothing was started. Keys of S3 are "
            "exact: case, a slash too many and a blank all count."
        ),
        do=(
            "Look: aws s3 ls s3://BUCKET/PREFIX (on this machine: ls $SSM_HOME/buckets/BUCKET/PREFIX).",
            "An output of a task: run that task first, or name it with --iit, which waits for it.",
            "S3 says 'denied' for a missing object where you may not list the bucket.",
        ),
        also="not found nosuchkey input channel path file 404",
        page="data.md",
        is_plain=True,
    ),
    Entry(
        word="task-missing",
        title="There is no such task, or it has no job",
        ours=(
            "Task … of project …: nothing was found under …",
            "Task … has no completed job under …",
            "Task … has no job yet under …",
            "Nothing of project … was found under …",
            "Nothing of task … of project … is there to delete.",
            "No task was found in …: there is no such bucket.",
            "…: no completed job of task … was found under ….",
            "… of task … keeps no ….",
            "There is no … of ….",
            "The task … of project … has no study.",
            "…: that task has no study in project ….",
        ),
        means=(
            "Jobs are found by project, task, prefix and bucket together. One of them is another than at the "
            "run, the jobs are on another engine (here instead of on AWS), or all of them were deleted."
        ),
        do=(
            "ssm ls --all_projects shows what there is, on AWS; with --it local on this machine.",
            "Give --prefix and --bucket_name as the run had them; a project file keeps them for all commands.",
        ),
        also="project task study job not found ls",
        page="living.md",
        is_plain=True,
    ),
    Entry(
        word="job-missing",
        title="There is no such job",
        ours=(
            "…: there is no such job of …",
            "… has no such trial. …",
            "There is no job … in the emulator's region ….",
            "… is not a job of task … (…): it wrote to ….",
        ),
        theirs=("Requested resource not found.", "Could not find requested job"),
        means=(
            "No job of that name, or with these 8 letters at its end, is in this account and region, or on this "
            "machine. AWS keeps jobs for good; on this machine ssm home --clean --older 30d deletes old ones."
        ),
        do=("ssm ls -p PROJECT --limit 100 has the names.", "Is it on the other engine? --it local, or without."),
        also="job name trial ResourceNotFound",
        page="living.md",
        is_plain=True,
    ),
    Entry(
        word="job-running",
        title="The job has not ended yet",
        ours=("… is in progress. …",),
        means="What you ask for is there when the job ends: results, and the right to delete them.",
        do=(
            "Wait for it: ssm attach -p PROJECT -t TASK -o FOLDER.",
            "Its state can be downloaded at any time: ssm data … --download_state.",
        ),
        also="in progress running delete busy",
        page="living.md",
        is_plain=True,
    ),
    Entry(
        word="job-ended",
        title="The job has ended already",
        ours=(
            "… has ended (…).",
            "… has ended, and what ran in it has ended with it.",
            "… has ended (…: …), and no trial runs: nothing was stopped.",
            "No job of … is running: nothing was stopped.",
        ),
        means="There is nothing to stop, or to enter: its processes are gone.",
        do=(
            "ssm status -p PROJECT -t TASK says how it ended.",
            "To look inside such a job: run it again with a sleep.",
        ),
        also="ended stop exec",
        page="living.md",
        is_plain=True,
    ),
    Entry(
        word="code-gone",
        title="The code of an earlier job was deleted",
        ours=("ssm replay: the code of … is not there any more (…).",),
        means="ssm replay sends an earlier job's own code again, and ssm rm or somebody else has deleted it.",
        do=("Run the task anew from your files: ssm run.",),
        also="replay source deleted",
        page="living.md",
        is_plain=True,
    ),
    Entry(
        word="channel",
        title="A channel's objects cannot be files, or its list cannot be read",
        ours=(
            "Channel …: … would both be the file …",
            "Channel …: … lies below another of its objects, no folder holds both",
            "Channel …: no folder can hold this object: …",
            "Channel …: … is not an augmented manifest: …",
            "Channel …: its manifest cannot be read: …",
            "Channel …: only S3DataSource can be read on this machine",
            "Channel …: S3DataType … needs Pipe mode",
            "Channel …: s3://…",
            "Input …: only S3Input can be read on this machine",
            "s3://… is not a manifest: expected …",
        ),
        theirs=("InvalidManifest", "Unable to parse manifest"),
        means="In File mode objects become files, and two cannot have one name, nor one be a folder of the other. A "
        "manifest is a JSON list: a prefix, then names.",
        do=(
            "Rename or delete the objects in the way: aws s3 ls --recursive shows them.",
            "An object named like a folder ('data/' of 0 bytes) is harmless; 'data' beside 'data/x' is not.",
        ),
        also="manifest file mode pipe object name folder",
        page="data.md",
    ),
    Entry(
        word="network",
        title="AWS could not be reached",
        ours=("AWS could not be reached… (…).", "AWS fails to answer (…)", "… on s3://… failed after several tries: …"),
        theirs=(
            "EndpointConnectionError",
            "ConnectTimeoutError",
            "ReadTimeoutError",
            "Could not connect to the endpoint URL",
            "Connection reset by peer",
            "Name or service not known",
            "Max retries exceeded with url",
        ),
        means="No answer came, however often it was tried: no network, a proxy or firewall, a region that has no such "
        "service, or an address (AWS_ENDPOINT_URL) behind which nothing listens. A job that runs goes on.",
        do=(
            "curl -sI https://sts.us-east-1.amazonaws.com: does this machine reach AWS at all?",
            "env | grep -i -E 'proxy|AWS_ENDPOINT' shows what leads elsewhere; an emulator's address ends with it.",
            "The same command resumes: transfers begin where they broke off, and a running job is joined.",
            "In a job in a private network: it needs endpoints for S3 and what else it calls, or a NAT gateway.",
        ),
        also="timeout connection proxy vpc endpoint offline dns firewall",
        page="aws.md",
        sources=("https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html",),
    ),
    Entry(
        word="certificate",
        title="A certificate is not trusted",
        theirs=("CERTIFICATE_VERIFY_FAILED", "SSLError", "SSL validation failed", "self-signed certificate"),
        means="Something between you and AWS (a company's proxy) answers with a certificate that Python does not know.",
        do=("Name the company's certificates: AWS_CA_BUNDLE=/path/to/bundle.pem (pip: PIP_CERT).",),
        also="ssl tls ca bundle proxy",
        page="variables.md",
        sources=("https://docs.aws.amazon.com/boto3/latest/guide/configuration.html",),
    ),
    Entry(
        word="bucket-unclear",
        title="S3 contradicts itself about a bucket",
        ours=("Bucket …: S3 says both that it exists and that it does not.",),
        means="A bucket that was deleted or made a moment ago is not known everywhere yet.",
        do=("Run again in a minute.",),
        also="bucket consistency",
        is_plain=True,
    ),
)
