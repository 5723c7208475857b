"""Random chains of tasks, training and processing, end with exactly the files that the rules say."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simple_sagemaker.cli.main import status_of
from simple_sagemaker.storage.folder_store import FolderStore
from tests.chains.rules import KINDS, Expected, Files, Left, Read, Rules, Step, Writes
from tests.chains.worker import SCRIPT
from tests.counts import examples

BUCKET = "sagemaker-us-east-1-000000000000"
TASKS = ["t1", "t2", "t3"]


@st.composite
def steps(draw: st.DrawFn, number: int) -> Step:
    """One step; its texts say which step and host wrote them."""
    count = draw(st.integers(1, 3))
    shares = draw(st.integers(0, count - 1))  # the one host that writes what is in nobody's folder
    names = st.sets(st.sampled_from(["a", "d/b"]))

    def written(rank: int, folder: str, *, clash: bool) -> Files:
        found = {f"{folder}{name}" for name in draw(names)} | ({"clash"} if clash and draw(st.booleans()) else set())
        return {path: f"step {number} host {rank} {path}" for path in sorted(found)}

    hosts = []
    for rank in range(count):
        own = f"algo-{rank + 1}/"
        state = written(rank, own, clash=rank == shares)
        removes = tuple(sorted({f"{own}{name}" for name in draw(names)} - state.keys()))
        hosts.append(
            Writes(
                state=state,
                model=written(rank, own, clash=True),
                output=written(rank, own, clash=True),
                removes=removes,
            )
        )
    read = st.builds(Read, task=st.sampled_from(TASKS), kind=st.sampled_from(KINDS), sharded=st.booleans())
    return Step(
        task=draw(st.sampled_from(TASKS)),
        command=draw(st.sampled_from(["run", "process"])),
        hosts=tuple(hosts),
        reads=tuple(draw(st.lists(read, max_size=2))) if number else (),
        fails=draw(st.none() | st.integers(0, count - 1)),
        forced=draw(st.booleans()),
        cleans=draw(st.booleans()) and draw(st.booleans()),
    )


chains = st.integers(2, 5).flatmap(lambda length: st.tuples(*(steps(number) for number in range(length))))


class Bench:
    """A home for one chain, and the commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.store = FolderStore(folder / "home" / "buckets")
        self._meetings = folder / "meetings"
        self._meetings.mkdir()
        self._worker = folder / "worker.py"
        self._worker.write_text(SCRIPT)

    def command(self, step: Step, number: int) -> tuple[int, str]:
        """Run one step; gives the exit status and what was printed."""
        meeting = self._meetings / str(number)
        meeting.mkdir()
        plan = {
            "hosts": [asdict(writes) for writes in step.hosts],
            "reads": len(step.reads),
            "fails": step.fails,
            "meeting": str(meeting),
        }
        entry = "-e" if step.command == "run" else "--code"
        words = [step.command, "-p", "p", "-t", step.task, entry, str(self._worker), "--ic", str(len(step.hosts))]
        for place, read in enumerate(step.reads):
            how = "ShardedByS3Key" if read.sharded else "FullyReplicated"
            words += ["--iit", f"c{place}", read.task, read.kind, how]
        words += ["--fr"] if step.forced else []
        words += ["--cs"] if step.cleans else []
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = status_of([*words, "--", json.dumps(plan)])
        return status, out.getvalue() + err.getvalue()

    def state(self, task: str) -> Files:
        """The objects of a task's state."""
        return self._texts(f"p/{task}/state/")

    def left(self, task: str, job: str, command: str) -> dict[str, Files]:
        """What a job left as model and output."""
        return {kind: self._left(f"p/{task}/{job}/output/{kind}", command) for kind in ("model", "output")}

    def _left(self, place: str, command: str) -> Files:
        if command == "process":
            return self._texts(f"{place}/")
        try:
            data = self.store.read(BUCKET, f"{place}.tar.gz")
        except FileNotFoundError:
            return {}
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            members = {member.name: archive.extractfile(member) for member in archive}
            return {name: content.read().decode() for name, content in members.items() if content}

    def _texts(self, prefix: str) -> Files:
        keys = [one.key for one in self.store.list(BUCKET, prefix)]
        return {key[len(prefix) :]: self.store.read(BUCKET, key).decode() for key in keys}


@contextmanager
def bench() -> Iterator[Bench]:
    """A folder that jobs see too, which they do not of ``/tmp``."""
    folder = Path(tempfile.mkdtemp(prefix="ssm-chains-", dir="/var/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSM_ENGINE", "local")
        patch.setenv("SSM_HOME", str(folder / "home"))
        patch.setenv("SSM_STOP_GRACE_S", "5")
        try:
            yield Bench(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def check(made: Bench, step: Step, expected: Expected, printed: str) -> None:
    """Everything that a step must have left, and what each of its hosts must have seen."""
    assert made.state(step.task) == expected.state, printed
    if expected.left is None:
        assert "SEEN" not in printed
        return
    seen = {}
    for line in printed.splitlines():
        host, _, text = line.partition(" | ")
        if text.startswith("SEEN "):
            seen[host.strip()] = json.loads(text[5:])
    for rank, names in enumerate(expected.channels):
        told = seen[f"algo-{rank + 1}"]
        assert told["state"] == expected.seen_state, printed
        assert told["channels"] == names, printed
    (job,) = {word for line in printed.splitlines() if "] Job " in line for word in [line.rpartition(" ")[2]]}
    found = made.left(step.task, job, step.command)
    assert Left(command=step.command, model=found["model"], output=found["output"]) == expected.left, printed


@settings(max_examples=examples(4, 300), suppress_health_check=[HealthCheck.too_slow])
@given(chain=chains)
def test_a_chain_ends_with_the_files_that_the_rules_say(chain: tuple[Step, ...]) -> None:
    rules = Rules()
    with bench() as made:
        for number, step in enumerate(chain):
            expected = rules.after(step)
            status, printed = made.command(step, number)
            assert status == expected.status, printed
            check(made, step, expected, printed)
