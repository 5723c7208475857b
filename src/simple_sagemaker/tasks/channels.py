"""From a task's inputs to the channels of its job: what is there is checked first, then local data is sent."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import layout
from ..core.layout import TaskPlace
from ..core.progress import Meter, Watcher, counted, size
from ..core.specs import Input, InputMode, LocalInput, S3Input, Spec, TaskInput
from ..core.store import KeyRefused
from ..errors import InputNotFound, UsageError
from ..storage.file_copy import ChangedMeanwhile
from ..storage.sync.local_tree import Survey, Tree
from ..storage.sync.sync import Sync, Synced
from . import history
from .training_request import ChannelSource

if TYPE_CHECKING:
    from ..core.services import Services

_MODEL_CONTENT = "application/x-sagemaker-model"  # as AWS's SDK marks the channel of a model


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Local files that a channel needs under a key prefix before the job."""

    tree: Tree
    survey: Survey
    prefix: str


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The channels of a job, and what has to be sent for them."""

    channels: list[ChannelSource]
    uploads: list[Upload]

    def fingerprint(self, services: Services) -> str:
        """A digest of what the channels hold: names and sizes, and when each was last changed. Lists every input."""
        parts: list[object] = [[channel.name, channel.uri, channel.distribution] for channel in self.channels]
        parts += [upload.survey.digest for upload in self.uploads]
        digest = hashlib.sha256(json.dumps(parts).encode())
        mirrored = {upload.prefix for upload in self.uploads}
        for channel in self.channels:
            bucket, key = layout.split_uri(channel.uri)
            if key not in mirrored:
                digest.update(f"\n{channel.name}".encode())
                for one in services.store.list(bucket, key):
                    digest.update(json.dumps([one.key, one.size, one.modified]).encode())
        return digest.hexdigest()


@dataclass(frozen=True)
class Planner:
    """Finds out what a job's channels will be, of one task; ``note`` is told of what it waits for."""

    spec: Spec
    place: TaskPlace
    services: Services
    note: Callable[[str], None]

    def plan(self, job: str) -> Plan:
        """The channels of a job. Writes nothing. Raises InputNotFound for what is not there.

        Waits for the end of a task in progress whose output is an input.
        """
        resolved = [self._resolved(one) for one in self.spec.inputs] + self._model(job)
        uploads = [upload for _, upload in resolved if upload is not None]
        return Plan(channels=[channel for channel, _ in resolved], uploads=uploads)

    @property
    def _mode(self) -> InputMode:
        """How folders reach the job."""
        return "File" if self.spec.kind == "process" else self.spec.input_mode

    def _resolved(self, one: Input) -> tuple[ChannelSource, Upload | None]:
        if isinstance(one, LocalInput):
            path = one.path / one.subdir if one.subdir else one.path
            uri = layout.uri(self.place.bucket, self.place.input)
            mode = self._mode
            source = ChannelSource(name=one.name, uri=uri, distribution=one.distribution, input_mode=mode)
            return source, self._upload(Tree(path), self.place.input)
        uri = _joined(one.uri, one.subdir) if isinstance(one, S3Input) else self._of_task(one)
        is_single = uri == layout.uri(layout.split_uri(uri)[0], _first_key(uri, one.name, self.services))
        mode = "File" if is_single else self._mode
        return ChannelSource(name=one.name, uri=uri, distribution=one.distribution, input_mode=mode), None

    def _of_task(self, one: TaskInput) -> str:
        other = replace(self.place, task=one.task)
        if other == self.place and one.type == "state" and self.spec.rerun.clean_state:
            raise UsageError(f"--clean_state clears the state that --input_task {one.name} would read: drop one.")
        self._await_end(other)
        described = history.newest_completed(other, self.services.store, self.services.sagemaker)
        if described is None:
            raise InputNotFound(
                f"--input_task {one.name}: no completed job of task {one.task!r} was found under "
                f"{layout.uri(other.bucket, other.folder)}.\n"
                "Run that task first, or check its name, --prefix and --bucket_name."
            )
        address = described.outputs.get(one.type)
        if address is None:
            raise InputNotFound(f"--input_task {one.name}: {described.name} of task {one.task!r} keeps no {one.type}.")
        return _joined(address, one.subdir)

    def _await_end(self, place: TaskPlace) -> None:
        """Wait until no job of a task is in progress."""
        noted, began = False, time.monotonic()
        while True:
            described = history.newest(place, self.services.store, self.services.sagemaker)
            if described is None or described.has_ended:
                return
            if not noted:
                self.note(f"Waiting for {described.name}, whose output is an input")
                noted = True
            time.sleep(self.services.pace(time.monotonic() - began))

    def _model(self, job: str) -> list[tuple[ChannelSource, Upload | None]]:
        address = "" if self.spec.kind == "process" else self.spec.model_uri
        if not address:
            return []
        if address.startswith("s3://"):
            _first_key(address, "model", self.services)
            return [(ChannelSource(name="model", uri=address, content_type=_MODEL_CONTENT), None)]
        prefix = self.place.model(job)
        source = ChannelSource(name="model", uri=layout.uri(self.place.bucket, prefix), content_type=_MODEL_CONTENT)
        return [(source, self._upload(Tree(Path(address), option="--model_uri"), prefix))]

    @staticmethod
    def _upload(tree: Tree, prefix: str) -> Upload:
        return Upload(tree=tree, survey=tree.survey(prefix), prefix=prefix)


