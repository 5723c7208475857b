"""The documentation as a site: what is written by hand agrees with the source, and every page is reached."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from simple_sagemaker.project.options import (
    CommonOptions,
    ProcessOptions,
    RerunOptions,
    RunOptions,
    ShellOptions,
    TrainingOptions,
    TuneOptions,
)

TOP = Path(__file__).parents[2]
DOCS = TOP / "docs"


def test_the_page_of_options_is_what_help_shows(tmp_path: Path) -> None:
    program = "import sys; sys.path.insert(0, 'tools'); import write_cli_page; sys.stdout.write(write_cli_page.text())"
    done = subprocess.run([sys.executable, "-c", program], cwd=TOP, capture_output=True, text=True, check=True)
    assert (DOCS / "cli.md").read_text(encoding="utf-8") == done.stdout, "run: python tools/write_cli_page.py"


def test_every_page_is_in_the_table_of_contents_and_in_the_list() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    table = {name for block in re.findall(r"```\{toctree\}\n(.*?)```", index, re.DOTALL) for name in block.split()}
    for page in DOCS.glob("*.md"):
        if page.name != "index.md":
            assert page.stem in table, f"docs/index.md: add {page.stem} to a toctree"
            assert f"]({page.name})" in index, f"docs/index.md: link {page.name}"


def test_the_reference_has_every_option_once() -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    rerun = RerunOptions.__optional_keys__
    shared = TrainingOptions.__optional_keys__ | rerun
    own = {
        "TrainingOptions": TrainingOptions.__optional_keys__ - CommonOptions.__optional_keys__,
        "RunOptions": RunOptions.__optional_keys__ - shared,
        "ShellOptions": ShellOptions.__optional_keys__ - shared,
        "ProcessOptions": ProcessOptions.__optional_keys__ - CommonOptions.__optional_keys__ - rerun,
        "TuneOptions": TuneOptions.__optional_keys__ - shared,
    }
    for name, options in own.items():
        listed = re.search(rf"\.{name}\(\)\n   :members: ((?:[a-z_]+,?\s*)+)", page)
        assert listed, name
        assert set(re.split(r"[,\s]+", listed[1].strip())) == options, f"docs/api.md: {name}"
