"""What runs jobs here: one frozen bundle, composed from what the environment says. The only place that reads it.

``SSM_ENGINE`` (or ``--it local``) chooses: ``aws``, ``local`` (processes of this machine) or ``docker``.
"""

from __future__ import annotations

import os
import random
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from . import names
from .access import Open
from .bundle import Services, no_price
from .errors import EngineUnavailable, NoCredentials, UsageError
from .specs import EmulatorSpec, TaskSpec

if TYPE_CHECKING:
    import boto3

    from .docker.command import Docker
    from .docker.login import Login
    from .docker.maker import LocalImages
    from .docker.pull import EcrAddress
    from .emulator.serving import Served
    from .local.home import Home, Settings
    from .local.spawn import Waiting

ENGINES = ("aws", "local", "docker")
_LOCAL_TYPES = ("local", "local_gpu")


def chosen_engine(instance_type: str, environment: Mapping[str, str], *, own_image: bool = False) -> str:
    """The engine for a job: what ``SSM_ENGINE`` says, else this machine for ``--it local``, else AWS.

    This machine runs a job in containers where an image was named or is to be built (``own_image``).
    """
    here = "docker" if own_image else "local"
    engine = environment.get("SSM_ENGINE") or (here if instance_type in _LOCAL_TYPES else "aws")
    if engine not in ENGINES:
        raise UsageError(f"SSM_ENGINE={engine!r} is not an engine.\nUse one of: {', '.join(ENGINES)}.")
    return engine


def engine_of(spec: TaskSpec, environment: Mapping[str, str]) -> str:
    """The engine that runs this task. Raises UsageError for two that contradict each other."""
    own_image = bool(spec.image.docker_file or spec.image.uri)
    engine = chosen_engine(spec.instances.type, environment, own_image=own_image)
    if engine == "aws" and spec.instances.type in _LOCAL_TYPES:
        raise UsageError(f"--instance_type {spec.instances.type} and SSM_ENGINE={engine} contradict each other.")
    return engine


def for_task(spec: TaskSpec, environment: Mapping[str, str], waiting: Waiting | None = None) -> Services:
    """The services that run this task. Raises EngineUnavailable when they cannot be had here.

    ``waiting`` is a supervisor that was started ahead, for a job of this machine.
    """
    engine = engine_of(spec, environment)
    return composed(engine, environment, here="SSM_ENGINE=local or --it local", waiting=waiting)


def for_data(environment: Mapping[str, str]) -> Services:
    """The services that keep what tasks left; ``SSM_ENGINE`` alone chooses them. Raises as ``for_task`` does."""
    return composed(chosen_engine("", environment), environment, here="SSM_ENGINE=local")


def composed(
    engine: str,
    environment: Mapping[str, str],
    *,
    here: str,
    waiting: Waiting | None = None,
    session: boto3.Session | None = None,
) -> Services:
    """The services of an engine. ``here`` is what chooses this machine, for those who cannot have another.

    ``session`` is one of the caller's own, for AWS.
    """
    if engine == "local":
        return local(environment, waiting)
    if engine == "aws":
        return aws(environment, here, session)
    raise EngineUnavailable(
        f"This version runs jobs on AWS or as processes of this machine; the engine {engine!r} is not in it yet.\n"
        f"Use this machine: {here}."
    )


def aws(
    environment: Mapping[str, str], here: str = "SSM_ENGINE=local", session: boto3.Session | None = None
) -> Services:
    """Jobs on Amazon SageMaker, data on S3. Raises NoCredentials, also where no region is set; asks AWS nothing yet."""
    from .aws.access import AwsAccess
    from .aws.clients import connect
    from .aws.images import AwsImages
    from .aws.pace import pace, reading
    from .aws.prices import asker
    from .s3store import S3Store

    clients = connect(environment, here, session)
    return Services(
        engine="aws",
        sagemaker=clients.sagemaker,
        logs=clients.logs,
        store=S3Store(clients.session),
        access=AwsAccess(clients),
        images=AwsImages(clients, _docker(environment), options=_build_options(environment)),
        region=clients.region,
        now=_now,
        token=_token,
        pace=pace(random.random),
        reading=reading(random.random),
        price=no_price if environment.get("SSM_PRICES") == "0" else asker(clients.session, region=clients.region),
    )