def send(plan: Plan, place: TaskPlace, services: Services, watcher: Watcher) -> None:
    """Send what the plan needs, and tell what moved."""
    for upload in plan.uploads:
        for note in upload.survey.notes:
            watcher.note(note)
        done = _sent(upload, place, services, watcher)
        watcher.note(
            f"Input: {counted(done.held)}, {done.sent:,} sent ({size(done.sent_bytes)}), {done.deleted:,} deleted"
        )


def _sent(upload: Upload, place: TaskPlace, services: Services, watcher: Watcher) -> Synced:
    meter = Meter(what="Sending", files=upload.survey.files, size=upload.survey.size)
    sync = Sync(
        tree=upload.tree,
        store=services.store,
        bucket=place.bucket,
        prefix=upload.prefix,
        cache=services.cache if upload.prefix == place.input else None,  # a job's own place is never sent to again
        note=watcher.note,
        meter=meter,
    )
    try:
        with watcher.moving(meter):
            return sync.run()
    except KeyRefused as error:
        raise UsageError(f"{upload.tree.option}: {error}") from error
    except ChangedMeanwhile as error:
        raise UsageError(f"{upload.tree.option}: {error}.\nRun this again when nothing writes to it.") from error


def has_state(place: TaskPlace, services: Services) -> bool:
    """Whether earlier jobs of the task left a state."""
    found = services.store.list(place.bucket, place.state)
    return any(not one.key.endswith("/") for one in found)


def _joined(uri: str, subdir: str) -> str:
    return f"{uri.rstrip('/')}/{subdir.strip('/')}/" if subdir else uri


def _first_key(uri: str, channel: str, services: Services) -> str:
    """The first key under an address, which is an object's own if it names one. Raises InputNotFound without any.

    A key that ends in "/" alone is a folder's mark, not data.
    """
    bucket, key = layout.split_uri(uri)
    try:
        for found in services.store.list(bucket, key):
            if not found.key.endswith("/"):
                return found.key
    except FileNotFoundError:
        raise InputNotFound(
            f"Channel {channel!r} reads {uri}, and there is no bucket {bucket!r}.\n{_bucket_advice(bucket, services)}"
        ) from None
    raise InputNotFound(
        f"Channel {channel!r} reads {uri}, and nothing is there.\n"
        "Check the address, or run the task that writes it first."
    )


def _bucket_advice(bucket: str, services: Services) -> str:
    if services.engine == "local":
        return f"Jobs on this machine read buckets from folders: fill {services.bucket_folder(bucket)} (copy or link)."
    return "Check the name, and that your credentials may list it."
