"""A state of very many small files is restored, followed and kept, and its owner is told what AWS would make of it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from simple_sagemaker.local.hosts.host import Host
from simple_sagemaker.local.requests.training import Training
from simple_sagemaker.local.supervisor import mirroring
from simple_sagemaker.local.supervisor.mirroring import MANY_FILES, Mirrors
from simple_sagemaker.storage.folder_store import FolderStore
from tests.counts import examples
from tests.local.conftest import Engine
from tests.local.scripts import python

FILES = examples(2_000, 100_000)
STATE = {"CheckpointConfig": {"S3Uri": "s3://b/state", "LocalPath": "/opt/ml/checkpoints"}}
CHANGE = """
import pathlib
state = pathlib.Path(ML, "checkpoints")
files = sorted(path for path in state.rglob("*") if path.is_file())
print(len(files), flush=True)
for path in files[:10]:
    path.write_text("changed")
for path in files[10:20]:
    path.unlink()
for number in range(len(files) // 10):
    (state / ("new-%d" % number)).write_text("new")
"""


def fill(folder: Path, count: int) -> None:
    for number in range(count):
        if number % 1000 == 0:
            (folder / f"d{number // 1000:03}").mkdir(parents=True)
        (folder / f"d{number // 1000:03}" / f"{number % 1000:03}").write_bytes(b"old")


@pytest.mark.timeout(900)
def test_many_small_files_are_restored_followed_and_kept(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "home", "direct")
    fill(engine.store.root / "b" / "state", FILES)
    began = time.monotonic()
    name = engine.start(python(CHANGE), **STATE, StoppingCondition={"MaxRuntimeInSeconds": 600})
    described = engine.end(name, within_s=800)
    sys.stdout.write(f"{FILES} files: {time.monotonic() - began:.1f} s\n")
    assert described["TrainingJobStatus"] == "Completed", engine.printed(name)
    lines = engine.printed(name)["algo-1"]
    assert str(FILES) in lines
    keys = engine.keys("state/")
    assert len(keys) == FILES - 10 + FILES // 10
    assert [engine.store.read("b", f"state/{key}") for key in keys[:10]] == [b"changed"] * 10
    journal = (engine.home.jobs / name / "journal.jsonl").read_text().splitlines()
    notes = [entry for line in journal if "note" in (entry := json.loads(line))]
    assert len([line for line in lines if "more than 10,000 files" in line]) == len(notes) == (FILES > MANY_FILES)


def test_a_state_with_more_files_than_is_wise_on_aws_is_remarked_on_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirroring, "MANY_FILES", 50)
    store = FolderStore(tmp_path / "buckets")
    store.make_bucket("b")
    fill(tmp_path / "buckets/b/state", 51)
    work = Training({"TrainingJobName": "j", **STATE})
    host = Host(name="algo-1", number=0, folder=tmp_path / "host", work=work, isolated=True)
    remarks: list[tuple[str, str]] = []
    mirrors = Mirrors(work, [host], store, lambda name, text: remarks.append((name, text)))
    for _ in mirrors.restore(host):
        assert not remarks
    mirrors.flush()
    assert len(remarks) == 1
    assert "more than 50 files" in remarks[0][1]
