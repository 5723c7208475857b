"""Temporary folders: gone with their context, kept while somebody holds them, removed once nobody does."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simple_sagemaker.core.scratch import has_lost_owner, make_held, remove_abandoned, remove_held, scratch_folder

KILLED = """
import os, signal, sys
from pathlib import Path
from simple_sagemaker.core.scratch import make_held
folder, held = make_held(Path(sys.argv[1]), "mine-")
(folder / "left").write_text("x")
os.kill(os.getpid(), signal.SIGKILL)
"""
needs_locks = pytest.mark.skipif(sys.platform == "win32", reason="needs flock")


@pytest.mark.parametrize("files", [(), ("file", "sub/file")], ids=["empty", "with files"])
def test_nothing_of_a_folder_stays(tmp_path: Path, files: tuple[str, ...]) -> None:
    with scratch_folder("mine-", tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith("mine-")
        assert sys.platform == "win32" or stat.S_IMODE(folder.stat().st_mode) == 0o700
        for name in files:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).touch()
    assert list(tmp_path.iterdir()) == []


@needs_locks
def test_a_folder_is_kept_while_it_is_held(tmp_path: Path) -> None:
    with scratch_folder("mine-", tmp_path) as one, scratch_folder("mine-", tmp_path) as other:
        assert one != other
        remove_abandoned(tmp_path, "mine-")
        assert {*tmp_path.iterdir()} == {one, other}


@needs_locks
def test_what_a_killed_process_left_goes_with_the_next_folder_of_its_prefix(tmp_path: Path) -> None:
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False).returncode != 0
    (abandoned,) = tmp_path.iterdir()
    with scratch_folder("other-", tmp_path):
        assert abandoned.exists()
    with scratch_folder("mine-", tmp_path) as folder:
        assert list(tmp_path.iterdir()) == [folder]


@needs_locks
def test_only_what_is_ours_and_old_is_removed(tmp_path: Path) -> None:
    kept = [tmp_path / name for name in ("mine-without-a-lock", ".new-mine-young", ".new-yours")]
    old = tmp_path / ".new-mine-old"
    for folder in (*kept, old):
        folder.mkdir()
    (tmp_path / "mine-file").touch()
    long_ago = time.time() - 2 * 3600
    for folder in (old, kept[2]):
        os.utime(folder, (long_ago, long_ago))
    remove_abandoned(tmp_path, "mine-")
    assert {*tmp_path.iterdir()} == {*kept, tmp_path / "mine-file"}
    remove_abandoned(tmp_path / "nowhere", "mine-")


@needs_locks
def test_a_folder_has_lost_its_owner_once_nobody_holds_it_and_one_that_somebody_named_never_has(tmp_path: Path) -> None:
    folder, held = make_held(tmp_path, "test-")
    assert not has_lost_owner(folder / "jobs" / "job", "test-")
    os.close(held)
    assert has_lost_owner(folder / "jobs" / "job", "test-")
    remove_held(folder)
    assert has_lost_owner(folder / "jobs" / "job", "test-")
    assert not has_lost_owner(tmp_path / "test-mine" / "jobs" / "job", "test-")
    assert not has_lost_owner(tmp_path / "test-of-sixteen-chars" / "job", "test-")
