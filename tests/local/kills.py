"""What the kill tests kill, how they find it, and what must be true afterwards."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import signal
import tarfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from simple_sagemaker.local.isolation.plain import living_descendants
from simple_sagemaker.storage.folder_store import FolderStore
from tests.counts import LONG

PIECE = 1 << 20 if LONG else 1 << 18  # bytes of one file
PIECES = 26 if LONG else 6  # of state, and again of model: 52 MB in the long run
GONE_S = 2.0  # nothing of a killed job may run after this time

# Every file is named by its hash, so that whoever finds one can tell whether it is whole. The daemon has left its
# session, its parents and its environment behind. Without ML and so on this is what `ssm run` is given.
WORKER = f"""
import hashlib, os, pathlib, random, subprocess, sys, time
def put(folder):
    for _ in range({PIECES}):
        data = os.urandom(1 << 10) * ({PIECE} >> 10)
        part = pathlib.Path(folder, "part.tmp")
        part.write_bytes(data)
        part.rename(pathlib.Path(folder, hashlib.sha256(data).hexdigest()))
        time.sleep(0.01)
for path in [path for path in pathlib.Path(state).iterdir() if path.is_file()]:
    if path.suffix != ".tmp" and hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
        sys.exit("half a file in the state: %s" % path)
    path.unlink()
subprocess.run(["env", "-i", "setsid", "-f", "sleep", mark], check=True)
print("up", flush=True)
put(state)
put(model)
time.sleep(float(os.environ.get("LINGERS_S", "0")))
"""


def worker(state: str, model: str, mark: str) -> str:
    """The worker's code, with Python expressions for its folders and its mark."""
    return f"import os\nstate, model, mark = {state}, {model}, {mark}\n{WORKER}"


def new_mark(seed: int) -> str:
    """Seconds of a sleep that nobody else sleeps."""
    return f"42{os.getpid():07}{seed:05}{time.monotonic_ns() % 10**6:06}"


@dataclass(frozen=True)
class Prey:
    """A job to be killed: its folder, and the text by which all its programs are known."""

    job: Path
    mark: str

    def phase(self) -> str:
        """The journal's last status; empty before there is a journal."""
        try:
            lines = (self.job / "journal.jsonl").read_bytes().split(b"\n")[:-1]
        except FileNotFoundError:
            return ""
        return str([entry["secondary"] for line in lines if "secondary" in (entry := json.loads(line))][-1])

    def wait_for(self, phase: str, within_s: float = 300) -> None:
        """Wait until the job is in a phase, or was."""
        order = ["", "Starting", "Downloading", "Training", "Uploading", "Completed", "Failed", "Stopped"]
        limit = time.monotonic() + within_s
        while order.index(self.phase()) < order.index(phase):
            assert time.monotonic() < limit, f"{self.job.name} is still {self.phase()!r} and not {phase}"
            time.sleep(0.001)

    def supervisors(self) -> list[int]:
        """The supervisor and, in plain isolation, its watchdog."""
        try:
            top = int((self.job / "supervisor.pid").read_text())
        except (FileNotFoundError, ValueError):
            return []
        return [
            pid
            for pid in (top, *living_descendants(top))
            if b"local.supervisor" in command_line(pid) and parent(pid) in {top, 1}
        ] or [top]

    def first_process(self) -> list[int]:
        """A host's first process: known by the mark, and its parent is not."""
        ours = [pid for pid in processes() if self.mark.encode() in environment(pid)]
        return [pid for pid in ours if parent(pid) not in ours][:1]

    def everything(self) -> set[int]:
        """All that runs for the job now."""
        below = [pid for top in self.supervisors() for pid in (top, *living_descendants(top))]
        return {*below, *self.marked()}

    def marked(self) -> list[int]:
        """Programs of the job, wherever they have gone."""
        mark = self.mark.encode()
        return [pid for pid in processes() if mark in command_line(pid) or mark in environment(pid)]


def kill(pids: list[int]) -> None:
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def assert_gone(prey: Prey, before: set[int]) -> None:
    """Nothing of a job lives on. ``before`` is what ran when it was killed."""
    limit = time.monotonic() + GONE_S
    while left := [pid for pid in {*before, *prey.marked()} if runs(pid)]:
        assert time.monotonic() < limit, {pid: command_line(pid)[-200:] for pid in left}
        time.sleep(0.01)


def assert_whole(store: FolderStore, bucket: str, described: Mapping[str, Any] | None) -> None:
    """Whatever lies in the bucket under the name of a whole thing is whole."""
    counts = {"state": 0, "model": 0}
    for entry in store.list(bucket, ""):
        name = entry.key.rpartition("/")[2]
        if "/state/" in f"/{entry.key}" and not name.endswith(".tmp"):
            assert hashlib.sha256(store.read(bucket, entry.key)).hexdigest() == name, entry.key
            counts["state"] += 1
        elif name == "model.tar.gz":
            counts["model"] += _members(store.read(bucket, entry.key))
    if described and described["TrainingJobStatus"] == "Completed":
        assert counts["state"] == PIECES
        assert counts["model"] >= PIECES


def _members(packed: bytes) -> int:
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(packed))) as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content
            if not member.name.endswith(".tmp"):
                assert hashlib.sha256(content.read()).hexdigest() == member.name
        return len(archive.getnames())


def processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def command_line(pid: int) -> bytes:
    return _read(pid, "cmdline")


def environment(pid: int) -> bytes:
    return _read(pid, "environ")


def parent(pid: int) -> int:
    return int(_stat(pid)[1])


def runs(pid: int) -> bool:
    return _stat(pid)[0] not in {b"Z", b"X"}


def _stat(pid: int) -> list[bytes]:
    return _read(pid, "stat").rpartition(b")")[2].split() or [b"X", b"0"]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def until(holds: Callable[[], bool], within_s: float) -> None:
    limit = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.005)
