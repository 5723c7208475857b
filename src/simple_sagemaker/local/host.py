"""One host of a job: its folders, its inputs, its environment, and the program it starts with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import layout
from ..storage import Store
from . import configs, jobs
from .channels import Channel, Item, Part
from .describe import training_arn
from .home import REGION

if TYPE_CHECKING:
    from .pipes import Flow


@dataclass(frozen=True, kw_only=True)
class Host:
    """A host's name, number (from 0, as data is shared out) and folder, in a job with a request.

    ``isolated`` is whether it sees its folders at the job's own paths. ``variables`` are of the AWS that the job is in.
    """

    name: str
    number: int
    folder: Path
    request: Mapping[str, Any]
    isolated: bool
    interface: str = configs.INTERFACE
    variables: Mapping[str, str] = field(default_factory=lambda: {"AWS_REGION": REGION})

    @property
    def base(self) -> Path:
        """What the job sees as ``/opt/ml``."""
        return self.folder / "opt" / "ml"

    @property
    def private(self) -> dict[str, str]:
        """The job's paths for data and the folders that stand for them; deeper paths first."""
        found = {layout.BASE: str(self.base)}
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
        for folder in self.private.values():
            Path(folder).mkdir(parents=True, exist_ok=True)
        configs.write(
            self.base / "input" / "config",
            self.request,
            self.name,
            self.places,
            attempt=attempt,
            region=self.variables["AWS_REGION"],
            interface=self.interface,
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

    def environment(self) -> dict[str, str]:
        """What the platform sets, and the request's own entries, which win over all but the job's name and region."""
        name, region = self.request["TrainingJobName"], self.variables["AWS_REGION"]
        return {
            **self.variables,
            **self.request.get("Environment", {}),
            "TRAINING_JOB_NAME": name,
            "TRAINING_JOB_ARN": training_arn(name, region),
            "AWS_REGION": region,
        }

    def unpack_code(self, store: Store) -> None:
        """For script mode: the submitted source where AWS's toolkit looks for it; nothing where none was submitted."""
        import tarfile

        submitted = json.loads(self.request.get("HyperParameters", {}).get("sagemaker_submit_directory", '""'))
        if not submitted:
            return
        packed = self.folder / layout.TARBALL
        if _below(submitted, layout.BASE):  # a job cut off from S3 has it in a channel
            packed = self.base / submitted[len(layout.BASE) + 1 :]
        else:
            store.fetch(*layout.split_uri(submitted), packed)
        with tarfile.open(packed) as archive:
            archive.extractall(self.base / "code", filter="data")
        if packed.parent == self.folder:
            packed.unlink()


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _make_readonly(folder: Path) -> None:
    for path, _, files in os.walk(folder):
        for name in files:
            os.chmod(os.path.join(path, name), 0o444)
        os.chmod(path, 0o555)  # noqa: S103  readable by all and writable by none, as a FastFile mount is
