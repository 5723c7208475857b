"""One attempt at a job: from empty folders to the end of its hosts' processes. A spot interruption makes another.

Comes in: what the job stands on. Goes out: the attempt's ending, the logs, and what its hosts left in their folders.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...core.store import Store
from ..data.channels import Channel, Item
from ..hosts.backend import Machines
from ..hosts.host import Host
from ..job.folder import JobFolder
from ..job.home import Settings
from ..job.log_stream import Stream
from ..requests.request import Work
from .limits import Limits
from .mirroring import Keeping
from .monitor import Crew, Ending, Member

if TYPE_CHECKING:
    from ..data.pipe_mode import Feeder


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What all attempts of a job stand on. ``own`` are descriptors that no host may keep."""

    job: JobFolder
    work: Work
    settings: Settings
    store: Store
    machines: Machines
    hosts: Sequence[Host]
    own: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended, and for a failure why."""

    ending: Ending
    reason: str | None = None


class Attempt:
    """Attempt ``number`` (from 1) at a job."""

    def __init__(self, ground: Ground, number: int, limits: Limits) -> None:
        self._ground = ground
        self._number = number
        self._limits = limits
        self._channels: list[tuple[Channel, list[Item]]] = []
        self._feeders: list[Feeder] = []
        self._streams = {host.name: self._stream(host) for host in ground.hosts}
        self.keeping = Keeping(ground.work, ground.hosts, ground.store, self._remark)

    def run(self) -> Outcome:
        """The whole attempt. Raises EndedEarly where the job is stopped before its hosts run."""
        try:
            self._download()
            return self._train()
        finally:
            for feeder in self._feeders:
                feeder.end()
            self._ground.machines.settle()

    def last_metrics(self) -> dict[str, dict[str, Any]]:
        """The last value of each metric that the hosts printed."""
        found: dict[str, dict[str, Any]] = {}
        for stream in self._streams.values():
            for name, point in stream.last_values.items():
                if name not in found or found[name]["at"] <= point["at"]:
                    found[name] = point
        return found

    def _stream(self, host: Host) -> Stream:
        patterns = [(name, re.compile(regex)) for name, regex in self._ground.work.metrics]
        return Stream(host=host.name, folder=self._ground.job.logs, patterns=patterns)

    def _remark(self, host: str, text: str) -> None:
        self._ground.job.append(note=f"{host}: {text}")
        self._streams[host].say(f"simple-sagemaker: {text}")

    def _download(self) -> None:
        ground = self._ground
        ground.job.append(secondary="Downloading", message="Downloading input data", isolation=ground.machines.how)
        self._channels = [(channel, channel.items(ground.store)) for channel in ground.work.channels()]
        for host in ground.hosts:
            host.prepare(self._number)
            for channel, items in self._channels:
                self._drain(host.fetch(channel, items, len(ground.hosts), ground.store))
            if ground.work.is_script_mode:
                host.unpack_code(ground.store)
            self._drain(self.keeping.restore(host))
        self._drain(ground.machines.bring())
        ground.machines.ready(ground.hosts)
        self._feed()

    def _drain(self, steps: Iterable[None]) -> None:
        for _ in steps:
            self._limits.check()

    def _feed(self) -> None:
        """Start what fills the pipes of channels in Pipe mode."""
        ground = self._ground
        for channel, items in self._channels:
            if channel.mode == "Pipe":
                from ..data import pipe_mode as pipes  # few jobs have any

                parts = channel.parts(items, ground.store)
                for host in ground.hosts:
                    flow = host.flow(channel, parts, len(ground.hosts), ground.store)
                    held = [*ground.own, *(feeder.troubles for feeder in self._feeders)]
                    self._feeders.append(pipes.start(flow, close=held))

    def _train(self) -> Outcome:
        ground = self._ground
        phase = ground.work.running
        ground.job.append(secondary=phase.secondary, message=phase.message)
        alarms = self._limits.alarms(self._interruption_s())
        members: list[Member] = []
        for host in ground.hosts:
            members.append(self._start(host, members))
        ground.machines.introduce(ground.hosts)
        crew = Crew(
            members=members,
            stop_asked=ground.job.stop_asked,
            background=self.keeping.passes(),
            grace_s=ground.settings.stop_grace_s,
            alarms=alarms,
            on_ending=self._note_ending,
            trouble=self._trouble,
        )
        began = time.monotonic()
        ending = crew.watch()
        self._limits.trained(time.monotonic() - began)
        return self._verdict(ending, crew)

    def _interruption_s(self) -> float | None:
        """When this attempt is interrupted, in seconds of training: only as asked for, and only a spot job."""
        after = self._ground.settings.interrupt_after_s
        spot = self._ground.work.request.get("EnableManagedSpotTraining")
        return after[self._number - 1] if spot and self._number <= len(after) else None

    def _start(self, host: Host, earlier: Sequence[Member]) -> Member:
        ground = self._ground
        read, write = os.pipe()
        others = [descriptor for member in earlier for descriptor in (member.output, member.started.errors)]
        close = [read, *ground.own, *(feeder.troubles for feeder in self._feeders), *others]
        started = ground.machines.start(host, output=write, close=close)
        os.close(write)
        return Member(name=host.name, started=started, output=read, stream=self._streams[host.name])

    def _trouble(self) -> str:
        return next((said for feeder in self._feeders if (said := feeder.trouble())), "")

    def _note_ending(self, ending: Ending) -> None:
        if ending in {"stopped", "timeout", "waited"}:
            self._ground.job.append(secondary="Stopping", message=f"Stopping the {self._ground.work.kind.noun}")
        elif ending == "interrupted":
            for host in self._ground.hosts:
                self._remark(host.name, "spot interruption on request: this machine is taken away")

    def _verdict(self, ending: Ending, crew: Crew) -> Outcome:
        """The ending and, for a failure, its reason."""
        if crew.troubled:
            return Outcome(ending="failed", reason=f"ClientError: {crew.troubled}")
        if ending == "failed" and crew.first_failed:
            member = crew.first_failed
            return Outcome(ending="failed", reason=self._failure(member.name, member.code or 0))
        if ending == "done":
            for member in crew.members:
                reason = self._failure(member.name, 0)
                if reason:
                    return Outcome(ending="failed", reason=reason)
        return Outcome(ending=ending)

    def _failure(self, name: str, code: int) -> str | None:
        """Why a host fails the job, if it does."""
        return self._ground.work.failure(self._ground.job.host(name) / "opt" / "ml", code)
