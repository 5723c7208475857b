"""Names that a folder can hold, and those it refuses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.storage import safe_paths
from simple_sagemaker.storage.safe_paths import SafeFolder, UnusableName


@pytest.mark.parametrize("part", ["a:b", "a\\b", "con", "NUL.txt", "com1", "dot.", "blank ", "a\nb", "x*", "<", 'q"'])
def test_windows_has_names_of_its_own_that_it_cannot_hold(part: str) -> None:
    assert safe_paths.why_not(part, windows=True)
    assert safe_paths.why_not(part, windows=False) is None


@pytest.mark.parametrize("part", ["console", "a.b", "nul_", ".hidden", "é", "com10", "a b"])
def test_other_names_are_fine_everywhere(part: str) -> None:
    assert safe_paths.why_not(part, windows=True) is None


@pytest.mark.parametrize("part", ["", ".", "..", "a\0"])
def test_some_are_names_nowhere(part: str) -> None:
    assert safe_paths.why_not(part, windows=False)


def test_a_name_that_the_file_system_takes_for_another_is_told_as_such(tmp_path: Path) -> None:
    there = SafeFolder(tmp_path)
    os.close(there.new_file("A/x"))
    (tmp_path / "a").mkdir(exist_ok=True)  # as a file system does that knows no case
    with pytest.raises(UnusableName, match="'a' and 'A' are the same name"):
        there.make_folder("a/y")


def test_letters_that_look_alike_fold_together() -> None:
    assert safe_paths.fold("E\u0301") == safe_paths.fold("\u00e9")
    assert safe_paths.fold("a") != safe_paths.fold("b")


@pytest.mark.parametrize(
    "path", ["n" * 256, f"a/{'é' * 128}", "a//b", "/a", "../a", "a/.", "a\0", "", "a/" * 200 + "a"]
)
def test_no_job_has_a_file_of_such_a_path(path: str) -> None:
    with pytest.raises(UnusableName):
        safe_paths.check_job_path(path)


@pytest.mark.parametrize(
    "path", ["n" * 255, f"a/{'é' * 127}/b", "a\nb", "\n", " ", "a/" * 199 + "a", "con", "a:b", "-", ".a"]
)
def test_a_job_has_files_of_odd_paths(path: str) -> None:
    safe_paths.check_job_path(path)


def test_folders_that_are_there_already_are_used_where_that_is_meant(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    os.close(SafeFolder(tmp_path, has_folders=True).new_file("a/x"))
    with pytest.raises(UnusableName):
        os.close(SafeFolder(tmp_path).new_file("a/y"))
    with pytest.raises(UnusableName):
        os.close(SafeFolder(tmp_path, has_folders=True).new_file("link/y"))
    assert os.listdir(tmp_path / "a") == ["x"]
