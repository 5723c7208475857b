"""SageMaker could not run the job, or took its machine away."""

from __future__ import annotations

from .entry import Entry

TITLE = "SageMaker and its machines"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
_API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
ENTRIES = (
    Entry(
        word="capacity",
        title="AWS has no machine of that type free",
        ours=("Insufficient capacity error from EC2 while launching instances, retrying!", "waits for machines"),
        theirs=(
            "CapacityError",
            "Unable to provision requested ML compute capacity",
            "InsufficientInstanceCapacity",
        ),
        means="It is not your quota: the region has no such machine to give at the moment. While the job is Starting, "
        "SageMaker tries again by itself; in the end the job fails with CapacityError.",
        do=(
            "Wait, or run the same command again later: nothing is billed until a machine has started.",
            "Take another size or generation: --it ml.g5.2xlarge instead of ml.g5.xlarge, ml.g6 instead of ml.g5.",
            "Take another region (--aws_region), with a bucket there.",
            "Spot waits for spot machines: --no_spot has another supply; more --max_wait_mins waits longer.",
            "A warm pool keeps a machine once you have it: --no_spot --keep_alive_mins 30.",
        ),
        also="insufficient machines available ec2 instance launch pending p4d p5 gpu",
        page="cost-and-spot.md",
        sources=(f"{_API}/API_SecondaryStatusTransition.html",),
    ),
    Entry(
        word="spot",
        title="A spot machine was taken back",
        ours=("Training job interrupted", "spot interruption on request: this machine is taken away"),
        means="AWS needed the machine. The job stays InProgress, waits for another one, and begins again: inputs are "
        "fetched, the state ($SSM_STATE) is restored, model and output begin empty. The wait is not billed.",
        do=(
            "Save checkpoints to $SSM_STATE and load the newest at the start; the guide says how often.",
            "Try it here: SSM_SPOT_INTERRUPT_S=30 ssm run --it local … interrupts after 30 seconds.",
            "A job that cannot go on where it was: --no_spot.",
        ),
        also="interruption interrupted checkpoint resume reclaimed restart",
        page="cost-and-spot.md",
        sources=(f"{_GUIDE}/model-managed-spot-training.html",),
    ),
    Entry(
        word="unhealthy",
        title="A machine was broken and is replaced",
        theirs=("Launched instance was unhealthy, replacing it!",),
        means="SageMaker started a machine that did not pass its checks, and starts another one.",
        do=("Wait: it costs a few minutes and nothing else.",),
        also="instance health starting",
        sources=(f"{_API}/API_SecondaryStatusTransition.html",),
        is_plain=True,
    ),
    Entry(
        word="internal-error",
        title="SageMaker itself failed",
        ours=("InternalServerError: … (see supervisor.log in the job's folder)",),
        theirs=("InternalServerError: We encountered an internal error", "InternalServerError", "InternalFailure"),
        means=(
            "The fault is the platform's, not that of your code or request. On this machine the engine is the "
            "platform: its own log has the details."
        ),
        do=(
            "Run again; --retry_attempts 3 lets SageMaker do so by itself, for these errors alone.",
            "If it comes again: open a case at AWS with the job's name and region.",
            "On this machine read supervisor.log in $SSM_HOME/jobs/JOB, and report it with that file.",
        ),
        also="internal error platform retry 500 InternalServerException",
        page="aws.md",
        sources=(f"{_API}/API_RetryStrategy.html",),
        is_frame=True,
    ),
    Entry(
        word="name-in-use",
        title="There is a job of that name already",
        ours=("names must be unique within an AWS account and region",),
        theirs=("ResourceInUse",),
        means=(
            "A job's name can be used once in an account and region, also after the job has ended. ssm makes a "
            "new one for every job, so that this comes from other clients as a rule."
        ),
        do=("Use another name, or leave it to the client to make one.",),
        also="ResourceInUse duplicate name unique",
    ),
    Entry(
        word="throttled",
        title="AWS answers too many calls with an error",
        ours=("AWS answered … with …, however often it was tried.",),
        theirs=("ThrottlingException", "Rate exceeded", "TooManyRequestsException", "SlowDown", "RequestLimitExceeded"),
        means=(
            "The limit is the account's: other programs and people use it as well. ssm slows down and tries "
            "again before it says so, and a job that is followed goes on."
        ),
        do=(
            "Run the same command again in a minute: it joins the job.",
            "Start many jobs from one study (ssm tune) rather than from many commands at once.",
        ),
        also="throttling rate limit 429",
        page="aws.md",
    ),
    Entry(
        word="other-answers",
        title="Something else answers in AWS's place",
        ours=(
            "An answer cannot be read: it is not in the form of AWS's.",
            "A list does not end: its next page is the same again.",
        ),
        theirs=("ResponseParserError", "Unable to parse response"),
        means="What came back is no answer of AWS's: a proxy's page, half an answer, or one of another server.",
        do=(
            "Look at where requests go: env | grep -iE 'proxy|AWS_ENDPOINT_URL'.",
            "Behind a page that asks you to sign in to the network: sign in, and run the same command again.",
            "Another server that speaks AWS's language: try a newer version of it.",
        ),
        also="proxy captive portal endpoint html page invalid response",
        page="aws.md",
    ),
    Entry(
        word="image-missing",
        title="The job's image does not exist, or may not be pulled",
        ours=(
            "The job's image was not found: …",
            "The image … is not here and cannot be pulled. …",
            "There is no image of … …; the nearest versions are …",
            "There is no image of … …; there is ….",
        ),
        theirs=("manifest unknown", "RepositoryNotFoundException", "pull access denied", "ImagePullBackOff"),
        means="The address names no image, one in another region, or one that the role may not read.",
        do=(
            "ssm images lists the frameworks' images and their versions.",
            "An image of yours must be in ECR in the job's region; another account's repository must allow the role.",
            "From a public registry: --df 'FROM python:3.12-slim' makes a copy in your ECR.",
        ),
        also="ecr docker registry image_uri tag 404",
        page="images.md",
    ),
    Entry(
        word="image-not-here",
        title="This machine cannot get the image of a job in containers",
        ours=("the image … is not on this machine and cannot be pulled: …",),
        means=(
            "SSM_ENGINE=docker runs a job in its image. Docker has none of that name and could not pull it: "
            "without a network or a login, or because the address is wrong."
        ),
        do=(
            "Pull it by hand, which shows why: docker pull IMAGE.",
            "Images of AWS need credentials (aws configure), as for a job on AWS.",
            "Without the image: --it local runs as processes of this machine.",
        ),
        also="docker pull image login",
        page="docker.md",
    ),
    Entry(
        word="upload",
        title="The results could not be uploaded",
        ours=("ClientError: Artifact upload failed:Unable to upload file to …",),
        theirs=("Artifact upload failed",),
        means=(
            "The code is done, but model, output or state could not be written to S3: as a rule the role may "
            "not, or the bucket or key is gone. What was saved before is there."
        ),
        do=(
            "The text in brackets is S3's answer: explain it (ssm explain AccessDenied).",
            "A role of yours needs s3:PutObject on the output address, and the key's kms:GenerateDataKey.",
        ),
        also="artifact s3 model.tar.gz putobject",
        page="aws.md",
    ),
    Entry(
        word="download",
        title="The inputs could not be downloaded",
        ours=("ClientError: Data download failed:Unable to download object …",),
        theirs=("Data download failed", "Please ensure that the IAM role"),
        means=(
            "Before the code runs, SageMaker downloads the channels with the job's role. An object is gone, may "
            "not be read, or is encrypted with a key that the role may not use."
        ),
        do=(
            "The text in brackets is S3's answer: explain it (ssm explain NoSuchKey).",
            "A role of yours needs s3:GetObject and s3:ListBucket, and the key's kms:Decrypt.",
            "Data that others change meanwhile: copy it to an address that stays.",
        ),
        also="channel input s3 getobject",
        page="data.md",
    ),
    Entry(
        word="disk",
        title="The job's disk is full",
        ours=("ClientError: Artifact upload failed:Insufficient disk space while compressing artifacts",),
        theirs=(
            "No space left on device",
            "Insufficient disk space",
            "[Errno 28]",
            "Disk quota exceeded",
        ),
        means=(
            "Inputs, checkpoints, model and output share one volume per machine, 30 GB unless --volume_size "
            "says more; packing model.tar.gz needs room for it once more. Types with a local NVMe disk (g5, "
            "p4d) have that instead, and --volume_size cannot be more."
        ),
        do=(
            "More room: --volume_size 200.",
            "Fewer checkpoints: keep the newest two in $SSM_STATE and delete the others.",
            "Do not copy inputs: --input_mode FastFile streams them from S3.",
            "On this machine free some space, or move the home: SSM_HOME, and TMPDIR for temporary files.",
        ),
        also="full space enospc volume storage errno 28 quota",
        page="data.md",
        sources=(
            "https://github.com/aws/sagemaker-python-sdk/issues/128",
            f"{_API}/API_ResourceConfig.html",
        ),
    ),
    Entry(
        word="state-not-saved",
        title="The state could not be saved",
        ours=("… cannot be saved to …: …",),
        means=(
            "The state is mirrored to its bucket while the job runs. The last pass failed, so that the newest "
            "checkpoint is not there; a job that ended well is failed for it, rather than lose it silently."
        ),
        do=(
            "The end of the message is the store's answer; explain it.",
            "The files are still in the job's folder on this machine: $SSM_HOME/jobs/JOB/algo-1/state.",
        ),
        also="checkpoint mirror state lost",
        page="local.md",
    ),
    Entry(
        word="model-archive",
        title="The model of a batch transform cannot be unpacked",
        ours=("ClientError: Failed to extract model data archive from URL …",),
        theirs=("Failed to extract model data archive",),
        means="A model's data is an archive that tar and gzip can read, of files below its own folder.",
        do=(
            "Pack it from inside its folder: tar -czf model.tar.gz -C FOLDER .",
            "A model of a job is packed rightly: its address is in ssm status.",
        ),
        also="transform model.tar.gz CreateModel ModelDataUrl archive",
        page="emulator.md",
    ),
    Entry(
        word="tuning-failed",
        title="Too many trainings of a tuning job failed",
        theirs=("No training job succeeded after 5 attempts",),
        means="A tuning job of SageMaker gives up where its first trainings all fail. The cause is in one of them.",
        do=("Look at a trial: ssm logs -p PROJECT -t TASK --trial 1.", "Try one by hand with ssm run first."),
        also="hyperparameter tuning attempts",
        page="tuning.md",
    ),
    Entry(
        word="warm-pool",
        title="A machine is kept warm, or was not",
        theirs=("for training warm pool usage", "WarmPoolStatus", "KeepAlivePeriodInSeconds"),
        means="--keep_alive_mins keeps the machines of a job for the next one, which then starts in seconds. They are "
        "billed while they wait. Without quota (0 in new accounts) there is no pool, and AWS does not say so.",
        do=(
            "Raise 'TYPE for training warm pool usage' in Service Quotas; it is not the training quota.",
            "The next job must have the same type, count, role, volume and network to get them.",
            "ssm cost shows what warm machines cost. Spot has no warm pools.",
        ),
        also="keep_alive_mins warm pool quota terminated",
        page="cost-and-spot.md",
        sources=(f"{_GUIDE}/train-warm-pools.html",),
    ),
)
