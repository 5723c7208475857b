"""The README's commands run as they stand, and show what it says they show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import typed_ssm
from tests.warm_homes import warm

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
BLOCKS: list[str] = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What a newcomer has after cloning, as far as examples go: the folder to stand in."""
    (tmp_path / "examples").symlink_to(TOP / "examples")
    return tmp_path


def run(block: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a block with ``ssm`` being this checkout's, also where the block names the environment's."""
    tools = typed_ssm.install(folder / "tools")
    warm(folder / "home")
    environment = {**os.environ, "SSM_HOME": str(folder / "home"), "PATH": f"{tools}:{os.environ['PATH']}"}
    text = block.replace(".venv/bin/ssm", "ssm")
    return subprocess.run(
        ["bash", "-ec", f"export SSM_ENGINE=local\n{text}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def block_with(words: str) -> str:
    return next(block for block in BLOCKS if words in block)


def test_the_first_command_runs_the_main_job_on_two_hosts(clone: Path) -> None:
    command = block_with("pip install .").rpartition("&& ")[2]
    done = run(command.replace("--it local ", ""), clone)
    assert done.returncode == 0, done.stderr
    assert "hello from algo-1" in (clone / "output/hello/logs/logs0").read_text()
    assert "hello from algo-2" in (clone / "output/hello/logs/logs1").read_text()
    assert sorted(path.name for path in (clone / "output/hello/model").iterdir()) == ["algo-1", "algo-2"]


def test_the_script_on_two_hosts_leaves_two_logs(clone: Path) -> None:
    done = run(block_with("examples/devices.py"), clone)
    assert done.returncode == 0, done.stderr
    assert "-***-" in (clone / "output/example1/logs/logs0").read_text()
    assert "-***-" in (clone / "output/example1/logs/logs1").read_text()


def test_the_shell_command_prints_what_it_says(clone: Path) -> None:
    done = run(block_with("ssm shell"), clone)
    assert done.returncode == 0, done.stderr
    last = (clone / "output/shell/logs/logs0").read_text().splitlines()
    assert last[-1] == "algo-1"
    assert int(last[-2]) >= 1


def test_the_arguments_example_logs_what_the_readme_shows(clone: Path) -> None:
    done = run(block_with("examples/arguments/worker.py"), clone)
    assert done.returncode == 0, done.stderr
    shown = re.search(r"^```\n(Invoking script.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert shown
    printed = (clone / "output/example2/logs/logs0").read_text().splitlines()
    for line in shown.group(1).splitlines():
        if os.environ.get("SSM_ISOLATION") != "plain" or "/opt/ssm" not in line:
            assert line.rstrip() in [one.rstrip() for one in printed]


def test_the_processing_example_brings_what_it_wrote(clone: Path) -> None:
    done = run(block_with("ssm process"), clone)
    assert done.returncode == 0, done.stderr
    found = {path.name: path.read_text() for path in (clone / "output/clean/output").iterdir()}
    assert found == {"first.csv": "1\n2\n", "second.csv": "6\n"}


def test_data_brings_what_a_task_left(clone: Path) -> None:
    made = run(block_with("examples/arguments/worker.py"), clone)
    assert made.returncode == 0, made.stderr
    done = run(block_with("ssm data"), clone)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (clone / "output/again").iterdir()) == ["logs", "model", "state"]


def test_the_first_steps_go_on_with_a_search_and_the_day_after(clone: Path) -> None:
    steps = re.findall(r"^```bash\n(.*?)^```", (TOP / "docs/first-steps.md").read_text(), re.MULTILINE | re.DOTALL)
    tune, later = (next(block for block in steps if words in block) for words in ("ssm tune", "ssm ls"))
    done = run(block_with("examples/arguments/worker.py") + tune + later, clone)
    assert done.returncode == 0, done.stderr
    assert (clone / "output/search/study.json").exists()
    assert "-***- words:" in done.stdout.splitlines()[-1]


def test_the_lines_of_python_print_the_last_line_of_the_log(clone: Path) -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    (clone / "script.py").write_text(block)
    done = run(f"{sys.executable} script.py", clone)
    assert done.stdout == "-***- words: ['--msg', 'Hello, world!']\n", done.stderr


def test_every_link_to_a_file_leads_somewhere() -> None:
    for page in [
        TOP / "README.md",
        *(TOP / "docs").rglob("*.md"),
        TOP / "benchmarks/README.md",
        TOP / "CONTRIBUTING.md",
    ]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page}: {link}"
