"""From a task's inputs to the channels of its job: every input is checked first, then local data is sent."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from ..core import layout, names
from ..core.layout import TaskPlace
from ..core.progress import Meter, Watcher, file_count, size
from ..core.records import dataclass, field, replace
from ..core.specs import Input, InputMode, LocalInput, S3Input, Spec, TaskInput
from ..core.store import KeyRefused
from ..errors import InputNotFound, UsageError
from ..storage.file_copy import ChangedMeanwhile
from . import history
from .listing import Listing
from .lock import refuse_folder_of_task
from .training_request import ChannelSource

if TYPE_CHECKING:
    from ..core.services import Services
    from ..storage.sync.sync import SyncResult
    from .uploads import Upload

_MODEL_CONTENT = "application/x-sagemaker-model"  # as AWS's SDK marks the channel of a model


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The channels of a task's next job, and what has to be sent for them, as surveyed once.

    ``listings`` are those of the channels that are not local, by the channels' names, and ``jobs`` the jobs whose
    outcomes are read. The address of a local model is
    empty until the job has a name: :meth:`channels_of` fills it in.
    """

    channels: list[ChannelSource]
    uploads: list[Upload]
    listings: dict[str, Listing]
    place: TaskPlace
    jobs: dict[str, str] = field(default_factory=dict)

    def channels_of(self, job: str) -> list[ChannelSource]:
        """The channels of a job of that name."""
        model = layout.uri(self.place.bucket, self.place.model(job))
        return [channel if channel.uri else replace(channel, uri=model) for channel in self.channels]

    def scope_of(self, channel: ChannelSource) -> tuple[str, bool]:
        """What a channel reads: an address, and whether it is a single object's rather than the beginning of many.

        An address without "/" at its end begins ``data2`` as well as ``data/``: what was listed tells what is meant.
        """
        listing = self.listings.get(channel.name)
        if channel.uri.endswith("/") or listing is None:
            return channel.uri, False
        _ = self.fingerprint  # lists the rest
        if listing.is_single:
            return channel.uri, True
        return (f"{channel.uri}/" if listing.is_folder else channel.uri), False

    @cached_property
    def fingerprint(self) -> str:
        """A digest of what the channels hold: names and sizes, and when each was last changed.

        Lists every input that is not local to its end.
        """
        return self._looked_at[0]

    @property
    def local_digests(self) -> dict[str, str]:
        """A digest of names, sizes and times of each local input, by the place that it goes to in the task's folder."""
        folder = self.place.folder
        return {one.prefix.removeprefix(folder): one.survey.digest for one in self.uploads if one.prefix is not None}

    @property
    def listed(self) -> str:
        """A digest of what lies on S3 in the channels, but for what lies in the task's own folder; it may list them."""
        return self._looked_at[2]

    @property
    def marks(self) -> dict[str, tuple[int, int]]:
        """How many objects, and of how many bytes, each channel that is on S3 has; it may list them."""
        marks = dict(self._looked_at[1])
        for upload in self.uploads:
            if upload.prefix is not None:
                address = layout.uri(self.place.bucket, upload.prefix)
                whole = (upload.survey.files, upload.survey.size)
                marks |= {channel.name: whole for channel in self.channels if channel.uri == address}
        return marks

    @cached_property
    def _looked_at(self) -> tuple[str, dict[str, tuple[int, int]], str]:
        """The fingerprint, the objects and bytes of the channels that are not local, and a digest of those objects."""
        marks: dict[str, tuple[int, int]] = {}
        parts: list[object] = [[channel.name, channel.uri, channel.distribution] for channel in self.channels]
        parts += [upload.survey.digest for upload in self.uploads]
        digest = hashlib.sha256(json.dumps(parts).encode())
        listed = hashlib.sha256()
        for channel, listing in self.listings.items():
            digest.update(f"\n{channel}".encode())
            listed.update(f"\n{channel}".encode())
            count = size = 0
            for one in listing.objects():
                content = json.dumps([one.key, one.size, one.modified]).encode()
                digest.update(content)
                if not one.key.startswith(self.place.folder):
                    listed.update(content)
                if not one.key.endswith("/"):
                    count, size = count + 1, size + one.size
            marks[channel] = (count, size)
        return digest.hexdigest(), marks, listed.hexdigest()


