"""What starting costs: a page of help loads nothing heavy, and every module stands on its own."""

from __future__ import annotations

import os
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.counts import examples
from tests.rules.tree import PACKAGE, files, module

HEAVY = {"boto3", "botocore", "obstore", "rich", "moto", "asyncio", "unittest", "importlib.metadata"}
EXPLAINS = (f"{PACKAGE}.cli.explain", f"{PACKAGE}.cli.troubleshooting")  # loaded for an error, or by 'ssm explain'
# Modules that run in a job with the packages of an extra: they are imported where these are.
WITH_EXTRA = {"local.xgboost_algorithm": ("numpy", "xgboost")}
MODULES = [
    name
    for name in map(module, files())
    if not name.startswith("payload.")
    and all(find_spec(one) for folder, needs in WITH_EXTRA.items() if name.startswith(folder) for one in needs)
]
# One child for each module, of a process that has imported nothing of ours; prints those that fail or say something.
EACH_ALONE = """
import os, sys
for name in sys.argv[1:]:
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.dup2(writing, 1), os.dup2(writing, 2)
        __import__(name)
        sys.exit()
    os.close(writing)
    with open(reading) as output:
        said = output.read()
    status = os.wait()[1]
    if status or said:
        print(name, status, said, flush=True)  # or the next child would print it too
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python that is not measured for coverage, which would load much before our first line."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    words = [sys.executable, *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=300, check=False, env=clean)


def loaded(*arguments: str) -> set[str]:
    """The modules that a Python with these arguments imports, as ``-X importtime`` reports them."""
    done = run("-X", "importtime", *arguments)
    assert done.returncode == 0, done.stderr
    return {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}


@pytest.mark.parametrize(
    "words",
    [
        ["-h"],
        ["run", "-h"],
        ["shell", "-h"],
        ["data", "-h"],
        ["exec", "-h"],
        ["emulator", "-h"],
        ["explain", "spot"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    # What the environment itself imports at start-up (a .pth file) is not ours to answer for.
    ours = loaded("-m", f"{PACKAGE}.cli.main", *words) - loaded("-c", "pass")
    assert f"{PACKAGE}.errors" in ours
    assert not ours & HEAVY
    assert words[0] == "explain" or not any(name.startswith(EXPLAINS) for name in ours)


def test_the_package_itself_loads_nothing() -> None:
    ours = loaded("-c", f"import {PACKAGE}") - loaded("-c", "pass")
    assert not {name for name in ours if name.startswith(f"{PACKAGE}.")}


def failures(*names: str) -> str:
    """The modules that fail or print something when each is imported in a process of its own, with what they print."""
    if hasattr(os, "fork"):
        done = run("-W", "error", "-c", EACH_ALONE, *names)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout
    every = {name: run("-W", "error", "-c", f"import {name}") for name in names}
    return "".join(
        f"{name} {done.returncode} {done.stderr}" for name, done in every.items() if done.stderr or done.stdout
    )


@pytest.mark.parametrize("room", sorted({name.partition(".")[0] for name in MODULES}), ids=lambda room: room or PACKAGE)
def test_every_module_imports_on_its_own_without_a_warning(room: str) -> None:
    """Of one in eight in the short run: that there is no circle of imports is read from the source, in test_layers."""
    of_room = [f"{PACKAGE}.{name}".rstrip(".") for name in MODULES if name.partition(".")[0] == room]
    modules = [name for name in of_room if zlib.crc32(name.encode()) % examples(8, 1) == 0]
    assert failures(*modules) == ""


def test_a_module_that_fails_or_says_something_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, source in (
        ("fails", "1 / 0"),
        ("prints", "print('x')"),
        ("good", ""),
        ("sees", "import sys; sys.modules['good']"),
    ):
        (tmp_path / f"{name}.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    printed = failures("good", "fails", "prints", "sees")
    for words in ("fails", "ZeroDivisionError", "prints 0 x", "KeyError: 'good'"):
        assert words in printed
    assert "good 0" not in printed


def test_a_job_of_this_machine_loads_nothing_of_aws(tmp_path: Path) -> None:
    (tmp_path / "w.py").write_text("print('ran')")
    words = ("run", "--it", "local", "-p", "p", "-t", "t", "-e", str(tmp_path / "w.py"))
    found = loaded("-m", f"{PACKAGE}.cli.main", *words)
    assert f"{PACKAGE}.local.api.sagemaker" in found
    assert not any(name.startswith(EXPLAINS) for name in found)
    assert not found & {"boto3", "botocore", "obstore", f"{PACKAGE}.storage.s3.store", f"{PACKAGE}.emulator"}
