"""Whatever a job leaves at whatever name, it ends in time, and nothing from outside its folders gets into its results.

By default one job puts one kind of thing at all names: of files with every second kind and of folders with the others
where it trains, the other way round where it processes. The long run has both with each kind, and each name alone.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.local.job.remove import remove_folder
from tests.counts import LONG
from tests.local.conftest import Engine
from tests.local.processing import Processings, sent
from tests.local.scripts import python

pytestmark = pytest.mark.parametrize("engine", ["direct"], indirect=True)

SECRET = "TOP-SECRET-OF-THE-HOST"
FILES = ["output/failure", "model/f", "output/data/f", "checkpoints/f", "output/tensorboard/f"]
FOLDERS = ["model", "output/data", "checkpoints", "output/tensorboard", "output"]
PROCESSED = ["output/message", "processing/end/f", "processing/now/f"]
PROCESSED_FOLDERS = ["processing/end", "processing/now", "output", "processing"]
MAKE = """
import os, shutil, signal, socket, stat, sys, threading, time

def gone(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.remove(path)

def deep(path, count):
    os.makedirs(path, exist_ok=True)
    here = os.getcwd()
    os.chdir(path)
    for _ in range(count):
        os.mkdir("d")
        os.chdir("d")
    open("bottom", "w").write("deep")
    os.chdir(here)

def file(path, text="", sparse=0, mode=None):
    with open(path, "w") as out:
        out.write(text)
        if sparse:
            out.truncate(sparse)
    if mode is not None:
        os.chmod(path, mode)

def bind(path):
    here = os.getcwd()
    os.chdir(os.path.dirname(path))  # the path of a socket is short
    socket.socket(socket.AF_UNIX).bind(os.path.basename(path))
    os.chdir(here)

def device(path):
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except OSError:
        os.symlink("/dev/zero", path)

def swapping(path):
    def swap():
        while True:
            gone(path)
            os.symlink(SECRET_FILE, path)
            time.sleep(0.001)
            gone(path)
            file(path, "x" * 1000)
            time.sleep(0.001)
    threading.Thread(target=swap, daemon=True).start()

def odd(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    for name in (b"new\\nline", b"\\x1b]0;x\\x07", b"\\xff\\xfe", b" ", b"a" * 255, b"-rf", b"*"):
        with open(os.path.join(os.path.dirname(os.fsencode(path)), name), "wb") as out:
            out.write(b"x")

KINDS = {
    "a link to a file": lambda path: os.symlink(SECRET_FILE, path),
    "a link to a folder": lambda path: os.symlink(SECRET_FOLDER, path),
    "a relative link": lambda path: os.symlink(os.path.relpath(SECRET_FOLDER, os.path.dirname(path)), path),
    "a link to itself": lambda path: os.symlink(path, path),
    "a link to zeros": lambda path: os.symlink("/dev/zero", path),
    "a link to the kernel": lambda path: os.symlink("/proc/self/environ", path),
    "a named pipe": os.mkfifo,
    "a socket": bind,
    "a device": device,
    "a huge text": lambda path: file(path, "x" * (1 << 25)),
    "a sparse file": lambda path: file(path, "x", sparse=1 << 43),
    "an unreadable file": lambda path: file(path, "x", mode=0),
    "an unreadable folder": lambda path: (os.mkdir(path), file(path + "/in", "x"), os.chmod(path, 0)),
    "deep folders": lambda path: deep(path, 1500),
    "odd names": odd,
    "a file that is swapped": swapping,
}

def put(kind, names):
    for name in names:
        path = os.path.join(ML, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        try:
            gone(path)
        except OSError:  # a mount of the host's: then something in it
            path += "/in"
        KINDS[kind](path)
    print("made", flush=True)
    if "swapped" in kind:
        time.sleep(2.5)
    os._exit(STATUS)
"""
KINDS = [line.strip().partition('"')[2].partition('"')[0] for line in MAKE.splitlines() if line.startswith('    "')]
CHECKPOINTS = {"CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/opt/ml/checkpoints"}}
BOARD = {"TensorBoardOutputConfig": {"S3OutputPath": "s3://b/board"}}


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    """A folder of the host that no job was given. At the end the jobs' folders go, which pytest could not remove."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    for name in ("f", "key"):
        (folder / name).write_text(SECRET)
    yield folder
    if (tmp_path / "home" / "jobs").exists():
        remove_folder(tmp_path / "home" / "jobs")


def script(kind: str, names: list[str], secret: Path, status: int) -> str:
    start = f"SECRET_FOLDER, SECRET_FILE, STATUS = {str(secret)!r}, {str(secret / 'key')!r}, {status}\n"
    return python(f"{start}{MAKE}\nput({kind!r}, {names!r})")


def contents(engine: Engine) -> bytes:
    """All that the job could have left: every object, unpacked where it is an archive."""
    everything = b""
    for stored in engine.store.list("b", ""):
        if not stored.key.startswith("code-") and stored.size < 1 << 26:
            data = engine.store.read("b", stored.key, 1 << 40)
            everything += gzip.decompress(data) if stored.key.endswith(".gz") else data
    return everything


def cases(files: list[str], folders: list[str], first: int) -> list[Any]:
    """The kinds, each with its names; in the short run those of files are every second one from ``first`` on."""
    together = [
        pytest.param(kind, names, id=f"{kind}-{where}")
        for number, kind in enumerate(KINDS, first)
        for turn, (where, names) in enumerate((("files", files), ("folders", folders[:-1])))
        if LONG or (number + turn) % 2 == 0
    ]
    alone = [pytest.param(kind, [name], id=f"{kind}-{name}") for kind in KINDS for name in [*files, *folders]]
    return together + (alone if LONG else [])


@pytest.mark.parametrize(("kind", "names"), cases(FILES, FOLDERS, 0))
def test_a_training_job_ends_in_time_and_takes_nothing_from_outside(
    engine: Engine, secret: Path, kind: str, names: list[str]
) -> None:
    name = engine.start(
        script(kind, names, secret, 3), StoppingCondition={"MaxRuntimeInSeconds": 60}, **CHECKPOINTS, **BOARD
    )
    described = engine.end(name, within_s=300)
    assert "made" in engine.printed(name)["algo-1"], engine.printed(name)
    assert described["TrainingJobStatus"] == "Failed"
    assert described["FailureReason"].startswith("AlgorithmError: "), described["FailureReason"]
    assert described["FailureReason"].endswith("exit code: 3")
    assert SECRET not in json.dumps(described, default=str)
    assert SECRET.encode() not in contents(engine)
    engine.client.delete_training_job(TrainingJobName=name)
    assert not (engine.home.jobs / name).exists()


@pytest.mark.parametrize(("kind", "names"), cases(PROCESSED, PROCESSED_FOLDERS, 1))
def test_a_processing_job_ends_in_time_and_takes_nothing_from_outside(
    engine: Engine, secret: Path, kind: str, names: list[str]
) -> None:
    jobs = Processings(engine)
    outputs = [
        sent("end", "/opt/ml/processing/end", "s3://b/end"),
        sent("now", "/opt/ml/processing/now", "s3://b/now", "Continuous"),
    ]
    described = jobs.run(script(kind, names, secret, 0), outputs=outputs)
    assert "made" in jobs.printed("process-1")["algo-1"], jobs.printed("process-1")
    assert described["ProcessingJobStatus"] == "Completed", described.get("FailureReason")
    assert SECRET not in json.dumps(described, default=str)
    assert SECRET.encode() not in contents(engine)
