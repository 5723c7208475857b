"""Where the task runs: the machines, for how long, and the image on them."""

from __future__ import annotations

import re

from ..core.specs import Image, Instances
from ..errors import UsageError
from ..images.docker import dockerfile
from .parsed import Words, own_name

FRAMEWORKS = ("pytorch", "tensorflow", "sklearn", "xgboost", "huggingface")
LOCAL_TYPES = ("local", "local_gpu")
LONGEST_MINS = 28 * 24 * 60  # StoppingCondition.MaxRuntimeInSeconds goes up to 28 days
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html
LONGEST_PROCESSING_MINS, MOST_PROCESSING, LARGEST_PROCESSING_GB = 9 * 24 * 60, 100, 16384
KEPT_MINS = 60  # https://docs.aws.amazon.com/sagemaker/latest/dg/train-warm-pools.html
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
_REPOSITORY = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")
_AWS_TYPE = re.compile(r"ml\.[a-z][a-z0-9-]*\.[a-z0-9-]+")


def instances(words: Words) -> Instances:
    """The machines of the job. Raises UsageError for numbers that contradict each other."""
    spot, run_mins = _spot(words), _number(words, "max_run_mins", least=1)
    if run_mins > LONGEST_MINS:
        raise UsageError(f"--max_run_mins {run_mins}: a job can run for {LONGEST_MINS} minutes (28 days) at most.")
    return Instances(
        type=_instance_type(words),
        count=_number(words, "instance_count", least=1),
        volume_gb=_number(words, "volume_size", least=1),
        spot=spot,
        max_wait_mins=_wait_mins(words, spot=spot, run_mins=run_mins),
        max_run_mins=run_mins,
        keep_alive_mins=_keep_alive(words, spot=spot),
        retry_attempts=_number(words, "retry_attempts", least=0, most=MOST_RETRIES),
    )


def processing_instances(words: Words) -> Instances:
    """The machines of a processing job, which are never spot machines."""
    return Instances(
        type=_instance_type(words),
        count=_number(words, "instance_count", least=1, most=MOST_PROCESSING),
        volume_gb=_number(words, "volume_size", least=1, most=LARGEST_PROCESSING_GB),
        spot=False,
        max_run_mins=_number(words, "max_run_mins", least=1, most=LONGEST_PROCESSING_MINS),
    )


def _keep_alive(words: Words, *, spot: bool) -> int:
    minutes = _number(words, "keep_alive_mins", least=0, most=KEPT_MINS)
    if minutes and spot:
        raise UsageError(f"--keep_alive_mins {minutes}: spot machines cannot be kept. Add --no_spot, or drop it.")
    return minutes


def _instance_type(words: Words) -> str:
    flag, kind = words.flag("instance_type"), words.must("instance_type")
    if kind in LOCAL_TYPES or _AWS_TYPE.fullmatch(kind):
        return kind
    guess = f"Did you mean ml.{kind}? " if _AWS_TYPE.fullmatch(f"ml.{kind}") else ""
    raise UsageError(f"{flag} {kind!r} is no instance type.\n{guess}It is ml.FAMILY.SIZE, local or local_gpu.")


def _spot(words: Words) -> bool:
    if words.has("no_spot") and words.has("use_spot_instances"):
        raise UsageError("--no_spot and --use_spot_instances contradict each other: drop one.")
    return not words.has("no_spot")


def _wait_mins(words: Words, *, spot: bool, run_mins: int) -> int:
    wait_mins = _number(words, "max_wait_mins", least=0)
    if wait_mins and not spot:
        raise UsageError(f"--max_wait_mins {wait_mins}: only spot jobs wait for machines. Drop it, or --no_spot.")
    if wait_mins and wait_mins < run_mins:
        raise UsageError(
            f"--max_wait_mins {wait_mins} counts waiting and running together, so it cannot be less than "
            f"--max_run_mins {run_mins}.\nRaise the first or lower the second."
        )
    return wait_mins


def _number(words: Words, name: str, *, least: int, most: int | None = None) -> int:
    flag, word = words.flag(name), words.must(name)
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", word):
        raise UsageError(f"{flag} takes a whole number, not {word!r}.{own_name(flag, word)}")
    if int(word) < least:
        raise UsageError(f"{flag} {word} is too small: {least} is the least.")
    if most is not None and int(word) > most:
        raise UsageError(f"{flag} {word} is too much: {most} is the most.")
    return int(word)


def image(words: Words) -> Image:
    """The image to run in, or to build. Raises UsageError for a Dockerfile that is not there, or two ways at once."""
    docker_file = words.one("docker_file_path_or_content")
    if docker_file is not None:
        _check_docker_file(words.flag("docker_file_path_or_content"), docker_file)
    return Image(
        framework=_framework(words),
        framework_version=words.one("framework_version"),
        py_version=words.one("py_version"),
        docker_file=docker_file,
        aws_repo_name=_repository(words, "aws_repo_name"),
        repo_name=_repository(words, "repo_name"),
        image_tag=_tag(words),
        uri=_image_uri(words),
    )


def _repository(words: Words, option: str) -> str | None:
    name = words.one(option)
    if name is None or (_REPOSITORY.fullmatch(name) and 2 <= len(name) <= 256):
        return name
    raise UsageError(
        f"{words.flag(option)} {name!r} is no repository's name.\n"
        "Use 2 to 256 small letters and digits, with single dots, dashes, underscores and slashes between them."
    )


def _tag(words: Words) -> str:
    tag = words.must("image_tag")
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", tag):
        return tag
    raise UsageError(
        f"--image_tag {tag!r} is no image's tag.\nUse 1 to 128 letters, digits, dots, dashes and underscores; the "
        "first one is neither a dot nor a dash."
    )


def _image_uri(words: Words) -> str | None:
    """An image's address, which leaves nothing to choose or to build."""
    uri = words.one("image_uri")
    if uri is None:
        return None
    if not re.fullmatch(r"[!-~]+", uri) or "://" in uri:
        raise UsageError(f"--image_uri {uri!r} is no image's address, such as REGISTRY/NAME:TAG.")
    if len(uri) > _IMAGE_LIMIT:
        raise UsageError(f"--image_uri: an address of {len(uri)} characters; SageMaker takes at most {_IMAGE_LIMIT}.")
    others = [name for name in _CHOOSING if words.has(name)]
    if others:
        raise UsageError(f"--image_uri names the whole image, so {words.flag(others[0])} chooses nothing: drop one.")
    return uri


def _framework(words: Words) -> str:
    flag, name = words.flag("framework"), words.must("framework")
    if name in FRAMEWORKS:
        return name
    raise UsageError(f"{flag} {name!r}: ready-made are {', '.join(FRAMEWORKS)}.{own_name(flag, name)}")


def _check_docker_file(flag: str, word: str) -> None:
    """A folder with a Dockerfile, a file, or the text of one."""
    try:
        dockerfile.find(word)
    except UsageError as error:
        raise UsageError(f"{flag} {error}") from error
