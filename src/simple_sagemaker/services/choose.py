"""Chooses who runs jobs, and composes the services of that engine from the environment. Only this room reads it.

``SSM_ENGINE`` (or ``--it local``) chooses: ``aws``, ``local`` (processes of this machine) or ``docker``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import names
from ..core.access import Access, LocalAccess, S3Access
from ..core.image_builder import Images, NoImages
from ..core.instance_types import is_local
from ..core.records import replace
from ..core.services import Services, no_price
from ..core.specs import DataSpec, DataStore, Spec
from ..core.store import Store
from ..errors import EngineUnavailable, UsageError
from . import processes
from .environment import callers_variables, check_variables, engine_settings, home_folder, is_emulated, warn

if TYPE_CHECKING:
    import boto3

    from ..core.aws_api import Experiments, Tagging
    from ..core.emulator_spec import EmulatorSpec
    from ..core.job_specs import JobsSpec
    from ..emulator.serving import EmulatorServer
    from ..local.api.sagemaker import LocalSageMaker
    from ..local.job.home import Home
    from ..local.supervisor.spawn import WaitingSupervisor
    from ..local.supervisor.start import Starter

ENGINES = ("aws", "local", "docker")


def choose_engine(instance_type: str, environment: Mapping[str, str], *, own_image: bool = False) -> str:
    """The engine for a job: this machine for ``--it local``, else what ``SSM_ENGINE`` says, else AWS.

    This machine runs a job in containers where an image was named or is to be built (``own_image``), or where
    ``SSM_ENGINE`` says so. Raises UsageError for a name that is none, and for a mistyped variable of ours.
    """
    check_variables(environment)
    engine = environment.get("SSM_ENGINE") or "aws"
    if is_local(instance_type) and engine in ENGINES:
        return "docker" if own_image or engine == "docker" else "local"
    if engine not in ENGINES:
        raise UsageError(f"SSM_ENGINE={engine!r} is not an engine.\nUse one of: {', '.join(ENGINES)}.")
    return engine


def engine_of(spec: Spec, environment: Mapping[str, str]) -> str:
    """The engine that runs this task. Raises UsageError for a name that is none."""
    own_image = bool(spec.image.docker_file or spec.image.uri)
    return choose_engine(spec.instances.type, environment, own_image=own_image)


def for_task(spec: Spec, environment: Mapping[str, str], prestarted: WaitingSupervisor | None = None) -> Services:
    """The services that run this task. Raises EngineUnavailable when they cannot be had here.

    ``prestarted`` is a supervisor that was started ahead, for a job of this machine.
    """
    engine = engine_of(spec, environment)
    instead = "SSM_ENGINE=local or --it local"
    return compose(engine, environment, instead=instead, data_store=spec.place.data_store, prestarted=prestarted)


def for_data(spec: DataSpec, environment: Mapping[str, str]) -> Services:
    """The services that keep what tasks left. Raises as ``for_task`` does."""
    return for_jobs(spec, environment)


def for_jobs(spec: DataSpec | JobsSpec, environment: Mapping[str, str], *, runs_job: bool = False) -> Services:
    """The services that know the jobs that there are: this machine's where ``SSM_ENGINE`` or the place says so."""
    engine = choose_engine("local" if spec.place.is_local else "", environment)
    if engine == "docker" and not runs_job:
        engine = "local"  # the same home, and no container is needed
    instead = "SSM_ENGINE=local or --it local"
    return compose(engine, environment, instead=instead, data_store=spec.place.data_store)


def compose(
    engine: str,
    environment: Mapping[str, str],
    *,
    instead: str,
    data_store: DataStore | None = None,
    prestarted: WaitingSupervisor | None = None,
    session: boto3.Session | None = None,
) -> Services:
    """The services of an engine. ``instead`` is what chooses this machine, for those who cannot have another.

    ``data_store`` is where jobs on this machine have their data; ``session`` is one of the caller's own, for AWS.
    """
    if engine == "aws":
        if data_store == "local":
            raise UsageError.naming(
                "{data_store:store} is for jobs on this machine; jobs on AWS have their data on S3.", store="local"
            )
        return aws(environment, instead, session)
    return local(environment, prestarted, containers=engine == "docker", on_s3=data_store == "s3")


def aws(
    environment: Mapping[str, str], instead: str = "SSM_ENGINE=local", session: boto3.Session | None = None
) -> Services:
    """Jobs on Amazon SageMaker, data on S3. Raises NoCredentials, also where no region is set; asks AWS nothing yet."""
    import random

    from ..aws.access import AwsAccess
    from ..aws.clients import connect
    from ..aws.images import AwsImages
    from ..aws.polling import loopback_pace, loopback_reading, pace, reading
    from ..aws.prices import asker
    from ..aws.remote_debug import RemoteDebug
    from ..local.job.home import Home
    from ..storage.s3.store import S3Store
    from .docker import build_options, find_docker

    home = Home(home_folder(environment))
    clients = connect(environment, instead, session, cache=home.cache)
    emulated = is_emulated(environment)
    price = asker(
        clients.session, region=clients.region, cache=home.cache / ("prices-emulated" if emulated else "prices")
    )
    return Services(
        engine="aws",
        sagemaker=clients.sagemaker,
        tagging=lambda: clients.tagging,
        logs=clients.logs,
        store=S3Store(clients.session),
        access=AwsAccess(clients),
        images=AwsImages(clients, find_docker(environment), options=build_options(environment)),
        region=clients.region,
        now=_now,
        token=_token,
        process=processes.identity(),
        lives=processes.lives,
        pace=loopback_pace if emulated else pace(random.random),
        reading=loopback_reading() if emulated else reading(random.random),
        cache=home.upload_index,
        remote_debug=lambda: RemoteDebug(clients),
        experiments=lambda: clients.sagemaker,
        is_emulated=emulated,
        price=no_price if environment.get("SSM_PRICES") == "0" else price,
    )