def local(environment: Mapping[str, str], waiting: Waiting | None = None) -> Services:
    """Jobs as processes of this machine, data in folders of it."""
    if sys.platform == "win32":
        raise EngineUnavailable("Jobs as processes need Linux or macOS.\nOn Windows use AWS or Docker.")
    from .local.home import ACCOUNT, REGION, Home
    from .local.logs import LocalLogs
    from .local.sagemaker import LocalSageMaker
    from .storage import FolderStore

    home = Home(home_folder(environment))
    store = FolderStore(home.buckets)
    settings = _settings(environment, home)
    return Services(
        engine="local",
        sagemaker=LocalSageMaker(home, settings=settings, waiting=waiting),
        logs=LocalLogs(home),
        store=store,
        access=Open(store, account=ACCOUNT, region=REGION),
        region=REGION,
        now=_now,
        token=_token,
        pace=lambda _: 0.02,
        buckets=home.buckets,
        jobs=home.jobs,
    )


def local_images(environment: Mapping[str, str]) -> LocalImages:
    """Images for containers of this machine; those in ECR are pulled with the credentials that there are."""
    from .docker.maker import LocalImages

    def login(address: EcrAddress) -> Login | None:
        from .aws.clients import connect
        from .aws.ecr import Ecr

        try:
            return Ecr(connect({**environment, "AWS_REGION": address.region}, "SSM_ENGINE=local")).login(address)
        except NoCredentials:
            return None

    return LocalImages(_docker(environment), logins=login, options=_build_options(environment))


def _docker(environment: Mapping[str, str]) -> Callable[[], Docker]:
    """Finds the Docker command when the first image needs it."""

    def find() -> Docker:
        from .docker import command

        return command.chosen(environment)

    return find


def _build_options(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Further words of every build, which SSM_DOCKER_BUILD has. Raises UsageError for quotes that do not end."""
    text = environment.get("SSM_DOCKER_BUILD", "")
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"SSM_DOCKER_BUILD={text!r} cannot be read as words: {error}.") from error


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _token() -> str:
    return "".join(names.TOKEN_LETTERS[byte % 62] for byte in os.urandom(names.TOKEN_LENGTH))


def emulator(spec: EmulatorSpec, home: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> Served:
    """An emulator that has its port and does not serve yet. Raises EngineUnavailable where it cannot run.

    ``say`` takes what a person should know of.
    """
    from .emulator.serving import Served
    from .local.home import Home

    kept = Home(home)
    settings = replace(_settings(environment, kept), region=spec.region, s3_endpoint=spec.s3_endpoint)
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    text = spec.faults or environment.get("SSM_EMULATOR_FAULTS", "")
    return Served(kept, settings, spec, faults=text, keys=(key, secret) if key and secret else None, say=say)


def home_folder(environment: Mapping[str, str]) -> Path:
    """``$SSM_HOME``, else the folder where this platform keeps a user's data."""
    if named := environment.get("SSM_HOME"):
        return Path(named).absolute()
    home = Path(environment.get("HOME") or os.path.expanduser("~"))
    if sys.platform == "win32":
        return Path(environment.get("LOCALAPPDATA") or home) / "simple-sagemaker"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "simple-sagemaker"
    return Path(environment.get("XDG_DATA_HOME") or home / ".local" / "share") / "simple-sagemaker"


def _settings(environment: Mapping[str, str], home: Home) -> Settings:
    """How the engine of this machine runs jobs. Raises UsageError."""
    from .local.home import Settings

    return Settings(
        python=_python(environment, home.cache),
        isolation=_isolation(environment),
        stop_grace_s=_seconds(environment, "SSM_STOP_GRACE_S", "120")[0],
        interrupt_after_s=_seconds(environment, "SSM_SPOT_INTERRUPT_S", ""),
        spot_wait_s=_seconds(environment, "SSM_SPOT_WAIT_S", "0")[0],
    )


def _python(environment: Mapping[str, str], cache: Path) -> str:
    """The jobs' interpreter. Raises UsageError for an SSM_PYTHON that cannot be run."""
    from .local import interpreter

    chosen = interpreter.chosen(environment, ours=sys.executable)
    if not os.path.isfile(chosen) or not os.access(chosen, os.X_OK):
        raise UsageError(f"SSM_PYTHON={chosen!r} is no program that can be run.\nGive the path of a Python.")
    return interpreter.behind_shim(chosen, environment, cache)


def _isolation(environment: Mapping[str, str]) -> str:
    from .local.home import ISOLATIONS

    wanted = environment.get("SSM_ISOLATION") or "auto"
    if wanted not in ISOLATIONS:
        raise UsageError(f"SSM_ISOLATION={wanted!r} is none of {', '.join(ISOLATIONS)}.")
    return wanted


def _seconds(environment: Mapping[str, str], name: str, default: str) -> tuple[float, ...]:
    """The numbers of seconds that a variable holds, with commas between them; ``default`` when it is empty."""
    text = environment.get(name) or default
    try:
        found = tuple(float(word) for word in text.split(",") if word)
    except ValueError:
        found = (-1.0,)
    if any(not 0 <= number < float("inf") for number in found):
        raise UsageError(f"{name}={text!r} is not a number of seconds.")
    return found
