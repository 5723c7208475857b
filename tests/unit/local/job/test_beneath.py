"""Names that a job chose, resolved below its folder as the job saw them, and never outside."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from simple_sagemaker.local.job import beneath
from simple_sagemaker.local.job.remove import remove_folder
from simple_sagemaker.storage.safe_paths import DEEPEST


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of a host, beside a secret."""
    (tmp_path / "secret").write_text("secret")
    made = tmp_path / "host"
    (made / "opt/ml/output/data").mkdir(parents=True)
    (made / "opt/ml/output/data/text").write_text("inside")
    return made


def make_deep(folder: Path, count: int) -> None:
    """Folders in folders, deeper than a path can say."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(count):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("bottom", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


@pytest.mark.parametrize("target", ["data/text", "/opt/ml/output/data/text", "../output/./data/text", "HOST/data/text"])
def test_a_link_inside_is_followed_as_the_job_sees_it(root: Path, target: str) -> None:
    (root / "opt/ml/output/failure").symlink_to(target.replace("HOST", str(root / "opt/ml/output")))
    assert beneath.read(root, "opt/ml/output/failure", 100) == b"inside"


@pytest.mark.parametrize(
    "target", ["../../../../secret", "../../../../../../../../etc/passwd", "SECRET", "/etc/passwd"]
)
def test_a_link_outside_reaches_nothing(root: Path, target: str) -> None:
    (root / "opt/ml/output/failure").symlink_to(target.replace("SECRET", str(root.parent / "secret")))
    assert beneath.read(root, "opt/ml/output/failure", 100) is None


def test_a_folder_on_the_way_that_is_a_link_outside_reaches_nothing(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/failure").write_text("secret")
    (root / "opt/ml/out").symlink_to(tmp_path / "elsewhere")
    assert beneath.read(root, "opt/ml/out/failure", 100) is None
    with pytest.raises(beneath.Unreachable, match="leads out"), beneath.open_folder(root, "opt/ml/out"):
        pass


def test_links_in_a_circle_end(root: Path) -> None:
    (root / "a").symlink_to("b")
    (root / "b").symlink_to("a")
    assert beneath.read(root, "a", 100) is None
    with pytest.raises(beneath.Unreachable), beneath.open_folder(root, "a"):
        pass


def test_no_more_is_read_than_asked_for(root: Path) -> None:
    (root / "huge").write_bytes(b"x" * 10_000)
    assert beneath.read(root, "huge", 4096) == b"x" * 4096


def test_a_pipe_is_not_waited_for(root: Path) -> None:
    os.mkfifo(root / "pipe")
    assert beneath.read(root, "pipe", 100) is None


def test_a_walk_has_everything_down_to_the_limit_and_names_what_is_below(root: Path) -> None:
    make_deep(root, 1500)
    refused: dict[str, str] = {}
    with beneath.open_folder(root) as folder:
        paths = [entry.path for entry in beneath.walk(folder, refused.__setitem__)]
    deepest = "/".join(["d"] * DEEPEST)
    assert max(path.count("/") + 1 for path in paths) == DEEPEST
    assert refused == {deepest: beneath.TOO_DEEP}
    remove_folder(root)
    assert not root.exists()


def test_a_file_that_is_replaced_after_it_was_opened_is_still_the_one(root: Path) -> None:
    (root / "f").write_text("first")
    with beneath.open_folder(root) as folder:
        descriptor = beneath.open_regular("f", folder)
        (root / "f").unlink()
        (root / "f").symlink_to(root.parent / "secret")
        if os.path.exists("/proc/self/fd"):
            assert Path(beneath.path_of(descriptor, folder, "f")).read_text() == "first"
        os.close(descriptor)
        with pytest.raises(beneath.Unreachable):
            beneath.open_regular("f", folder)


def test_a_folder_without_permissions_is_removed_with_all_it_holds(root: Path) -> None:
    (root / "closed/inner").mkdir(parents=True)
    (root / "closed/inner/f").write_text("x")
    (root / "closed/link").symlink_to(root.parent / "secret")
    (root / "closed/inner").chmod(0)
    (root / "closed").chmod(0)
    remove_folder(root)
    assert not root.exists()
    assert (root.parent / "secret").exists()


def test_links_are_seen_as_links_wherever_they_lead(tmp_path: Path) -> None:
    """What decides by an entry's kind or owner must not be shown those of a file outside."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_text("x")
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, target in {"file": "../outside/secret", "below": "../outside", "nowhere": "gone", "self": "self"}.items():
        (folder / name).symlink_to(target)
    with beneath.open_folder(folder) as descriptor:
        kinds = {entry.path: stat.S_ISLNK(entry.stat.st_mode) for entry in beneath.walk(descriptor)}
    assert kinds == {"file": True, "below": True, "nowhere": True, "self": True}
