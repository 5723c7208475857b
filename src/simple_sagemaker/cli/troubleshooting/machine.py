"""This machine: its engine, its isolation, its disk."""

from __future__ import annotations

from .entry import Entry

TITLE = "This machine"
ENTRIES = (
    Entry(
        word="engine",
        title="The chosen engine cannot run here",
        statuses=(6,),
        ours=(
            "Jobs on this machine need Linux or macOS.",
            "This engine has no remote debugging.",
            "…: this machine has nothing for it. Run on AWS, or leave it out here.",
            "SSM_ENGINE=… is not an engine.",
        ),
        means=(
            "SSM_ENGINE or --it local chose an engine that this system does not have, or that cannot do what was asked."
        ),
        do=(
            "On Windows run ssm in WSL, or on AWS: ssm itself works there.",
            "What engines cannot do: docs/local.md and docs/docker.md end with tables of differences.",
        ),
        also="windows wsl local docker SSM_ENGINE unavailable",
        page="local.md",
    ),
    Entry(
        word="supervisor",
        title="The supervisor of a job on this machine was killed",
        ours=(
            "InternalServerError: the supervisor of this job ended before the job did …",
            "The job could not be started: …",
            "The tuning job could not be started: …",
            "InternalServerError: the job could not be started: …",
            "the supervisor of the job ended …",
        ),
        theirs=("SupervisorFailed",),
        means=(
            "Each job here has a small process that outlives the command. It was killed (kill -9, no memory, a "
            "restart of the machine, the end of a container or a login session), and all of the job's processes "
            "died with it. State that was mirrored before is kept."
        ),
        do=(
            "Run the same command again: it goes on from the state.",
            "Read supervisor.log in the job's folder ($SSM_HOME/jobs/JOB).",
            "Over SSH: loginctl enable-linger, or systemd-run --user --scope, lets processes outlive the session.",
            "Out of memory: dmesg | grep -i kill says so.",
        ),
        also="killed supervisor reboot restart kill -9 oom logout",
        page="concepts.md",
    ),
    Entry(
        word="isolation",
        title="Namespaces or bubblewrap do not work here",
        ours=("SSM_ISOLATION=… is none of …",),
        theirs=(
            "unshare: Operation not permitted",
            "bwrap: No permissions to create new namespace",
            "bwrap: setting up uid map: Permission denied",
            "Operation not permitted: unshare",
        ),
        means=(
            "The kernel, a container or AppArmor does not let this user make namespaces. Without SSM_ISOLATION "
            "ssm falls back to plain processes, where /opt/ml and /state are elsewhere and hosts have no names."
        ),
        do=(
            "Ubuntu 24.04 and newer: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or run as root.",
            "Debian, older: sudo sysctl -w kernel.unprivileged_userns_clone=1.",
            "In a container: docker run --security-opt seccomp=unconfined, or --cap-add SYS_ADMIN.",
            "Or accept plain processes: SSM_ISOLATION=plain, and use SageMaker's variables for paths.",
        ),
        also="namespace userns sandbox unshare apparmor seccomp bwrap bubblewrap plain",
        page="local.md",
        sources=("https://ubuntu.com/blog/ubuntu-23-10-restricted-unprivileged-user-namespaces",),
    ),
    Entry(
        word="python",
        title="The Python of jobs is missing or none",
        ours=("… does not answer as a Python 3.6 or newer: …", "SSM_PYTHON=… is not an executable file."),
        means=(
            "On this machine a job runs with $SSM_PYTHON, else the active environment's Python, else python3. "
            "The one that was named is not there, or does not start."
        ),
        do=(
            "SSM_PYTHON=/path/to/python, one that starts and is 3.6 or newer.",
            "unset SSM_PYTHON takes the active one.",
        ),
        also="interpreter SSM_PYTHON venv conda",
        page="local.md",
    ),
    Entry(
        word="files",
        title="A file or folder cannot be read or written, or the disk is full",
        ours=(
            "Free some space (ssm home --clean), or use another disk: SSM_HOME names the home of jobs, …",
            "Choose a folder that can be written; SSM_HOME names the home of jobs.",
            "Check that it exists, that you may read and write it, and that its disk has room …",
            "The output cannot be written: …",
        ),
        theirs=("Read-only file system",),
        means="The system refused a file operation of the ssm command itself. The first line names the path "
        "where it is known; a disk that is full has none.",
        do=(
            "df -h shows which disk is full. ssm home shows what jobs keep, ssm home --clean deletes caches.",
            "Another place for everything: SSM_HOME=/big/disk/ssm. For temporary files: TMPDIR.",
            "A home that root used once: sudo chown -R $USER ~/.local/share/simple-sagemaker.",
        ),
        also="permission enospc erofs read-only full disk oserror",
        page="local.md",
    ),
    Entry(
        word="open-files",
        title="Too many files are open",
        ours=("Allow more open files (ulimit -n), and run it again.", "The limit of open files of … is reached …"),
        theirs=("Too many open files", "[Errno 24]"),
        means="A process may have a number of files open, on macOS 256 unless told otherwise.",
        do=("ulimit -n 4096, in the shell that runs ssm.",),
        also="emfile ulimit errno 24",
        is_plain=True,
    ),
    Entry(
        word="damaged-job",
        title="A job's folder on this machine is damaged",
        ours=("… is no JSON: …", "… has something else where a text belongs", "… has a tag without a text for Key"),
        theirs=("DamagedJob",),
        means=(
            "A file in the job's folder is not what the engine wrote: edited by hand, or torn when a disk was "
            "full. Lists leave the job out; what it wrote to its bucket is not touched."
        ),
        do=("Delete the folder that the message names: rm -r $SSM_HOME/jobs/JOB.",),
        also="journal json damaged corrupt folder",
        page="local.md",
    ),
    Entry(
        word="metric-slow",
        title="A regular expression of a metric takes too long",
        ours=("is not looked for any more",),
        means=(
            "An expression that computed for half a second on one line is dropped for the rest of the job, with "
            "a line in the log: it would hold the job up."
        ),
        do=("Nest no repetitions: (\\S+) instead of (.+)+. Begin with fixed text: loss=(\\S+).",),
        also="regex metric definition slow catastrophic backtracking",
        page="metrics.md",
    ),
    Entry(
        word="emulator",
        title="The emulator cannot start, or does not answer",
        ours=(
            "The emulator needs moto's server, version 5.2.5 or newer.",
            "The emulator runs jobs as processes, which needs Linux or macOS.",
            "The emulator needs Linux or macOS.",
            "The emulator cannot listen on …, port …: ….",
            "The emulator did not start; what it said is above.",
            "The emulator does not answer: …",
            "The emulator: …",
            "The port … is taken.",
            "Another emulator has the home ….",
            "This process has an emulator already.",
        ),
        theirs=("Address already in use",),
        means=(
            "One emulator serves on a port, with a home of its own; and there is one in a process, because moto "
            "and the environment are the process's."
        ),
        do=(
            "pip install 'simple-sagemaker[emulator]', or from the clone pip install '.[emulator]'.",
            "Another port: --port 0 takes a free one. Another home: --home FOLDER.",
            "Which process has it: ss -ltnp on Linux, lsof -i on macOS.",
        ),
        also="moto port listen address already in use home testing",
        page="emulator.md",
    ),
)
