"""The state of earlier jobs in a processing job: on which host a file is a copy, and what becomes of a link."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_sagemaker.payload.ssm_launcher.kept_state import bring, settle

HOSTS = ["algo-1", "algo-2", "algo-3"]


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"old {name}")
    return folder


def files(folder: Path) -> dict[str, bool]:
    """Every file of a folder, and whether it is a link."""
    return {str(path.relative_to(folder)): path.is_symlink() for path in folder.rglob("*") if not path.is_dir()}


def test_a_host_has_copies_of_what_is_its_own_and_links_to_the_rest(tmp_path: Path) -> None:
    earlier = fill(tmp_path / "earlier", "algo-1/a", "algo-2/deep/b", "shared", "algo-9/gone")
    bring(str(earlier), str(tmp_path / "one"), HOSTS[:2], "algo-1")
    bring(str(earlier), str(tmp_path / "two"), HOSTS[:2], "algo-2")
    assert files(tmp_path / "one") == {"algo-1/a": False, "algo-2/deep/b": True, "shared": False, "algo-9/gone": False}
    assert files(tmp_path / "two") == {"algo-1/a": True, "algo-2/deep/b": False, "shared": True, "algo-9/gone": True}
    assert (tmp_path / "two/shared").read_text() == "old shared"


NAMES = ["a", "b/c", "algo-1/x", "algo-2/y", "algo-3/z", "algo-4/w"]


@given(names=st.sets(st.sampled_from(NAMES)), count=st.integers(1, 3))
def test_every_file_is_a_copy_on_exactly_one_host(
    names: set[str], count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("state")
    earlier = fill(folder / "earlier", *names)
    for host in HOSTS[:count]:
        bring(str(earlier), str(folder / host), HOSTS[:count], host)
    for name in names:
        assert [(folder / host / name).is_symlink() for host in HOSTS[:count]].count(False) == 1


def test_what_was_written_through_a_link_becomes_a_file_and_an_untouched_link_stays(tmp_path: Path) -> None:
    earlier = fill(tmp_path / "earlier", "written", "touched", "replaced", "removed", "left")
    state = tmp_path / "state"
    links = bring(str(earlier), str(state), HOSTS, "algo-2")
    with open(state / "written", "a") as file:
        file.write(" and new")
    os.utime(state / "touched", (1, 1))
    (state / "new").write_text("new")
    os.replace(state / "new", state / "replaced")
    (state / "removed").unlink()
    settle(links)
    assert files(state) == {"written": False, "touched": False, "replaced": False, "left": True}
    assert (state / "written").read_text() == "old written and new"
    assert (state / "replaced").read_text() == "new"


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    earlier = fill(tmp_path / "earlier", "a", "b")
    (tmp_path / "state").mkdir()
    (tmp_path / "state/a").write_text("mine")
    assert bring(str(earlier), str(tmp_path / "state"), ["algo-1"], "algo-1") == {}
    assert (tmp_path / "state/a").read_text() == "mine"
    assert (tmp_path / "state/b").read_text() == "old b"
