"""Every S3 key and every path inside a job, defined once and with its source.

The paths under ``/opt/ml`` are SageMaker's:
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

from __future__ import annotations

from .late_regex import compile_late
from .records import dataclass, replace

BASE = "/opt/ml"
STATE = "/state"  # ours: CheckpointConfig.LocalPath of every training job
TENSORBOARD = "/opt/ml/output/tensorboard"  # TensorBoardOutputConfig.LocalPath
TENSORBOARD_UPLOADS = "tensorboard-output"  # the folder of a job to which SageMaker uploads what is written there
CODE = "/opt/ml/code"
CHANNELS = "/opt/ml/input/data"  # a folder for each channel

# Of processing jobs, whose paths the request chooses; all of it below the folder that SageMaker keeps for them.
# https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html
PROCESSING = "/opt/ml/processing"
PROCESSING_STATE = f"{PROCESSING}/state"
PROCESSING_OUTPUT = f"{PROCESSING}/output"
PROCESSING_MODEL = f"{PROCESSING}/model"
PROCESSING_OUTPUTS = {"state": PROCESSING_STATE, "output": PROCESSING_OUTPUT, "model": PROCESSING_MODEL}
EARLIER_STATE = "state_prev"  # hidden: brings the state of earlier jobs, which an output does not do

PROJECT_TAG = "SimpleSagemakerProject"  # the tags of every job, with the full names
TASK_TAG = "SimpleSagemakerTask"
MLFLOW_VARIABLE = "SSM_MLFLOW"  # of a job's environment: "local" where its runs are kept by the engine of this machine

SOURCE_CHANNEL = "ssm_source"  # hidden: brings start.sh and the packed code into the job
START = f"/opt/ml/input/data/{SOURCE_CHANNEL}/start.sh"
TARBALL = "sourcedir.tar.gz"
RUN_FILE = "run.json"
PROCESSING_START = f"{PROCESSING}/input/{SOURCE_CHANNEL}/start.sh"
SUBMITTED = f"/opt/ml/input/data/{SOURCE_CHANNEL}/{TARBALL}"  # where the packed code is in a job cut off from S3
LAUNCHER = "launcher.py"

STUDY = "study"  # of a task that is searched: its folder, and in the place of a job's name where its code lies
_TRIAL = compile_late(r"trials/(\d{3,})/")
_TRIAL_OF_TUNING_JOB = compile_late(r"-(\d{3,})-[0-9a-f]{8}$")  # as SageMaker names them


def processing_input(name: str) -> str:
    """Where a processing job has the input of that name, unless another path was chosen for it."""
    return f"{PROCESSING}/input/data/{name}"


def uri(bucket: str, key: str = "") -> str:
    """The one form of address: ``s3://bucket/key``."""
    return f"s3://{bucket}/{key}"


def split_uri(address: str) -> tuple[str, str]:
    """The bucket and key of an ``s3://bucket/key`` address; the key may be empty. Raises ValueError otherwise."""
    scheme, separator, rest = address.partition("://")
    bucket, _, key = rest.partition("/")
    if scheme != "s3" or not separator or not bucket:
        raise ValueError(f"not an s3://bucket/key address: {address!r}")
    return bucket, key


def is_directory_bucket(bucket: str) -> bool:
    """Whether a bucket is, by its name, one of S3's directory buckets, whose listings have no order.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/directory-bucket-naming-rules.html
    """
    return bucket.endswith("--x-s3")


@dataclass(frozen=True, kw_only=True)
class TaskPlace:
    """The location of a task's data: bucket, prefix, project and task together name it.

    ``prefix`` is joined as typed: ``x/`` makes a folder, ``x`` begins the project's name.
    """

    bucket: str
    project: str
    task: str
    prefix: str = ""

    @property
    def folder(self) -> str:
        """The key of the task's folder, ending in ``/``."""
        return f"{self.prefix}{self.project}/{self.task}/"

    @property
    def project_folder(self) -> str:
        """The key of the project's folder, ending in ``/``."""
        return f"{self.prefix}{self.project}/"

    @property
    def claim(self) -> str:
        """The key of the object that says which command may start a job of the task."""
        return f"{self.folder}claim.json"

    @property
    def state(self) -> str:
        """The key prefix of the state, shared by all jobs of the task."""
        return f"{self.folder}state/"

    @property
    def input(self) -> str:
        """The key prefix of the mirror of ``-i``, shared by all jobs of the task."""
        return f"{self.folder}input/"

    def named_input(self, channel: str) -> str:
        """The key prefix of the mirror of a local channel beside ``-i``'s, shared by all jobs of the task."""
        return f"{self.folder}inputs/{channel}/"

    def source(self, job: str) -> str:
        """The key prefix of one job's packed code."""
        return f"{self.folder}{job}/source/"

    def model(self, job: str) -> str:
        """The key prefix of a local ``--model_uri``, sent for one job."""
        return f"{self.folder}{job}/model/"

    def output(self, job: str) -> str:
        """The key prefix of one job's ``model.tar.gz`` and ``output.tar.gz``, or of its folders of these names."""
        return f"{self.folder}{job}/output/"

    @property
    def study(self) -> str:
        """The key prefix of a search over the task's hyperparameters; its code lies there as if of a job ``study``."""
        return f"{self.folder}{STUDY}/"

    @property
    def best_trial(self) -> str:
        """The key of the object that names the best trial of that search so far, and its job."""
        return f"{self.study}best.json"

    @property
    def trials(self) -> str:
        """The key prefix of the trials of that search."""
        return f"{self.folder}trials/"

    def trial(self, number: int) -> TaskPlace:
        """The place of a trial of that search, counted from 1: like that of a task, with a state of its own."""
        return replace(self, task=f"{self.task}/trials/{number:03}")

    @property
    def trial_number(self) -> int | None:
        """The number of the trial whose place this is; None for a task's own place."""
        return trial_number(f"{self.task.partition('/')[2]}/")


def tuning_trial(job: str) -> int | None:
    """The number of the trial whose job a tuning job of SageMaker gave this name; None for another name."""
    match = _TRIAL_OF_TUNING_JOB.search(job)
    return int(match.group(1)) if match else None


def trial_number(key: str) -> int | None:
    """The number of the trial that a key, given from the task's folder on, belongs to; None if it is of none."""
    match = _TRIAL.match(key)
    return int(match.group(1)) if match else None
