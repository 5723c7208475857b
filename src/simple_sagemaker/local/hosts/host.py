"""One host of a job: its folders, its inputs, its environment, and the program it starts with."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...core import layout
from ...core.records import dataclass, field
from ...core.store import ProgressCallback, Store
from ..data import channels
from ..data.channels import Channel, Item, Part
from ..job import beneath, mlflow_store
from ..job.home import REGION
from ..job.kinds import TRANSFORM
from ..job.remove import remove_folder
from ..requests import config_files
from ..requests.request import Work

if TYPE_CHECKING:
    from ..data.pipe_mode import Flow


@dataclass(frozen=True, kw_only=True)
class Host:
    """One host of a job. ``number`` counts from 0.

    ``isolated`` is whether it sees its folders at the job's own paths. ``variables`` point its AWS clients.
    """

    name: str
    number: int
    folder: Path
    work: Work
    isolated: bool
    interface: str = config_files.INTERFACE
    variables: Mapping[str, str] = field(default_factory=lambda: {"AWS_REGION": REGION})

    @property
    def base(self) -> Path:
        """The folder that the job sees as ``/opt/ml``."""
        return self.folder / "opt" / "ml"

    @property
    def private(self) -> dict[str, str]:
        """The job's paths for data and this host's folders for them; deeper paths first."""
        folders = {path: str(self.inside(path)) for path in (layout.BASE, *self.work.private())}
        return dict(sorted(folders.items(), key=lambda pair: -len(pair[0])))

    @property
    def places(self) -> dict[str, str]:
        """:attr:`private` for a host that is not isolated, whose paths must be translated; else empty."""
        return {} if self.isolated else self.private

    @property
    def readonly(self) -> list[str]:
        """The job's paths that it cannot write: channels in FastFile mode."""
        return [channel.path for channel in self.work.channels() if channel.mode == "FastFile" and self.gets(channel)]

    @property
    def shared(self) -> list[str]:
        """Folders of this machine that the job sees at the same paths, beside its own."""
        return [self.variables[mlflow_store.VARIABLE]] if mlflow_store.VARIABLE in self.variables else []

    def inside(self, path: str) -> Path:
        """This host's folder for an absolute path of the job."""
        if path == layout.BASE or path.startswith(layout.BASE + "/"):
            return self.base / path[len(layout.BASE) + 1 :]
        return self.folder / path.lstrip("/")

    def read(self, path: str, most: int) -> bytes | None:
        """The first ``most`` bytes of a file at a path of the job; None where there is no regular file of its own."""
        return beneath.read(self.folder, self.inside(path).relative_to(self.folder).as_posix(), most)

    def clear(self) -> None:
        """Remove the host's folder, as a machine goes with its disk."""
        if self.folder.exists():
            remove_folder(self.folder)

    def prepare(self, attempt: int) -> None:
        """Make the folders and the configuration that a container finds at its start; ``attempt`` counts from 1."""
        for path in (*self.work.folders(), *self.private):
            self.inside(path).mkdir(parents=True, exist_ok=True)
        for path, target in self.work.links().items():
            link = self.inside(path)
            link.symlink_to(os.path.relpath(self.inside(target), link.parent))
        region, interface = self.variables["AWS_REGION"], self.interface
        configs = self.work.configs(self.name, self.places, attempt=attempt, region=region, interface=interface)
        for path, content in configs.items():
            file = self.inside(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(content), encoding="utf-8")

    def gets(self, channel: Channel) -> bool:
        """Whether a channel is for this host."""
        return self.name in self.work.receivers(channel)

    def _turn(self, channel: Channel) -> tuple[int, int]:
        """This host's position, from 0, among those that get a channel, and their number."""
        receivers = self.work.receivers(channel)
        return receivers.index(self.name), len(receivers)

    def fetch(
        self, channel: Channel, items: Sequence[Item], store: Store, on_progress: ProgressCallback
    ) -> Iterator[None]:
        """Download this host's share of a channel, in steps; the folder is made even for an empty share.

        In Pipe mode nothing is downloaded now: see :meth:`flow`. Raises ChannelError for an object that is gone, and
        for a name that the folder cannot hold.
        """
        folder = self.inside(channel.path)
        if channel.folder is None:
            _write_manifest(folder, channel, items)
        if channel.mode == "Pipe":
            return
        if channel.folder is not None and folder.exists():
            remove_folder(folder)  # of an input around this one: this one hides it, as a mount would
        folder.mkdir(parents=True, exist_ok=True)
        yield from channels.fetch(channel, channel.share(items, *self._turn(channel)), folder, store, on_progress)
        if channel.mode == "FastFile" and not self.isolated:
            _make_readonly(folder)

    def flow(self, channel: Channel, parts: Sequence[Sequence[Part]], store: Store) -> Flow:
        """The data of this host's pipes of a channel in Pipe mode."""
        from ..data.pipe_mode import Flow  # few jobs have any

        position, hosts = self._turn(channel)
        return Flow(
            channel=channel,
            parts=parts,
            host=position,
            hosts=hosts,
            folder=self.inside(channel.path).parent,
            scratch=self.folder / f"pipe-{channel.name}",
            store=store,
        )

    def environment(self) -> dict[str, str]:
        """The platform's variables and the request's."""
        return {**self.variables, **self.work.environment(self.variables["AWS_REGION"], self.places)}

    def unpack_code(self, store: Store, on_progress: ProgressCallback) -> None:
        """For script mode: unpack the submitted source, if any, where AWS's toolkit looks for it; the model, too.

        Raises JobFault.
        """
        if self.work.kind == TRANSFORM:
            from . import served_model

            served_model.unpack(self.work.request, self, store, on_progress)
            return
        submitted = self.work.request.get("HyperParameters", {}).get("sagemaker_submit_directory", "")
        if submitted:
            from . import submitted_code

            submitted_code.unpack(submitted, self, store, on_progress)


def _write_manifest(folder: Path, channel: Channel, items: Sequence[Item]) -> None:
    """Write the manifest of a training channel beside its folder: all objects, of all hosts."""
    listing = "".join(f"s3://{item.bucket}/{item.key}\n" for item in items)
    manifest = folder.with_name(f"{folder.name}-manifest")
    manifest.write_text(f"{layout.split_uri(channel.uri)[1]}\n{listing}", encoding="utf-8")


def _make_readonly(folder: Path) -> None:
    for path, _, files in os.walk(folder):
        for name in files:
            os.chmod(os.path.join(path, name), 0o444)
        os.chmod(path, 0o555)  # noqa: S103  readable by all and writable by none, as a FastFile mount is
