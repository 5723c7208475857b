"""Monitors the running hosts of a job: their output, their exits, and ending them.

One thread, one loop: output, exits of processes, stop requests and time limits are all handled here, and between them
the mirrors advance by a step. Forking is safe because there is no second thread.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from ...core.records import dataclass, field
from ..isolation.namespaces import Started
from ..isolation.plain import living_descendants
from ..job.log_stream import Stream

if sys.platform == "win32":
    raise ImportError("jobs as processes need Linux or macOS")


_TICK_S = 0.05
_CHUNK = 1 << 16
_KILL_S, _KILL_PAUSE_S = 2.0, 0.001
_SIBLING_GRACE_S = 30.0  # for the other hosts once one has failed
_SPOT_GRACE_S = 120.0  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-interruption-notices.html

# "timeout" is MaxRuntimeInSeconds, "waited" MaxWaitTimeInSeconds, "interrupted" a spot interruption
Ending = Literal["done", "failed", "stopped", "timeout", "waited", "interrupted"]


@dataclass
class RunningHost:
    """A started host: its process, the pipe of its output and the stream that records it."""

    name: str
    started: Started
    output: int
    stream: Stream
    code: int | None = None


@dataclass
class Monitor:
    """Watches all hosts of one attempt; calls ``is_stop_requested``, ``problem`` and ``background`` regularly.

    A step of ``background`` yields whether it did something; if not, the loop may wait. ``alarms`` are times of
    ``time.monotonic()`` and what happens then. ``problem`` returns why the hosts cannot continue, or an empty text.
    """

    hosts: list[RunningHost]
    is_stop_requested: Callable[[], bool]
    background: Iterator[bool]
    grace_s: float
    alarms: Sequence[tuple[float, Ending]]
    on_ending: Callable[[Ending], None]
    problem: Callable[[], str]
    problem_seen: str = ""
    ending: Ending | None = None
    first_failed: RunningHost | None = None
    _kill_at: float = float("inf")
    _looked: float = 0.0
    _looking: threading.Lock = field(default_factory=threading.Lock)
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def watch(self) -> Ending:
        """Watch until every host has ended, kill what they left behind, and return how the attempt ended."""
        wake = _wake_on_child()
        self._selector.register(wake, selectors.EVENT_READ, None)
        for host in self.hosts:
            os.set_blocking(host.output, False)
            self._selector.register(host.output, selectors.EVENT_READ, host)
        checked = 0.0
        while any(host.code is None for host in self.hosts):
            busy = next(self.background, False)
            for key, _ in self._selector.select(0 if busy else _TICK_S):
                self._read_output(key.fd, key.data)
            self._reap()
            if time.monotonic() - checked > _TICK_S:
                checked = time.monotonic()
                self._check(checked)
        self._check_problem()
        self._finish(wake)
        return self.ending or "done"

    def look_around(self) -> None:
        """Do what cannot wait, in the middle of a step of ``background``: read output, act on stops and time limits."""
        now = time.monotonic()
        if now - self._looked < _TICK_S or not self._looking.acquire(blocking=False):
            return
        try:
            self._looked = now
            if threading.current_thread() is threading.main_thread():  # others cannot limit the search for metrics
                for key, _ in self._selector.select(0):
                    self._read_output(key.fd, key.data)
            if any(host.code is None for host in self.hosts):
                self._check(now)
        finally:
            self._looking.release()

    def _read_output(self, descriptor: int, host: RunningHost | None) -> bool:
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if host and data:
            host.stream.feed(data)
        elif host:
            self._selector.unregister(descriptor)
        return bool(data)

    def _reap(self) -> None:
        for host in self.hosts:
            if host.code is None:
                pid, status = os.waitpid(host.started.pid, os.WNOHANG)
                if pid:
                    self._note_end(host, os.waitstatus_to_exitcode(status))

    def _note_end(self, host: RunningHost, code: int) -> None:
        host.code = host.started.status(code)
        kill_group(host.started.pid)
        if host.code != 0 and self.ending is None:
            self.first_failed = host
            self._begin_ending("failed", min(self.grace_s, _SIBLING_GRACE_S))

    def _check(self, now: float) -> None:
        if self.ending in {None, "interrupted"} and self.is_stop_requested():
            self._begin_ending("stopped", self.grace_s)
        self._check_problem()
        due = min((alarm for alarm in self.alarms if now > alarm[0]), default=None)
        if self.ending is None and due:
            self._begin_ending(due[1], min(self.grace_s, _SPOT_GRACE_S) if due[1] == "interrupted" else self.grace_s)
        if now > self._kill_at:
            self._signal(signal.SIGKILL)

    def _check_problem(self) -> None:
        if self.ending is None and (problem := self.problem()):
            self.problem_seen = problem
            self._begin_ending("failed", min(self.grace_s, _SIBLING_GRACE_S))

    def _begin_ending(self, ending: Ending, grace_s: float) -> None:
        self.ending = ending
        self._kill_at = min(self._kill_at, time.monotonic() + grace_s)
        self.on_ending(ending)
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)  # a process that was stopped (SIGSTOP) does not see another signal before

    def _signal(self, number: signal.Signals) -> None:
        for host in self.hosts:
            if host.code is None:
                host.started.signal(number)

    def _finish(self, wake: int) -> None:
        kill_descendants()
        for host in self.hosts:
            while self._read_output(host.output, None if host.output not in self._selector.get_map() else host):
                pass
            os.close(host.output)
            self._report_start_error(host)
            host.stream.close()
        self._selector.close()
        _stop_waking(wake)

    def _report_start_error(self, host: RunningHost) -> None:
        """Write to the host's log what went wrong between the fork and the start of its program, if anything."""
        with os.fdopen(host.started.errors, "rb") as errors:
            error = errors.read().decode("utf-8", "replace")
        if error:
            host.stream.write_line(f"simple-sagemaker: {host.name} could not start: {error}")


def kill_group(leader: int) -> None:
    """Kill what is left of a process group whose leader has ended."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_descendants() -> None:
    """Kill all descendants of this process, including those started meanwhile."""
    deadline = time.monotonic() + _KILL_S
    while (descendants := living_descendants(os.getpid())) and time.monotonic() < deadline:
        for pid in descendants:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(_KILL_PAUSE_S)


def _wake_on_child() -> int:
    """Return a descriptor that becomes readable when a child ends."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    return read


def _stop_waking(read: int) -> None:
    """Undo :func:`_wake_on_child`."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(signal.set_wakeup_fd(-1))
    os.close(read)
