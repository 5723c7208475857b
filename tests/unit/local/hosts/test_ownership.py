"""Files of a container's user become the caller's: which commands an engine is asked for, without an engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere an engine keeps the caller's ownership")
HOST = "/simple-sagemaker-host"
OF_ROOT = Path("/etc")  # what no ordinary user owns; the engine of these tests changes nothing


class Engine:
    """Keeps what it was asked for, and does nothing."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def succeeds(self, *arguments: str) -> bool:
        self.asked.append([*arguments])
        return True


@pytest.fixture
def ordinary_user() -> Iterator[int]:
    """The user who runs the tests; where that is root, another one meanwhile."""
    if sys.platform == "win32":
        raise NotImplementedError
    import simple_sagemaker.local.hosts.ownership  # noqa: F401 - another user may not be able to read it

    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield os.geteuid()
    os.seteuid(before)


def reclaim(folder: Path) -> list[list[str]]:
    if sys.platform == "win32":
        raise NotImplementedError
    from simple_sagemaker.local.hosts import ownership

    engine: Any = Engine()
    ownership.reclaim(folder, engine, "an:image", label="x=y")
    asked: list[list[str]] = engine.asked
    return asked


def test_the_images_chown_is_tried_and_then_this_machines(
    ordinary_user: int, capsys: pytest.CaptureFixture[str]
) -> None:
    if sys.platform == "win32":
        raise NotImplementedError
    by_image, by_machine = reclaim(OF_ROOT)
    inside = f"{HOST}-job"
    assert by_image[:4] == ["run", "--rm", "--label", "x=y"]
    assert f"type=bind,source={OF_ROOT},target={inside}" in by_image
    assert by_image[by_image.index("--entrypoint") + 1 :][:2] == ["chown", "an:image"]
    owner = f"{ordinary_user}:{os.getegid()}"
    assert by_image[-3:] == by_machine[-3:] == ["-hR", owner, inside]
    assert f"type=bind,source=/,target={HOST},readonly" in by_machine

    start = by_machine.index("--entrypoint") + 1
    loader, image, *arguments = by_machine[start:-3]
    assert image == "an:image"
    command = [one.removeprefix(HOST) for one in (loader, *arguments)]
    assert subprocess.run([*command, "--version"], capture_output=True, check=False).returncode == 0
    assert f"below {OF_ROOT} belongs to a user of the container: chown it as root" in capsys.readouterr().err


def test_nothing_is_asked_for_where_all_is_the_callers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert reclaim(tmp_path) == []
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root owns what others made")
def test_root_takes_what_others_made_and_follows_no_link(tmp_path: Path) -> None:
    if sys.platform == "win32":
        raise NotImplementedError
    outside, job = tmp_path / "outside", tmp_path / "job"
    (job / "folder").mkdir(parents=True)
    for path in (outside, job / "file", job / "folder" / "file"):
        path.touch()
        os.chown(path, 65534, 65534)
    (job / "link").symlink_to(outside)
    os.chown(job / "link", 65534, 65534, follow_symlinks=False)
    assert reclaim(job) == []
    assert {path.lstat().st_uid for path in job.rglob("*")} == {0}
    assert outside.stat().st_uid == 65534
