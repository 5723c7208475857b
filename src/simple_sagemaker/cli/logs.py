"""``ssm logs``: the lines that a job has so far, or as they come until it ends."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..core.cpu_limit import compile_regex
from ..core.json_form import utc
from ..core.printable import clean_line
from ..core.progress import Watcher
from ..errors import Detached, UsageError
from ..jobs import display, follow, job_events, outcome, past_lines
from ..jobs import logs as job_logs
from ..jobs.logs import Event
from .chosen_job import choose
from .printing import NotesOnly, print_json_line, say
from .run import print_outcome

if TYPE_CHECKING:
    from ..core.job import Job
    from ..core.job_specs import LogsSpec
    from ..core.services import Services
    from ..jobs.follow import JobResult
    from ..jobs.past_lines import HostLine

_CODES = {"cyan": 36, "magenta": 35, "green": 32, "yellow": 33, "blue": 34}
_CODES |= {f"bright_{name}": code + 60 for name, code in _CODES.items()}


def logs(spec: LogsSpec, services: Services) -> int:
    """Print a job's lines; return 0. With ``follow`` raises JobFailed, JobStopped or Detached, as a run does."""
    job = choose(spec, services, prefer_running=spec.follow).job
    if spec.host is not None and spec.host > job.hosts:
        raise UsageError.naming(
            "{host:number}: the job {name} has {count}.", number=spec.host, name=job.name, count=_hosts(job)
        )
    lines = _Lines(spec, job)
    if spec.follow and not job.has_ended:
        result = _follow(spec, job, services, lines)
    else:
        lines.print_past(_past(spec, job, services))
        if not spec.follow:
            return 0
        result = follow.result(job)
    if spec.json:
        print_json_line(job_events.end_event(result, services.now()))
    if spec.json or spec.quiet:
        outcome.check(result)
    else:
        print_outcome(result, outcome.metrics_lines(result))
    return 0


def _hosts(job: Job) -> str:
    return "1 host" if job.hosts == 1 else f"{job.hosts} hosts"


def _past(spec: LogsSpec, job: Job, services: Services) -> Iterable[HostLine]:
    return past_lines.past_lines(
        job, services, lambda text: say(spec, text), host=spec.host, since_ms=_since_ms(spec), last=spec.tail
    )


def _since_ms(spec: LogsSpec) -> int | None:
    return None if spec.since is None else int(spec.since.timestamp() * 1000)


def _follow(spec: LogsSpec, job: Job, services: Services, lines: _Lines) -> JobResult:
    """Print the lines as they come, until the job has ended. Ctrl-C leaves the job alone."""
    tail = job_logs.Tail(
        job.name,
        services.logs,
        listing=services.reading.listing,
        group=job_logs.GROUPS[job.kind],
        since_ms=_since_ms(spec),
        last=spec.tail,
        host=spec.host,
    )
    with display.screen(lines.labelled_hosts, outlives_reader=False) as screen:
        watcher: Watcher = screen if lines.shows_status else NotesOnly(spec)
        follower = follow.Follower(
            job.name,
            services,
            watcher,
            kind=job.kind,
            joined=True,
            tail=tail,
            on_events=lambda host, events: lines.print_new(host, events, screen),
        )
        try:
            return follower.follow()
        except KeyboardInterrupt:
            raise Detached(f"The job {job.name} goes on.") from None


class _Lines:
    """Chooses and prints lines: on a terminal, in a pipe as they are, or as JSON."""

    def __init__(self, spec: LogsSpec, job: Job) -> None:
        self._spec = spec
        self._pattern = compile_regex(spec.pattern) if spec.pattern is not None else None
        self.labelled_hosts = job.hosts if job.hosts > 1 and spec.host is None else 0
        self._width = len(f"algo-{job.hosts}") if self.labelled_hosts else 0
        self._is_terminal = sys.stdout.isatty()
        self._colours = self._is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        self._drawn: dict[int, str] = {}  # what hosts' progress bars drew last
        self._labels: dict[int, str] = {}

    @property
    def shows_status(self) -> bool:
        """Whether there is a terminal for a status line, and nobody wants quiet."""
        return self._is_terminal and sys.stderr.isatty() and not self._spec.json and not self._spec.quiet

    def print_new(self, host: str, events: list[Event], screen: Watcher) -> None:
        """Print lines that have just come."""
        events = [event for event in events if self._is_wanted(event.line)]
        number = int(host.rpartition("-")[2])
        if self._spec.json:
            for event in events:
                print_json_line(job_events.line_event(number, event))
        elif events:
            screen.lines(host, [f"{self._time(event.at_ms)}{event.line}" for event in events])

    def print_past(self, lines: Iterable[HostLine]) -> None:
        """Print all lines that there are."""
        if self._spec.json:
            for at_ms, host, line in lines:
                if self._is_wanted(line):
                    print_json_line(job_events.line_event(host, Event(at_ms, line)), flush=False)
            sys.stdout.flush()
            return
        write = sys.stdout.buffer.write
        encoding = sys.stdout.encoding or "utf-8"
        for at_ms, host, line in lines:
            shown = self._shown(host, line) if self._is_wanted(line) else None
            if shown is not None:
                text = f"{self._label(host)}{self._time(at_ms)}{shown}\n"
                write(text.encode(encoding, "backslashreplace"))
        for host, line in sorted(self._drawn.items()):
            write(f"{self._label(host)}{clean_line(line)}\n".encode(encoding, "backslashreplace"))
        sys.stdout.flush()

    def _is_wanted(self, line: str) -> bool:
        return self._pattern is None or self._pattern.search(line) is not None

    def _shown(self, host: int, line: str) -> str | None:
        """A line as it is printed; None for what a progress bar drew before it drew something else."""
        if not self._is_terminal:
            return line
        drawn = display.drawn(line)
        if drawn is not None:
            self._drawn[host] = drawn
            return None
        self._drawn.pop(host, None)
        return clean_line(line)

    def _time(self, at_ms: int) -> str:
        if not self._spec.times:
            return ""
        return f"{utc(job_events.moment(at_ms))} "

    def _label(self, host: int) -> str:
        if host not in self._labels:
            name = f"algo-{host}"
            label = display.label(name, self._width)
            if label and self._colours:
                label = f"\x1b[{_CODES[display.host_colour(name)]}m{name:<{self._width}}\x1b[0m | "
            self._labels[host] = label
        return self._labels[host]
