"""What is installed before the code runs, what is said of what is not, and what a job without a network refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from simple_sagemaker.core.rules import Metric
from simple_sagemaker.core.specs import Code, Place, ProcessSpec, Security, Spec, TaskSpec
from simple_sagemaker.errors import InputNotFound, UsageError
from simple_sagemaker.tasks.code.files import CodeFiles
from simple_sagemaker.tasks.code.package import collect, package
from simple_sagemaker.tasks.code.run_file import run_file
from tests.unit.memory import MemoryStore

PLACE = Place(project="p", task="t")
HEADER = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["numpy"]\n# ///\nprint()\n'
LOCK = """lock-version = "1.0"
created-by = "x"
[[packages]]
name = "a"
version = "1"
index = "https://pypi.org/simple"
[[packages.wheels]]
name = "a-1-py3-none-any.whl"
url = "https://files.example/a-1-py3-none-any.whl"
hashes = {sha256 = "0000000000000000000000000000000000000000000000000000000000000000"}
"""


def task(code: Code, **more: Any) -> TaskSpec:
    return TaskSpec(kind="run", place=PLACE, code=code, **more)


def code_of(spec: Spec, tmp_path: Path) -> CodeFiles:
    return collect(spec, MemoryStore(), lambda: tmp_path)


def fill(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, newline="")
    return folder


@pytest.mark.parametrize(
    ("files", "note", "requirements", "locked"),
    [
        ({"w__py": "print()"}, None, [], 0),
        ({"w__py": HEADER}, "that w.py asks for Python >=3.11 is not checked", ["numpy"], 0),
        ({"w__py": HEADER, "requirements__txt": "x"}, "requirements.txt is installed, not what the header of", [], 0),
        ({"w__py": "", "pylock__toml": LOCK}, "pylock.toml pins what is installed: 1 package, by hash", [], 1),
        ({"w__py": "", "pylock__toml": LOCK, "requirements__txt": ""}, "installed, not what pylock.toml pins", [], 0),
        ({"w__py": HEADER, "pylock__toml": LOCK}, "what the header of w.py lists is installed, not what", ["numpy"], 0),
        ({"w__py": "", "pylock__toml": LOCK, "setup__py": ""}, "its setup.py is installed, not what", [], 0),
        ({"w__sh": HEADER, "pylock__toml": LOCK}, None, [], 0),
        ({"w__sh": "", "pylock__toml": LOCK, "setup__py": ""}, None, [], 0),
        ({"w": "", "pylock__toml": LOCK, "setup__py": ""}, "its setup.py is installed", [], 0),
    ],
)
def test_one_of_several_lists_is_installed_and_the_others_are_said(
    tmp_path: Path, files: dict[str, str], note: str | None, requirements: list[str], locked: int
) -> None:
    entry = next(iter(files)).replace("__", ".")
    found = code_of(task(Code(entry_point=entry, source_dir=fill(tmp_path / "code", **files))), tmp_path)
    assert found.script_requirements == requirements
    assert len([line for line in found.locked_requirements if "--hash=" in line]) == locked
    assert (note is None) == (not found.notes)
    assert note is None or any(note in one for one in found.notes), found.notes
    made = package(task(Code(entry_point=entry)), found, {})
    ours = made._ours.get("requirements.txt", b"").decode()
    assert ours.splitlines()[: len(requirements)] == requirements
    assert bool(ours) is bool(requirements or locked)


def test_a_processing_job_with_an_entry_point_installs_what_is_locked(tmp_path: Path) -> None:
    folder = fill(tmp_path / "code", w__sh="", pylock__toml=LOCK, setup__py="")
    found = code_of(ProcessSpec(place=PLACE, code=Code(entry_point="w.sh", source_dir=folder)), tmp_path)
    assert found.locked_requirements
    found = code_of(ProcessSpec(place=PLACE, code=Code(source_dir=folder), command=("ls",)), tmp_path)
    assert not found.locked_requirements


@pytest.mark.parametrize(
    ("files", "noted"),
    [
        ({"w__py": "", "requirements__txt": ""}, "requirements.txt"),
        ({"w__py": "", "pylock__toml": LOCK}, "pylock.toml"),
        ({"w__py": "", "requirements__txt": "", "pylock__toml": LOCK}, "requirements.txt"),
        ({"w__py": HEADER, "requirements__txt": ""}, None),
        ({"w__py": ""}, None),
    ],
)
def test_a_list_beside_a_script_is_not_sent_and_that_is_said_once(
    tmp_path: Path, files: dict[str, str], noted: str | None
) -> None:
    folder = fill(tmp_path / "code", **files)
    found = code_of(task(Code(entry_point="w.py", entry_file=folder / "w.py")), tmp_path)
    notes = [one for one in found.notes if "is not sent" in one]
    assert notes == (
        [f"Code: {folder / noted} is not sent, nor installed: -d {folder / noted} does both"] if noted else []
    )
    assert [*found.files] == ["w.py"]
    sent = Code(entry_point="w.py", entry_file=folder / "w.py", dependencies=(folder / (noted or "w.py"),))
    assert not [one for one in code_of(task(sent), tmp_path).notes if "is not sent" in one]


@pytest.mark.parametrize(
    ("files", "entry", "what"),
    [
        ({"w__py": HEADER}, "w.py", "requirements in its header"),
        ({"w__py": "", "pylock__toml": LOCK}, "w.py", "a lock file"),
        ({"w__py": "", "requirements__txt": ""}, "w.py", "a requirements.txt"),
        ({"w__sh": "", "requirements__txt": ""}, "w.sh", None),
        ({"w__py": ""}, "w.py", None),
    ],
)
def test_without_a_network_nothing_can_be_installed(
    tmp_path: Path, files: dict[str, str], entry: str, what: str | None
) -> None:
    code = Code(entry_point=entry, source_dir=fill(tmp_path / "code", **files))
    closed = task(code, security=Security(network_isolation=True))
    if what is None:
        code_of(closed, tmp_path)
        return
    with pytest.raises(UsageError, match=f"--network_isolation: the code has {what}, and a job without a network"):
        code_of(closed, tmp_path)


def test_a_script_with_the_line_ends_of_windows_is_refused_unless_it_is_pythons(tmp_path: Path) -> None:
    folder = fill(tmp_path / "code", w__sh="#!/bin/sh\r\nls\r\n", w__py="#!/usr/bin/python\r\n", x__sh="#!/bin/sh\n")
    with pytest.raises(
        UsageError, match=r"--entry_point w.sh has the line ends of Windows: its first line is '#!/bin/sh"
    ):
        code_of(task(Code(entry_point="w.sh", source_dir=folder)), tmp_path)
    for entry in ("w.py", "x.sh"):
        code_of(task(Code(entry_point=entry, source_dir=folder)), tmp_path)
    code_of(task(Code(command="ls", source_dir=folder)), tmp_path)


def test_an_entry_point_on_s3_is_fetched_under_its_name(tmp_path: Path) -> None:
    store = MemoryStore("code/w.py")
    spec = task(Code(entry_point="w.py", entry_uri="s3://b/code/w.py"))
    assert [*collect(spec, store, lambda: tmp_path).files] == ["w.py"]
    with pytest.raises(InputNotFound, match=r"--code reads s3://b/code/w.py, and nothing is there"):
        collect(spec, MemoryStore(), lambda: tmp_path)
    spec = task(Code(entry_point="w.py", source_uri="s3://b/code.tar.gz"))
    with pytest.raises(InputNotFound, match=r"--source_dir reads s3://b/code.tar.gz, and nothing is there"):
        collect(spec, MemoryStore(), lambda: tmp_path)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (
            task(Code(entry_point="w.py"), arguments=["a"], launch_distribution={"x": 1}),
            {"kind": "run", "entry_point": "w.py", "command": None, "arguments": ["a"], "distribution": {"x": 1}},
        ),
        (
            ProcessSpec(place=PLACE, command=("a", "b"), arguments=["c"]),
            {"kind": "process", "entry_point": None, "command": ["a", "b"], "arguments": ["c"], "distribution": None},
        ),
        (
            ProcessSpec(place=PLACE, command_line="a | b"),
            {"kind": "process", "entry_point": None, "command": "a | b", "arguments": [], "distribution": None},
        ),
    ],
)
def test_the_launcher_is_told_what_to_start(spec: Spec, expected: dict[str, Any]) -> None:
    assert run_file(spec, {"code": "d"}) == {**expected, "version": 1, "fingerprint": {"code": "d"}}


def test_a_profile_and_metrics_are_told_only_where_they_are_asked_for() -> None:
    metrics = [Metric(name="loss", regex="x")]
    plain = run_file(task(Code(entry_point="w.py"), metrics=metrics), {})
    assert "profile" not in plain
    assert "mlflow" not in json.dumps(plain)
    profiled = run_file(task(Code(entry_point="w.py"), profiled_with="cprofile"), {})
    assert profiled["profile"] == "cprofile"


def test_what_a_job_was_made_from_is_kept_beside_the_archive(tmp_path: Path) -> None:
    spec = task(Code(entry_point="w.py", source_dir=fill(tmp_path / "code", w__py="")))
    found = code_of(spec, tmp_path)
    made = package(spec, found, {"code": "d"}, {"inputs": {"a": "b"}})
    run = json.loads(made.beside["run.json"])
    assert (run["made_from"], run["fingerprint"], run["archive"]) == (
        {"inputs": {"a": "b"}},
        {"code": "d"},
        made.digest,
    )
    assert json.loads(package(spec, found, {}).beside["run.json"])["made_from"] == {}
