"""The code could not be started: what was packed, the launcher, several hosts."""

from __future__ import annotations

from .entry import Entry

TITLE = "The code could not be started"
ENTRIES = (
    Entry(
        word="entry-point",
        title="The script is not among the files of the job",
        ours=(
            "The entry point … is not among the files of the job's code.",
            "The entry point … is not a path inside the job's code.",
            "The job names neither a file nor a command to run.",
            "The job names no program: …",
            "… is not in …. Name a file at the root of the archive.",
            "… is left out of the code, so nothing could run it.",
            "… Name the file to run; its folder, if any, with …",
            "…: there is no such file in …. Name a file inside that folder.",
        ),
        theirs=("can't open file …: [Errno 2] No such file or directory",),
        means=(
            "The name after -e is looked for at the root of what was packed. With --source_dir it is relative "
            "to that folder; an archive on S3 must have it at its root."
        ),
        do=(
            "ssm run … --dry_run lists the files that are packed.",
            "A file may be left out: by .ssmignore, or because it looks like a secret. The list says so.",
        ),
        also="script file entry_point source_dir packed ssmignore",
        page="packing.md",
    ),
    Entry(
        word="packed-code",
        title="The packed code cannot be unpacked",
        ours=(
            "the packed code cannot be unpacked: …",
            "the packed code holds …",
            "… was not unpacked: …",
            "the name … leads outside",
            "… is no file, folder or link",
            "the link … leads to …, which is outside",
            "the link … leads outside",
        ),
        theirs=("not a gzip file", "tarfile.ReadError", "unexpected end of data"),
        means=(
            "An archive is damaged or holds something that leads out of the folder it is unpacked to: a name "
            "with .., an absolute path, a link to elsewhere, a device. Nothing of it was kept."
        ),
        do=(
            "Make it again: tar -czf code.tar.gz -C FOLDER .",
            "An archive of a job (model.tar.gz): look at it with tar -tvf before you unpack it yourself.",
        ),
        also="tar archive unsafe sourcedir.tar.gz model.tar.gz UnsafeArchive",
        page="packing.md",
    ),
    Entry(
        word="launcher",
        title="The launcher cannot read the job, or its Python does not start",
        ours=(
            "The job's file … cannot be read: …",
            "The job's file … is not JSON: …",
            "The job's file … holds no JSON object.",
            "The job's interpreter … does not start.",
            "SSM_ENVIRONMENTS is set, but the job's interpreter has no prefix of its own to change.",
            "AlgorithmError: Framework Error: …",
            "The image has no Python of version 3.6 or newer on PATH or in the usual places.",
            "SSM_PYTHON names …, which is not a program of this machine.",
        ),
        theirs=("Framework Error", "python3: not found"),
        means=(
            "Before your code runs, our launcher reads the job's configuration below /opt/ml/input/config and "
            "finds a Python. One of the two is not as SageMaker makes it: as a rule because of an image's own "
            "start-up."
        ),
        do=(
            "An image of your own needs Python 3.6 or newer, as python3 or python on PATH.",
            "Leave ENTRYPOINT of the image alone, or run its own program: --image_uri without -e.",
            "On this machine: SSM_PYTHON names a Python that starts.",
        ),
        also="interpreter python entrypoint image config json",
        page="launch.md",
    ),
    Entry(
        word="hosts",
        title="The hosts of a job do not find each other",
        ours=("These hosts of the job cannot be found by name: …",),
        theirs=("gaierror", "Temporary failure in name resolution"),
        means=(
            "With several hosts, each waits until the names algo-1, algo-2 … have addresses. Some had none in "
            "time: a security group of your own that keeps hosts apart, or a host that never started."
        ),
        do=(
            "A security group of yours must allow all traffic from itself (--vpc_security_groups).",
            "Look at each host: ssm logs -p PROJECT -t TASK --host 2.",
        ),
        also="dns algo-1 algo-2 multi-host cluster security group",
        page="security.md",
        sources=("https://docs.aws.amazon.com/sagemaker/latest/dg/train-vpc.html",),
    ),
    Entry(
        word="distribution",
        title="This way of starting many processes needs AWS's own images",
        ours=(
            "The distribution … needs the runners of AWS's own images; only … is started here.",
            "torch_distributed starts a .py program, not ….",
            "pytorchxla calls the function _mp_fn of …, which has none.",
            "… is started by programs inside AWS's images, and this machine has none.",
        ),
        means=(
            "MPI, the parameter server and smdistributed are started by programs that only AWS's images have. "
            "torchrun is started by our launcher anywhere."
        ),
        do=(
            'For PyTorch: --distribution \'{"torch_distributed": {"enabled": true}}\', which works here and on AWS.',
            "For the others take the framework's own image on AWS: they then start by AWS's toolkit.",
        ),
        also="mpi mpirun smdistributed torchrun horovod parameter_server ddp",
        page="launch.md",
    ),
    Entry(
        word="rendezvous",
        title="Processes of distributed training do not meet, or wait for ever",
        theirs=(
            "NCCL error",
            "ncclSystemError",
            "ncclRemoteError",
            "ncclInternalError",
            "Watchdog caught collective operation timeout",
            "The server socket has failed to listen",
            "EADDRINUSE",
            "RendezvousConnectionError",
            "DistNetworkError",
        ),
        means=(
            "One process has left or failed, so that the others wait for it until they give up; or the address "
            "to meet at is wrong. The first host that failed has the cause, the others only its consequence."
        ),
        do=(
            "Look for the first failure: ssm logs -p PROJECT -t TASK --grep 'Error|Traceback' --times.",
            "Use MASTER_ADDR and MASTER_PORT as the job has them; do not fix a port yourself.",
            "All hosts must take the same number of steps: check the last, smaller batch.",
            "More words from NCCL: --job_env NCCL_DEBUG INFO.",
        ),
        also="nccl gloo torch distributed timeout hang master_port",
        page="launch.md",
        sources=("https://pytorch.org/docs/stable/elastic/run.html",),
    ),
    Entry(
        word="cuda-driver",
        title="The GPU code is for another driver or another GPU",
        theirs=(
            "CUDA driver version is insufficient for CUDA runtime version",
            "no kernel image is available for execution on the device",
            "Found no NVIDIA driver on your system",
            "Torch not compiled with CUDA enabled",
            "CUDA error: invalid device ordinal",
        ),
        means=(
            "The libraries in the image were built for another CUDA than the machine's driver allows, for "
            "another GPU, for none at all; or the machine has no GPU."
        ),
        do=(
            "Take a machine with a GPU (--it ml.g5.xlarge) and a framework's GPU image: it follows from the type.",
            "In requirements.txt, leave torch and tensorflow out: they would replace the image's own build.",
        ),
        also="gpu cuda nvidia torch driver",
        page="images.md",
    ),
    Entry(
        word="argument",
        title="An argument is too long, or cannot be passed to a program",
        ours=(
            "Argument … has … bytes; the system allows 131,071 at most.",
            "Argument … holds a NUL character, which cannot be passed to a program.",
        ),
        theirs=("Argument list too long",),
        means="Linux passes no single argument of 128 KiB or more to a program, and none with a NUL character.",
        do=("Put the value into a file and give it to the job: --input_local NAME FILE, or -d FILE.",),
        also="hyperparameter long E2BIG",
        page="worker.md",
        is_plain=True,
    ),
    Entry(
        word="paths",
        title="The code looks for /opt/ml or /state where they are elsewhere",
        ours=("WARNING: … mention /opt/ml or /state, but this job's folders are below …",),
        theirs=("No such file or directory: '/opt/ml/…", "No such file or directory: '/state…"),
        means=(
            "As plain processes on this machine (SSM_ISOLATION=plain, always on macOS) a job cannot have "
            "folders at the root of the file system. SageMaker's variables name them wherever they are. Everywhere "
            "else the job has these folders, and lacks what the path names below them: a channel that it was not "
            "given, or a file of one."
        ),
        do=(
            "Use SM_MODEL_DIR, SM_CHANNEL_…, SSM_STATE and so on, or WorkerConfig: they are right on every engine.",
            "Or run in namespaces or containers: SSM_ISOLATION=namespaces, SSM_ENGINE=docker.",
            "A channel that is missing: -i and --iis give the job its inputs; ssm status shows which it had.",
        ),
        also="no such file or directory opt/ml state folder hard-coded plain macos",
        page="worker.md",
    ),
    Entry(
        word="message-file",
        title="A processing job's message is not text",
        ours=("ClientError: …/output/message is not UTF-8",),
        means="SageMaker reads /opt/ml/output/message at the end of a processing job and wants UTF-8.",
        do=("Write the file with encoding='utf-8', at most 1 KB, or not at all.",),
        also="exit message utf-8 processing",
        page="processing.md",
        is_plain=True,
    ),
)
