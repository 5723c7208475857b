"""What the environment says about this machine's engine: where it keeps things, and how it runs jobs.

Read by ``choose`` alone. Jobs run as processes, or with ``SSM_ENGINE=docker`` (or ``SSM_ISOLATION=docker``)
as containers; their data lies in folders of this machine, or on S3.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import EngineUnavailable, UsageError
from .home_folder import home_path

if TYPE_CHECKING:
    from ..core.specs import Place
    from ..local.job.home import Home, Settings

# What a command that runs containers needs to find its engine; nothing of it is a secret.
_ENGINE_PREFIXES = ("DOCKER_", "CONTAINER_", "CONTAINERS_", "BUILDAH_", "PODMAN_", "NERDCTL_", "LIMA_")
_ENGINE_VARIABLES = ("PATH", "HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "TMPDIR", "USER")
# What boto3 needs to find the caller's credentials; it reaches the supervisor's memory, never a file or a job.
_CREDENTIALS = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_DEFAULT_PROFILE",
)
# What we read, and a person sets.
_OURS = (
    *("SSM_DOCKER", "SSM_DOCKER_BUILD", "SSM_ENGINE", "SSM_HOME", "SSM_ISOLATION", "SSM_LOG_LIMIT_MB", "SSM_PYTHON"),
    *("SSM_PROFILE", "SSM_PROJECT_FILE", "SSM_RERUN", "SSM_SPOT_INTERRUPT_S", "SSM_SPOT_WAIT_S", "SSM_STOP_GRACE_S"),
    *("SSM_CLOCK_SPEED", "SSM_EMULATOR_FAULTS", "SSM_PRICES"),
)
_CALLER_VARIABLES = ("PATH", "HOME", "XDG_CACHE_HOME")


def check_variables(environment: Mapping[str, str]) -> None:
    """Raise UsageError for a mistyped variable of ours: with ``SSM_ENGIN=local`` a job would run on AWS."""
    for name in environment:
        if name.upper().startswith(("SSM", "SMM", "SS_")) and name not in _OURS:
            from ..core.spelling import distance

            close = next((ours for ours in _OURS if distance(name.upper(), ours) <= 1), None)
            if close:
                raise UsageError(
                    f"There is no variable {name}: did you mean {close}?\nWhere it is another program's: unset {name}"
                )


def home_folder(environment: Mapping[str, str]) -> Path:
    """``$SSM_HOME``, else the folder where this platform keeps a user's data."""
    return Path(home_path(environment))


def select_aws(place: Place, environment: MutableMapping[str, str]) -> None:
    """Put the region and the profile that were named into the environment, from which boto3 and jobs take them.

    With a profile named, keys of the environment do not count: boto3 would prefer them.
    """
    if place.aws_region:
        environment["AWS_REGION"] = environment["AWS_DEFAULT_REGION"] = place.aws_region
    if place.aws_profile:
        for name in _CREDENTIALS:
            environment.pop(name, None)
        environment["AWS_PROFILE"] = place.aws_profile


def is_emulated(environment: Mapping[str, str]) -> bool:
    """Whether SageMaker's address, as boto3 takes it from the environment, is this machine: an emulator's.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() == "true":
        return False
    url = environment.get("AWS_ENDPOINT_URL_SAGEMAKER") or environment.get("AWS_ENDPOINT_URL", "")
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.endswith(".localhost") or host.startswith("127.")


@contextmanager
def emulator_home(named: Path | None) -> Iterator[Path]:
    """The folder that an emulator keeps everything in: the one named, made if need be, or one that goes with it.

    Raises UsageError for one that cannot be made.
    """
    if named is not None:
        from ..storage.private import make_private

        try:
            make_private(named)
        except OSError as error:
            raise UsageError(f"The home {named} cannot be made: {error.strerror}.") from error
        yield named
        return
    from ..core import scratch
    from ..local.job.remove import remove_folder

    with scratch.scratch_folder(scratch.EMULATOR) as home:
        try:
            yield home
        finally:
            with suppress(FileNotFoundError):
                remove_folder(home)


def engine_settings(environment: Mapping[str, str], home: Home, *, containers: bool = False) -> Settings:
    """How the engine of this machine runs jobs. Raises UsageError, and EngineUnavailable for ``containers``."""
    from ..local.job.home import Settings

    isolation = "docker" if containers else _isolation(environment)
    settings = Settings(
        python=_python(environment, home.cache),
        isolation=isolation,
        stop_grace_s=_seconds(environment, "SSM_STOP_GRACE_S", "120")[0],
        interrupt_after_s=_seconds(environment, "SSM_SPOT_INTERRUPT_S", ""),
        spot_wait_s=_seconds(environment, "SSM_SPOT_WAIT_S", "0")[0],
        clock_speed=_clock_speed(environment),
        log_limit_mb=_log_limit_mb(environment),
    )
    return _with_containers(settings, environment) if isolation == "docker" else settings


def callers_variables(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables by which the caller's own AWS credentials are found."""
    return {name: value for name, value in environment.items() if name.startswith("AWS_") or name in _CALLER_VARIABLES}


