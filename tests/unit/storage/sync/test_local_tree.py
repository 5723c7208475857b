"""A folder to be sent: how much it holds, at which bound it is too much, and what cannot be sent."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from simple_sagemaker.errors import UsageError
from simple_sagemaker.storage.safe_paths import DEEPEST
from simple_sagemaker.storage.sync import local_tree
from simple_sagemaker.storage.sync.local_tree import Survey, Tree
from simple_sagemaker.storage.sync.scan import names_in_key_order


def fill(top: Path, *names: str) -> None:
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("x")


def test_a_survey_counts_files_bytes_and_empty_folders(tmp_path: Path) -> None:
    fill(tmp_path, "a", "d/b", "d/c")
    (tmp_path / "e").mkdir()
    (tmp_path / "f/g").mkdir(parents=True)
    found = Tree(tmp_path).survey()
    assert (found.files, found.size, found.empty_folders, found.left_out) == (3, 3, 2, [])
    assert found.notes == ["Not sent: 2 empty folders, because S3 holds files only"]
    (tmp_path / "a").write_text("xy")
    assert Tree(tmp_path).survey().digest != found.digest


def test_the_digest_of_many_files_is_of_each_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, *(f"f{number}" for number in range(7)))
    whole = Tree(tmp_path).survey().digest
    for together in (1, 2, 7, 8):
        monkeypatch.setattr(local_tree, "_TOGETHER", together)
        assert Tree(tmp_path).survey().digest == whole
        for number in range(7):
            path = tmp_path / f"f{number}"
            before = path.stat()
            os.utime(path, ns=(1, 1))
            assert Tree(tmp_path).survey().digest != whole, f"file {number} of parts of {together}"
            path.rename(tmp_path / "away")
            assert Tree(tmp_path).survey().digest != whole
            (tmp_path / "away").rename(path)
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        whole = Tree(tmp_path).survey().digest


@pytest.mark.parametrize(("count", "more"), [(1, ""), (3, ""), (4, " and 1 more"), (5, " and 2 more")])
def test_three_of_those_left_out_are_named(count: int, more: str) -> None:
    names = [f"p{number}" for number in range(count)]
    shown = ", ".join(map(repr, names[:3]))
    assert Survey(left_out=names).notes == [f"Not sent, because not a file: {shown}{more}"]


def test_the_entries_of_a_tree_are_counted_up_to_a_bound(tmp_path: Path) -> None:
    fill(tmp_path, "a", "d/b", "d/e/c")
    assert [Tree(tmp_path).has_more_than(most) for most in range(7)] == [True] * 5 + [False] * 2
    assert not Tree(tmp_path / "a").has_more_than(0)
    with pytest.raises(FileNotFoundError):
        Tree(tmp_path / "no").has_more_than(1)


def test_a_key_of_1024_bytes_is_sent_and_a_longer_one_is_refused_with_its_length(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 199] * 4)
    deep.mkdir(parents=True)
    (deep / ("n" * 200)).touch()  # with the folders a key of 1000 bytes
    tree = Tree(tmp_path)
    assert tree.survey("p" * 23 + "/").files == 1
    with pytest.raises(UsageError, match="has a key of 1025 bytes on S3, which holds 1024"):
        tree.survey("p" * 24 + "/")
    (deep / ("n" * 200)).rename(deep / ("é" * 100))
    assert tree.survey("p" * 23 + "/").files == 1
    with pytest.raises(UsageError, match="has a key of 1025 bytes on S3"):
        tree.survey("p" * 24 + "/")


def test_a_file_is_refused_only_beyond_what_s3_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert local_tree._LARGEST == 50_000 * (1 << 30), "10,000 parts of 5 GiB"
    fill(tmp_path, "a")
    monkeypatch.setattr(local_tree, "_LARGEST", 1)
    assert Tree(tmp_path).survey().files == 1
    (tmp_path / "a").write_text("xy")
    with pytest.raises(UsageError, match="is larger than S3 holds in one object"):
        Tree(tmp_path).survey()


def test_folders_are_followed_to_a_depth_that_a_job_can_have(tmp_path: Path) -> None:
    deepest = tmp_path.joinpath(*["d"] * (DEEPEST - 1))
    deepest.mkdir(parents=True)
    (deepest / "f").touch()
    assert Tree(tmp_path).survey().files == 1
    (deepest / "d").mkdir()
    (deepest / "d/f").touch()
    with pytest.raises(UsageError, match=rf"lies in {DEEPEST} folders or more") as caught:
        Tree(tmp_path).survey()
    assert len(str(caught.value)) < 600


def test_an_error_names_the_option_and_the_path(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(".")
    with pytest.raises(UsageError, match=r"--model_uri the link '.*/loop' leads back to a folder"):
        Tree(tmp_path, option="model_uri").survey()


def test_a_folder_that_is_not_there_is_an_error_and_one_that_vanished_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FileNotFoundError):
        Tree(tmp_path / "no").survey()
    fill(tmp_path, "a", "d/b")
    original = names_in_key_order

    def vanishing(folder: str) -> object:
        if folder.endswith("/d"):
            raise FileNotFoundError(folder)
        return original(folder)

    monkeypatch.setattr(local_tree, "names_in_key_order", vanishing)
    assert Tree(tmp_path).survey().files == 1


def test_a_file_that_vanished_is_passed_over_and_another_error_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a")
    names = ["a", "gone"]
    monkeypatch.setattr(local_tree, "names_in_key_order", lambda _: iter(names))
    assert Tree(tmp_path).survey().files == 1
    names.append("n" * 300)
    with pytest.raises(OSError, match="File name too long"):
        Tree(tmp_path).survey()


@pytest.mark.parametrize(("kept", "age_s", "uses_snapshot"), [(3, 1.9, True), (3, 2.1, False), (2, 1.9, False)])
def test_a_survey_is_used_again_while_it_is_fresh_and_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int, age_s: float, uses_snapshot: bool
) -> None:
    fill(tmp_path, "a", "b")
    monkeypatch.setattr(local_tree, "_KEPT", kept)
    tree, now = Tree(tmp_path), time.monotonic()
    monkeypatch.setattr("simple_sagemaker.storage.sync.local_tree.time.monotonic", lambda: now)
    tree.survey()
    fill(tmp_path, "c")
    now += age_s
    assert [one.key for one in tree.files()] == (["a", "b"] if uses_snapshot else ["a", "b", "c"])
    assert [one.key for one in tree.files()] == ["a", "b", "c"], "once"
