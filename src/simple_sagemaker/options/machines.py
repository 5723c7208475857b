"""Where the task runs: the machines, for how long, and the image."""

from __future__ import annotations

import re

from ..core.instance_types import LOCAL_TYPES, is_local
from ..core.late_regex import compile_late
from ..core.specs import Image, Instances
from ..core.spelling import nearest
from ..errors import UsageError
from .arguments import Arguments
from .option import IMAGES, PROCESS

FRAMEWORKS = (
    *("pytorch", "tensorflow", "sklearn", "xgboost", "huggingface", "autogluon", "mxnet", "chainer", "pytorch-smp"),
    *("pytorch-training-compiler", "huggingface-training-compiler"),
    *("coach-mxnet", "coach-tensorflow", "ray-pytorch", "ray-tensorflow", "vw"),
)
PROCESSING_FRAMEWORKS = (*FRAMEWORKS, "spark", "clarify", "data-wrangler", "sagemaker-geospatial")
LONGEST_MINS = 28 * 24 * 60  # StoppingCondition.MaxRuntimeInSeconds goes up to 28 days
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
LONGEST_PROCESSING_MINS, MOST_PROCESSING, LARGEST_PROCESSING_GB = 9 * 24 * 60, 100, 16384
KEPT_MINS = 360  # ResourceConfig.KeepAlivePeriodInSeconds of the service's model goes up to 21,600 s
MOST_RETRIES = 30  # RetryStrategy.MaximumRetryAttempts
_IMAGE_LIMIT = 255  # AlgorithmSpecification.TrainingImage

# What chooses a ready-made image, or builds one.
_CHOOSING = (
    "framework",
    "framework_version",
    "py_version",
    "docker_file_path_or_content",
    "aws_repo_name",
    "repo_name",
    "image_tag",
)

# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
_REPOSITORY = compile_late(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
# REGISTRY:PORT/NAME:TAG@DIGEST, with or without the outer ones: https://pkg.go.dev/github.com/distribution/reference.
# No other characters: a "*" in a name would become one in the policy of the job's role.
_PART = r"[A-Za-z0-9]+(?:(?:\.|_{1,2}|-+)[A-Za-z0-9]+)*"
_IMAGE = compile_late(rf"{_PART}(?::[0-9]+(?=/))?(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@\w+:[0-9a-fA-F]+)?", re.ASCII)
_AWS_TYPE = compile_late(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9-]+")


def instances(arguments: Arguments) -> Instances:
    """The machines of the job. Raises UsageError for numbers that contradict each other."""
    spot, run_mins = _spot(arguments), arguments.number("max_run_mins", least=1)
    if run_mins > LONGEST_MINS:
        flag = arguments.flag("max_run_mins")
        raise UsageError(f"{flag} {run_mins}: a job can run for at most {LONGEST_MINS} minutes (28 days).")
    return Instances(
        type=instance_type(arguments),
        count=arguments.number("instance_count", least=1),
        volume_gb=arguments.number("volume_size", least=1),
        spot=spot,
        max_wait_mins=_wait_mins(arguments, spot=spot, run_mins=run_mins),
        max_run_mins=run_mins,
        keep_alive_mins=_keep_alive(arguments, spot=spot),
        retry_attempts=arguments.number("retry_attempts", least=0, most=MOST_RETRIES),
    )


def processing_instances(arguments: Arguments) -> Instances:
    """The machines of a processing job, which are never spot machines."""
    return Instances(
        type=instance_type(arguments),
        count=arguments.number("instance_count", least=1, most=MOST_PROCESSING),
        volume_gb=arguments.number("volume_size", least=1, most=LARGEST_PROCESSING_GB),
        spot=False,
        max_run_mins=arguments.number("max_run_mins", least=1, most=LONGEST_PROCESSING_MINS),
    )


def _keep_alive(arguments: Arguments, *, spot: bool) -> int:
    minutes = arguments.number("keep_alive_mins", least=0, most=KEPT_MINS)
    if minutes and spot:
        flag, on_demand = arguments.flag("keep_alive_mins"), arguments.flag("no_spot")
        raise UsageError(f"{flag} {minutes}: spot machines cannot be kept alive. Add {on_demand}, or drop it.")
    return minutes


def instance_type(arguments: Arguments) -> str:
    """The type of the machines. Raises UsageError for one that AWS does not have."""
    flag, kind = arguments.flag("instance_type"), arguments.required_text("instance_type")
    if is_local(kind) or kind == arguments.options["--instance_type"].default:
        return kind
    from ..core.aws_instance_types import is_known, nearest_types

    processing = arguments.command in PROCESS
    if is_known(kind, processing=processing):
        return kind
    near = [nearest(kind, LOCAL_TYPES)] if nearest(kind, LOCAL_TYPES) else nearest_types(kind, processing=processing)
    if not near and _AWS_TYPE.fullmatch(kind):
        return kind
    guess = f"Did you mean {' or '.join(filter(None, near))}? " if near else ""
    raise UsageError(f"{flag} {kind!r} is not an instance type.\n{guess}Use ml.FAMILY.SIZE, local or local_gpu.")


def _spot(arguments: Arguments) -> bool:
    on_demand, spot = arguments.has("no_spot"), arguments.has("use_spot_instances")
    if on_demand and spot:
        raise arguments.contradiction("no_spot", "use_spot_instances")
    return spot or not (on_demand or arguments.each("use_spot_instances"))


def _wait_mins(arguments: Arguments, *, spot: bool, run_mins: int) -> int:
    wait_mins = arguments.number("max_wait_mins", least=0)
    flag = arguments.flag("max_wait_mins")
    if wait_mins and not spot:
        on_demand = arguments.flag("no_spot")
        raise UsageError(f"{flag} {wait_mins}: only spot jobs wait for machines. Drop it or {on_demand}.")
    if wait_mins and wait_mins < run_mins:
        raise UsageError(
            f"{flag} {wait_mins} counts waiting and running together, so it cannot be less than "
            f"{arguments.flag('max_run_mins')} {run_mins}.\nRaise the first or lower the second."
        )
    return wait_mins


def image(arguments: Arguments) -> Image:
    """The image to run in, or to build. Raises UsageError for a missing Dockerfile or contradicting options."""
    docker_file = arguments.text("docker_file_path_or_content")
    if docker_file is not None:
        _check_docker_file(arguments.flag("docker_file_path_or_content"), docker_file)
    return Image(
        framework=framework_name(arguments),
        framework_version=arguments.text("framework_version"),
        py_version=arguments.text("py_version"),
        docker_file=docker_file,
        aws_repo_name=_repository(arguments, "aws_repo_name"),
        repo_name=_repository(arguments, "repo_name"),
        image_tag=_tag(arguments),
        uri=_image_uri(arguments),
        built_in=_built_in(arguments),
    )


def _built_in(arguments: Arguments) -> str | None:
    if not arguments.has("built_in"):
        return None
    from .built_in import built_in  # which few tasks have

    return built_in(arguments)


def _repository(arguments: Arguments, option: str) -> str | None:
    name = arguments.text(option)
    if name is None or (_REPOSITORY.fullmatch(name) and 2 <= len(name) <= 256):
        return name
    raise UsageError(
        f"{arguments.flag(option)} {name!r} is not a repository name.\n"
        "Use 2 to 256 lowercase letters and digits, with single dots, dashes, underscores and slashes between them."
    )


def _tag(arguments: Arguments) -> str:
    flag, tag = arguments.flag("image_tag"), arguments.required_text("image_tag")
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", tag):
        return tag
    raise UsageError(
        f"{flag} {tag!r} is not an image tag.\nUse 1 to 128 letters, digits, dots, dashes and underscores; do not "
        "begin with a dot or dash."
    )


def _image_uri(arguments: Arguments) -> str | None:
    """The address of a whole image, with which nothing is chosen or built."""
    uri, flag = arguments.text("image_uri"), arguments.flag("image_uri")
    if uri is None:
        return None
    if not _IMAGE.fullmatch(uri):
        raise UsageError(f"{flag} {uri!r} is not an image address, such as REGISTRY/NAME:TAG.")
    if len(uri) > _IMAGE_LIMIT:
        raise UsageError(f"{flag}: an address of {len(uri)} characters; SageMaker takes at most {_IMAGE_LIMIT}.")
    others = [name for name in _CHOOSING if arguments.has(name)]
    if others:
        raise UsageError(f"{flag} names the whole image, so {arguments.flag(others[0])} has no effect: drop one.")
    return uri


_OTHER_NAMES = {
    **dict.fromkeys(("torch", "pt"), "pytorch"),
    **dict.fromkeys(("tf", "keras"), "tensorflow"),
    **dict.fromkeys(("scikit-learn", "scikit_learn", "scikit", "sk-learn"), "sklearn"),
    **dict.fromkeys(("hf", "hugging-face", "hugging_face", "transformers"), "huggingface"),
    "xgb": "xgboost",
    **dict.fromkeys(("pyspark", "apache-spark"), "spark"),
    **dict.fromkeys(("pytorch-neuron", "pytorch-neuronx", "pytorch-amzn2023"), "pytorch"),
    **dict.fromkeys(("huggingface-neuron", "huggingface-neuronx"), "huggingface"),
    **dict.fromkeys(("smp", "smdistributed-modelparallel"), "pytorch-smp"),
}


def framework_name(arguments: Arguments) -> str:
    """The framework that was named, one whose images the command can use. Raises UsageError."""
    flag, name = arguments.flag("framework"), arguments.required_text("framework")
    known = PROCESSING_FRAMEWORKS if arguments.command in PROCESS + IMAGES else FRAMEWORKS
    if name in known:
        return name
    if name in PROCESSING_FRAMEWORKS:
        raise UsageError(f"{flag} {name}: AWS publishes its images for processing jobs alone: use 'ssm process'.")
    near = _OTHER_NAMES.get(name.lower()) or nearest(name, known)
    raise UsageError(
        f"{flag} {name!r}: ready-made images are {', '.join(known)}."
        f"{f' Did you mean {near}?' if near else ''}{arguments.advice(flag, name)}"
    )


def _check_docker_file(flag: str, text: str) -> None:
    """Check that the text is a folder with a Dockerfile, a Dockerfile, or the content of one."""
    from ..images.docker import dockerfile

    try:
        dockerfile.find(text)
    except UsageError as error:
        raise UsageError(f"{flag} {error}") from error