def _with_containers(settings: Settings, environment: Mapping[str, str]) -> Settings:
    from ..core.records import replace
    from ..images.docker import command

    docker = command.from_environment(environment)
    where = environment.get("DOCKER_HOST") or environment.get("CONTAINER_HOST") or ""
    if where.startswith(("tcp://", "ssh://", "http://", "https://")):
        raise EngineUnavailable(
            f"The containers of DOCKER_HOST={where} are on another machine, and would not see this one's folders.\n"
            "Use an engine of this machine, or run the job on AWS."
        )
    variables = {
        name: value
        for name, value in environment.items()
        if name.startswith(_ENGINE_PREFIXES) or name in _ENGINE_VARIABLES
    }
    return replace(settings, docker=docker.command, docker_environment=variables)


def _python(environment: Mapping[str, str], cache: Path) -> str:
    """The jobs' interpreter. Raises UsageError for an SSM_PYTHON that cannot be run."""
    from ..local.isolation import interpreter

    chosen = interpreter.choose(environment, default=sys.executable)
    if not os.path.isfile(chosen) or not os.access(chosen, os.X_OK):
        raise UsageError(f"SSM_PYTHON={chosen!r} is not an executable file.\nGive the path of a Python interpreter.")
    return interpreter.resolve_shim(chosen, environment, cache)


def _isolation(environment: Mapping[str, str]) -> str:
    from ..local.job.home import ISOLATIONS

    name = environment.get("SSM_ISOLATION") or "auto"
    if name not in ISOLATIONS:
        raise UsageError(f"SSM_ISOLATION={name!r} is none of {', '.join(ISOLATIONS)}.")
    return name


def _log_limit_mb(environment: Mapping[str, str]) -> int:
    text = environment.get("SSM_LOG_LIMIT_MB") or "1024"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 1 << 40:
        raise UsageError(f"SSM_LOG_LIMIT_MB={text!r} is not a number of megabytes, 1 or more.")
    return int(text)


def _clock_speed(environment: Mapping[str, str]) -> float:
    from ..local.job.stored import FASTEST_CLOCK, is_clock_speed

    text = environment.get("SSM_CLOCK_SPEED") or "1"
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not is_clock_speed(speed):
        raise UsageError(f"SSM_CLOCK_SPEED={text!r} is no factor from 1 to {FASTEST_CLOCK:,}.")
    return speed


def _seconds(environment: Mapping[str, str], name: str, default: str) -> tuple[float, ...]:
    """The numbers of seconds that a variable holds, with commas between them; ``default`` when it is empty."""
    text = environment.get(name) or default
    try:
        seconds = tuple(float(number) for number in text.split(",") if number)
    except ValueError:
        seconds = (-1.0,)
    if any(not 0 <= number < float("inf") for number in seconds):
        raise UsageError(f"{name}={text!r} is not a number of seconds.")
    return seconds


def warn(text: str) -> None:
    """Log what is wrong with a job, which goes to stderr unless somebody has set logging up."""
    import logging

    from ..core.printable import clean

    logging.getLogger("simple_sagemaker.jobs").warning(clean(text))
