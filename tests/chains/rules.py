"""What a chain of tasks must leave, by the rules alone: no bucket, no engine, only dictionaries of paths and texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Command = Literal["run", "process"]
Kind = Literal["state", "model", "output", "source"]
Files = dict[str, str]
KINDS: tuple[Kind, ...] = ("state", "model", "output", "source")
ARCHIVES: Mapping[Kind, str] = {"model": "model.tar.gz", "output": "output.tar.gz", "source": "sourcedir.tar.gz"}


@dataclass(frozen=True, kw_only=True)
class Read:
    """An input: what another task left, and whether hosts share it out."""

    task: str
    kind: Kind
    sharded: bool


@dataclass(frozen=True, kw_only=True)
class Writes:
    """What one host writes, and what of its own state it removes."""

    state: Files
    model: Files
    output: Files
    removes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One command: which task, by which command, on which hosts, with what done on each; ``fails`` is a host's rank."""

    task: str
    command: Command
    hosts: tuple[Writes, ...]
    reads: tuple[Read, ...]
    fails: int | None
    forced: bool
    cleans: bool


@dataclass
class Left:
    """What a completed job left."""

    command: Command
    model: Files
    output: Files


@dataclass
class Task:
    """A task so far: its state, what its newest completed job left, and whether its newest job completed."""

    state: Files = field(default_factory=dict)
    left: Left | None = None
    is_complete: bool = False


@dataclass
class Expected:
    """What one step must do: its exit status; and where a job runs, what each host sees and what the job leaves."""

    status: int
    state: Files
    seen_state: Files = field(default_factory=dict)
    channels: list[list[list[str]]] = field(default_factory=list)  # by host, by input: the names
    left: Left | None = None


class Rules:
    """The tasks of a chain, as they must be after each step."""

    def __init__(self) -> None:
        self.tasks: dict[str, Task] = {}

    def after(self, step: Step) -> Expected:
        """What must come of a step."""
        task = self.tasks.setdefault(step.task, Task())
        if task.is_complete and not step.forced and not step.cleans:
            return Expected(status=0, state=task.state)
        found = []
        for read in step.reads:
            if step.cleans and (read.task, read.kind) == (step.task, "state"):
                return Expected(status=2, state=task.state)  # it would be read when it has just been cleared
            found.append(self._names(read))
            if not found[-1]:
                return Expected(status=4, state=task.state)
        if step.cleans:
            task.state = {}
        count = len(step.hosts)
        channels = [
            [names[rank::count] if read.sharded else names for read, names in zip(step.reads, found, strict=True)]
            for rank in range(count)
        ]
        seen = dict(task.state)
        task.state = _state(step, task.state)
        left = _left(step)
        if step.fails is None:
            task.left = left
        task.is_complete = step.fails is None
        return Expected(
            status=0 if step.fails is None else 1, state=task.state, seen_state=seen, channels=channels, left=left
        )

    def _names(self, read: Read) -> list[str]:
        """The names of the files that an input brings, all hosts together; none where there is nothing to read."""
        task = self.tasks.get(read.task)
        if task is None or task.left is None:
            return []
        if read.kind == "source":
            return [ARCHIVES["source"]]
        if read.kind == "state":
            return sorted(task.state)
        files = task.left.model if read.kind == "model" else task.left.output
        if task.left.command == "run":
            return [ARCHIVES[read.kind]] if files else []
        return sorted(files)


def _state(step: Step, before: Files) -> Files:
    """Every host's writes over what was there; only a training job's removals are kept."""
    after = dict(before)
    for writes in step.hosts:
        if step.command == "run":
            after = {path: text for path, text in after.items() if path not in writes.removes}
        after |= writes.state
    return after


def _left(step: Step) -> Left:
    """The model is every host's, the last one's where they clash; of a training job's output only the first counts."""
    outputs = [writes.output for writes in step.hosts]
    counting = outputs[:1] if step.command == "run" else outputs
    return Left(
        command=step.command,
        model={path: text for writes in step.hosts for path, text in writes.model.items()},
        output={path: text for output in counting for path, text in output.items()},
    )
