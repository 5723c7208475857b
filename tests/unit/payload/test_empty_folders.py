"""Empty folders of the state, which S3 does not keep, are named."""

from __future__ import annotations

import os
from pathlib import Path

from simple_sagemaker.local.job.remove import remove_folder
from simple_sagemaker.payload.ssm_launcher.empty_folders import note_of

HOSTS = ["algo-1", "algo-2"]


def test_empty_folders_are_named_but_for_those_of_hosts(tmp_path: Path) -> None:
    for name in ("algo-1", "algo-2/cache", "runs/3", "runs/new\x1b[31m", "full", "linked"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "full/file").touch()
    (tmp_path / "linked/link").symlink_to("../full")
    why = "empty folders of the state are not kept, since S3 has files only: "
    assert note_of(str(tmp_path), HOSTS) == f"{why}algo-2/cache, runs/3, runs/new\\x1b[31m"
    for number in range(1003):
        (tmp_path / f"a{number:04}").mkdir()
    assert note_of(str(tmp_path), HOSTS) == f"{why}a0000, a0001, a0002, a0003, a0004 and 1,001 more"


def test_nothing_is_said_of_a_state_without_any(tmp_path: Path) -> None:
    assert note_of(str(tmp_path / "not there"), HOSTS) == ""
    os.makedirs(tmp_path / "algo-1")
    assert note_of(str(tmp_path), HOSTS) == ""


def test_folders_deeper_than_any_recursion_are_left_to_those_who_keep_the_state(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    for name in ["runs", *["d"] * 1500]:
        os.mkdir(name, dir_fd=folder)
        below = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)
    (tmp_path / "empty").mkdir()
    try:
        assert note_of(str(tmp_path), HOSTS).endswith(" only: empty")
    finally:
        remove_folder(tmp_path / "runs")
