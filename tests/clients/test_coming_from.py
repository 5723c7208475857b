"""The other side of docs/coming-from.md, by the clients themselves; ours is in ``tests/docs/test_coming_from.py``."""

from __future__ import annotations

import inspect
import re
import tarfile
from pathlib import Path

import pytest

from tests.clients.versions import version
from tests.docs.pages import Reader, blocks
from tests.docs.test_coming_from import MODEL, PAGE, files
from tests.emulated import Emulator

THEIRS = [block for block in blocks(PAGE, "python") if "sagemaker" in block and "simple_sagemaker" not in block]


def needs(package: str, number: int) -> pytest.MarkDecorator:
    return pytest.mark.skipif(version(package) != number, reason=f"{package} {number} is not installed here")


@pytest.fixture
def reader(tmp_path: Path, emulator: Emulator) -> Reader:
    """Somebody who has nothing but the lines that the emulator exports."""
    made = Reader(tmp_path)
    made.write_named(PAGE)
    for name in ("a.txt", "b.txt", "c.txt"):
        made.write(f"data/{name}", name)
    (tmp_path / "person").mkdir()
    made.environment = {"PATH": made.environment["PATH"], "HOME": str(tmp_path / "person"), **emulator.variables}
    return made


def model(folder: Path) -> dict[str, str]:
    with tarfile.open(folder / "model.tar.gz") as archive:
        archive.extractall(folder / "unpacked", filter="data")
    return files(folder / "unpacked")


@needs("sagemaker", 2)
@pytest.mark.timeout(600)
def test_sdk_2_leaves_what_our_side_leaves(reader: Reader) -> None:
    code = [block for block in THEIRS if "sagemaker.core" not in block and "sagemaker.train" not in block]
    assert len(code) == 3
    printed = reader.python("\n".join(code))
    assert model(reader.folder / "out-sdk2") == MODEL
    assert files(reader.folder / "out-count-sdk2") == {"count.txt": "3"}
    assert printed.splitlines()[-1].strip('"') == "0.1"


@needs("sagemaker", 3)
@pytest.mark.timeout(600)
def test_sdk_3_leaves_what_our_side_leaves(reader: Reader) -> None:
    code = [block for block in THEIRS if "sagemaker.core" in block or "sagemaker.train" in block]
    assert len(code) == 3
    printed = reader.python("\n".join(code))
    assert model(reader.folder / "out-sdk3") == MODEL
    assert files(reader.folder / "out-count-sdk3") == {"count.txt": "3"}
    assert printed.splitlines()[-1].lstrip(".").strip('"') == "0.1"  # after the dots that it prints while it waits


@needs("awscli", 1)
def test_awscli_leaves_what_our_side_leaves(reader: Reader) -> None:
    (request,) = blocks(PAGE, "json")
    (commands,) = (block for block in blocks(PAGE, "bash") if block.startswith("aws "))
    reader.write("train.json", request)
    reader.bash(commands)
    assert model(reader.folder / "out-awscli") == MODEL


def column(heading: str, number: int) -> str:
    """A column of the table in a section of the page."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = [row.split("|") for row in section.splitlines() if row.startswith("| ")]
    return "\n".join(row[number] for row in rows)


@needs("sagemaker", 2)
def test_the_tables_have_names_of_sdk_2() -> None:
    import sagemaker
    from sagemaker.pytorch import PyTorch

    named = set(re.findall(r"`(\w+)[`=]", column("Word for word", 1)))
    known = {name for one in PyTorch.__mro__ for name in inspect.signature(one.__init__).parameters}
    assert named - known == set()
    assert len(named) > 15
    calls = re.findall(r"session\.(\w+)\(", column("Look at it later", 3))
    assert len(calls) == 3
    assert [name for name in calls if not hasattr(sagemaker.Session, name)] == []


@needs("sagemaker", 3)
def test_the_tables_have_names_of_sdk_3() -> None:
    from sagemaker.core.resources import TrainingJob
    from sagemaker.train import ModelTrainer, configs

    text = column("Word for word", 2)
    plain = set(re.findall(r"`([a-z_]+)`", text))
    assert plain - ({*ModelTrainer.model_fields} | {*dir(ModelTrainer)}) == set()
    assert len(plain) > 5
    for name, arguments in re.findall(r"`([A-Z]\w+)\(([^)]*)\)", text):
        known = getattr(configs, name).model_fields
        assert {one for one in arguments.split(", ") if one != "…"} - {*known} == set(), name
    for name in re.findall(r"`([A-Z]\w+)`", text):
        assert hasattr(configs, name), name
    calls = re.findall(r"(?:TrainingJob|\))\.(\w+)\(", column("Look at it later", 4))
    assert {"get_all", "wait", "stop"} <= set(calls)
    assert [name for name in calls if not hasattr(TrainingJob, name)] == []
