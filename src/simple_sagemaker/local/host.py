"""One host of a job: its folders, its inputs, its environment, and the program it starts with."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import layout
from ..storage import Store
from . import configs, interpreter, jobs
from .addresses import Addresses
from .channels import Channel, Item, Part
from .describe import training_arn
from .home import REGION
from .interpreter import Interpreter
from .plain import translate
from .view import View

if TYPE_CHECKING:
    from .pipes import Flow

_LAYER = "/opt/ssm"  # where a host of its own view sees its Python
_PAYLOAD = Path(__file__).parent.parent / "payload"


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host's name, number (from 0, as data is shared out) and folder, in a job with a request.

    ``variables`` are of the AWS that the job runs in.
    """

    name: str
    number: int
    folder: Path
    request: Mapping[str, Any]
    isolated: bool
    variables: Mapping[str, str] = field(default_factory=lambda: {"AWS_REGION": REGION})

    @property
    def base(self) -> Path:
        """What the job sees as ``/opt/ml``."""
        return self.folder / "opt" / "ml"

    @property
    def root(self) -> Path:
        """An empty folder on which a view is built."""
        return self.folder / "root"

    @property
    def layer(self) -> Path:
        """The private Python environment."""
        return self.folder / "python"

    @property
    def python(self) -> str:
        """The program of that environment, as the job calls it."""
        return f"{_LAYER if self.isolated else self.layer}/bin/python"

    @property
    def private(self) -> dict[str, str]:
        """The job's paths and the folders that stand for them; deeper paths first."""
        found = {layout.BASE: str(self.base), "/tmp": str(self.folder / "tmp"), _LAYER: str(self.layer)}
        if "CheckpointConfig" in self.request:
            path = configs.checkpoint_path(self.request)
            found[path] = str(self.inside(path))
        return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))

    @property
    def places(self) -> dict[str, str]:
        """:attr:`private` where the job has no view of its own and must be told; empty where it has."""
        return {} if self.isolated else self.private

    def inside(self, path: str) -> Path:
        """This host's folder for an absolute path of the job."""
        if path == layout.BASE or path.startswith(layout.BASE + "/"):
            return self.base / path[len(layout.BASE) + 1 :]
        return self.folder / path.lstrip("/")

    def clear(self) -> None:
        """Take away all that the host had, as a machine goes with its disk."""
        if self.folder.exists():
            jobs.remove(self.folder)

    def prepare(self, attempt: int) -> None:
        """Make the folders and the configuration that a container finds at its start; ``attempt`` counts from 1."""
        made = ["model", "output/data", "input/data", "output/metrics/sagemaker", "output/profiler"]
        if "TensorBoardOutputConfig" in self.request:
            self.inside(configs.tensorboard_path(self.request)).mkdir(parents=True, exist_ok=True)
        for name in made:
            (self.base / name).mkdir(parents=True, exist_ok=True)
        for path in (self.folder / "tmp" / "home", self.root):
            path.mkdir(parents=True)
        for folder in self.private.values():
            Path(folder).mkdir(parents=True, exist_ok=True)
        configs.write(
            self.base / "input" / "config",
            self.request,
            self.name,
            self.places,
            attempt=attempt,
            region=self.variables["AWS_REGION"],
        )

    def fetch(self, channel: Channel, items: Sequence[Item], hosts: int, store: Store) -> Iterator[None]:
        """Bring this host's share of a channel, one object a step; the folder is there even for no object.

        In Pipe mode nothing is brought now: see :meth:`flow`.
        """
        folder = self.base / "input" / "data" / channel.name
        listing = "".join(f"s3://{item.bucket}/{item.key}\n" for item in items)
        manifest = folder.with_name(f"{channel.name}-manifest")
        manifest.write_text(f"{layout.split_uri(channel.uri)[1]}\n{listing}", encoding="utf-8")
        if channel.mode == "Pipe":
            return
        folder.mkdir(parents=True, exist_ok=True)
        for item in channel.share(items, self.number, hosts):
            store.fetch(item.bucket, item.key, folder / item.path)
            yield
        if channel.mode == "FastFile" and not self.isolated:
            _make_readonly(folder)

    def flow(self, channel: Channel, parts: Sequence[Sequence[Part]], hosts: int, store: Store) -> Flow:
        """What comes through this host's pipes of a channel in Pipe mode."""
        from .pipes import Flow  # few jobs have any

        return Flow(
            channel=channel,
            parts=parts,
            host=self.number,
            hosts=hosts,
            folder=self.base / "input" / "data",
            scratch=self.folder / f"pipe-{channel.name}",
            store=store,
        )

    def view(self, python: Interpreter, environments: Path, hosts_file: Path, channels: Sequence[Channel]) -> View:
        """The file system that the host sees."""
        kept = [*python.prefixes, *python.sites]
        own = [str(self.folder), str(environments)]
        readonly = [path for path in kept if path != "/" and not any(_below(mine, path) for mine in own)]
        mounts = [f"/opt/ml/input/data/{channel.name}" for channel in channels if channel.mode == "FastFile"]
        return View(
            private=self.private,
            shown=[*dict.fromkeys([*kept, os.path.dirname(python.base), str(environments)])],
            readonly=[*dict.fromkeys(readonly), *mounts],
            files={"/etc/hosts": str(hosts_file)},
        )

    def environment(self, python: Interpreter, environments: Path, addresses: Addresses) -> dict[str, str]:
        """The host's whole environment: nothing of the caller's is in it.

        TRAINING_JOB_NAME, TRAINING_JOB_ARN and AWS_REGION are the platform's; the request's own entries win over all
        but those. SSM_PYTHON and SSM_ENVIRONMENTS tell our launcher which Python to use and where to keep what
        requirement files bring; MASTER_PORT is one that no other job of this machine has.
        """
        name = self.request["TrainingJobName"]
        found = {
            "PATH": interpreter.search_path(python, self.python),
            "HOME": "/tmp/home" if self.isolated else str(self.folder / "tmp" / "home"),
            "LANG": "C.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "SSM_PYTHON": self.python,
            "SSM_PYTHON_BELOW": python.executable,
            "SSM_ENVIRONMENTS": str(environments),
            "MASTER_PORT": str(addresses.port),
        }
        if not self.isolated:
            first = configs.host_names(len(addresses.hosts))[0]
            found |= {
                "SAGEMAKER_BASE_DIR": str(self.base),
                "MASTER_ADDR": addresses.hosts[first],
                "TMPDIR": str(self.folder / "tmp"),
                "GLOO_SOCKET_IFNAME": configs.INTERFACE,
            }
        return {
            **found,
            **self.variables,
            **self.request.get("Environment", {}),
            "TRAINING_JOB_NAME": name,
            "TRAINING_JOB_ARN": training_arn(name, self.variables["AWS_REGION"]),
            "AWS_REGION": self.variables["AWS_REGION"],
        }

    def argv(self) -> list[str]:
        """The words the host starts with: the request's, or our launcher in place of AWS's ``train``."""
        algorithm = self.request["AlgorithmSpecification"]
        entry = algorithm.get("ContainerEntrypoint")
        if not entry:
            launcher = Path(self.places.get("/tmp", "/tmp")) / "ssm" / layout.LAUNCHER
            return [self.python, "-E", "-s", "-S", str(launcher), "--train"]
        return translate([*entry, *algorithm.get("ContainerArguments", ())], self.places)

    def place_script(self, store: Store) -> None:
        """For script mode: our launcher beside the job, and the submitted source unpacked where AWS's toolkit looks."""
        import tarfile

        shutil.copytree(_PAYLOAD, self.folder / "tmp" / "ssm", ignore=shutil.ignore_patterns("__pycache__"))
        submitted = json.loads(self.request["HyperParameters"]["sagemaker_submit_directory"])
        if _below(submitted, layout.BASE):  # a job cut off from S3 has it in a channel
            packed = self.base / submitted[len(layout.BASE) + 1 :]
        else:
            packed = self.folder / "tmp" / layout.TARBALL
            store.fetch(*layout.split_uri(submitted), packed)
        with tarfile.open(packed) as archive:
            archive.extractall(self.base / "code", filter="data")


def hosts_text(addresses: Addresses) -> str:
    """``/etc/hosts`` for every host of a job."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    lines += [f"{address} {name}" for name, address in addresses.hosts.items()]
    return "\n".join(lines) + "\n"


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _make_readonly(folder: Path) -> None:
    for path, _, files in os.walk(folder):
        for name in files:
            os.chmod(os.path.join(path, name), 0o444)
        os.chmod(path, 0o555)  # noqa: S103  readable by all and writable by none, as a FastFile mount is
