"""A sync that is killed at any moment: no object is ever torn, and the next one ends in a mirror."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from simple_sagemaker.core.store import Store
from simple_sagemaker.storage.folder_store import FolderStore
from simple_sagemaker.storage.s3.store import S3Store
from tests.counts import LONG, examples
from tests.storage.conftest import session
from tests.storage.test_mirroring import of_folder, of_store, sync

CHILD = """
import sys, time
from pathlib import Path
from tests.storage.test_killed_syncs import store_at
from tests.storage.test_mirroring import sync
print("ready", flush=True)
sys.stdin.readline()
sync(Path(sys.argv[2]), store_at(sys.argv[1]), "killed")
"""


def store_at(place: str) -> Store:
    return S3Store(session(), endpoint=place) if place.startswith("http:") else FolderStore(Path(place))


def changed(folder: Path, version: int, chance: random.Random) -> None:
    """A folder of the version: some files new, some gone; each says of which version it is, over and over."""
    for number in range(60):
        path = folder / f"{number % 7}" / f"{number}"
        if chance.random() < 0.3:
            path.unlink(missing_ok=True)
        elif chance.random() < 0.5:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"%04d" % version * chance.choice([1, 100, 50_000]))
    (folder / "always").write_bytes(b"%04d" % version)


@pytest.mark.parametrize("place", ["folder", pytest.param("rclone", marks=pytest.mark.long)])
@pytest.mark.timeout(1800)
def test_a_sync_killed_at_any_moment_loses_nothing(request: pytest.FixtureRequest, tmp_path: Path, place: str) -> None:
    chance = random.Random(20261125 if not LONG else None)
    address = str(tmp_path / "buckets") if place == "folder" else request.getfixturevalue("rclone")
    store = store_at(address)
    store.make_bucket("killed")
    store.write("killed", "p/neighbour", b"n")
    folder = tmp_path / "data"
    folder.mkdir()
    killed = 0
    for version in range(examples(4, 200)):
        changed(folder, version, chance)
        words = [sys.executable, "-c", CHILD, address, str(folder)]
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdin
        assert child.stdout
        child.stdout.readline()
        child.stdin.write(b"\n")
        child.stdin.flush()
        time.sleep(chance.uniform(0, 0.06))
        child.kill()
        child.communicate()
        killed += child.returncode != 0
        for key, content in of_store(store, "killed", "p/input/").items():
            assert len({content[at : at + 4] for at in range(0, len(content), 4)}) == 1, key
    assert killed
    for cache in ("as it is", "lost"):
        if cache == "lost":
            shutil.rmtree(tmp_path / "cache")
        sync(folder, store, "killed")
        assert of_store(store, "killed", "p/input/") == of_folder(folder)
    assert store.read("killed", "p/neighbour") == b"n"
    assert sync(folder, store, "killed").sent == 0
