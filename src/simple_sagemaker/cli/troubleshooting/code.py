"""The code failed: what ended it, and what it did not find."""

from __future__ import annotations

from .entry import Entry

TITLE = "The code failed"
_TOOLKIT = "https://github.com/aws/sagemaker-training-toolkit"
ENTRIES = (
    Entry(
        word="code-failed",
        title="The code ended with another exit status than 0",
        ours=(
            "AlgorithmError: …",
            "ExecuteUserScriptError: ExitCode …",
            "AlgorithmError: See job logs for more information",
        ),
        theirs=("ExecuteUserScriptError", "AlgorithmError: , exit code: …", "Process completed with exit code …"),
        means="The first host whose code fails, fails the job. Its exit status and last lines are in the reason, which "
        "SageMaker cuts to 1,024 characters. A processing job's reason never says more than 'See job logs'.",
        do=(
            "Read the end of the log: ssm logs -p PROJECT -t TASK --tail 50.",
            "Try the same here: add --it local, which keeps the exact arguments and folders.",
            "Look inside while it runs: ssm exec -p PROJECT -t TASK.",
            "A reason of your own: write it to /opt/ml/output/failure.",
        ),
        also="traceback exception exit code script error AlgorithmError",
        page="worker.md",
        sources=(
            "https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-signal-success-failure.html",
        ),
        is_plain=True,
    ),
    Entry(
        word="out-of-memory",
        title="The machine had no memory left",
        statuses=(137,),
        ours=("killed by signal 9 (SIGKILL, often out of memory)", "OutOfMemory: Process killed by SIGKILL (signal 9)"),
        theirs=(
            "MemoryError",
            "Cannot allocate memory",
            "Out of memory: Killed process …",
            "DefaultCPUAllocator: can't",
        ),
        means=(
            "137 is 128 and SIGKILL's number 9: as a rule the kernel killed the code because memory had run "
            "out. Nothing can be printed by then, so the log often ends in the middle. A job that is stopped "
            "and does not end in 120 seconds is killed in the same way."
        ),
        do=(
            "Take a machine with more memory (--it ml.m5.4xlarge, ml.r5.2xlarge), or more of them (--ic 2).",
            "Load less at once: smaller batches, fewer DataLoader workers, chunks instead of a whole file.",
            "A rule says it while it can still be read: --warn_if 'mem > 90%', or --fail_if.",
        ),
        also="oom killed sigkill exit code 137 ram",
        page="rules.md",
    ),
    Entry(
        word="gpu-memory",
        title="The GPU had no memory left",
        theirs=(
            "CUDA out of memory",
            "torch.OutOfMemoryError",
            "torch.cuda.OutOfMemoryError",
            "CUBLAS_STATUS_ALLOC_FAILED",
            "RESOURCE_EXHAUSTED: OOM when allocating tensor",
        ),
        means=(
            "What the model, its gradients, the optimizer and a batch take does not fit into the memory of one "
            "GPU. The machine's own memory has nothing to do with it."
        ),
        do=(
            "Halve the batch and accumulate gradients over two.",
            "Use mixed precision, or recompute activations (gradient checkpointing).",
            "Take a GPU with more memory: g4dn has 16 GB, g5 and g6 24, p4d 40, p5 80.",
            "On several GPUs shard the model (FSDP, DeepSpeed): copies of it do not make it smaller.",
        ),
        also="cuda oom vram gpu memory",
        sources=("https://aws.amazon.com/ec2/instance-types/",),
    ),
    Entry(
        word="shared-memory",
        title="/dev/shm is full",
        statuses=(135,),
        ours=("killed by signal 7 (SIGBUS, often a full /dev/shm)",),
        theirs=("Bus error", "workers are out of shared memory", "No space left on device: '/dev/shm…"),
        means=(
            "135 is 128 and SIGBUS. Workers of a DataLoader hand batches over in /dev/shm, and there is no "
            "room. Docker gives a container 64 MB of it unless told otherwise."
        ),
        do=(
            "Fewer workers: num_workers=0 needs none of it.",
            "PyTorch can use files: torch.multiprocessing.set_sharing_strategy('file_system').",
        ),
        also="shm bus error dataloader num_workers",
        sources=("https://docs.docker.com/reference/cli/docker/container/run/",),
    ),
    Entry(
        word="segmentation-fault",
        title="A program or library crashed",
        statuses=(139,),
        ours=("killed by signal 11 (SIGSEGV, a segmentation fault)",),
        theirs=("Segmentation fault",),
        means=(
            "139 is 128 and SIGSEGV: compiled code touched memory that it may not. Python's own code does not "
            "do that; a library does, often because two of them do not fit together."
        ),
        do=(
            "See where: --job_env PYTHONFAULTHANDLER 1 prints Python's stack at the crash.",
            "Install the versions that the image was made for: ssm images lists them.",
        ),
        also="sigsegv crash core dumped exit code 139",
    ),
    Entry(
        word="illegal-instruction",
        title="The processor lacks an instruction",
        statuses=(132,),
        ours=("killed by signal 4 (SIGILL, an instruction that the processor lacks)",),
        theirs=("Illegal instruction", "qemu: uncaught target signal 4"),
        means="132 is 128 and SIGILL: a library was compiled for a newer processor than the machine's, or an image for "
        "another kind runs under an emulator.",
        do=(
            "Take a newer machine type, or an older build of the library.",
            "Build the image for the machine: --df with a base of its platform.",
        ),
        also="sigill avx exit code 132",
    ),
    Entry(
        word="sigterm",
        title="The code was told to end",
        statuses=(143,),
        ours=("killed by signal 15 (SIGTERM)",),
        theirs=("SignalException: Process … got signal: 15",),
        means=(
            "143 is 128 and SIGTERM: the job was stopped or ran out of time, its spot machine was taken back, "
            "or another host failed, which ends all. The reason of the job says which."
        ),
        do=(
            "Look at the job's phases: ssm status -p PROJECT -t TASK.",
            "Save at SIGTERM: you have up to 120 seconds, and what lies in $SSM_STATE is kept.",
        ),
        also="signal 15 sigterm terminated exit code 143",
        page="concepts.md",
    ),
    Entry(
        word="command-not-found",
        title="A program is not there, or may not be run",
        statuses=(126, 127),
        ours=("There is no program … on the PATH of the job.", "The job names no program to run."),
        theirs=(
            "command not found",
            "bad interpreter",
            "ExitCode 126",
            "ExitCode 127",
            "Syntax error: word",
        ),
        means="127 is a shell's status for a program that is not on PATH; 126 for one that is no program or may not be "
        "run. A job has the PATH of its image or of this machine, not that of your shell.",
        do=(
            "On AWS add the program to the image: --df 'RUN apt-get update && apt-get install -y …'.",
            "For a script: chmod +x, and a first line such as #!/bin/bash with Unix line ends.",
            "A Python script without .py is run by a shell: rename it, or begin it with #!/usr/bin/env python3.",
        ),
        also="path program executable shell permission denied exit code 127 126",
        page="images.md",
    ),
    Entry(
        word="module",
        title="A Python module is not installed where the job ran",
        ours=("There is no module … where the job ran: …",),
        theirs=("ModuleNotFoundError: No module named …", "ImportError: cannot import name …"),
        means=(
            "A job has the packages of its image, on this machine those of $SSM_PYTHON or the active "
            "environment, and what its requirements add. Modules of your own have to be packed with the code."
        ),
        do=(
            "A package: -d requirements.txt, or list it in the script's own header (# /// script).",
            "A module of yours: --source_dir FOLDER, or -d FOLDER for one beside the script.",
            "A package that is hard to build: --df 'RUN pip install …' builds an image that has it.",
            "ssm run … --dry_run lists the files that are packed.",
        ),
        also="import modulenotfounderror package pip missing",
        page="worker.md",
        is_plain=True,
    ),
    Entry(
        word="requirements",
        title="pip could not install the requirements",
        ours=("… cannot be installed", "… (exit status …): …", "Python has no pip, and none came with it"),
        theirs=(
            "Could not find a version that satisfies the requirement …",
            "No matching distribution found for …",
            "ResolutionImpossible",
            "InstallRequirementsError",
            "Failed building wheel for …",
            "command 'gcc' failed",
        ),
        means=(
            "pip ran in the job before the code and failed; its last lines are in the reason. Common causes: a "
            "version that does not exist for the image's Python, no way to the package index from the job, or a "
            "package that has to be compiled where there is no compiler."
        ),
        do=(
            "Try the same Python: ssm images NAME shows which one an image has.",
            (
                "In a private network or with network isolation give the job a mirror: --job_env PIP_INDEX_URL URL, "
                "or build an image with the packages (--df)."
            ),
            "A package that must be compiled: take a version with a wheel, or build it into an image.",
        ),
        also="pip install requirements.txt package index pypi wheel",
        page="worker.md",
        sources=(_TOOLKIT,),
    ),
    Entry(
        word="hashes",
        title="A package is not the one that was locked",
        theirs=("THESE PACKAGES DO NOT MATCH THE HASHES", "Hashes are required in --require-hashes mode"),
        means=(
            "A lock file pins each file by its hash, and the index has another file under that name, or the "
            "lock names no hash for a package that is needed."
        ),
        do=(
            "Lock again (uv lock, pip lock) and look at what changed before you trust it.",
            "A private index must have the same files as the one that was locked against.",
        ),
        also="hash sha256 lock uv.lock pylock",
        page="worker.md",
    ),
    Entry(
        word="lock-python",
        title="The lock file is for another Python than the job's",
        ours=("… is for Python …, and this job has Python …",),
        theirs=("requires a different Python",),
        means="What is pinned was chosen for other versions of Python than the image, or this machine, has.",
        do=(
            "Choose an image with that Python: --py_version, --framework_version; ssm images lists them.",
            "Or lock for the job's Python (requires-python in pyproject.toml).",
        ),
        also="uv.lock pylock.toml py_version",
        page="worker.md",
        is_plain=True,
    ),
)