def local(
    environment: Mapping[str, str],
    prestarted: WaitingSupervisor | None = None,
    *,
    containers: bool = False,
    on_s3: bool = False,
) -> Services:
    """Jobs on this machine, as processes or containers; data in folders of it or, with the caller's credentials, on S3.

    Raises EngineUnavailable, UsageError and, for S3, NoCredentials.
    """
    if sys.platform == "win32":
        raise EngineUnavailable("Jobs on this machine need Linux or macOS.\nOn Windows use AWS, or run ssm in WSL.")
    from ..local.api.cloudwatch_logs import LocalLogs
    from ..local.api.sagemaker import LocalSageMaker
    from ..local.job.home import ACCOUNT, REGION, Home

    home = Home(home_folder(environment))
    settings = engine_settings(environment, home, containers=containers)
    store, access, region = _on_s3(environment, home, ACCOUNT) if on_s3 else _in_folders(home, ACCOUNT, REGION)
    variables = callers_variables(environment) if on_s3 else None

    def starter() -> Starter:
        from ..local.supervisor.nursery import Nursery
        from ..local.supervisor.start import Starter

        return Starter(home.jobs, variables, prestarted, Nursery(loads_s3=on_s3))

    settings = replace(settings, region=region, callers_s3=on_s3)
    sagemaker = LocalSageMaker(home, settings=settings, starter=starter, report=warn)
    return Services(
        engine="docker" if settings.docker else "local",
        sagemaker=sagemaker,
        tagging=_tagging(sagemaker),
        logs=LocalLogs(home),
        store=store,
        access=access,
        region=region,
        images=_images(environment) if settings.docker else NoImages(),
        now=_now,
        token=_token,
        process=processes.identity(),
        lives=processes.lives,
        pace=_pace,
        cache=home.upload_index,
        buckets=None if on_s3 else home.buckets,
        jobs=home.jobs,
        python="" if settings.docker else settings.python,
        processors=processes.processors(),
        gpus=_gpus,
        experiments=_experiments(home, region),
    )


def _gpus() -> list[str]:
    from ..local.hosts.gpus import gpus  # which a single job need not know

    return gpus()


def _images(environment: Mapping[str, str]) -> Images:
    from .docker import local_images

    return local_images(environment)


def _tagging(sagemaker: LocalSageMaker) -> Callable[[], Tagging]:
    """Makes the tagging service of this machine when the first command needs it."""

    def make() -> Tagging:
        from ..local.api.tagging import LocalTagging

        return LocalTagging(sagemaker.index.jobs)

    return make


def _experiments(home: Home, region: str) -> Callable[[], Experiments]:
    """Makes the experiments of this machine when the first command needs them."""

    def make() -> Experiments:
        from ..local.api.experiments import LocalExperiments

        return LocalExperiments(home, region=region)

    return make


def _in_folders(home: Home, account: str, region: str) -> tuple[Store, Access, str]:
    from ..storage.folder_store import FolderStore

    store = FolderStore(home.buckets)
    return store, LocalAccess(store, account=account, region=region), region


def _on_s3(environment: Mapping[str, str], home: Home, account: str) -> tuple[Store, Access, str]:
    from ..aws.access import AwsAccess
    from ..aws.clients import connect
    from ..storage.s3.store import S3Store

    clients = connect(environment, "leave out --data_store s3", cache=home.cache)
    return S3Store(clients.session), S3Access(AwsAccess(clients), account=account), clients.region


def _pace(watched_s: float) -> float:
    """A short job's end is told at once; a look takes a millisecond of the processor."""
    return 0.01 if watched_s < 1 else 0.02


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _token() -> str:
    return "".join(names.TOKEN_LETTERS[byte % 62] for byte in os.urandom(names.TOKEN_LENGTH))


def emulator(
    spec: EmulatorSpec, home: Path, environment: Mapping[str, str], say: Callable[[str], None]
) -> EmulatorServer:
    """An emulator that has its port and does not serve yet.

    ``say`` takes what a person should know of. Raises EngineUnavailable where it cannot run, UsageError for an address
    that others can reach without keys that they can know.
    """
    from ..emulator.serving import EmulatorServer
    from ..local.job.home import Home

    home_folders = Home(home)
    settings = replace(engine_settings(environment, home_folders), region=spec.region, s3_endpoint=spec.s3_endpoint)
    keys = _emulator_keys(environment)
    if spec.bind and keys is None:
        raise UsageError(
            "--bind needs keys that its clients have: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for this command "
            "(and not AWS_SESSION_TOKEN)."
        )
    text = spec.faults or environment.get("SSM_EMULATOR_FAULTS", "")
    return EmulatorServer(home_folders, settings, spec, faults=text, keys=keys, report=say)


def _emulator_keys(environment: Mapping[str, str]) -> tuple[str, str] | None:
    """The keys that the environment gives the emulator; None for a session's, which are an account's own."""
    key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    token = environment.get("AWS_SESSION_TOKEN") or environment.get("AWS_SECURITY_TOKEN")  # its name of long ago
    return (key, secret) if key and secret and not token else None
