"""What a job's owner hears of files that its model cannot hold."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simple_sagemaker.local.requests.request import Saving
from simple_sagemaker.local.requests.training import Training
from simple_sagemaker.storage.folder_store import FolderStore


def save(folder: Path, *hosts: str) -> list[str]:
    """Save what these hosts left below the folder; the notes about it."""
    store = FolderStore(folder / "buckets")
    store.make_bucket("b")
    notes: list[str] = []
    left: Any = [
        SimpleNamespace(folder=folder / host, inside=lambda path, host=host: folder / host / Path(path).name)
        for host in hosts
    ]
    saving = Saving(job="job", scratch=folder, on_note=notes.append, on_progress=lambda _: None)
    Training({"OutputDataConfig": {"S3OutputPath": "s3://b/out"}}).save(left, store, saving)
    return notes


@pytest.mark.parametrize(("links", "last"), [(20, "left out: it is a link"), (21, "1 more"), (45, "25 more")])
def test_a_few_are_named_and_the_others_counted(tmp_path: Path, links: int, last: str) -> None:
    model = tmp_path / "algo-1" / "model"
    model.mkdir(parents=True)
    (tmp_path / "algo-1" / "data").mkdir()
    for number in range(links):
        (model / f"link{number:02}").symlink_to("/etc/passwd")
    notes = save(tmp_path, "algo-1")
    assert len(notes) == min(links, 20) + (links > 20)
    assert all(f"model: link{number:02} is left out" in note for number, note in enumerate(notes[:20]))
    assert last in notes[-1]


def test_hosts_that_wrote_the_same_file_are_told_which_was_kept(tmp_path: Path) -> None:
    for host in ("algo-1", "algo-2"):
        for folder in ("model", "data"):
            (tmp_path / host / folder).mkdir(parents=True)
        (tmp_path / host / "model" / "weights").write_text(host)
        (tmp_path / host / "data" / "out").write_text(host)  # output is the first host's alone
    assert save(tmp_path, "algo-1", "algo-2") == ["model: several hosts wrote weights; the last host's were kept"]
