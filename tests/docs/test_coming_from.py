"""The pages for those who come from elsewhere: our side runs here; theirs, in ``tests/clients``, leaves the same."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from simple_sagemaker import Project
from simple_sagemaker.options.table import by_flag
from simple_sagemaker.project.options import ProcessOptions, RunOptions
from tests.docs.pages import Reader, blocks, read

PAGE = read("docs/coming-from.md")
EARLY = read("docs/first-releases.md")
MODEL = {"algo-1": "a.txt c.txt", "algo-2": "b.txt"}


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    made = Reader(tmp_path)
    made.write_named(PAGE)
    for name in ("a.txt", "b.txt", "c.txt"):
        made.write(f"data/{name}", name)
    return made


def test_the_commands_leave_what_the_clients_leave(reader: Reader) -> None:
    train, count, search = (block for block in blocks(PAGE, "bash") if block.startswith("ssm "))
    reader.bash(train)
    assert files(reader.folder / "out/model") == MODEL
    reader.bash(count)
    assert files(reader.folder / "out-count/output/count") == {"count.txt": "3"}
    assert "0.1" in reader.bash(search)
    for command in re.findall(r"^\| [^|]+ \| `(ssm [^`]+)`", PAGE, re.MULTILINE):
        if " stop " not in command:
            reader.bash(command)


def test_the_python_leaves_what_the_clients_leave(reader: Reader) -> None:
    ours = [block for block in blocks(PAGE, "python") if "simple_sagemaker" in block]
    printed = reader.python("\n".join(ours))
    assert printed.splitlines() == ["{'loss': 0.2}", "{'rate': '0.1'}"]
    assert files(reader.folder / "out-python/model") == MODEL
    assert files(reader.folder / "out-count-python/output/count") == {"count.txt": "3"}


def test_every_option_of_the_table_exists() -> None:
    rows = PAGE.partition("## Word for word")[2].splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("| ")]
    typed = {word for row in cells for word in re.findall(r"(?<![\w-])--?[a-z_]+", row[2])}
    assert typed - by_flag("run").keys() == set()
    assert len(typed) > 20
    names = {name for row in cells for name in re.findall(r"\b([a-z_]+)(?==|`)", row[3])}
    accepted = {
        *RunOptions.__annotations__,
        *ProcessOptions.__annotations__,
        *inspect.signature(Project.__init__).parameters,
        *inspect.signature(Project.run).parameters,
    }
    assert names - accepted == set()


def test_what_ran_with_the_first_releases_leaves_what_is_written_now(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    python = blocks(EARLY, "python")
    for name, code in zip(("worker3.py", "worker.py", "runner_then.py", "runner_now.py"), python, strict=True):
        assert f"`{name}`" in EARLY
        reader.write(name, code)
    for block in blocks(EARLY, "bash"):
        reader.bash(block)
    for number in (2, 3):
        reader.python(python[number])

    def left(folder: str) -> dict[str, str]:
        top = reader.folder / folder
        found = {str(path.relative_to(top)): path.read_text() for path in top.rglob("*") if path.is_file()}
        return {name: text for name, text in found.items() if "logs" not in name and "completed.json" not in name}

    assert left("then") == left("now")
    assert left("then-python") == left("now-python") == left("now")
    assert len(left("now")) == 3
