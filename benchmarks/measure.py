"""Times whole commands in turn (A B A B …) and prints their medians, their ratio pair by pair, and their memory.

Used by the other scripts of this folder; run those.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One run of a command: seconds from start to exit status, processor seconds, and its largest process in MiB."""

    wall_s: float
    cpu_s: float
    peak_mib: float


def once(words: Sequence[str], environment: Mapping[str, str]) -> Run:
    """Run a command with its output thrown away. Raises RuntimeError when it fails."""
    began = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        os.execvpe(words[0], list(words), dict(environment))
    _, status, used = os.wait4(pid, 0)
    wall = time.perf_counter() - began
    if status != 0:
        raise RuntimeError(f"status {status}: {' '.join(words)}")
    return Run(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def paired(
    commands: Mapping[str, Sequence[str]], *, rounds: int, environment: Mapping[str, str] | None = None
) -> dict[str, list[Run]]:
    """Run all commands in turn, ``rounds`` times after one round that does not count."""
    variables = environment or os.environ
    found: dict[str, list[Run]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, words in commands.items():
            run = once(words, variables)
            if number:
                found[name].append(run)
    return found


def table(found: Mapping[str, list[Run]], base: str) -> str:
    """A Markdown table: median [least to most] of each, and the medians of differences and ratios to ``base``."""
    lines = [
        "| command | wall, median [min to max] | more than " + base + " | ratio | peak MiB |",
        "|---|---|---|---|---|",
    ]
    for name, runs in found.items():
        walls = [run.wall_s for run in runs]
        more = statistics.median(run.wall_s - other.wall_s for run, other in zip(runs, found[base], strict=True))
        ratio = statistics.median(run.wall_s / other.wall_s for run, other in zip(runs, found[base], strict=True))
        peak = statistics.median(run.peak_mib for run in runs)
        lines.append(
            f"| {name} | {_ms(statistics.median(walls))} [{_ms(min(walls))} to {_ms(max(walls))}] "
            f"| {_ms(more) if name != base else ''} | {ratio:.2f} | {peak:.0f} |"
        )
    return "\n".join(lines)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"
