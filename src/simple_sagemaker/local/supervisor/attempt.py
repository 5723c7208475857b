"""One attempt at a job: from empty folders to the end of its hosts' processes. A spot interruption causes another.

In: the job's set-up. Out: how the attempt ended, the logs, and what its hosts left in their folders.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...core.records import dataclass
from ...core.store import Store
from ..data.channels import Channel, Item
from ..hosts.backend import Backend
from ..hosts.host import Host
from ..job.folder import JobFolder
from ..job.home import Settings
from ..job.log_stream import Stream
from ..requests.request import Work
from .limits import Limits
from .mirroring import Mirrors
from .monitor import Ending, Monitor, RunningHost

if TYPE_CHECKING:
    from ..data.pipe_mode import Feeder


@dataclass(frozen=True, kw_only=True)
class JobSetup:
    """What all attempts of a job share. ``descriptors`` are file descriptors that no host may inherit."""

    job: JobFolder
    work: Work
    settings: Settings
    store: Store
    backend: Backend
    hosts: Sequence[Host]
    descriptors: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an attempt ended, and the reason for a failure."""

    ending: Ending
    reason: str | None = None


class Attempt:
    """Attempt ``number`` (from 1) at a job."""

    def __init__(self, setup: JobSetup, number: int, limits: Limits) -> None:
        self._setup = setup
        self._number = number
        self._limits = limits
        self._channels: list[tuple[Channel, list[Item]]] = []
        self._feeders: list[Feeder] = []
        self._streams = {host.name: self._make_stream(host) for host in setup.hosts}
        self._monitor: Monitor | None = None
        self.mirrors = Mirrors(setup.work, setup.hosts, setup.store, self._remark, self._on_progress)

    def run(self) -> Outcome:
        """Run the attempt. Raises EndedEarly if the job ends before its hosts run."""
        try:
            self._download()
            return self._train()
        finally:
            for feeder in self._feeders:
                feeder.end()
            self._setup.backend.clean_up()

    def remark(self, text: str) -> None:
        """Write a remark about the whole job to its journal and to the first host's log."""
        first = min(self._setup.hosts, key=lambda host: host.number)
        self._remark(first.name, text)
        self._streams[first.name].close()

    def last_metrics(self) -> dict[str, dict[str, Any]]:
        """The last value of each metric that the hosts printed."""
        metrics: dict[str, dict[str, Any]] = {}
        for stream in self._streams.values():
            for name, point in stream.last_values.items():
                if name not in metrics or metrics[name]["at"] <= point["at"]:
                    metrics[name] = point
        return metrics

    def _make_stream(self, host: Host) -> Stream:
        patterns = [(name, re.compile(regex)) for name, regex in self._setup.work.metrics]
        limit = self._setup.settings.log_limit_mb << 20
        return Stream(host=host.name, folder=self._setup.job.logs, patterns=patterns, limit=limit)

    def _remark(self, host: str, text: str) -> None:
        with suppress(OSError):  # a full disk is one of the things that are remarked
            self._setup.job.append(note=f"{host}: {text}")
        self._streams[host].write_line(f"simple-sagemaker: {text}")

    def _download(self) -> None:
        setup = self._setup
        setup.job.append(secondary="Downloading", message="Downloading input data", isolation=setup.backend.isolation)
        self._channels = [(channel, channel.items(setup.store, self._on_progress)) for channel in setup.work.channels()]
        for host in setup.hosts:
            host.prepare(self._number)
            for channel, items in self._channels:
                if host.gets(channel):
                    self._drain(host.fetch(channel, items, setup.store, self._on_progress))
            if setup.work.is_script_mode:
                host.unpack_code(setup.store, self._on_progress)
            self._drain(self.mirrors.restore(host))
        self._drain(setup.backend.provision())
        setup.backend.prepare(setup.hosts)
        self._start_feeders()

    def _on_progress(self, _: int) -> None:
        """Called in the middle of every transfer, so that none holds up a stop or a time limit."""
        if self._monitor:
            self._monitor.look_around()
        else:
            self._limits.check()

    def _drain(self, steps: Iterable[None]) -> None:
        for _ in steps:
            self._limits.check()

    def _start_feeders(self) -> None:
        """Start the processes that fill the pipes of channels in Pipe mode."""
        setup = self._setup
        for channel, items in self._channels:
            if channel.mode == "Pipe":
                from ..data import pipe_mode  # few jobs have any

                parts = channel.parts(items, setup.store)
                for host in [host for host in setup.hosts if host.gets(channel)]:
                    flow = host.flow(channel, parts, setup.store)
                    close = [*setup.descriptors, *(feeder.problems for feeder in self._feeders)]
                    self._feeders.append(pipe_mode.start(flow, close=close))

    def _train(self) -> Outcome:
        setup = self._setup
        phase = setup.work.running
        setup.job.append(secondary=phase.secondary, message=phase.message)
        alarms = self._limits.alarms(interruption_s(setup.work.request, setup.settings, self._number))
        running: list[RunningHost] = []
        for host in setup.hosts:
            running.append(self._start(host, running))
        setup.backend.publish_addresses(setup.hosts)
        from ..data import artifacts  # noqa: F401 - for the end, while the hosts start up

        self._monitor = monitor = Monitor(
            hosts=running,
            is_stop_requested=setup.job.is_stop_requested,
            background=self.mirrors.passes(),
            grace_s=setup.settings.stop_grace_s,
            alarms=alarms,
            on_ending=self._note_ending,
            problem=self._problem,
        )
        began = time.monotonic()
        ending = monitor.watch()
        self._limits.count_training(time.monotonic() - began)
        self._warn(monitor)
        return self._outcome(ending, monitor)

    def _start(self, host: Host, earlier: Sequence[RunningHost]) -> RunningHost:
        setup = self._setup
        read, write = os.pipe()
        others = [descriptor for other in earlier for descriptor in (other.output, other.started.errors)]
        close = [read, *setup.descriptors, *(feeder.problems for feeder in self._feeders), *others]
        started = setup.backend.start(host, output=write, close=close)
        os.close(write)
        return RunningHost(name=host.name, started=started, output=read, stream=self._streams[host.name])

    def _problem(self) -> str:
        return next((problem for feeder in self._feeders if (problem := feeder.problem())), "")

    def _note_ending(self, ending: Ending) -> None:
        if ending in {"stopped", "timeout", "waited"}:
            self._setup.job.append(secondary="Stopping", message=f"Stopping the {self._setup.work.kind.noun}")
        elif ending == "interrupted":
            for host in self._setup.hosts:
                self._remark(host.name, "spot interruption on request: this machine is taken away")

    def _outcome(self, ending: Ending, monitor: Monitor) -> Outcome:
        """The attempt's outcome, with the reason for a failure."""
        if monitor.problem_seen:
            return Outcome(ending="failed", reason=f"ClientError: {monitor.problem_seen}")
        if ending == "failed" and monitor.first_failed:
            host = monitor.first_failed
            return Outcome(ending="failed", reason=self._failure_reason(host.name, host.code or 0))
        if ending == "done":
            for host in monitor.hosts:
                reason = self._failure_reason(host.name, 0)
                if reason:
                    return Outcome(ending="failed", reason=reason)
        return Outcome(ending=ending)

    def _failure_reason(self, name: str, code: int) -> str | None:
        """Why a host fails the job; None if it does not."""
        return self._setup.work.failure(self._host(name), code, self._streams[name].last_error())

    def _warn(self, monitor: Monitor) -> None:
        """Write to the logs what is odd about the ends of hosts."""
        for ended in monitor.hosts:
            warning = self._setup.work.warning(self._host(ended.name), ended.code or 0)
            if warning:
                self._remark(ended.name, f"WARNING: {warning}")
                self._streams[ended.name].close()

    def _host(self, name: str) -> Host:
        return next(host for host in self._setup.hosts if host.name == name)


def interruption_s(request: Mapping[str, Any], settings: Settings, number: int) -> float | None:
    """After how many seconds of training an attempt (from 1) is interrupted; None where it is not, or on demand."""
    after = settings.interrupt_after_s
    is_spot = request.get("EnableManagedSpotTraining")
    return after[number - 1] if is_spot and number <= len(after) else None
