"""The running hosts of a job: their output, their ends, and how they are made to end.

One thread, one loop: output, the ends of processes, a stop asked for and the time limit are all looked at here, and
between them the mirrors move a step. Forking stays safe because there is no second thread.
"""

from __future__ import annotations

import os
import selectors
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..isolation.namespaces import Started
from ..isolation.plain import leftovers
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
class Member:
    """A host that was started: its process, the pipe of its output and the stream that takes it."""

    name: str
    started: Started
    output: int
    stream: Stream
    code: int | None = None


@dataclass
class Crew:
    """All hosts of one attempt. ``stop_asked``, ``trouble`` and ``background`` are looked at between other things.

    A step of ``background`` says whether it did something; when not, the loop may wait. ``alarms`` are moments of
    ``time.monotonic()`` and what happens then. ``trouble`` is why the hosts cannot go on, empty while they can.
    """

    members: list[Member]
    stop_asked: Callable[[], bool]
    background: Iterator[bool]
    grace_s: float
    alarms: Sequence[tuple[float, Ending]]
    on_ending: Callable[[Ending], None]
    trouble: Callable[[], str]
    troubled: str = ""
    ending: Ending | None = None
    first_failed: Member | None = None
    _kill_at: float = float("inf")
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def watch(self) -> Ending:
        """Go on until every host has ended; says why the first one did. What hosts left behind is killed."""
        wake = _wake_on_child()
        self._selector.register(wake, selectors.EVENT_READ, None)
        for member in self.members:
            os.set_blocking(member.output, False)
            self._selector.register(member.output, selectors.EVENT_READ, member)
        looked = 0.0
        while any(member.code is None for member in self.members):
            busy = next(self.background, False)
            for key, _ in self._selector.select(0 if busy else _TICK_S):
                self._take(key.fd, key.data)
            self._reap()
            if time.monotonic() - looked > _TICK_S:
                looked = time.monotonic()
                self._look(looked)
        self._look_for_trouble()
        self._finish(wake)
        return self.ending or "done"

    def _take(self, descriptor: int, member: Member | None) -> bool:
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return False
        if member and data:
            member.stream.feed(data)
        elif member:
            self._selector.unregister(descriptor)
        return bool(data)

    def _reap(self) -> None:
        for member in self.members:
            if member.code is None:
                pid, status = os.waitpid(member.started.pid, os.WNOHANG)
                if pid:
                    self._ended(member, os.waitstatus_to_exitcode(status))

    def _ended(self, member: Member, code: int) -> None:
        member.code = member.started.status(code)
        kill_group(member.started.pid)
        if member.code != 0 and self.ending is None:
            self.first_failed = member
            self._begin("failed", min(self.grace_s, _SIBLING_GRACE_S))

    def _look(self, now: float) -> None:
        if self.ending in {None, "interrupted"} and self.stop_asked():
            self._begin("stopped", self.grace_s)
        self._look_for_trouble()
        due = min((alarm for alarm in self.alarms if now > alarm[0]), default=None)
        if self.ending is None and due:
            self._begin(due[1], min(self.grace_s, _SPOT_GRACE_S) if due[1] == "interrupted" else self.grace_s)
        if now > self._kill_at:
            self._signal(signal.SIGKILL)

    def _look_for_trouble(self) -> None:
        if self.ending is None and (said := self.trouble()):
            self.troubled = said
            self._begin("failed", min(self.grace_s, _SIBLING_GRACE_S))

    def _begin(self, ending: Ending, grace_s: float) -> None:
        self.ending = ending
        self._kill_at = min(self._kill_at, time.monotonic() + grace_s)
        self.on_ending(ending)
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        for member in self.members:
            if member.code is None:
                member.started.signal(number)

    def _finish(self, wake: int) -> None:
        kill_descendants()
        for member in self.members:
            while self._take(member.output, None if member.output not in self._selector.get_map() else member):
                pass
            os.close(member.output)
            self._complaint(member)
            member.stream.close()
        self._selector.close()
        _stop_waking(wake)

    def _complaint(self, member: Member) -> None:
        """What went wrong between the fork and the program, where something did."""
        with os.fdopen(member.started.errors, "rb") as errors:
            said = errors.read().decode("utf-8", "replace")
        if said:
            member.stream.say(f"simple-sagemaker: {member.name} could not start: {said}")


def kill_group(leader: int) -> None:
    """Kill what is left of a process group whose leader has ended."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def kill_descendants() -> None:
    """Kill every process below this one, and what those have started meanwhile."""
    limit = time.monotonic() + _KILL_S
    while (found := leftovers(os.getpid())) and time.monotonic() < limit:
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(_KILL_PAUSE_S)


def adopt_orphans() -> None:
    """Have processes whose parents end become ours, so that none is out of reach (Linux)."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER, prctl(2)


def _wake_on_child() -> int:
    """A descriptor that becomes readable when a child ends."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    return read


def _stop_waking(read: int) -> None:
    """Undo what made that descriptor: children that end later wake nobody."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(signal.set_wakeup_fd(-1))
    os.close(read)
