"""What a host sees of this machine's file system: all but what is private, and there its own folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simple_sagemaker.local.isolation.mounts import Step, View


@pytest.fixture
def ground(tmp_path: Path) -> Path:
    """A folder of this machine with ``opt/ml`` in it and neighbors of every kind."""
    ground = Path(os.path.realpath(tmp_path)) / "ground"
    for folder in ("opt/ml/input", "opt/other", "opt/ml2", "host", "scratch"):
        (ground / folder).mkdir(parents=True)
    (ground / "opt/file").write_text("file")
    (ground / "opt/link").symlink_to("other")
    os.mkfifo(ground / "opt/pipe")
    return ground


def steps_below(view: View, ground: Path, folder: str = "") -> list[tuple[str, str, str]]:
    """The steps for a folder of the ground and what is in it, with paths as they are from there and in the ground."""
    return [
        (step.act, os.path.relpath(step.target, ground / folder), step.source.replace(f"{ground}/", ""))
        for step in view.steps()
        if Path(step.target).is_relative_to(ground / folder)
    ]


def test_a_private_path_is_replaced_and_all_beside_it_is_shared(ground: Path) -> None:
    view = View(private={f"{ground}/opt/ml": f"{ground}/host"})
    assert steps_below(view, ground, "opt") == [
        ("folder", ".", ""),
        ("file", "file", "opt/file"),
        ("link", "link", "other"),  # as it is, so that it leads where it leads in the host
        ("folder", "ml2", ""),
        ("bind", "ml2", "opt/ml2"),
        ("folder", "other", ""),
        ("bind", "other", "opt/other"),
        ("folder", "ml", ""),
        ("bind", "ml", "host"),
    ]


def test_folders_above_a_private_one_are_never_shared_as_a_whole(ground: Path) -> None:
    steps = View(private={f"{ground}/opt/ml": f"{ground}/host"}).steps()
    above = {str(path) for path in Path(f"{ground}/opt/ml").parents}
    assert not [step for step in steps if step.act == "bind" and step.target in above]
    assert not [step for step in steps if step.source == f"{ground}/opt/ml"]


def test_proc_is_the_hosts_own_and_the_rest_of_the_machine_is_there(ground: Path) -> None:
    steps = View(private={f"{ground}/opt/ml": f"{ground}/host"}).steps()
    assert Step("proc", "/proc") in steps
    assert steps.index(Step("folder", "/proc")) < steps.index(Step("proc", "/proc"))
    assert {step.act for step in steps if step.target == "/usr"} <= {"folder", "bind", "link"}
    assert not [step for step in steps if step.act == "bind" and step.target == "/proc"]


def test_private_paths_in_each_other_are_built_from_the_top(ground: Path) -> None:
    view = View(private={f"{ground}/opt/ml/input": f"{ground}/scratch", f"{ground}/opt/ml": f"{ground}/host"})
    binds = [(target, source) for act, target, source in steps_below(view, ground, "opt/ml") if act == "bind"]
    assert binds == [(".", "host"), ("input", "scratch")]


def test_a_private_path_below_a_link_is_where_the_link_leads(ground: Path) -> None:
    view = View(private={f"{ground}/opt/link/ml/": f"{ground}/host"})
    assert ("bind", "ml", "host") in steps_below(view, ground, "opt/other")


def test_what_is_shown_stays_visible_below_a_private_path(ground: Path) -> None:
    private = {f"{ground}/opt": f"{ground}/host"}
    shown = [f"{ground}/opt/other", f"{ground}/opt/link", f"{ground}/opt/gone", f"{ground}/scratch"]
    assert steps_below(View(private=private, shown=shown), ground)[-6:] == [
        ("folder", "opt", ""),
        ("bind", "opt", "host"),
        ("folder", "opt/other", ""),
        ("bind", "opt/other", "opt/other"),
        ("folder", "opt/link", ""),
        ("bind", "opt/link", "opt/other"),
    ]


def test_a_read_only_folder_is_the_one_that_the_host_has_there(ground: Path) -> None:
    (ground / "host/input").mkdir()
    private = {f"{ground}/opt/ml": f"{ground}/host"}
    readonly = [f"{ground}/opt/ml/input", f"{ground}/scratch", f"{ground}/opt/ml/gone", f"{ground}/opt/file"]
    steps = steps_below(View(private=private, readonly=[*readonly, *readonly]), ground)
    assert [step for step in steps if step[0] == "readonly"] == [
        ("readonly", "opt/ml/input", "host/input"),
        ("readonly", "scratch", "scratch"),
    ]
    shown = View(private=private, shown=[f"{ground}/opt/ml/input"], readonly=[f"{ground}/opt/ml/input"])
    assert ("readonly", "opt/ml/input", "opt/ml/input") in steps_below(shown, ground)


def test_a_file_is_replaced_where_this_machine_has_one(ground: Path) -> None:
    (ground / "own").write_text("own")
    (ground / "to_own").symlink_to("own")
    files = {f"{ground}/opt/file": f"{ground}/to_own", f"{ground}/opt/gone": f"{ground}/own"}
    steps = steps_below(View(private={f"{ground}/opt/ml": f"{ground}/host"}, files=files), ground)
    assert steps[-1] == ("file", "opt/file", "own")
    assert "opt/gone" not in [target for _, target, _ in steps]
