"""Jobs whose hosts are folders, on a backend that starts nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from simple_sagemaker.local.hosts.backend import CannotRun
from simple_sagemaker.local.hosts.host import Host
from simple_sagemaker.local.isolation.namespaces import Started
from simple_sagemaker.local.job.drafts import draft
from simple_sagemaker.local.job.folder import make_job, publish_job
from simple_sagemaker.local.job.home import Home, Settings
from simple_sagemaker.local.requests.config_files import host_names
from simple_sagemaker.local.requests.read import read_work
from simple_sagemaker.local.supervisor.attempt import JobSetup
from simple_sagemaker.storage.folder_store import FolderStore
from tests.unit.local.made_jobs import MACHINES

RUN_S = 60


class Idle:
    """A backend whose machines never come, for a reason if it has one."""

    isolation = "plain"

    def __init__(self) -> None:
        self.why = "no machine"
        self.cleaned = 0

    def provision(self) -> Iterator[None]:
        yield
        raise CannotRun(self.why)

    def prepare(self, hosts: Sequence[Host]) -> None:
        raise NotImplementedError

    def start(self, host: Host, *, output: int, close: Sequence[int]) -> Started:
        raise NotImplementedError

    def publish_addresses(self, hosts: Sequence[Host]) -> None:
        raise NotImplementedError

    def clean_up(self) -> None:
        self.cleaned += 1


def training(*, count: int = 1, **members: Any) -> dict[str, Any]:
    """A request of a training job."""
    return {
        "TrainingJobName": "job",
        "AlgorithmSpecification": {
            "TrainingImage": "i",
            "TrainingInputMode": "File",
            "ContainerEntrypoint": ["true"],
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*);"}],
        },
        "ResourceConfig": {**MACHINES, "InstanceCount": count},
        "StoppingCondition": {"MaxRuntimeInSeconds": RUN_S},
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
        **members,
    }


def make_setup(root: Path, request: dict[str, Any], *, store: FolderStore | None = None, **settings: Any) -> JobSetup:
    """Make a job of that request, with a bucket ``b``."""
    home, chosen = Home(root), Settings(python=sys.executable, **settings)
    with draft(home.jobs) as place:
        job = publish_job(make_job(place, request, {**chosen.__dict__, "home": str(root)}), home.jobs, "job")
    work = read_work(request)
    names = host_names(work.host_count)
    hosts = [
        Host(name=name, number=number, folder=job.host(name), work=work, isolated=False)
        for number, name in reversed([*enumerate(names)])
    ]
    store = store or FolderStore(home.buckets)
    store.make_bucket("b")
    return JobSetup(job=job, work=work, settings=chosen, store=store, backend=Idle(), hosts=hosts, descriptors=())


def journal(setup: JobSetup) -> list[dict[str, Any]]:
    """What was written since the job was made, without times."""
    return [{name: value for name, value in entry.items() if name != "at"} for entry in setup.job.entries()[1:]]