@dataclass(frozen=True)
class Planner:
    """Plans the channels of a task's next job; ``note`` shows what it waits for."""

    spec: Spec
    place: TaskPlace
    services: Services
    note: Callable[[str], None]

    def plan(self) -> Plan:
        """Survey the inputs. Writes nothing. Raises InputNotFound for one that does not exist.

        Waits for the end of a task in progress whose output is an input.
        """
        plan = Plan(channels=[], uploads=[], listings={}, place=self.place)
        for one in self.spec.inputs:
            plan.channels.append(self._resolve(one, plan))
        if self.spec.kind != "process" and self.spec.model_uri:
            plan.channels.append(self._resolve_model(self.spec.model_uri, plan))
        return plan

    @property
    def _mode(self) -> InputMode:
        """How folders reach the job."""
        return "File" if self.spec.kind == "process" else self.spec.input_mode

    def _resolve(self, one: Input, plan: Plan) -> ChannelSource:
        """The channel of an input, surveyed; what it needs before the job goes into the plan."""
        if isinstance(one, LocalInput):
            from .uploads import upload_of

            prefix, upload = upload_of(one, self.place)
            plan.uploads.append(upload)
            return self._channel(one, layout.uri(self.place.bucket, prefix), self._mode)
        uri = _join(one.uri, one.subdir) if isinstance(one, S3Input) else self._uri_of_task(one, plan)
        is_single = uri == layout.uri(layout.split_uri(uri)[0], self._first_key(uri, one.name, plan))
        mode = "File" if is_single else self._mode
        return self._channel(one, uri, mode)

    def _channel(self, one: Input, uri: str, mode: InputMode) -> ChannelSource:
        return ChannelSource(
            name=one.name,
            uri=uri,
            distribution=one.distribution,
            content_type=one.content_type,
            input_mode=mode,
        )

    def _uri_of_task(self, one: TaskInput, plan: Plan) -> str:
        other = replace(self.place, task=one.task)
        if other == self.place and one.type == "state" and self.spec.rerun.clean_state:
            raise UsageError.naming(
                "{clean_state} clears the state that {input_task:channel} would read: drop one.", channel=one.name
            )
        self._await_end(other)
        job = history.newest_completed(other, self.services)
        if job is None:
            raise InputNotFound.naming(
                "{input_task:channel}: no completed job of task {task!r} was found under {folder}.\n"
                "Run that task first, or check its name, {prefix} and {bucket_name}.",
                channel=one.name,
                task=one.task,
                folder=layout.uri(other.bucket, other.folder),
            )
        plan.jobs[one.name] = job.name
        address = job.outputs.get(one.type)
        if address is None:
            raise InputNotFound.naming(
                "{input_task:channel}: {job} of task {task!r} keeps no {type}.",
                channel=one.name,
                job=job.name,
                task=one.task,
                type=one.type,
            )
        return _join(address, one.subdir)

    def _await_end(self, place: TaskPlace) -> None:
        """Wait until no job of a task is in progress."""
        noted, began = False, time.monotonic()
        while True:
            job = history.newest(place, self.services)
            if job is None or job.has_ended:
                return
            if not noted:
                self.note(f"Waiting for {job.name}, whose output is an input")
                noted = True
            time.sleep(self.services.pace(time.monotonic() - began))

    def _resolve_model(self, address: str, plan: Plan) -> ChannelSource:
        if address.startswith("s3://"):
            self._first_key(address, "model", plan)
            return ChannelSource(name="model", uri=address, content_type=_MODEL_CONTENT)
        from ..storage.sync.local_tree import Tree
        from .uploads import Upload

        tree = Tree(Path(address), option="model_uri")
        like_the_job = names.job_name(self.place.task, started=self.services.now(), token="x" * names.TOKEN_LENGTH)
        plan.uploads.append(Upload(tree=tree, survey=tree.survey(self.place.model(like_the_job)), prefix=None))
        return ChannelSource(name="model", uri="", content_type=_MODEL_CONTENT)

    def _first_key(self, uri: str, channel: str, plan: Plan) -> str:
        """The first key under an address, whose listing goes into the plan. Raises InputNotFound without any."""
        bucket, _ = layout.split_uri(uri)
        try:
            listing = plan.listings[channel] = Listing(channel, uri, self.services.store, as_files=self._mode != "Pipe")
            key = listing.first_key()
        except FileNotFoundError:
            advice = _bucket_advice(bucket, self.services)
            raise InputNotFound(
                f"Channel {channel!r} reads {uri}, and there is no bucket {bucket!r}.\n{advice}"
            ) from None
        if key is None:
            raise InputNotFound(
                f"Channel {channel!r} reads {uri}, and nothing is there.\n"
                "Check the address, or run the task that writes it first."
            )
        return key


def send(plan: Plan, job: str, services: Services, watcher: Watcher) -> None:
    """Send what the plan needs for a job, and show what moved."""
    for upload in plan.uploads:
        if upload.prefix is not None:
            refuse_folder_of_task(plan.place.bucket, upload.prefix, services.store, "mirrored from a folder")
        for note in upload.survey.notes:
            watcher.note(note)
        done = _send(upload, upload.prefix_of(job, plan.place), plan.place, services, watcher)
        watcher.note(
            f"Input: {file_count(done.total)}, {done.sent:,} sent ({size(done.sent_bytes)}), {done.deleted:,} deleted"
        )


def _send(upload: Upload, prefix: str, place: TaskPlace, services: Services, watcher: Watcher) -> SyncResult:
    from ..storage.sync.sync import Sync

    meter = Meter(what="Sending", files=upload.survey.files, size=upload.survey.size)
    sync = Sync(
        tree=upload.tree,
        store=services.store,
        bucket=place.bucket,
        prefix=prefix,
        cache=services.cache if upload.prefix is not None else None,  # a job's own place is never sent to again
        note=watcher.note,
        meter=meter,
    )
    try:
        with watcher.moving(meter):
            return sync.run()
    except KeyRefused as error:
        raise UsageError.naming(f"{{{upload.tree.option}}}: {{error}}", error=error) from error
    except ChangedMeanwhile as error:
        raise UsageError.naming(
            f"{{{upload.tree.option}}}: {{error}}.\nRun this again when nothing writes to it.", error=error
        ) from error


def _join(uri: str, subdir: str) -> str:
    return f"{uri.rstrip('/')}/{subdir.strip('/')}/" if subdir else uri


def _bucket_advice(bucket: str, services: Services) -> str:
    if services.buckets:
        return f"Jobs on this machine read buckets from folders: fill {services.bucket_folder(bucket)} (copy or link)."
    return "Check the name, and that your credentials may list it."
