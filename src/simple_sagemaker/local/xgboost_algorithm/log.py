"""What the training says beside its metric lines: notes, and warnings that are kept for whoever asks."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime, timezone


@dataclass(frozen=True)
class Warned:
    """A warning: a word for programs, and a sentence."""

    code: str
    text: str


_warned: list[Warned] = []


def note(text: str) -> None:
    """Write a line to the job's log, as the container's logger does."""
    _write("INFO", text)


def warn(code: str, text: str) -> None:
    """Warn once of each thing."""
    one = Warned(code, text)
    if one not in _warned:
        _warned.append(one)
        _write("WARNING", f"{text} [{code}]")


def warnings() -> list[Warned]:
    """All warnings so far."""
    return list(_warned)


def forget_warnings() -> None:
    """Begin anew."""
    _warned.clear()


def _write(level: str, text: str) -> None:
    at = datetime.now(timezone.utc).strftime("%Y-%m-%d:%H:%M:%S")
    print(f"[{at}:{level}] {text}", file=sys.stderr, flush=True)
